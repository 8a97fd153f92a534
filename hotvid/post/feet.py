"""Feet that stay put while they stand: the body is moved with them, then the legs are bent."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solveh_banded

from hotvid.chunks import chunks
from hotvid.post.contacts import FEET, runs
from hotvid.post.floor import ANKLE_M
from hotvid.rotations import unit
from hotvid.skeleton import H36M17

_DRIFT_S = 0.3  # the body's place, from one view, is believed again after so long
_RISE_S = 0.15  # and its height between two stands
_LOOSE = 0.05  # what one frame without a standing foot counts for, of one with
_FLOOR_M = 0.3  # a foot further from the floor than this stands on something else
_FARTHEST_M = 0.12  # no foot is bent further from where it was seen
_EASE_S = 0.1  # before and after a stand the leg comes and goes
_MOST_LEAP = 2.0  # a knee goes aside by no more than this share of what its leg is shortened
_REACH = 0.999  # of a leg's length: a knee is never quite straight
_LEGS = tuple(
    tuple(H36M17.index(f"{side}_{joint}") for joint in ("hip", "knee", "ankle"))
    for side in ("right", "left")
)


def plant_feet(xyz_m: np.ndarray, contact: np.ndarray, fps: float) -> np.ndarray:
    """The motion with feet that keep their place while they stand.

    xyz_m    (F, 17, 3) metres, world, y up, the floor at 0; all known.
    contact  (F, 2) bool: right and left foot stand, near the floor on it, else on something else.
    returns  the same shape and type. Bones keep their lengths; who jumps is not held down.
    """
    out = np.array(xyz_m)
    if not contact.any() or len(out) < 2:
        return out
    feet = out[:, FEET].astype(np.float64)
    height = np.stack(
        [_stand_heights(feet[:, side, 1], contact[:, side]) for side in range(len(FEET))], 1
    )
    shift = _with_the_feet(feet, height, contact, fps)
    out += shift[:, None].astype(out.dtype)
    feet += shift[:, None]
    for side, leg in enumerate(_LEGS):
        goal = _anchored(feet[:, side], height[:, side], contact[:, side], fps)
        for part in chunks(len(out)):
            out[part, leg[1:]] = _bent(out[part, leg].astype(np.float64), goal[part])
    return out


def _stand_heights(foot_y: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """(F,) the height of the ankle of a foot that stands; 0 where it does not.

    One for each stand: that over the floor, or what it is where that is not near the floor.
    """
    out = np.zeros(len(foot_y))
    for first, end in runs(contact):
        found = float(np.median(foot_y[first:end]))
        out[first:end] = ANKLE_M if abs(found - ANKLE_M) < _FLOOR_M else found
    return out


def _with_the_feet(
    feet: np.ndarray, height: np.ndarray, contact: np.ndarray, fps: float
) -> np.ndarray:
    """(F, 3) how to move the body so that standing feet move least and are at their `height`.

    On the ground the correction's steps cancel the feet's; it decays where nothing is known. In
    height it goes straight from one stand to the next, so that a jump keeps its shape.
    """
    both = contact[1:] & contact[:-1]
    slip = (feet[1:] - feet[:-1]) * both[..., None]
    n_feet = both.sum(1)
    goal = -slip.sum(1) / np.maximum(n_feet, 1)[:, None]
    tied = np.where(n_feet > 0, 1.0, _LOOSE)
    ground = _smooth_steps(tied, goal[:, [0, 2]], np.full(len(feet), (_DRIFT_S * fps) ** -2), None)
    off = (height - feet[..., 1]) * contact
    stands = contact.sum(1)
    rise = off.sum(1) / np.maximum(stands, 1)
    stiff = np.full(len(feet) - 1, (_RISE_S * fps) ** 2)
    lift = _smooth_steps(stiff, np.zeros((len(feet) - 1, 1)), (stands > 0) + 1e-6, rise[:, None])
    return np.stack([ground[:, 0], lift[:, 0], ground[:, 1]], 1)


def _smooth_steps(
    step_weight: np.ndarray, step: np.ndarray, weight: np.ndarray, value: np.ndarray | None
) -> np.ndarray:
    """(F, C) the series whose steps are nearest to `step` (F-1, C) and itself to `value`, or 0."""
    n = len(weight)
    band = np.zeros((2, n))
    band[1] = weight
    band[1, :-1] += step_weight
    band[1, 1:] += step_weight
    band[0, 1:] = -step_weight
    right = np.zeros((n, step.shape[1])) if value is None else weight[:, None] * value
    right[1:] += step_weight[:, None] * step
    right[:-1] -= step_weight[:, None] * step
    return solveh_banded(band, right)


def _anchored(foot: np.ndarray, height: np.ndarray, contact: np.ndarray, fps: float) -> np.ndarray:
    """(F, 3) the ankle's path with one place for each stand, come to and left gently."""
    ease = max(1, round(_EASE_S * fps))
    shift, weight = np.zeros_like(foot), np.zeros(len(foot))
    for first, end in runs(contact):
        anchor = np.median(foot[first:end], axis=0)
        anchor[1] = height[first]
        low, high = max(0, first - ease), min(len(foot), end + ease)
        at = np.arange(low, high)
        outside = np.maximum(np.maximum(first - at, at - (end - 1)), 0) / (ease + 1)
        share = 0.5 * (1 + np.cos(np.pi * np.minimum(outside, 1)))
        inside = np.clip(at, first, end - 1)
        move = anchor - foot[inside]
        far = np.linalg.norm(move, axis=1, keepdims=True)
        move *= np.minimum(1, _FARTHEST_M / np.maximum(far, 1e-9))
        shift[low:high] += share[:, None] * move
        weight[low:high] += share
    # Between two stands close in time both pull: their mean, never their sum.
    return foot + shift / np.maximum(weight, 1)[:, None]


def _bent(leg: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """(F, 2, 3) knee and ankle of a leg (F, 3, 3) whose ankle is brought to `goal` (F, 3).

    The knee stays on the side to which it points; a goal out of reach is come near to. A leg that
    is nearly straight is made little longer or shorter, as its knee would leap: there the goal is
    met in its direction only.
    """
    hip, knee, ankle = leg[:, 0], leg[:, 1], leg[:, 2]
    thigh = np.linalg.norm(knee - hip, axis=1)
    shank = np.linalg.norm(ankle - knee, axis=1)
    way, before = goal - hip, np.linalg.norm(ankle - hip, axis=1)
    bend = np.linalg.norm(np.cross(knee - hip, ankle - hip), axis=1) / np.maximum(before**2, 1e-9)
    longer = np.linalg.norm(way, axis=1) - before
    reach = before + longer * np.minimum(1, _MOST_LEAP * 2 * bend)
    reach = np.clip(reach, np.abs(thigh - shank) + 1e-6, (thigh + shank) * _REACH)
    moved = np.linalg.norm(goal - ankle, axis=1) > 1e-6
    along = unit(way)
    ahead = (thigh**2 + reach**2 - shank**2) / (2 * np.maximum(reach, 1e-9))
    aside = np.sqrt(np.maximum(thigh**2 - ahead**2, 0))
    towards = knee - hip
    across = unit(towards - (towards * along).sum(1, keepdims=True) * along)
    new_knee = hip + ahead[:, None] * along + aside[:, None] * across
    new_ankle = hip + reach[:, None] * along
    out = np.stack([new_knee, new_ankle], 1)
    return np.where(moved[:, None, None], out, leg[:, 1:])
