"""A part of a video's frames, and of the poses in them, by the seconds that it lasts."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TypeVar

import numpy as np

from hotvid.errors import InputError
from hotvid.types import JointAngles, Motion3D, Person, Poses, Track2D, WorldMotion

TOLERANCE_S = 1e-6  # timestamps are binary fractions of what the user types

_Part = TypeVar("_Part", Track2D, Motion3D | None, WorldMotion | None, JointAngles | None)


def rows_within(pts_s: np.ndarray, time_range_s: tuple[float, float] | None) -> slice:
    """Of frames at `pts_s` those with START <= time < END; all where the range is None.

    raises  InputError where there are none.
    """
    if time_range_s is None:
        return slice(0, len(pts_s))
    low, high = np.searchsorted(pts_s, np.array(time_range_s) - TOLERANCE_S)
    if low == high:
        last = f"; the last is at {pts_s[-1]:.2f} s" if len(pts_s) else ""
        raise InputError(f"no frame is from {time_range_s[0]:g} to {time_range_s[1]:g} s{last}")
    return slice(int(low), int(high))


def poses_within(poses: Poses, time_range_s: tuple[float, float] | None) -> Poses:
    """The part of `poses`, to which no bones are fitted yet, that lies in a range of time.

    Whoever is seen in it keeps id and place; who is not is left out.

    raises  InputError where no frame does.
    """
    if time_range_s is None:
        return poses
    kept = rows_within(poses.pts_s, time_range_s)
    if kept == slice(0, poses.n_frames):
        return poses
    first, end = poses.first_frame + kept.start, poses.first_frame + kept.stop
    people = (_person_within(person, first, end) for person in poses.people)
    return replace(
        poses,
        first_frame=first,
        pts_s=poses.pts_s[kept],
        people=tuple(person for person in people if person is not None),
        cuts=tuple(frame for frame in poses.cuts if first < frame < end),
    )


def _person_within(person: Person, first: int, end: int) -> Person | None:
    """What of somebody lies in the frames from `first` to before `end`; None: unseen in them."""
    index = person.keypoints.frame_index
    kept = slice(*np.searchsorted(index, (first, end)).tolist())
    if person.keypoints.interpolated[kept].all():
        return None
    return replace(
        person,
        detected=_rows(person.detected, kept),
        keypoints=_rows(person.keypoints, kept),
        motion=_rows(person.motion, kept),
        world=_rows(person.world, kept),
        angles=_rows(person.angles, kept),
        confidence=None if person.confidence is None else person.confidence[kept],
    )


def _rows(part: _Part, kept: slice) -> _Part:
    """Of what may be missing; its arrays have a row for each frame, all of them."""
    if part is None:
        return None
    arrays = {f.name: getattr(part, f.name) for f in fields(part)}
    return replace(part, **{n: a[kept] for n, a in arrays.items() if isinstance(a, np.ndarray)})
