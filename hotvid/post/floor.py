"""The floor: one plane for the whole clip and for everyone, fitted to the feet that stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hotvid.rotations import unit

ANKLE_M = 0.08  # above the sole
_SURE_M = 0.06  # how far a standing foot is from its place, mostly for the depth of one view
_UP_SURE = np.radians(5.0)  # of the direction that the bodies show
_SIZE_SURE = 0.06  # people differ by so much from the size that the lifter gives them
_WILD = 2.0  # deviations from which on an observation counts for less
_LEVEL_M = 0.4  # a foot so far off stands on something else: a box, a stair
_LOWEST = 0.08  # share of the stands that may be below the floor by mistake
_BIN_S = 0.5  # errors of depth last so long: what is nearer in time says nothing new
_MOST_TILT = np.radians(12.0)
_SIZES = (0.6, 1.25)
_LOW_SHARE = 5.0  # per cent: where feet that nobody saw standing are at their lowest


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


def fit_floor(stands: Sequence[np.ndarray], feet_m: Sequence[np.ndarray], up: np.ndarray) -> Floor:
    """The lowest plane on which feet stand that is nearest to what the bodies show.

    stands  for each person (N, 3) as `standing_places` gives them.
    feet_m  for each person (F, 2, 3) all the time: taken where nobody is seen to stand.
    up      (3,) against gravity, as the bodies show it.
    Tilt, height and the people's sizes are one least-squares problem (Gauss-Newton), each with what
    is known beforehand; wild observations are held down (Huber 1964).
    """
    everywhere = [p[np.isfinite(p).all(1)] for p in stands]
    if not sum(len(p) for p in everywhere):
        return Floor(up, _lowest(feet_m, up), (1.0,) * len(everywhere), 0)
    points = _of_lowest_level(everywhere, up)
    n_stands = sum(len(p) for p in points)
    person = np.repeat(np.arange(len(points)), [len(p) for p in points])
    place = np.concatenate(points)
    across = np.stack([unit(np.cross(up, a)) for a in _two_axes(up)])
    height = float(np.median(ANKLE_M - place @ up))
    tilt, size = np.zeros(2), np.ones(len(points))
    for _ in range(12):
        now = unit(up + tilt @ across)
        drop = place @ now
        off = size[person] * drop + height - ANKLE_M
        slope = np.zeros((n_stands, 3 + len(points)))
        slope[:, :2] = size[person, None] * (place @ across.T)
        slope[:, 2] = 1
        slope[np.arange(n_stands), 3 + person] = drop
        weight = 1 / np.maximum(1, np.abs(off) / (_WILD * _SURE_M)) / _SURE_M**2
        left = slope.T @ (weight[:, None] * slope)
        right = -slope.T @ (weight * off)
        # What is known beforehand; a lone person keeps the size given.
        alone = len({*person.tolist()}) < 2
        sure = 1e-6 if alone else _SIZE_SURE
        held = np.concatenate([np.full(2, _UP_SURE), [np.inf], np.full(len(points), sure)])
        left += np.diag(1 / held**2)
        right -= np.concatenate([tilt, [0], size - 1]) / held**2
        step = np.linalg.solve(left, right)
        tilt = tilt + step[:2]
        tilt *= min(1.0, _MOST_TILT / max(float(np.linalg.norm(tilt)), 1e-9))
        height += float(step[2])
        size = np.clip(size + step[3:], *_SIZES)
    return Floor(unit(up + tilt @ across), height, tuple(size.tolist()), n_stands)


def _of_lowest_level(points: Sequence[np.ndarray], up: np.ndarray) -> list[np.ndarray]:
    """Those of everyone's places that are not on something higher than the floor."""
    height = np.sort(np.concatenate([p @ up for p in points]))
    lowest = height[int(_LOWEST * len(height))]
    level = np.median(height[np.abs(height - lowest) < _LEVEL_M])
    return [p[np.abs(p @ up - level) < _LEVEL_M] for p in points]


def _two_axes(up: np.ndarray) -> np.ndarray:
    """(2, 3) the two axes furthest from `up`."""
    return np.eye(3)[np.argsort(np.abs(up))[:2]]


def _lowest(feet_m: Sequence[np.ndarray], up: np.ndarray) -> float:
    """The camera's height over where the lower feet mostly are at their lowest."""
    drops = [(f[np.isfinite(f).all((1, 2))] @ up).min(1) for f in feet_m]
    drops = [d for d in drops if len(d)]
    if not drops:
        return 0.0
    return ANKLE_M - float(min(np.percentile(d, _LOW_SHARE) for d in drops))
