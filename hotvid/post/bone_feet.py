"""How feet lie, which the skeleton has not: flat while they stand, else as they hang from shins.

No foot reaches through the floor: of one that leaves it the toes stay on it until they are free.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from hotvid.humanoid import bone, bone_places, tips
from hotvid.rotations import about_axis, between, to_quaternion, unit
from hotvid.types import BoneMotion

_SIDES = ("Right", "Left")  # as contacts are
_EASE_S = 0.06  # standard deviation: so a foot comes to lie flat, and leaves
_MOST = np.radians(50)  # an ankle bends no further, either way
_UP = np.array([0.0, 1.0, 0.0])


def lay_feet(motion: BoneMotion, contact: np.ndarray, fps: float) -> BoneMotion:
    """`motion`, in a world whose floor is at 0, with feet turned about their ankles.

    contact  (F, 2) bool: right and left foot stand.
    """
    rotation = motion.rotation.astype(np.float64)
    turns = bone_places(motion)[1]
    flat = gaussian_filter1d(contact.astype(np.float64), _EASE_S * fps, axis=0, mode="nearest")
    for side, name in enumerate(_SIDES):
        shank, foot = turns[:, bone(f"{name}LowerLeg")], bone(f"{name}Foot")
        level = np.swapaxes(shank, 1, 2) @ _level(shank)
        rotation[:, foot] = to_quaternion(_part_of(level, flat[:, side]))
    motion = replace(motion, rotation=rotation)
    place, turns = bone_places(motion)
    for name in _SIDES:
        foot, toes = bone(f"{name}Foot"), bone(f"{name}Toes")
        toe_tip = motion.offset_m[toes] + tips(motion)[toes]
        raised = _above_the_floor(place[:, foot], turns[:, foot] @ toe_tip)
        shank = turns[:, bone(f"{name}LowerLeg")]
        local = np.swapaxes(shank, 1, 2) @ raised @ turns[:, foot]
        rotation[:, foot] = to_quaternion(_part_of(local, np.ones(len(local))))
    return replace(motion, rotation=rotation)


def _level(shank: np.ndarray) -> np.ndarray:
    """(F, 3, 3) axes of feet that lie flat and point where their shins do, of (F, 3, 3)."""
    return between(shank[..., 1], _UP) @ shank


def _part_of(turn: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(F, 3, 3) a share (F,) of turns, no more than an ankle can."""
    x, y, z, w = np.moveaxis(to_quaternion(turn), -1, 0)
    side = np.where(w < 0, -1.0, 1.0)
    axis = np.stack([x, y, z], -1) * side[:, None]
    sine = np.linalg.norm(axis, axis=-1)
    angle = 2 * np.arctan2(sine, w * side)
    return about_axis(unit(axis), np.minimum(angle, _MOST) * share)


def _above_the_floor(ankle: np.ndarray, toe: np.ndarray) -> np.ndarray:
    """(F, 3, 3) turns in the world that raise toes (F, 3), from the ankles (F, 3), to y = 0."""
    length = np.linalg.norm(toe, axis=-1)
    least = np.arcsin(np.clip(-ankle[:, 1] / length, -1, 1))
    pitch = np.arcsin(np.clip(toe[:, 1] / length, -1, 1))
    return about_axis(unit(np.cross(toe, _UP)), np.maximum(least - pitch, 0))
