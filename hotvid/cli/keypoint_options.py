"""What is said of a file of 2D keypoints on the command line: of `lift` and `convert`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hotvid.cli import options
from hotvid.cli.shared import Group
from hotvid.cli.values import read_picture_size
from hotvid.config import KeypointsConfig
from hotvid.errors import UsageError

_PANEL = "What the file does not say"

Video = Annotated[
    Path | None,
    typer.Option(
        "--video",
        metavar="FILE",
        help="The video that the keypoints are of: for its size and times, and to draw over.",
        rich_help_panel=_PANEL,
    ),
]
Size = Annotated[
    str | None,
    typer.Option(
        "--size",
        metavar="WxH",
        help="The picture's size in pixels, without --video.",
        rich_help_panel=_PANEL,
    ),
]
Fps = Annotated[
    float | None,
    typer.Option(
        "--fps",
        help="Frames a second, without --video or where that is a folder.",
        rich_help_panel=_PANEL,
    ),
]
FirstFrame = Annotated[
    int | None,
    typer.Option(
        "--first-frame",
        metavar="N",
        help="The number that the file gives the video's first frame.",
        rich_help_panel=_PANEL,
    ),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FORMAT",
        help="The file's format, where it is not recognised: hotvid, alphapose, openpose, "
        "mmpose, coco, ultralytics-json, ultralytics-txt, deeplabcut or csv.",
        rich_help_panel=_PANEL,
    ),
]
Joints = Annotated[
    str | None,
    typer.Option(
        "--joints",
        metavar="SET",
        help="What the keypoints are: coco17, halpe26, halpe136, coco_wholebody133, "
        "openpose25, openpose67, blazepose33 or h36m17.",
        rich_help_panel=_PANEL,
    ),
]
Retrack = Annotated[
    bool,
    typer.Option(
        "--retrack",
        help="Tell people apart anew, whatever ids the file gives them.",
        rich_help_panel="People",
    ),
]

OF_FILE: Group = {
    "video": (Video, None),
    "size": (Size, None),
    "fps": (Fps, KeypointsConfig.fps),
    "first_frame": (FirstFrame, KeypointsConfig.first_number),
    "layout": (Layout, KeypointsConfig.format),
    "joints": (Joints, KeypointsConfig.joint_set),
    "retrack": (Retrack, KeypointsConfig.retrack),
    "bbox_thr": (options.BboxThr, KeypointsConfig.bbox_thr),
}

# What an option is called in the settings, where it is not as here.
_FIELDS = {
    "size": "size_px",
    "first_frame": "first_number",
    "layout": "format",
    "joints": "joint_set",
}


def read_of_file(of_file: Mapping[str, Any]) -> tuple[Path | None, KeypointsConfig]:
    """The video, and the other options of `OF_FILE` that were given as settings; UsageError for
    those that exclude each other."""
    video = of_file.get("video")
    has_rate = video is not None and not video.is_dir()  # which a folder of pictures has not
    if (video is not None and "size" in of_file) or (has_rate and "fps" in of_file):
        raise UsageError("a video has its own size and rate", "give --video, or --size and --fps")
    settings = {_FIELDS.get(name, name): value for name, value in of_file.items()}
    if "size_px" in settings:
        settings["size_px"] = read_picture_size(settings["size_px"])
    settings.pop("video", None)
    return video, KeypointsConfig(**settings)
