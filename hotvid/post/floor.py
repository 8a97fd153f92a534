"""The floor: one plane for the whole clip and for everyone, fitted to the feet that stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import minimum_filter1d

from hotvid.rotations import unit

ANKLE_M = 0.08  # above the sole
_SURE_M = 0.06  # how far a standing foot is from its place, mostly for the depth of one view
_UP_SURE = np.radians(5.0)  # of the direction that the bodies show
_SIZE_SURE = 0.06  # people differ by so much from the size that the lifter gives them
_WILD = 2.0  # deviations from which on an observation counts for less
_LEVEL_M = 0.4  # a foot so far off stands on something else: a box, a stair
_RUNG_M = 0.15  # and of somebody alone, once it is known which way is up
_LOWEST = 0.08  # share of the stands that may be below the floor by mistake
_STEP_S = 0.15  # a foot is lowest of all so long before and after it touches
_BIN_S = 0.5  # errors of depth last so long: what is nearer in time says nothing new
_MOST_TILT = np.radians(12.0)
_SIZES = (0.6, 1.25)
_LOW_SHARE = 5.0  # per cent: where feet that nobody saw standing are at their lowest
_DOUBTFUL = 0.25  # of a stand: what counts of who was hardly ever seen to stand,
_LOWEST_FEET = 10.0  # per cent of the time: when the feet are lowest


@dataclass(frozen=True)
class Floor:
    """The plane on which everyone stands, in the camera's axes.

    up           (3,) unit, at right angles to the floor.
    height_m     of the camera above it.
    size         for each person what to multiply all lengths with, so that the person stands on
                 it; 1 for somebody alone, whose size and distance a single view cannot tell apart.
    n_stands     how many half seconds of standing it is fitted to.
    """

    up: np.ndarray
    height_m: float
    size: tuple[float, ...]
    n_stands: int


def standing_places(feet_m: np.ndarray, contact: np.ndarray, fps: float) -> np.ndarray:
    """(N, 3) where the feet stood, half a second at a time.

    feet_m   (F, 2, 3) ankles, metres, camera axes from the camera; NaN where unknown.
    contact  (F, 2) bool.
    """
    length = max(1, round(_BIN_S * fps))
    out = []
    for side in range(2):
        known = contact[:, side] & np.isfinite(feet_m[:, side]).all(1)
        rows = np.flatnonzero(known)
        for part in np.split(rows, np.flatnonzero(np.diff(rows // length)) + 1):
            if 2 * len(part) >= min(length, len(feet_m)) or len(part) >= length // 4 > 0:
                out.append(np.median(feet_m[part, side], axis=0))
    return np.array(out).reshape(-1, 3)


def touching_places(feet_m: np.ndarray, up: np.ndarray, fps: float) -> np.ndarray:
    """(N, 3) where a foot was lowest, step by step: of who runs no ankle ever stands still.

    feet_m  (F, 2, 3) ankles, metres, camera axes from the camera; NaN where unknown.
    """
    reach = max(1, round(_STEP_S * fps))
    height = np.nan_to_num(feet_m @ up, nan=np.inf)
    lowest = minimum_filter1d(height, 2 * reach + 1, axis=0, mode="nearest")
    touches = (height == lowest) & (height == height.min(1, keepdims=True)) & np.isfinite(height)
    touches[:reach] = touches[len(touches) - reach :] = False  # may go on down outside of the clip
    return feet_m[touches]


def fit_floor(
    stands: Sequence[np.ndarray],
    feet_m: Sequence[np.ndarray],
    up: np.ndarray,
    seen: Sequence[np.ndarray] | None = None,
    touches: Sequence[np.ndarray] | None = None,
) -> Floor:
    """The lowest plane on which feet stand that is nearest to what the bodies show.

    stands   for each person (N, 3) as `standing_places` gives them.
    feet_m   for each person (F, 2, 3) all the time: taken where nobody is seen to stand.
    up       (3,) against gravity, as the bodies show it.
    seen     for each person (F, 2) bool: feet that are not guessed; None: all.
    touches  for each person (N, 3) as `touching_places` gives them; None: nobody's are known.
    Of who is hardly ever seen to stand, as runners are, the touches count, a little; of others who
    are never the place where the feet are lowest: else everyone hangs in the air below whoever
    stands on a box. Tilt, height and the people's sizes are one least-squares problem
    (Gauss-Newton), each with what is known beforehand; wild observations are held down (Huber
    1964).
    """
    touches = touches or [np.zeros((0, 3))] * len(stands)
    if not sum(map(len, stands)) and max(map(len, touches), default=0) < 2:
        return lowest_floor(feet_m, up)
    seen = seen or [np.ones(f.shape[:2], bool) for f in feet_m]
    doubtful = []
    for places, lows, feet, shown in zip(stands, touches, feet_m, seen, strict=True):
        if 2 * len(places) < len(lows):
            doubtful.append(lows)
        else:
            lowest = np.zeros((0, 3)) if len(places) else _lowest_place(feet[shown.all(1)], up)
            doubtful.append(lowest)
    floor = _fitted(stands, doubtful, up, up)
    if sum(map(len, doubtful)) > sum(map(len, stands)):
        # Who runs is soon far from a plane that leans: what is near the floor shows once it is
        # found. Not of stands, which on stairs would be followed step by step.
        floor = _fitted(stands, doubtful, up, floor.up)
    elif sum(len(p) + len(d) > 0 for p, d in zip(stands, doubtful, strict=True)) == 1:
        # Nobody else's size is in question: what is off by more than stands err is a rung, a step.
        floor = _fitted(stands, doubtful, up, floor.up, _RUNG_M)
    return floor


def _fitted(
    sure: Sequence[np.ndarray],
    doubtful: Sequence[np.ndarray],
    up: np.ndarray,
    seen_up: np.ndarray,
    apart_m: float = _LEVEL_M,
) -> Floor:
    """The plane through those places that are not on something higher, as far as `seen_up` is up.

    sure, doubtful  for each person (N, 3).
    apart_m         what is so far from the lowest level is on something higher.
    """
    level = _lowest_level([*sure, *doubtful], seen_up, apart_m)
    sure, doubtful = (
        [p[np.abs(p @ seen_up - level) < apart_m] for p in each] for each in (sure, doubtful)
    )
    points = [np.concatenate(both) for both in zip(sure, doubtful, strict=True)]
    person = np.repeat(np.arange(len(points)), [len(p) for p in points])
    place = np.concatenate(points)
    counts = np.concatenate(
        [[1.0] * len(p) + [_DOUBTFUL] * len(d) for p, d in zip(sure, doubtful, strict=True)]
    )
    across = np.stack([unit(np.cross(up, a)) for a in _two_axes(up)])
    height = float(np.median(ANKLE_M - place @ up))
    tilt, size = np.zeros(2), np.ones(len(points))
    alone = len({*person.tolist()}) < 2  # and keeps the size given
    for _ in range(12):
        drop = place @ unit(up + tilt @ across)
        slope = np.column_stack([size[person, None] * (place @ across.T), np.ones(len(place))])
        off = size[person] * drop + height - ANKLE_M
        plane, sizes = _step(
            slope, drop, off, counts, person, tilt, size, 1e-6 if alone else _SIZE_SURE
        )
        tilt = tilt + plane[:2]
        tilt *= min(1.0, _MOST_TILT / max(float(np.linalg.norm(tilt)), 1e-9))
        height += float(plane[2])
        size = np.clip(size + sizes, *_SIZES)
    return Floor(unit(up + tilt @ across), height, tuple(size.tolist()), sum(len(p) for p in sure))


def lowest_floor(points_m: Sequence[np.ndarray], up: np.ndarray) -> Floor:
    """The floor where people mostly are at their lowest.

    points_m  for each person (F, J, 3): the feet or, of people who lie, all joints.
    """
    drops = [(p[np.isfinite(p).all((1, 2))] @ up).min(1) for p in points_m]
    drops = [d for d in drops if len(d)]
    lowest = min((float(np.percentile(d, _LOW_SHARE)) for d in drops), default=ANKLE_M)
    return Floor(up, ANKLE_M - lowest, (1.0,) * len(points_m), 0)


def _step(
    slope: np.ndarray,
    drop: np.ndarray,
    off: np.ndarray,
    counts: np.ndarray,
    person: np.ndarray,
    tilt: np.ndarray,
    size: np.ndarray,
    size_sure: float,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the least squares: what to add to tilt and height (3,), and to the sizes (P,).

    slope   (N, 3) of what is off with tilt and height, drop (N,) with the person's size.
    off     (N,) metres: how far each stand is from its place.
    counts  (N,) what it counts for; person (N,) whose it is.
    Nobody's size depends on another's, so they are put into the plane's three equations (Schur's
    complement): memory and time grow with the people and not with their square.
    """

    def by_person(values: np.ndarray) -> np.ndarray:
        return np.bincount(person, values, len(size))

    held = np.array([_UP_SURE, _UP_SURE, np.inf])
    weight = counts / np.maximum(1, np.abs(off) / (_WILD * _SURE_M)) / _SURE_M**2
    of_plane = slope.T @ (weight[:, None] * slope) + np.diag(1 / held**2)
    to_plane = -slope.T @ (weight * off) - np.append(tilt, 0) / held**2
    of_size = by_person(weight * drop**2) + 1 / size_sure**2
    to_size = -by_person(weight * drop * off) - (size - 1) / size_sure**2
    mixed = np.stack([by_person(weight * drop * column) for column in slope.T])
    plane = np.linalg.solve(
        of_plane - (mixed / of_size) @ mixed.T, to_plane - mixed @ (to_size / of_size)
    )
    return plane, (to_size - plane @ mixed) / of_size


def _lowest_level(points: Sequence[np.ndarray], up: np.ndarray, apart_m: float) -> float:
    """How high, along `up`, the places are that are not on something higher than the floor."""
    height = np.sort(np.concatenate([p @ up for p in points]))
    lowest = height[int(_LOWEST * len(height))]
    return float(np.median(height[np.abs(height - lowest) < apart_m]))


def _lowest_place(feet_m: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(1, 3) where the lower of two feet (F, 2, 3) is when it is lowest; (0, 3) if unknown."""
    feet = feet_m[np.isfinite(feet_m).all((1, 2))]
    if not len(feet):
        return np.zeros((0, 3))
    height = feet @ up
    lower = feet[np.arange(len(feet)), height.argmin(1)]
    drop = height.min(1)
    return np.median(lower[drop <= np.percentile(drop, _LOWEST_FEET)], axis=0)[None]


def _two_axes(up: np.ndarray) -> np.ndarray:
    """(2, 3) the two axes furthest from `up`."""
    return np.eye(3)[np.argsort(np.abs(up))[:2]]
