"""hotvid: any video of people into 3D skeletons.

    poses = hotvid.analyze("walk.mp4", mode="accurate")
    hotvid.write(poses, "bvh,csv", "walk")

What is not here has modules of its own: `hotvid.report.write_report`, `hotvid.batch.run.run_batch`,
`hotvid.evaluate.real.evaluate_real`, and `hotvid.stored.table.table_blocks` for poses as columns.
Nothing here prints or logs. Several threads may call at once, and get what they would get alone.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from hotvid.errors import HotvidError, HotvidWarning
from hotvid.progress import Progress, no_progress

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from hotvid.config import KeypointsConfig, Options
    from hotvid.lift.checkpoint import load_state
    from hotvid.lift.lifter import load_lifter
    from hotvid.lift.models.zoo import build_model
    from hotvid.types import Poses

__version__ = "0.3.2"
__all__ = [
    "HotvidError",
    "HotvidWarning",
    "analyze",
    "build_model",
    "lift_keypoints",
    "load_lifter",
    "load_state",
    "run",
    "write",
]

if not TYPE_CHECKING:  # for whom any name would be one of ours
    # Imported when first asked for: they need torch, which takes seconds to import.
    _MODELS = {
        "build_model": "hotvid.lift.models.zoo",
        "load_state": "hotvid.lift.checkpoint",
        "load_lifter": "hotvid.lift.lifter",
    }

    def __getattr__(name: str) -> object:
        if name in _MODELS:
            return getattr(import_module(_MODELS[name]), name)
        raise AttributeError(f"module 'hotvid' has no attribute '{name}'")

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODELS})


def _not_told(path: Path) -> None:
    """Does nothing with the path of an output."""


def analyze(
    source: str | Path,
    *,
    progress: Progress = no_progress,
    **options: Unpack[Options],
) -> Poses:
    """Everyone in a video, in 2D and 3D: cleaned, in one world, with joint angles.

    source    a video, or poses that hotvid wrote (pose store, JSON, arrays, Parquet), which are
              read and not estimated anew.
    progress  called as progress(stage, done, total) with the stages "pose2d" and "lift"; what it
              raises stops the work.
    options   those of `hotvid.config.configure`.
    raises    HotvidError, which says what happened and what to do.
    warns     HotvidWarning; the same texts are in `Poses.warnings`.
    """
    from hotvid.config import configure
    from hotvid.job import poses_of
    from hotvid.pipeline import settle

    config = configure(**options)
    return settle(poses_of(source, config, progress, drawn=False), config)


def run(
    source: str | Path,
    out: str | Path | None = None,
    *,
    json: str | Path | None = None,
    save: str | Path | None = None,
    video: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
    on_written: Callable[[Path], None] = _not_told,
    **options: Unpack[Options],
) -> Poses:
    """A source, as `analyze` takes it, to a video with the skeletons drawn over it.

    json        where its JSON goes, too.
    save        where its pose store (.npz) goes, too.
    video       where the video of poses that were stored lies now.
    on_written  called with each output once it is whole.
    progress    as in `analyze`; drawing is the stage "render".
    options, raises, warns  as `analyze`; OutputError before any work where an output cannot or must
                not be written.
    """
    from hotvid.config import configure
    from hotvid.job import run

    return run(
        source,
        out,
        configure(**options),
        json=json,
        save=save,
        video=video,
        overwrite=overwrite,
        progress=progress,
        on_written=on_written,
    )


def lift_keypoints(
    keypoints: str | Path,
    out: str | Path | None = None,
    *,
    video: str | Path | None = None,
    given: KeypointsConfig | None = None,
    json: str | Path | None = None,
    save: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
    on_written: Callable[[Path], None] = _not_told,
    **options: Unpack[Options],
) -> Poses:
    """2D keypoints that another program made to 3D, and to a video as `run` draws it.

    keypoints  a file, or a folder of files, in a format of `hotvid.io.keypoints`.
    video      the video that they are of; None: drawn on a plain canvas.
    given      what the file does not say of itself. `bbox_thr` and `fps` among the options
               are believed first.
    others     as `run`; UsageError for options of the search for people, and for a rate beside a
               video, which has its own.
    """
    from dataclasses import replace

    from hotvid.config import KeypointsConfig, configure
    from hotvid.job import lift

    given = given or KeypointsConfig()
    if "bbox_thr" in options:
        given = replace(given, bbox_thr=options["bbox_thr"])
    return lift(
        keypoints,
        out,
        given,
        configure(**options),
        json=json,
        save=save,
        video=video,
        overwrite=overwrite,
        progress=progress,
        on_written=on_written,
    )


def write(
    poses: Poses,
    formats: str,
    out: str | Path,
    *,
    bone_names: str = "humanoid",
    units: str = "m",
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """`poses` in the formats of other programs, as "bvh,csv"; the files and folders written.

    poses       as `analyze`, `run` and `lift_keypoints` give them.
    formats     names in `hotvid.export.formats.FORMATS`, commas between.
    out         a name, to which each format's ending is added, or a folder (a slash at its end).
    bone_names, units  see `hotvid.config.ExportConfig`.
    raises      UsageError, OutputError.
    """
    from hotvid.exports import check_exports, check_lengths, plan_exports, write_exports

    exports = plan_exports(
        formats, out, poses.video.path or poses.video.stem, bone_names=bone_names, units=units
    )
    check_exports(exports, overwrite)
    check_lengths(exports, poses.n_frames)
    written: list[Path] = []
    write_exports(poses, exports, overwrite=overwrite, on_written=written.append)
    return tuple(written)
