"""The plane on which most of the places lie where people's feet stood, and the people's sizes.

What a single view shows of somebody's distance is only as good as the size taken for them, so that
places of different people lie on one plane only once their sizes are set; and who stands on
something higher is not to raise it. Which of the two it is, is decided by what is likelier of all
of them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hotvid.rotations import unit

ANKLE_M = 0.08  # above the sole
_SURE_M = 0.06  # how far a standing foot is from its place, mostly for the depth of one view
_UP_SURE = np.radians(5.0)  # of the direction that the bodies show
_SIZE_SURE = 0.07  # people differ by so much from the size that the lifter gives them
_WILD = 2.0  # deviations from which on an observation counts for less
LEVEL_M = 0.4  # a foot so far off stands on something else: a box, a stair
_LEVEL_SURE_M = 0.08  # somebody's level is known to this, beside what the size does to it
_LOWEST = 0.08  # share of the stands that may be below the floor by mistake
_MOST_TILT = np.radians(15.0)
_HELD = 1e-5  # radians: of an up that is not in question any more
_SIZES = (0.6, 1.25)
_CHILD = 0.35  # of an adult; who would have to be smaller to stand on the floor is a mistake
# What it costs, as half a squared deviation does, to take somebody for one on something higher,
# and for one who, below the floor otherwise, is much smaller and nearer: a child.
_RAISED, _SMALL = 3.5, 6.0
_FULL = 2.0  # so many stands on one level speak as loudly as somebody can
_STARTS = (0.08, 0.3, 0.5, 0.7)  # of all levels, from the lowest: those that are tried as the floor
_ROUNDS = 6


@dataclass(frozen=True)
class Plane:
    """A plane, and the sizes of the people on it.

    up        (3,) unit, at right angles to it.
    height_m  of the camera above it.
    size      (P,) what to multiply each person's lengths with.
    n_stands  how many places that are sure it is fitted to.
    """

    up: np.ndarray
    height_m: float
    size: np.ndarray
    n_stands: int = 0


@dataclass(frozen=True)
class Places:
    """Where feet stood: `place` (N, 3), whose they are (N,), and what each counts for (N,)."""

    place: np.ndarray
    person: np.ndarray
    counts: np.ndarray
    n_people: int

    @staticmethod
    def of(
        sure: Sequence[np.ndarray], doubtful: Sequence[np.ndarray], doubtful_counts: float
    ) -> Places:
        """Of what each person's (N, 3) are, those that are sure and those that are not."""
        sides = ((sure, 1.0), (doubtful, doubtful_counts))
        return Places(
            np.concatenate([p for side, _ in sides for p in side]),
            np.concatenate([np.repeat(np.arange(len(s)), [len(p) for p in s]) for s, _ in sides]),
            np.concatenate([np.full(sum(map(len, side)), counts) for side, counts in sides]),
            len(sure),
        )

    def taken(self, which: np.ndarray) -> Places:
        """Those for which (N,) `which` is True."""
        chosen = self.place[which], self.person[which], self.counts[which]
        return Places(*chosen, self.n_people)


def plane_of_one(places: Places, up: np.ndarray, seen_up: np.ndarray, apart_m: float) -> Plane:
    """The lowest plane through places of one person, who keeps the size given.

    seen_up  (3,) as far as this is up, what is `apart_m` metres from the lowest level is on
             something higher.
    """
    height = places.place @ seen_up
    ordered = np.sort(height)
    lowest = ordered[int(_LOWEST * len(ordered))]
    level = float(np.median(ordered[np.abs(ordered - lowest) < apart_m]))
    return _fitted(places.taken(np.abs(height - level) < apart_m), up)


def plane_of_many(places: Places, up: np.ndarray) -> Plane:
    """The likeliest plane under several people, each on it or on something higher, and their sizes.

    Of the levels on which people are, several are tried as the floor; from each, plane and sizes
    are fitted to those whose level they explain, and who that is, is asked anew. The one is taken
    in which fewest have to be on something higher, or be children, for what the tilt of the plane
    and the sizes of adults leave.
    """
    level = _levels(places, up)
    size = np.ones(places.n_people)
    owner = np.zeros(level.max() + 1, int)
    owner[level] = places.person
    loud = np.minimum(np.bincount(level, places.counts) / _FULL, 1)
    found = []
    beginnings = [
        _fitted(places, up),
        *(Plane(up, ANKLE_M - h, size) for h in _starts(places.place @ up, level)),
    ]
    for plane in beginnings:
        on = np.zeros(len(owner), bool)
        for _ in range(_ROUNDS):
            cost, was = _costs(places, level, plane), on
            on = cost < _RAISED
            if not on.any() or (on == was).all():
                break
            plane = _fitted(places.taken(on[level]), up)
        child = ~np.isin(owner, owner[on]) & (_level_offs(places, level, plane) < 0)
        cost = np.minimum(loud * cost, np.where(child, _SMALL, _RAISED * loud)).sum()
        tilt = float(np.arccos(np.clip(plane.up @ up, -1, 1)))
        found.append((cost + (tilt / _UP_SURE) ** 2 / 2, len(found), plane, child))
    _, _, plane, child = min(found, key=lambda one: one[:2])
    size = plane.size.copy()
    for which in np.flatnonzero(child):
        size[owner[which]] = size_on(plane, places.place[level == which])
    return Plane(plane.up, plane.height_m, size, plane.n_stands)


def size_on(plane: Plane, place: np.ndarray) -> float:
    """What makes somebody whose feet are at `place` (N, 3) small enough to be on it, not below."""
    drop = float(np.median(place @ plane.up))
    on = drop + plane.height_m >= ANKLE_M - LEVEL_M
    return 1.0 if on else float(np.clip((ANKLE_M - plane.height_m) / drop, _CHILD, 1))


def _levels(places: Places, up: np.ndarray) -> np.ndarray:
    """(N,) the number of the level on which each place is: one person's, without gaps in height."""
    height = places.place @ up
    order = np.lexsort((height, places.person))
    apart = np.diff(height[order]) > LEVEL_M
    new = apart | (np.diff(places.person[order]) != 0)
    out = np.zeros(len(order), int)
    out[order[1:]] = np.cumsum(new)
    return out


def _starts(height: np.ndarray, level: np.ndarray) -> list[float]:
    heights = np.sort([np.median(height[level == which]) for which in range(level.max() + 1)])
    return sorted({float(heights[int(share * len(heights))]) for share in _STARTS})


def _level_offs(places: Places, level: np.ndarray, plane: Plane) -> np.ndarray:
    """(L,) metres: how far above the plane each level is, were its person as large as given."""
    off = places.place @ plane.up + plane.height_m - ANKLE_M
    return np.array([np.median(off[level == which]) for which in range(level.max() + 1)])


def _costs(places: Places, level: np.ndarray, plane: Plane) -> np.ndarray:
    """(L,) half the squared deviations by which a level is off, for one of somebody on the floor.

    A size moves the person along the line of sight, and the feet by its share of their drop.
    """
    off = _level_offs(places, level, plane)
    drop = plane.height_m - ANKLE_M - off
    return off**2 / (_LEVEL_SURE_M**2 + (_SIZE_SURE * drop) ** 2) / 2


def _fitted(places: Places, up: np.ndarray) -> Plane:
    """Tilt, height and sizes as one least-squares problem (Gauss-Newton), each with what is known
    beforehand; wild observations are held down (Huber 1964).

    The sizes' mean stays 1: were everything smaller, everybody would be nearer to any plane.
    """
    plane = _solved(places, up, _UP_SURE)
    if plane.up @ up >= np.cos(_MOST_TILT):
        return plane
    towards = unit(plane.up - (plane.up @ up) * up)
    steepest = np.cos(_MOST_TILT) * up + np.sin(_MOST_TILT) * towards
    return _solved(places, steepest, _HELD)


def _solved(places: Places, up: np.ndarray, up_sure: float) -> Plane:
    """As `_fitted`, of any tilt, `up` being known to `up_sure` radians."""
    place, person = places.place, places.person
    across = np.stack([unit(np.cross(up, a)) for a in _two_axes(up)])
    height = float(np.median(ANKLE_M - place @ up))
    tilt, size = np.zeros(2), np.ones(places.n_people)
    for _ in range(12):
        drop = place @ unit(up + tilt @ across)
        slope = np.column_stack([size[person, None] * (place @ across.T), np.ones(len(place))])
        off = size[person] * drop + height - ANKLE_M
        plane, sizes = _step(slope, drop, off, places.counts, person, tilt / up_sure, size, up_sure)
        tilt = tilt + plane[:2]
        height += float(plane[2])
        size = np.clip(size + sizes, *_SIZES)
    n_stands = int((places.counts >= 1).sum())
    return Plane(unit(up + tilt @ across), height, size, n_stands)


def _step(
    slope: np.ndarray,
    drop: np.ndarray,
    off: np.ndarray,
    counts: np.ndarray,
    person: np.ndarray,
    tilt: np.ndarray,
    size: np.ndarray,
    up_sure: float,
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

    held = np.array([up_sure, up_sure, np.inf])
    weight = counts / np.maximum(1, np.abs(off) / (_WILD * _SURE_M)) / _SURE_M**2
    of_plane = slope.T @ (weight[:, None] * slope) + np.diag(1 / held**2)
    of_size = by_person(weight * drop**2) + 1 / _SIZE_SURE**2
    mixed = np.stack([by_person(weight * drop * column) for column in slope.T])
    left = of_plane - (mixed / of_size) @ mixed.T

    def solved(to_plane: np.ndarray, to_size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        plane = np.linalg.solve(left, to_plane - mixed @ (to_size / of_size))
        return plane, (to_size - plane @ mixed) / of_size

    plane, sizes = solved(
        -slope.T @ (weight * off) - np.append(tilt, 0) / held,
        -by_person(weight * drop * off) - (size - 1) / _SIZE_SURE**2,
    )
    stand = by_person(counts) > 0  # the others' sizes keep what they are
    back, smaller = solved(np.zeros(3), stand.astype(np.float64))  # Lagrange's multiplier
    share = ((size + sizes)[stand].mean() - 1) / smaller[stand].mean()
    return plane - share * back, sizes - share * smaller


def _two_axes(up: np.ndarray) -> np.ndarray:
    """(2, 3) the two axes furthest from `up`."""
    return np.eye(3)[np.argsort(np.abs(up))[:2]]
