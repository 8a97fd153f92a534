"""A plane through places where people's feet stood, and the people's sizes, by least squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hotvid.rotations import unit

ANKLE_M = 0.08  # above the sole
UP_SURE = np.radians(5.0)  # of the direction that the bodies show
SIZE_SURE = 0.07  # people differ by so much from the size that the lifter gives them
_SURE_M = 0.06  # how far a standing foot is from its place, mostly for the depth of one view
_WILD = 2.0  # deviations from which on an observation counts for less
_MOST_TILT = np.radians(15.0)
_HELD = 1e-5  # radians: of an up that is not in question any more
_SIZES = (0.6, 1.25)


@dataclass(frozen=True)
class Floor:
    """The plane on which everyone stands, in the camera's axes.

    up           (3,) unit, at right angles to the floor.
    height_m     of the camera above it.
    size         (P,) for each person what to multiply all lengths with, so that the person stands
                 on it; 1 for somebody alone, whose size and distance a single view cannot tell
                 apart.
    n_stands     how many half seconds of standing it is fitted to.
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
        """Some of them, by their rows or by (N,) bool."""
        chosen = self.place[which], self.person[which], self.counts[which]
        return Places(*chosen, self.n_people)


def fitted(places: Places, up: np.ndarray) -> Floor:
    """Tilt, height and sizes as one least-squares problem (Gauss-Newton), each with what is known
    beforehand; wild observations are held down (Huber 1964).

    The sizes' mean stays 1: were everything smaller, everybody would be nearer to any plane.
    """
    plane = _solved(places, up, UP_SURE)
    if plane.up @ up >= np.cos(_MOST_TILT):
        return plane
    towards = unit(plane.up - (plane.up @ up) * up)
    steepest = np.cos(_MOST_TILT) * up + np.sin(_MOST_TILT) * towards
    return _solved(places, steepest, _HELD)


def _solved(places: Places, up: np.ndarray, up_sure: float) -> Floor:
    """As `fitted`, of any tilt, `up` being known to `up_sure` radians."""
    place, person = places.place, places.person
    across = np.stack([unit(np.cross(up, a)) for a in _two_axes(up)])
    height = float(np.median(ANKLE_M - place @ up))
    tilt, size = np.zeros(2), np.ones(places.n_people)
    for _ in range(12):
        drop = place @ unit(up + tilt @ across)
        slope = np.column_stack([size[person, None] * (place @ across.T), np.ones(len(place))])
        off = size[person] * drop + height - ANKLE_M
        plane, sizes = _step(slope, drop, off, places.counts, person, tilt, size, up_sure)
        tilt = tilt + plane[:2]
        height += float(plane[2])
        size = np.clip(size + sizes, *_SIZES)
    n_stands = int((places.counts >= 1).sum())
    return Floor(unit(up + tilt @ across), height, size, n_stands)


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
    of_size = by_person(weight * drop**2) + 1 / SIZE_SURE**2
    mixed = np.stack([by_person(weight * drop * column) for column in slope.T])
    left = of_plane - (mixed / of_size) @ mixed.T

    def solved(to_plane: np.ndarray, to_size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        plane = np.linalg.solve(left, to_plane - mixed @ (to_size / of_size))
        return plane, (to_size - plane @ mixed) / of_size

    plane, sizes = solved(
        -slope.T @ (weight * off) - np.append(tilt, 0) / held**2,
        -by_person(weight * drop * off) - (size - 1) / SIZE_SURE**2,
    )
    stand = by_person(counts) > 0  # the others' sizes keep what they are
    back, smaller = solved(np.zeros(3), stand.astype(np.float64))  # Lagrange's multiplier
    share = ((size + sizes)[stand].mean() - 1) / smaller[stand].mean()
    return plane - share * back, sizes - share * smaller


def _two_axes(up: np.ndarray) -> np.ndarray:
    """(2, 3) the two axes furthest from `up`."""
    return np.eye(3)[np.argsort(np.abs(up))[:2]]
