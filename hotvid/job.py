"""One job: a source to the outputs that are asked for, everything checked before work begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hotvid.config import KeypointsConfig, PipelineConfig
from hotvid.errors import OutputError, UsageError
from hotvid.exports import Export, check_lengths
from hotvid.file_names import PathLike
from hotvid.io.capture import is_still
from hotvid.io.picture_writer import is_picture_name
from hotvid.io.readable import check_source
from hotvid.io.reader import VideoReader
from hotvid.observing import frames_expected
from hotvid.outputs import Outputs
from hotvid.pipeline import analyze, lift_anew, lift_keypoints
from hotvid.progress import Progress, no_progress
from hotvid.sources import check_readable, source_at
from hotvid.time_range import poses_within
from hotvid.types import Poses


def run(
    source: PathLike,
    out: PathLike | None = None,
    config: PipelineConfig | None = None,
    *,
    json: PathLike | None = None,
    save: PathLike | None = None,
    exports: Sequence[Export] = (),
    video: PathLike | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
    on_written: Callable[[Path], None] = lambda path: None,
) -> Poses:
    """A video, or a pose store, to a drawn video, JSON and a pose store: those that are named.

    A still image may be drawn on a picture, too.

    source      a video, or a pose store, whose people are taken as they are, unless
                `config.lift.anew`.
    video       where the video of a pose store lies now.
    on_written  called with each output once it is whole, so that a later failure can name it.
    raises      OutputError before any work where an output cannot or must not be written.
    """
    config = config or PipelineConfig()
    looked_at = source_at(source)
    looked_at.check_video(video)
    stored = looked_at.stored_poses(config, drawn=out is not None)
    drawn_over = source if stored is None else looked_at.video(stored, video)
    if save is not None and looked_at.was_cleaned and not config.lift.anew:
        raise UsageError(
            f"a pose store holds motion as it was lifted, and that of {source} was cleaned",
            "leave out --save-poses: such a file is a SOURCE, too; or lift it anew: --model",
        )
    outputs = Outputs(out, json, save, exports, overwrite)
    outputs.check((source, drawn_over))
    part = stored and poses_within(stored, config.time_range_s)
    _check_still(out, source, part)
    if any(export.format.most_frames for export in exports):
        check_lengths(exports, _n_frames(source, config) if part is None else part.n_frames)
    if stored is not None and out is not None and drawn_over is not None:
        check_readable(stored, drawn_over)
    found = _found(source, stored, config, progress)
    return outputs.write(found, config, drawn_over, progress, on_written)


def lift(
    keypoints: PathLike,
    out: PathLike | None = None,
    given: KeypointsConfig | None = None,
    config: PipelineConfig | None = None,
    *,
    json: PathLike | None = None,
    save: PathLike | None = None,
    exports: Sequence[Export] = (),
    video: PathLike | None = None,
    in_3d: bool = True,
    overwrite: bool = False,
    progress: Progress = no_progress,
    on_written: Callable[[Path], None] = lambda path: None,
) -> Poses:
    """Keypoints made elsewhere to the outputs that are named, as `run` does with a video.

    keypoints  a file, or a folder of files, in a format of `hotvid.io.keypoints`.
    video      the video that they are of, drawn over; None: drawn on a plain canvas.
    in_3d      False: they are taken as they are, and nobody has 3D.
    raises     as `run`; UsageError where an export needs the 3D that nobody is to have.
    """
    config = config or PipelineConfig()
    if not in_3d and (solid := [e.format.name for e in exports if e.format.needs_3d]):
        raise UsageError(
            f"'{keypoints}' holds 2D keypoints, and {solid[0]} needs 3D",
            "lift them: hotvid lift; of hotvid's own files npz, json and parquet hold 3D, csv 2D",
        )
    if not in_3d and (config.clean.anew or config.world.anew):
        raise UsageError(
            f"'{keypoints}' holds 2D keypoints: there is no motion to clean or to place",
            "leave out the options of motion, or lift them: hotvid lift",
        )
    outputs = Outputs(out, json, save, exports, overwrite)
    outputs.check((keypoints, video))
    _check_still(out, keypoints if video is None else video)
    poses = lift_keypoints(keypoints, given, config, progress, video=video, in_3d=in_3d)
    return outputs.write(poses, config, video, progress, on_written)


def _n_frames(video: PathLike, config: PipelineConfig) -> int | None:
    """None where the container does not count them: what it makes of its length may be too many."""
    with VideoReader(video, config.time_range_s, config.fps) as reader:
        return frames_expected(reader.info, reader.time_range_s) if reader.counts_frames else None


def poses_of(
    source: PathLike,
    config: PipelineConfig,
    progress: Progress = no_progress,
    *,
    video: PathLike | None = None,
    drawn: bool = True,
) -> Poses:
    """Everyone in a source: estimated from a video, taken or lifted anew from what holds poses.

    video  where that of a pose store lies now: UsageError with another source.
    drawn  whether they are going to be drawn; False: UsageError for what changes only drawings.
    """
    looked_at = source_at(source)
    looked_at.check_video(video)
    return _found(source, looked_at.stored_poses(config, drawn=drawn), config, progress)


def _found(
    source: PathLike, stored: Poses | None, config: PipelineConfig, progress: Progress
) -> Poses:
    """Everyone in a video, of which nothing is stored; else who is stored, lifted anew if asked."""
    if stored is None:
        return analyze(source, config, progress)
    return lift_anew(stored, config.lift, progress) if config.lift.anew else stored


def _check_still(out: PathLike | None, source: PathLike, poses: Poses | None = None) -> None:
    """Raise OutputError where what is to be drawn as a picture has, or may have, several frames."""
    if out is None or not is_picture_name(out):
        return
    if poses is not None:
        one = poses.n_frames == 1
    else:
        one = not Path(source).is_dir() and is_still(check_source(source))
    if not one:
        raise OutputError(
            f"'{out}' is a picture, but '{source}' is not", "name a video, as out.mp4"
        )
