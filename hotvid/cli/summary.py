"""What a finished job says of itself."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hotvid.errors import HotvidWarning, printable
from hotvid.types import Poses


def summary(poses: Poses, wall_s: float, written: Sequence[Path]) -> str:
    """Who was found and by what, the time beside the video's own length, and what was written."""
    n = len(poses.people)
    people = "nobody" if n == 0 else "1 person" if n == 1 else f"{n} people"
    length_s = poses.n_frames / poses.video.fps
    speed = f" ({length_s / wall_s:.2f} x real time)" if poses.n_frames > 1 else ""
    frames = "1 frame" if poses.n_frames == 1 else f"{poses.n_frames} frames"
    lines = [f"{people} in {frames}, {length_s:.1f} s of video in {wall_s:.1f} s{speed}"]
    for person in poses.people:
        track = person.keypoints
        lines.append(
            f"  person {person.track_id}: frames {track.frame_index[0]} to {track.frame_index[-1]}"
        )
    lines.append(f"2D: {poses.models.pose2d}; 3D: {poses.models.lifter or 'nothing to lift'}")
    return "\n".join([*lines, *(f"wrote {printable(str(path))}" for path in written)])


@contextmanager
def naming_what_was_written() -> Iterator[list[Path]]:
    """A list for the outputs that are whole; a warning names them if anything stops the rest."""
    written: list[Path] = []
    try:
        yield written
    except BaseException:
        if written:
            names = ", ".join(str(path) for path in written)
            warnings.warn(f"written before it stopped: {names}", HotvidWarning, stacklevel=3)
        raise
