"""A humanoid that moves by known turns, and where its joints then are."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from hotvid.humanoid import BONES, bone, joint_places
from hotvid.rotations import without_sign_changes
from hotvid.skeleton import H36M17
from hotvid.types import BoneMotion

FPS = 30.0
# What a body can do, degrees, about its own axes x y z: (from, to) of a slow swing.
_RANGES = {
    "Hips": ((-10, 10), (0, 200), (-5, 5)),
    "Spine": ((0, 0), (-10, 10), (0, 0)),
    "Chest": ((0, 35), (-15, 15), (-10, 10)),
    "LeftShoulder": ((0, 0), (-10, 10), (0, 15)),
    "LeftUpperArm": ((-40, 20), (-60, 20), (-80, 40)),
    "LeftLowerArm": ((0, 0), (-120, -20), (0, 0)),
    "LeftUpperLeg": ((-70, 20), (-15, 15), (0, 20)),
    "LeftLowerLeg": ((15, 110), (0, 0), (0, 0)),
}


def still_body() -> BoneMotion:
    """One frame of the rest pose of an adult, whose pelvis is at (0, 1, 0)."""
    offset = np.zeros((len(BONES), 3))
    for name, place in {
        "Spine": (0, 0.075, 0),
        "Chest": (0, 0.175, 0),
        "UpperChest": (0, 0.125, 0),
        "Neck": (0, 0.125, 0),
        "Head": (0, 0.15, 0),
    }.items():
        offset[bone(name)] = place
    for side, sign in (("Left", 1), ("Right", -1)):
        for name, place in {
            "Shoulder": (0.034, 0.121, 0),
            "UpperArm": (0.136, -0.016, 0),
            "LowerArm": (0.29, 0, 0),
            "Hand": (0.26, 0, 0),
            "UpperLeg": (0.1, 0, 0),
            "LowerLeg": (0, -0.42, 0),
            "Foot": (0, -0.41, 0),
            "Toes": (0, -0.066, 0.133),
        }.items():
            offset[bone(side + name)] = np.array(place) * [sign, 1, 1]
    marker = np.zeros((17, 3))
    marker[H36M17.index("nose")], marker[H36M17.index("head")] = (0, 0.02, 0.12), (0, 0.15, 0)
    turn = np.tile([0, 0, 0, 1.0], (1, len(BONES), 1))
    return BoneMotion(offset, turn, np.array([[0, 1.0, 0]]), marker, np.zeros((1, 17)))


def moving_body(n: int = 90, seed: int = 0) -> BoneMotion:
    """A body that turns round while it bends, reaches and kicks within what bodies can do."""
    random = np.random.default_rng(seed)
    t = np.arange(n) / FPS
    still = still_body()
    turns = np.tile([0, 0, 0, 1.0], (n, len(BONES), 1))
    for index, each in enumerate(BONES):
        right = each.name.startswith("Right")
        ranges = _RANGES.get(each.name.replace("Right", "Left") if right else each.name)
        if ranges is None:
            continue
        low, high = np.array(ranges, float).T
        if right:  # a mirror keeps turns about x and reverses the others
            low, high = low * [1, -1, -1], high * [1, -1, -1]
        share = (1 + np.sin(2 * np.pi * (0.4 * t[:, None] + random.random(3)))) / 2
        angles = low + share * (high - low)
        turns[:, index] = Rotation.from_euler("YXZ", angles[:, [1, 0, 2]], degrees=True).as_quat()
    root = np.stack([0.5 * t, 1 + 0.05 * np.sin(6 * t), -0.3 * t], 1)
    return BoneMotion(
        still.offset_m, without_sign_changes(turns), root, still.marker_m, np.zeros((n, 17))
    )


def places(motion: BoneMotion) -> np.ndarray:
    """(F, 17, 3) metres."""
    return joint_places(motion)
