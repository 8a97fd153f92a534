"""The outputs of a job: checked before work begins, each written whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotvid.atomic import atomic_output, check_output
from hotvid.config import PipelineConfig
from hotvid.drawing import render
from hotvid.errors import OutputError
from hotvid.exports import Export, check_exports, write_exports
from hotvid.file_names import PathLike, is_same_file
from hotvid.io.picture_writer import PICTURE_SUFFIXES
from hotvid.io.writer import VIDEO_SUFFIXES
from hotvid.pipeline import settle
from hotvid.progress import Progress
from hotvid.stored.pose_store import save_poses
from hotvid.stored.poses_json import write_json
from hotvid.time_range import poses_within
from hotvid.types import Poses


@dataclass(frozen=True)
class Outputs:
    """What is to be written, each where a path is given.

    out   a drawn video, or of a still image a picture.
    json  its JSON; save: its pose store.
    """

    out: PathLike | None = None
    json: PathLike | None = None
    save: PathLike | None = None
    exports: Sequence[Export] = ()
    overwrite: bool = False

    def check(self, inputs: Iterable[PathLike | None]) -> None:
        """Raise OutputError where one of them cannot or must not be written.

        inputs  what is read, None: nothing; none of it may be an output.
        """
        named = [
            (self.out, (*VIDEO_SUFFIXES, *PICTURE_SUFFIXES)),
            (self.json, (".json",)),
            (self.save, (".npz",)),
        ]
        files = [(Path(path), allowed) for path, allowed in named if path is not None]
        read = {os.path.realpath(p) for p in inputs if p is not None}
        taken: set[str] = set()
        for path, allowed in [*files, *((e.path, None) for e in self.exports)]:
            if allowed is not None and path.suffix.lower() not in allowed:
                raise OutputError(
                    f"cannot write '{path}': its name must end in {_either(allowed)}",
                    "choose another name for the output",
                )
            # realpath, unlike resolve, has an answer for a link to itself, which fails later.
            real = os.path.realpath(path)
            if real in read or any(is_same_file(path, other) for other in read):
                raise OutputError(f"'{path}' is an input too", "choose another name for the output")
            if real in taken:
                raise OutputError(f"'{path}' is given for two outputs", "choose two names")
            taken.add(real)
        for path, _ in files:
            check_output(path, self.overwrite)
        check_exports(self.exports, self.overwrite)

    def write(
        self,
        as_found: Poses,
        config: PipelineConfig,
        drawn_over: PathLike | None,
        progress: Progress,
        on_written: Callable[[Path], None],
    ) -> Poses:
        """Write all of it; the poses as they were written, which the pose store's are not.

        It holds them as they were found: what is made of them can be made of it again, and
        otherwise.

        drawn_over  the video; None: a plain canvas.
        on_written  called with each output once it is whole.
        """
        if self.save is not None:  # first: what took longest is kept, whatever comes after it
            part = poses_within(as_found, config.time_range_s)
            save_poses(part, self.save, self.overwrite)
            on_written(Path(self.save))
        poses = settle(as_found, config)
        if self.json is not None:
            with atomic_output(self.json, self.overwrite) as temporary:
                write_json(poses, temporary)
            on_written(Path(self.json))
        if self.out is not None:
            render(poses, self.out, config, progress, video=drawn_over, overwrite=self.overwrite)
            on_written(Path(self.out))
        return write_exports(poses, self.exports, overwrite=self.overwrite, on_written=on_written)


def _either(names: Sequence[str]) -> str:
    """ "a", "a or b", "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
