"""The options that several commands share: one name, one meaning, one help text each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hotvid.cli.values import read_lifter_size, read_time, read_tokens
from hotvid.config import SMOOTHINGS, UNITS
from hotvid.export.formats import FORMATS
from hotvid.geometry import ASSUMED_HFOV_DEG
from hotvid.humanoid import NAMINGS
from hotvid.weights import DEFAULT_LIFTER

_OUTPUTS = "Outputs"
_PEOPLE = "People"
_MODELS = "Models"
_MOTION = "What is made of the motion"
_TALK = "What is said"

Source = Annotated[
    Path,
    typer.Argument(
        help="A video, a folder of its frames as pictures, a still image, or poses that hotvid "
        "wrote: a pose store (.npz), JSON, arrays or Parquet.",
        metavar="SOURCE",
        show_default=False,
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace outputs that exist.", rich_help_panel=_OUTPUTS)
]
JsonOut = Annotated[
    Path | None,
    typer.Option(
        "--json", metavar="FILE", help="Write the poses as JSON.", rich_help_panel=_OUTPUTS
    ),
]
SavePoses = Annotated[
    Path | None,
    typer.Option(
        "--save-poses",
        metavar="FILE.npz",
        help="Keep the poses as a pose store, which every command takes as SOURCE.",
        rich_help_panel=_OUTPUTS,
    ),
]
StoredVideo = Annotated[
    Path | None,
    typer.Option("--video", metavar="FILE", help="Where the video of a pose store lies now."),
]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="A,B",
        help=f"What to write, one or several of: {', '.join(FORMATS)}.",
        rich_help_panel=_OUTPUTS,
        show_default=False,
    ),
]
AlsoFormats = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="A,B",
        help="Also write these formats beside the first output, under its name (see: hotvid "
        "export).",
        rich_help_panel=_OUTPUTS,
    ),
]
ExportOut = Annotated[
    str,  # a path would lose the slash at its end
    typer.Option(
        "--out",
        metavar="FILE|BASE|DIR/",
        help="The file to write; with several formats, a name to which each adds its suffix; or a "
        "folder, which is made where its name ends in a slash.",
        rich_help_panel=_OUTPUTS,
    ),
]
BoneNames = Annotated[
    str,
    typer.Option(
        "--bone-names",
        metavar="|".join(NAMINGS),
        help="What bvh, glb and usd call the bones.",
        rich_help_panel=_OUTPUTS,
    ),
]
Units = Annotated[
    str,
    typer.Option(
        "--units",
        metavar="|".join(UNITS),
        help="The unit of bvh, which does not say it: Blender takes metres.",
        rich_help_panel=_OUTPUTS,
    ),
]
TimeRange = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--time-range",
        metavar="START END",
        parser=read_time,
        help="Seconds of the video, or minutes and seconds, as 1:30; the rest is left out.",
        show_default=False,
    ),
]
Fps = Annotated[
    float | None,
    typer.Option(
        "--fps",
        metavar="RATE",
        help="Frames a second: of a folder of pictures, where it is not 30, and of a video that "
        "says it wrong, as slow motion does. Times count by it, and there is no sound.",
        show_default=False,
    ),
]
PersonChoice = Annotated[
    str,
    typer.Option(
        "--person",
        metavar="all|largest|longest|ID",
        help="Whom to keep: everyone, the largest, the one seen longest, or one id, as a run with "
        "the same --time-range names it.",
        rich_help_panel=_PEOPLE,
    ),
]
BboxThr = Annotated[
    float,
    typer.Option(
        "--bbox-thr",
        metavar="0..1",
        help="Someone less sure than this is no person.",
        rich_help_panel=_PEOPLE,
    ),
]
KptThr = Annotated[
    float,
    typer.Option(
        "--kpt-thr",
        metavar="0..1",
        help="A joint less sure than this counts as unseen and is not drawn.",
        rich_help_panel=_PEOPLE,
    ),
]
DetFrequency = Annotated[
    int,
    typer.Option(
        "--det-frequency",
        metavar="FRAMES",
        help="Search the whole picture for new people every so many frames, where there are 30 a "
        "second or more; oftener where there are fewer.",
        rich_help_panel=_PEOPLE,
    ),
]
Mode = Annotated[
    str,
    typer.Option(
        "--mode",
        metavar="fast|balanced|accurate",
        help="Speed against accuracy of BlazePose, the 2D model. In fast and balanced, without "
        "--detector, a larger one corrects it five times a second; accurate also lifts each frame "
        "in three windows.",
        rich_help_panel=_MODELS,
    ),
]
Pose2D = Annotated[
    str,
    typer.Option(
        "--pose2d",
        metavar="NAME[:MODEL]",
        help="The 2D model, as in rtmpose:FILE.onnx; `hotvid models` lists them.",
        rich_help_panel=_MODELS,
    ),
]
Detector = Annotated[
    str | None,
    typer.Option(
        "--detector",
        metavar="NAME[:MODEL]",
        help="What finds people for a top-down 2D model, as in rtmdet:FILE.onnx; hotvid's own "
        "search, if not given.",
        rich_help_panel=_MODELS,
    ),
]
LifterName = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help=f"The lifter, 2D to 3D; if not given, what hotvid's own --weights say they are of, or "
        f"{DEFAULT_LIFTER}. A pose store is lifted anew by it.",
        rich_help_panel=_MODELS,
        show_default=False,
    ),
]
WeightsFile = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        metavar="FILE",
        help="The lifter's weights, where they neither travel with hotvid nor were imported.",
        rich_help_panel=_MODELS,
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="auto|cpu|cuda",
        help="What the models run on.",
        rich_help_panel=_MODELS,
    ),
]
Tokens = Annotated[
    Any,  # what `read_tokens` gives, or None
    typer.Option(
        "--tokens",
        metavar="N[,N]",
        parser=read_tokens,
        help="Keep N frames of a window where the lifter prunes, or as many at each of its steps: "
        "fewer are faster.",
        rich_help_panel=_MODELS,
        show_default=False,
    ),
]
LifterSizes = Annotated[
    list[Any] | None,  # of what `read_lifter_size` gives
    typer.Option(
        "--size",
        metavar="NAME=VALUE",
        parser=read_lifter_size,
        help="Build the lifter otherwise than its weights say, where they fit: token_num=81 "
        "layer_index=3 prune=uniform recover=linear; one a --size.",
        rich_help_panel=_MODELS,
        show_default=False,
    ),
]
Compile = Annotated[
    bool,
    typer.Option(
        "--compile",
        help="Let torch compile the lifter first: a minute, which pays on a GPU and long videos.",
        rich_help_panel=_MODELS,
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="float32|bfloat16",
        help="Of the lifter's matrix products: bfloat16 is twice as fast where the machine has "
        "it, and moves joints by 1 mm, or 8 where frames are chosen by clustering.",
        rich_help_panel=_MODELS,
    ),
]
Focal = Annotated[
    float | None,
    typer.Option(
        "--focal",
        metavar="PX",
        help="The camera's focal length in pixels; else by the file's metadata, or that of a lens "
        f"which sees {ASSUMED_HFOV_DEG:g} degrees across the picture's longer side.",
        rich_help_panel=_MODELS,
        show_default=False,
    ),
]
Swaps = Annotated[
    bool,
    typer.Option(
        "--swaps/--no-swaps",
        help="Put left and right back where the 2D model exchanged them for a moment.",
        rich_help_panel=_MOTION,
    ),
]
Outliers = Annotated[
    bool,
    typer.Option(
        "--outliers/--no-outliers",
        help="Mend joints that are far off for a frame or two.",
        rich_help_panel=_MOTION,
    ),
]
Smooth = Annotated[
    str,
    typer.Option(
        "--smooth",
        metavar="|".join(SMOOTHINGS),
        help="What takes the jitter out of the motion.",
        rich_help_panel=_MOTION,
    ),
]
Cutoff = Annotated[
    float,
    typer.Option(
        "--cutoff",
        metavar="HZ",
        help="What is faster counts as jitter; kicks and throws want 10 or more.",
        rich_help_panel=_MOTION,
    ),
]
Bones = Annotated[
    bool,
    typer.Option(
        "--constant-bones/--free-bones",
        help="Keep each bone as long as it typically is.",
        rich_help_panel=_MOTION,
    ),
]
Height = Annotated[
    float | None,
    typer.Option(
        "--height",
        metavar="METRES",
        help="How tall the person is who is seen longest, as in 1.75: sets the scale of the world.",
        rich_help_panel=_MOTION,
        show_default=False,
    ),
]
Feet = Annotated[
    bool,
    typer.Option(
        "--feet/--no-feet",
        help="Feet that stand keep their place in the world.",
        rich_help_panel=_MOTION,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", help="No progress and no summary; warnings stay.", rich_help_panel=_TALK
    ),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="Print a traceback when something fails.", rich_help_panel=_TALK),
]
