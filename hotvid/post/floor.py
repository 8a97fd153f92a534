"""The floor: one plane for the whole clip and for everyone, fitted to the feet that stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import minimum_filter1d

from hotvid.post.floor_plane import LEVEL_M, plane_of_many, plane_of_one, size_on
from hotvid.post.plane_fit import ANKLE_M, Floor, Places

_RUNG_M = 0.15  # of somebody alone: a foot so far off, once up is known, is on a step, a rung
_STEP_S = 0.15  # a foot is lowest of all so long before and after it touches
_BIN_S = 0.5  # errors of depth last so long: what is nearer in time says nothing new
_LOW_SHARE = 5.0  # per cent: where feet that nobody saw standing are at their lowest
_DOUBTFUL = 0.25  # of a stand: what counts of who was hardly ever seen to stand,
_LOWEST_FEET = 10.0  # per cent of the time: when the feet are lowest


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
    bears: Sequence[np.ndarray] | None = None,
) -> Floor:
    """The lowest plane on which feet stand that is nearest to what the bodies show.

    stands   for each person (N, 3) as `standing_places` gives them.
    feet_m   for each person (F, 2, 3) all the time: taken where nobody is seen to stand.
    up       (3,) against gravity, as the bodies show it.
    seen     for each person (F, 2) bool: feet that are not guessed; None: all.
    touches  for each person (N, 3) as `touching_places` gives them; None: nobody's are known.
    bears    for each person (F, 2) bool: feet on which the body may be, as they are below it; None:
             all.
    Of who is hardly ever seen to stand, as runners are, the touches count, a little; of others who
    are never the place where the feet are lowest: else everyone hangs in the air below whoever
    stands on a box. Whose feet are seen 0.4 m below the floor is smaller, and nearer, if a child
    can be so small.
    """
    touches = touches or [np.zeros((0, 3))] * len(stands)
    seen = seen or [np.ones(f.shape[:2], bool) for f in feet_m]
    bears = bears or seen
    doubtful = []
    for places, lows, feet, fit in zip(
        stands, touches, feet_m, map(_both, seen, bears), strict=True
    ):
        if 2 * len(places) < len(lows):
            doubtful.append(lows)
        else:
            doubtful.append(np.zeros((0, 3)) if len(places) else _lowest_place(feet[fit], up))
    places = Places.of(stands, doubtful, _DOUBTFUL)
    n_stands, n_people = sum(map(len, stands)), len({*places.person.tolist()})
    if not n_stands and n_people < 2 and max(map(len, touches), default=0) < 2:
        return lowest_floor(feet_m, up)
    if n_people > 1:
        plane = plane_of_many(places, up)
    else:
        # Nobody else's size is in question: what is off by more than stands err is a rung, a step.
        # Who runs is soon far from a plane that leans: what is near the floor shows once it is
        # found. Not of stands, which on stairs would be followed step by step.
        runs = sum(map(len, doubtful)) > n_stands
        first = plane_of_one(places, up, up, LEVEL_M)
        plane = plane_of_one(places, up, first.up, LEVEL_M if runs else _RUNG_M)
    size = plane.size.copy()
    for i in set(range(len(feet_m))) - {*places.person.tolist()}:
        lowest = _lowest_place(feet_m[i][seen[i].all(1)], plane.up)
        size[i] = size_on(plane, lowest) if len(lowest) else 1.0
    return replace(plane, size=size)


def lowest_floor(points_m: Sequence[np.ndarray], up: np.ndarray) -> Floor:
    """The floor where people mostly are at their lowest.

    points_m  for each person (F, J, 3): the feet or, of people who lie, all joints.
    """
    drops = [(p[np.isfinite(p).all((1, 2))] @ up).min(1) for p in points_m]
    drops = [d for d in drops if len(d)]
    lowest = min((float(np.percentile(d, _LOW_SHARE)) for d in drops), default=ANKLE_M)
    return Floor(up, ANKLE_M - lowest, np.ones(len(points_m)))


def _both(seen: np.ndarray, bears: np.ndarray) -> np.ndarray:
    """(F,) bool: the frames in which both feet are seen and may bear."""
    return (seen & bears).all(1)


def _lowest_place(feet_m: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(1, 3) where the lower of two feet (F, 2, 3) is when it is lowest; (0, 3) if unknown."""
    feet = feet_m[np.isfinite(feet_m).all((1, 2))]
    if not len(feet):
        return np.zeros((0, 3))
    height = feet @ up
    lower = feet[np.arange(len(feet)), height.argmin(1)]
    drop = height.min(1)
    return np.median(lower[drop <= np.percentile(drop, _LOWEST_FEET)], axis=0)[None]
