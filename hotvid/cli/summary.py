"""What a finished job says of itself."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hotvid.errors import HotvidWarning, printable
from hotvid.humanoid import fit_error_mm
from hotvid.types import Person, Poses


def summary(poses: Poses, wall_s: float, written: Sequence[Path]) -> str:
    """Who was found and by what, the time beside the video's own length, and what was written."""
    n = len(poses.people)
    length_s = poses.n_frames / poses.video.fps
    speed = f" ({length_s / wall_s:.2f} x real time)" if poses.n_frames > 1 else ""
    frames = "1 frame" if poses.n_frames == 1 else f"{poses.n_frames} frames"
    people = n_people(n) if n else "nobody"
    lines = [f"{people} in {frames}, {length_s:.1f} s of video in {wall_s:.1f} s{speed}"]
    for person in poses.people:
        first, last = person.keypoints.frame_index[[0, -1]]
        lines.append(
            f"  person {person.track_id}: frames {first} to {last}{_unseen(person)}{_fit(person)}"
        )
    lines.append(f"2D: {poses.models.pose2d}; 3D: {poses.models.lifter or 'nothing to lift'}")
    return "\n".join([*lines, *(f"wrote {printable(str(path))}" for path in written)])


def _unseen(person: Person) -> str:
    """In how many of its frames somebody was not seen, where there are any."""
    n = int(person.keypoints.interpolated.sum())
    return f", not seen in {n} of them" if n else ""


def _fit(person: Person) -> str:
    """How well the bones put the joints where they were, where bones were fitted."""
    fit = fit_error_mm(person.bones) if person.bones is not None else {}
    if not fit:
        return ""
    middle, most = fit["fit_median_mm"], fit["fit_95_percent_mm"]
    return f"; bones fit its joints to {middle:.0f} mm (median), {most:.0f} mm (95 in 100)"


def n_people(n: int) -> str:
    return "1 person" if n == 1 else f"{n} people"


def n_videos(n: int) -> str:
    return "1 video" if n == 1 else f"{n} videos"


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
