"""One job: a source to the outputs that are asked for, everything checked before work begins."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotvid.atomic import atomic_output, check_output
from hotvid.config import KeypointsConfig, PipelineConfig, TrackConfig
from hotvid.errors import OutputError, UsageError
from hotvid.exports import Export, check_exports, check_lengths, write_exports
from hotvid.file_names import PathLike
from hotvid.io.capture import is_still
from hotvid.io.picture_writer import PICTURE_SUFFIXES, is_picture_name
from hotvid.io.reader import VideoReader, check_source
from hotvid.io.writer import VIDEO_SUFFIXES
from hotvid.observing import frames_expected
from hotvid.pipeline import (
    analyze,
    lift_anew,
    lift_keypoints,
    render,
    settle,
)
from hotvid.progress import Progress, no_progress
from hotvid.sources import check_readable, source_at
from hotvid.stored.pose_store import save_poses
from hotvid.stored.poses_json import write_json
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
    stored = looked_at.stored_poses(config)
    drawn_over = source if stored is None else looked_at.video(stored, video)
    if stored is not None and out is None and config.track.kpt_thr != TrackConfig.kpt_thr:
        raise UsageError(
            f"{source} holds people already: of those --kpt-thr changes only what is drawn",
            "leave it out, or give the video",
        )
    if save is not None and looked_at.was_cleaned and not config.lift.anew:
        raise UsageError(
            f"a pose store holds motion as it was lifted, and that of {source} was cleaned",
            "leave out --save-poses: such a file is a SOURCE, too; or lift it anew: --model",
        )
    outputs = _Outputs(out, json, save, exports, overwrite, on_written)
    outputs.check((source, drawn_over))
    part = stored and poses_within(stored, config.time_range_s)
    _check_still(out, source, part)
    if any(export.format.most_frames for export in exports):
        check_lengths(exports, _n_frames(source, config) if part is None else part.n_frames)
    if stored is not None and out is not None and drawn_over is not None:
        check_readable(stored, drawn_over)
    found = _found(source, stored, config, progress)
    return outputs.write(found, config, drawn_over, progress)


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
    outputs = _Outputs(out, json, save, exports, overwrite, on_written)
    outputs.check((keypoints, video))
    _check_still(out, keypoints if video is None else video)
    poses = lift_keypoints(keypoints, given, config, progress, video=video, in_3d=in_3d)
    return outputs.write(poses, config, video, progress)


@dataclass(frozen=True)
class _Outputs:
    """What is to be written, each where a path is given."""

    out: PathLike | None
    json: PathLike | None
    save: PathLike | None
    exports: Sequence[Export]
    overwrite: bool
    on_written: Callable[[Path], None]

    def check(self, inputs: Iterable[PathLike | None]) -> None:
        check_outputs(
            inputs,
            out=self.out,
            json=self.json,
            save=self.save,
            exports=self.exports,
            overwrite=self.overwrite,
        )

    def write(
        self,
        as_found: Poses,
        config: PipelineConfig,
        drawn_over: PathLike | None,
        progress: Progress,
    ) -> Poses:
        """Write all of it; the poses as they were written, which the pose store's are not.

        It holds them as they were found: what is made of them can be made of it again, and
        otherwise.
        """
        if self.save is not None:  # first: what took longest is kept, whatever comes after it
            part = poses_within(as_found, config.time_range_s)
            save_poses(part, self.save, self.overwrite)
            self.on_written(Path(self.save))
        poses = settle(as_found, config)
        if self.json is not None:
            with atomic_output(self.json, self.overwrite) as temporary:
                write_json(poses, temporary)
            self.on_written(Path(self.json))
        if self.out is not None:
            render(poses, self.out, config, progress, video=drawn_over, overwrite=self.overwrite)
            self.on_written(Path(self.out))
        return write_exports(
            poses, self.exports, overwrite=self.overwrite, on_written=self.on_written
        )


def check_outputs(
    inputs: Iterable[PathLike | None],
    *,
    out: PathLike | None = None,
    json: PathLike | None = None,
    save: PathLike | None = None,
    exports: Sequence[Export] = (),
    overwrite: bool = False,
) -> None:
    """Raise OutputError where an output cannot or must not be written; None is no output.

    inputs  files that are read: none of them may be an output.
    """
    named = [(out, (*VIDEO_SUFFIXES, *PICTURE_SUFFIXES)), (json, (".json",)), (save, (".npz",))]
    files = [(Path(path), allowed) for path, allowed in named if path is not None]
    read = {os.path.realpath(p) for p in inputs if p is not None}
    taken: set[str] = set()
    for path, allowed in [*files, *((e.path, None) for e in exports)]:
        if allowed is not None and path.suffix.lower() not in allowed:
            raise OutputError(
                f"cannot write '{path}': its name must end in {_either(allowed)}",
                "choose another name for the output",
            )
        # realpath, unlike resolve, has an answer for a link to itself, which fails later.
        if (real := os.path.realpath(path)) in read:
            raise OutputError(f"'{path}' is an input too", "choose another name for the output")
        if real in taken:
            raise OutputError(f"'{path}' is given for two outputs", "choose two names")
        taken.add(real)
    for path, _ in files:
        check_output(path, overwrite)
    check_exports(exports, overwrite)


def _n_frames(video: PathLike, config: PipelineConfig) -> int | None:
    """None where the container does not count them: what it makes of its length may be too many."""
    with VideoReader(video, config.time_range_s, config.fps) as reader:
        return frames_expected(reader.info, reader.time_range_s) if reader.counts_frames else None


def _either(names: Sequence[str]) -> str:
    """ "a", "a or b", "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def poses_of(
    source: PathLike,
    config: PipelineConfig,
    progress: Progress = no_progress,
    *,
    video: PathLike | None = None,
) -> Poses:
    """Everyone in a source: estimated from a video, taken or lifted anew from what holds poses.

    video  where that of a pose store lies now: UsageError with another source.
    """
    looked_at = source_at(source)
    looked_at.check_video(video)
    return _found(source, looked_at.stored_poses(config), config, progress)


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
