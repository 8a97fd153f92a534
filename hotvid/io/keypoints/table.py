"""Keypoints made elsewhere as one table, whatever file they came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hotvid.errors import InputError
from hotvid.geometry import extent
from hotvid.skeleton import JOINT_SETS, joint_set_by_count
from hotvid.stored.checks import MAX_ID

FARTHEST_PX = 1e6  # a coordinate beyond is no place in any picture
_MOSTLY_NAMED = 0.5  # share of sightings that must have ids for these to be of help
_BOX_MARGIN = 0.1  # around the joints where the file has no box, as a share of its longer side


@dataclass(frozen=True)
class KeypointTable:
    """One row for each sighting of a person, in the order of the file.

    format        the reader's name.
    joint_set     a name in `hotvid.skeleton.JOINT_SETS`.
    frame         (N,) int64, numbered as in the file.
    first_number  the number that this format gives a video's first frame, 0 or 1.
    xy            (N, K, 2) float32: pixels, or shares of width and height where `normalised`;
                  NaN where a joint is missing.
    score         (N, K) float32, 0..1; 0 where a joint is missing.
    box           (N, 4) float32, x0 y0 x1 y1, as `xy`.
    person_score  (N,) float32, 0..1.
    person        (N,) int64, the file's own ids; -1 for a sighting without.
    size_px, fps, n_frames  what the file says of the video; None where it does not.
    last_number   the number of the last frame that the file has, numbered as in it, whether or
                  not anybody is in it; None where it has none but those of sightings.
    notes         what was left out, for the user.
    times         (M,) frames, numbered as in the file, and (M,) seconds of each; None where the
                  file has no times.
    """

    format: str
    joint_set: str
    frame: np.ndarray
    first_number: int
    xy: np.ndarray
    score: np.ndarray
    box: np.ndarray
    person_score: np.ndarray
    person: np.ndarray
    normalised: bool = False
    size_px: tuple[int, int] | None = None
    fps: float | None = None
    n_frames: int | None = None
    last_number: int | None = None
    notes: tuple[str, ...] = ()
    times: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def has_ids(self) -> bool:
        """Whether the file tells people apart: but for a tracker's leftovers sightings have ids."""
        return len(self) > 0 and float((self.person >= 0).mean()) > _MOSTLY_NAMED


@dataclass
class TableRows:
    """What a reader collects, row by row, before it becomes a table.

    points  each (K, 3) or a flat list of 3 K: x, y, score; or (K, 2) where there are no scores.
    boxes   each x0 y0 x1 y1, or None.
    """

    frames: list[int] = field(default_factory=list)
    points: list[Any] = field(default_factory=list)
    boxes: list[Sequence[float] | None] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    people: list[Any] = field(default_factory=list)

    def add(
        self,
        frame: int,
        points: Any,
        box: Sequence[float] | None = None,
        score: float | None = None,
        person: Any = None,
    ) -> None:
        self.frames.append(frame)
        self.points.append(points)
        self.boxes.append(box)
        self.scores.append(score)
        self.people.append(person)

    def table(
        self,
        format: str,
        joint_set: str | None,
        *,
        first_number: int = 0,
        **more: Any,
    ) -> KeypointTable:
        """The table of these rows; those in which no joint is seen are left out.

        joint_set  None: told by the number of keypoints.
        """
        points = _as_points(self.points, joint_set)
        joint_set = joint_set or _joint_set_of(points.shape[1])
        if points.shape[1] != len(JOINT_SETS[joint_set]):
            raise InputError(
                f"{points.shape[1]} keypoints are not the {len(JOINT_SETS[joint_set])} of "
                f"{joint_set}",
                "say which they are with --joints",
            )
        xy, score = _without_missing(points)
        # Nobody is 2 pixels large: these are shares, whatever the format usually has.
        normalised = bool(np.nanmax(np.abs(xy), initial=0) <= 2)
        own = [s for s in self.scores if s is not None]
        trusted = len(own) == len(self.scores) and all(0 <= s <= 1 for s in own)
        box = _boxes(self.boxes, xy)
        seen = np.isfinite(xy).all(-1).any(-1)
        rows = {
            "frame": np.array(self.frames, np.int64),
            "xy": xy,
            "score": score,
            "box": box,
            "person_score": np.array(own, np.float32) if trusted else _mean_score(xy, score),
            "person": _ids(self.people),
        }
        return KeypointTable(
            format=format,
            joint_set=joint_set,
            first_number=first_number,
            normalised=normalised,
            **{name: values[seen] for name, values in rows.items()},
            **more,
        )


def _as_points(points: list[Any], joint_set: str | None) -> np.ndarray:
    """(N, K, 3) float64; a missing score column becomes 1."""
    if not points:
        return np.zeros((0, len(JOINT_SETS[joint_set or "coco17"]), 3))
    try:
        array = np.array(points, np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(
            "its people differ in their number of keypoints, or hold no numbers"
        ) from (error)
    if array.ndim == 2 and array.shape[1] % 3 == 0:
        array = array.reshape(len(array), -1, 3)
    if array.ndim != 3 or array.shape[2] not in (2, 3):
        raise InputError(f"keypoints of shape {array.shape[1:]} are not x, y, score")
    if array.shape[2] == 2:
        array = np.concatenate([array, np.ones_like(array[..., :1])], -1)
    return array


def _joint_set_of(n_keypoints: int) -> str:
    try:
        return joint_set_by_count(n_keypoints)
    except ValueError as error:
        raise InputError(str(error), "say which they are with --joints") from error


def _without_missing(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places with NaN and scores with 0 for what is missing: most tools write x = y = 0."""
    xy, score = points[..., :2], points[..., 2]
    missing = ~np.isfinite(xy).all(-1) | (xy == 0).all(-1)
    xy = np.where(missing[..., None], np.nan, xy)
    if np.nanmax(np.abs(xy), initial=0) > FARTHEST_PX:
        raise InputError(f"it has a keypoint more than {FARTHEST_PX:g} pixels away")
    score = np.where(missing | ~np.isfinite(score), 0, np.clip(score, 0, 1))
    return xy.astype(np.float32), score.astype(np.float32)


def _mean_score(xy: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(N,) the mean over the joints that are there: what stands for a person's own score."""
    known = np.isfinite(xy).all(-1)
    return ((score * known).sum(1) / np.maximum(known.sum(1), 1)).astype(np.float32)


def _boxes(given: list[Sequence[float] | None], xy: np.ndarray) -> np.ndarray:
    box = np.full((len(given), 4), np.nan, np.float32)
    for row, corners in enumerate(given):
        if corners is not None and len(corners) == 4:
            box[row] = np.clip(np.array(corners, np.float64), -FARTHEST_PX, FARTHEST_PX)
    known = np.isfinite(xy).all(-1)
    low, high = extent(xy, known)
    seen = known.any(1)
    low, high = np.where(seen[:, None], low, 0), np.where(seen[:, None], high, 0)
    margin = _BOX_MARGIN * (high - low).max(1, keepdims=True, initial=0)
    around = np.concatenate([low - margin, high + margin], 1).astype(np.float32)
    usable = np.isfinite(box).all(1) & (box[:, 2:] > box[:, :2]).all(1)
    return np.where(usable[:, None], box, around)


def _ids(people: list[Any]) -> np.ndarray:
    """(N,) int64: whole numbers as they are, other names numbered by first appearance."""
    whole = [_whole(one) for one in people]
    if all(one is not None or name is None for one, name in zip(whole, people, strict=True)):
        return np.array([-1 if one is None else one for one in whole], np.int64)
    numbers: dict[str, int] = {}
    named = [-1 if n is None else numbers.setdefault(str(n), len(numbers)) for n in people]
    return np.array(named, np.int64)


def _whole(value: Any) -> int | None:
    if isinstance(value, list | tuple):  # AlphaPose lists the ids that it merged
        return _whole(value[0]) if value else None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if number.is_integer() and -1 <= number <= MAX_ID else None
