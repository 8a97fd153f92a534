"""Feet that stay put while they stand: the body is moved with them, then the legs are turned.

Knees bend as they were seen to: what a few degrees do not give, the body does, and what is left is
a foot that slips.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.linalg import solveh_banded
from scipy.ndimage import gaussian_filter1d

from hotvid.chunks import chunks
from hotvid.post.contacts import FEET, runs
from hotvid.post.floor import ANKLE_M
from hotvid.rotations import unit
from hotvid.skeleton import H36M17

_DRIFT_S = 0.3  # the body's place, from one view, is believed again after so long
_RISE_S = 0.15  # and its height between two stands
_LOOSE = 0.05  # what one frame without a standing foot counts for, of one with
_FLOOR_M = 0.15  # a foot further from the floor than this stands on something else, as a stair is
_FARTHEST_M = 0.12  # no foot is bent further from where it was seen
_EASE_S = 0.1  # before and after a stand the leg comes and goes
_MOST_BENT = np.radians(6.0)  # by no more than this is a knee bent otherwise than it was seen
_MOST_SHARE = 0.5  # of how it was bent: which way a straight one would bend nobody has seen
_KNEE_S = 0.06  # over so long before and after what a knee is bent more or less is smoothed
_YIELD_S = 0.05  # the body follows what the legs do not give as smoothly as this,
_ROUNDS, _MORE = 4, 1.5  # bit by bit, each a little more than what was missed
_MISSED_M = 5e-4  # until no foot is missed by more
_LEGS = tuple(
    tuple(H36M17.index(f"{side}_{joint}") for joint in ("hip", "knee", "ankle"))
    for side in ("right", "left")
)


def plant_feet(xyz_m: np.ndarray, contact: np.ndarray, fps: float) -> np.ndarray:
    """The motion with feet that keep their place while they stand.

    xyz_m    (F, 17, 3) metres, world, y up, the floor at 0; all known.
    contact  (F, 2) bool: right and left foot stand, near the floor on it, else on something else.
    returns  the same shape and type. Bones keep their lengths, knees their angles to a few degrees;
             who jumps is not held down.
    """
    out = np.array(xyz_m)
    if not contact.any() or len(out) < 2:
        return out
    feet = out[:, FEET].astype(np.float64)
    height = np.stack(
        [_stand_heights(feet[:, side, 1], contact[:, side]) for side in range(len(FEET))], 1
    )
    shift = _with_the_feet(feet, height, contact, fps)
    for _ in range(_ROUNDS):
        missed = np.zeros_like(shift)
        for side, leg in enumerate(_LEGS):
            goal = _anchored(feet[:, side] + shift, height[:, side], contact[:, side], fps)
            for part, knee_and_ankle in _planted(out, leg, shift, goal, fps):
                missed[part] += (goal[part] - knee_and_ankle[:, 1]) * contact[part, side, None]
        missed /= np.maximum(contact.sum(1), 1)[:, None]
        if np.abs(missed).max() < _MISSED_M:
            break
        shift += _MORE * _yielding(missed, contact.any(1), fps)
    out += shift[:, None].astype(out.dtype)
    for side, leg in enumerate(_LEGS):
        goal = _anchored(feet[:, side] + shift, height[:, side], contact[:, side], fps)
        for part, knee_and_ankle in _planted(out, leg, np.zeros_like(shift), goal, fps):
            out[part, leg[1:]] = knee_and_ankle
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


def _yielding(missed: np.ndarray, stands: np.ndarray, fps: float) -> np.ndarray:
    """(F, 3) how to move the body where its standing feet are off by `missed` (F, 3), smoothly."""
    stiff = np.full(len(missed) - 1, (_YIELD_S * fps) ** 2)
    return _smooth_steps(stiff, np.zeros((len(missed) - 1, 3)), stands + 1e-6, missed)


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


def _planted(
    xyz: np.ndarray, leg: tuple[int, ...], shift: np.ndarray, goal: np.ndarray, fps: float
) -> Iterator[tuple[slice, np.ndarray]]:
    """For rows after rows of `xyz` (F, 17, 3), moved by `shift`, a leg's knee and ankle (N, 2, 3)
    once its ankle is brought towards `goal` (F, 3)."""

    def moved(part: slice) -> np.ndarray:
        return xyz[part, leg].astype(np.float64) + shift[part, None]

    change = np.empty(len(xyz))
    for part in chunks(len(xyz)):
        change[part] = _knee_change(moved(part), goal[part])
    change = gaussian_filter1d(change, _KNEE_S * fps, mode="nearest")
    for part in chunks(len(xyz)):
        yield part, _reaching(moved(part), goal[part], change[part])


def _knee_change(leg: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """(F,) radians by which to bend the knee of a leg (F, 3, 3), so that it reaches to `goal`."""
    thigh, shank, bent = _measured(leg)
    most = _most_change(bent)
    reach = np.linalg.norm(goal - leg[:, 0], axis=1)
    return most * np.tanh((_bend(reach, thigh, shank) - bent) / most)


def _reaching(leg: np.ndarray, goal: np.ndarray, change: np.ndarray) -> np.ndarray:
    """(F, 2, 3) knee and ankle of a leg (F, 3, 3) that is turned to `goal` (F, 3).

    change  (F,) radians by which its knee, which stays on the side to which it points, is bent.
    """
    hip, knee, ankle = leg[:, 0], leg[:, 1], leg[:, 2]
    thigh, shank, bent = _measured(leg)
    most = _most_change(bent)
    bent = bent + np.clip(change, -most, most)
    reach = np.sqrt(np.maximum(thigh**2 + shank**2 + 2 * thigh * shank * np.cos(bent), 1e-12))
    ahead = (thigh**2 + reach**2 - shank**2) / (2 * reach)
    aside = np.sqrt(np.maximum(thigh**2 - ahead**2, 0))
    along, towards = unit(goal - hip), knee - hip
    across = unit(towards - (towards * along).sum(1, keepdims=True) * along)
    new_knee = hip + ahead[:, None] * along + aside[:, None] * across
    new_ankle = hip + reach[:, None] * along
    moved = (np.linalg.norm(goal - ankle, axis=1) > 1e-6) | (np.abs(change) > 1e-6)
    return np.where(moved[:, None, None], np.stack([new_knee, new_ankle], 1), leg[:, 1:])


def _measured(leg: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thigh and shank (F,), and by how many radians the knee of a leg (F, 3, 3) is bent."""
    thigh = np.linalg.norm(leg[:, 1] - leg[:, 0], axis=1)
    shank = np.linalg.norm(leg[:, 2] - leg[:, 1], axis=1)
    return thigh, shank, _bend(np.linalg.norm(leg[:, 2] - leg[:, 0], axis=1), thigh, shank)


def _most_change(bent: np.ndarray) -> np.ndarray:
    return np.maximum(np.minimum(_MOST_BENT, _MOST_SHARE * bent), 1e-6)


def _bend(reach: np.ndarray, thigh: np.ndarray, shank: np.ndarray) -> np.ndarray:
    """(F,) radians of the knee, 0 straight, of a leg from hip to ankle `reach` long."""
    cosine = (reach**2 - thigh**2 - shank**2) / np.maximum(2 * thigh * shank, 1e-9)
    return np.arccos(np.clip(cosine, -1, 1))
