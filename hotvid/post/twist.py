"""How far a bone is turned about its own length, which two joints alone do not show.

A limb's bend shows it: elbow and knee are hinges. A straight limb shows nothing, and a limb that
is bent the wrong way by an error of depth shows the opposite. So the angle is a compromise, found
for all frames at once, between what the bend shows, by how much it is bent, a neutral turn, and
little change from frame to frame.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solveh_banded

from hotvid.rotations import about_axis, between

_STEADY_S = 0.1  # how long a fully bent limb takes to change the angle
_NEUTRAL = 0.02  # what the neutral turn counts for; a bend of 8 degrees shows as much


def neutral_turns(rest: np.ndarray, home: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(F, 3, 3) turns that take `rest` to `direction` with no twist to speak of.

    rest       (3,) unit, the way the bone points at rest, in its parent's axes.
    home       (3,) unit, where it mostly points. From rest to home and from there to the direction
               the turns are the smallest, so only opposite to home is the twist undefined: that is
               best a way in which no joint lets a bone point.
    direction  (F, 3) unit.
    """
    return between(home, direction) @ between(rest, home)


def steady_twist(
    turns: np.ndarray, rest: np.ndarray, shown: np.ndarray, weight: np.ndarray, fps: float
) -> np.ndarray:
    """(F,) radians about the bone's own length, to be added to neutral `turns`.

    turns   (F, 3, 3) as `neutral_turns` makes them.
    rest    (3,) unit, the bone's length in its own axes.
    shown   (F,) radians: what each frame shows, relative to the neutral turn.
    weight  (F,) 0 or more: how surely; 1 is a limb that is bent at a right angle.
    fps     frames a second.
    """
    drift = _drift(turns, rest)
    # Points of a circle in the complex plane, in axes that do not turn about the bone from one
    # frame to the next: there, straight lines between frames are the steadiest motion.
    seen, neutral = np.exp(1j * (shown + drift)), np.exp(1j * drift)
    point = _steady(weight * seen + _NEUTRAL * neutral, weight + _NEUTRAL, fps)
    return np.angle(point * np.conj(neutral))


def _drift(turns: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(F,) radians by which neutral turns have twisted since the first frame (parallel transport).

    The neutral turn of a frame is that of the frame before it, carried along by the smallest turn
    between the two directions, but for a twist: the drift adds these up.
    """
    direction = turns @ rest
    carried = between(direction[:-1], direction[1:]) @ turns[:-1]
    extra = np.swapaxes(carried, -1, -2) @ turns[1:]  # about `rest`
    across = np.cross(rest, np.eye(3)[np.abs(rest).argmin()])
    across /= np.linalg.norm(across)
    third = np.cross(rest, across)
    turned = extra @ across
    angle = np.arctan2(turned @ third, turned @ across)
    return np.concatenate([[0.0], np.cumsum(angle)])


def _steady(pull: np.ndarray, weight: np.ndarray, fps: float) -> np.ndarray:
    """(F,) the series z with the least sum of weight |z|^2 - 2 Re(z* pull) and of squared steps."""
    n = len(pull)
    if n < 2:
        return pull
    stiff = (fps * _STEADY_S) ** 2
    diagonal = weight + stiff * np.r_[1.0, np.full(n - 2, 2.0), 1.0]
    banded = np.stack([np.r_[0.0, np.full(n - 1, -stiff)], diagonal])
    solved = solveh_banded(banded, np.stack([pull.real, pull.imag], 1))
    return solved[:, 0] + 1j * solved[:, 1]


def twisted(turns: np.ndarray, rest: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """(F, 3, 3) neutral turns with a twist about the bone's own length."""
    return turns @ about_axis(rest, angle)


def angle_about(rest: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(F,) radians about `rest` from `start` (3,) to `end` (F, 3), both seen along `rest`."""
    sideways = np.cross(rest, start)
    return np.arctan2(end @ sideways, end @ start)
