"""The plane on which most of the places lie where people's feet stood, and the people's sizes.

What a single view shows of somebody's distance is only as good as the size taken for them, so that
places of different people lie on one plane only once their sizes are set; and who stands on
something higher is not to raise it. Which of the two it is, is decided by what is likelier of all
of them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hotvid.post.plane_fit import ANKLE_M, SIZE_SURE, UP_SURE, Floor, Places, fitted

LEVEL_M = 0.4  # a foot so far off stands on something else: a box, a stair
_LEVEL_SURE_M = 0.08  # somebody's level is known to this, beside what the size does to it
_LOWEST = 0.08  # share of the stands that may be below the floor by mistake
_CHILD = 0.35  # of an adult; who would have to be smaller to stand on the floor is no child
# What it costs, as half a squared deviation does, to take somebody for one on something higher; for
# one who, below the floor otherwise, is much smaller and nearer: a child; and for one who is below.
_RAISED, _SMALL, _UNDER = 3.5, 6.0, 12.0
_FULL = 2.0  # so many stands on one level, or fewer if nobody has as many, speak as loud as can be
_STARTS = (0.08, 0.3, 0.5, 0.7)  # of all levels, from the lowest: those that are tried as the floor
_ROUNDS = 6


def plane_of_one(places: Places, up: np.ndarray, seen_up: np.ndarray, apart_m: float) -> Floor:
    """The lowest plane through places of one person, who keeps the size given.

    seen_up  (3,) as far as this is up, what is `apart_m` metres from the lowest level is on
             something higher.
    """
    height = places.place @ seen_up
    ordered = np.sort(height)
    lowest = ordered[int(_LOWEST * len(ordered))]
    level = float(np.median(ordered[np.abs(ordered - lowest) < apart_m]))
    return fitted(places.taken(np.abs(height - level) < apart_m), up)


def plane_of_many(places: Places, up: np.ndarray) -> Floor:
    """The likeliest plane under several people, each on it or on something higher, and their sizes.

    Of the levels on which people are, several are tried as the floor; from each, plane and sizes
    are fitted to those whose level they explain, and who that is, is asked anew. The one is taken
    in which fewest have to be on something higher, or be children, for what the tilt of the plane
    and the sizes of adults leave, and nobody is under it.
    """
    levels = _levels(places, up)
    bodies = Floor(up, 0.0, np.ones(places.n_people))
    heights = np.sort(_offs(places, levels, bodies))
    starts = sorted({float(heights[int(share * len(heights))]) for share in _STARTS})
    found = []
    for plane in [fitted(places, up), *(replace(bodies, height_m=-start) for start in starts)]:
        on = np.zeros(len(levels), bool)
        for _ in range(_ROUNDS):
            was, on = on, _costs(_offs(places, levels, plane), plane) < _RAISED
            if not on.any() or (on == was).all():
                break
            rows = np.concatenate([levels[i] for i in np.flatnonzero(on)])
            plane = fitted(places.taken(rows), up)
        found.append(_judged(places, levels, plane, up))
    return min(found, key=lambda one: one[0])[1]


def _judged(
    places: Places, levels: Sequence[np.ndarray], plane: Floor, up: np.ndarray
) -> tuple[float, Floor]:
    """What `plane` costs as the floor, and it with the sizes of those who are children then."""
    owner = np.array([places.person[rows[0]] for rows in levels])
    lowest = np.diff(owner, prepend=-1) != 0
    counts = np.array([places.counts[rows].sum() for rows in levels])
    loud = np.minimum(counts / min(_FULL, counts.max()), 1)
    off = _offs(places, levels, plane)
    cost = _costs(off, plane)
    nowhere = ~np.isin(owner, owner[cost < _RAISED])  # on the floor are these people
    small = np.array([size_on(plane, places.place[rows]) for rows in levels])
    child = lowest & (small < 1) & nowhere
    under = (off < 0) & ~np.isin(owner, owner[child])
    other = loud * np.where(under, _UNDER, _RAISED)
    other[lowest & nowhere & under] = _UNDER
    other[child] = _SMALL
    tilt = float(np.arccos(np.clip(plane.up @ up, -1, 1)))
    size = plane.size.copy()
    size[owner[child]] = small[child]
    total = float(np.minimum(loud * cost, other).sum() + (tilt / UP_SURE) ** 2 / 2)
    return total, replace(plane, size=size)


def size_on(plane: Floor, place: np.ndarray) -> float:
    """What makes somebody whose feet are at `place` (N, 3) small enough to be on it, not below.

    1 for who is not 0.4 m below it, and who could not be so small, or seen so from below it.
    """
    drop = float(np.median(place @ plane.up))
    if drop + plane.height_m >= ANKLE_M - LEVEL_M or drop >= 0:
        return 1.0
    size = (ANKLE_M - plane.height_m) / drop
    return size if size >= _CHILD else 1.0


def _levels(places: Places, up: np.ndarray) -> list[np.ndarray]:
    """The rows of the places on each level: one person's, without gaps in height.

    Person by person, from the lowest up.
    """
    height = places.place @ up
    order = np.lexsort((height, places.person))
    apart = np.diff(height[order]) > LEVEL_M
    new = apart | (np.diff(places.person[order]) != 0)
    return np.split(order, np.flatnonzero(new) + 1)


def _offs(places: Places, levels: Sequence[np.ndarray], plane: Floor) -> np.ndarray:
    """(L,) metres: how far above the plane each level is, were its person as large as given."""
    off = places.place @ plane.up + plane.height_m - ANKLE_M
    return np.array([np.median(off[rows]) for rows in levels])


def _costs(off: np.ndarray, plane: Floor) -> np.ndarray:
    """(L,) half the squared deviations by which levels are `off` (L,), if people are on the floor.

    A size moves the person along the line of sight, and the feet by its share of their drop.
    """
    drop = plane.height_m - ANKLE_M - off
    return off**2 / (_LEVEL_SURE_M**2 + (SIZE_SURE * drop) ** 2) / 2
