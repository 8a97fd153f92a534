"""The standard humanoid: its bones, their rest pose, what moves them, their names elsewhere.

The rest pose is a T: upright, y up, facing +z, the left hand towards +x; every bone's axes are the
world's. A bone is named as Unity and VRM name it; its joint is where it begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotvid.rotations import to_matrix
from hotvid.skeleton import H36M17
from hotvid.types import BoneMotion


@dataclass(frozen=True)
class Bone:
    """name; parent: the index in `BONES`, -1 for the root; rest: the way it points at rest."""

    name: str
    parent: int
    rest: tuple[float, float, float]


_UP, _DOWN, _AHEAD = (0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)
_TREE = {
    "Hips": (None, _UP),
    "Spine": ("Hips", _UP),
    "Chest": ("Spine", _UP),
    "UpperChest": ("Chest", _UP),
    "Neck": ("UpperChest", _UP),
    "Head": ("Neck", _UP),
}
for _side, _out in (("Left", (1.0, 0.0, 0.0)), ("Right", (-1.0, 0.0, 0.0))):
    _TREE |= {
        f"{_side}Shoulder": ("UpperChest", _out),
        f"{_side}UpperArm": (f"{_side}Shoulder", _out),
        f"{_side}LowerArm": (f"{_side}UpperArm", _out),
        f"{_side}Hand": (f"{_side}LowerArm", _out),
    }
for _side in ("Left", "Right"):
    _TREE |= {
        f"{_side}UpperLeg": ("Hips", _DOWN),
        f"{_side}LowerLeg": (f"{_side}UpperLeg", _DOWN),
        f"{_side}Foot": (f"{_side}LowerLeg", _AHEAD),
        f"{_side}Toes": (f"{_side}Foot", _AHEAD),
    }
BONE_NAMES = tuple(_TREE)
BONES = tuple(
    Bone(name, -1 if parent is None else BONE_NAMES.index(parent), rest)
    for name, (parent, rest) in _TREE.items()
)


def bone(name: str) -> int:
    """The index of a bone."""
    return BONE_NAMES.index(name)


# Hands by the length of the forearm, toes by that of the foot before them.
_HAND, _TOES = 0.4, 0.45

# The bone that carries each joint of the skeleton. Most are where it begins; nose and head are
# points of the head.
_CARRIERS = {
    "pelvis": "Hips",
    "spine": "Chest",
    "thorax": "Neck",
    "nose": "Head",
    "head": "Head",
    "hip": "UpperLeg",
    "knee": "LowerLeg",
    "ankle": "Foot",
    "shoulder": "UpperArm",
    "elbow": "LowerArm",
    "wrist": "Hand",
}


def _carrier(joint: str) -> int:
    side, _, part = joint.rpartition("_")
    return bone(side.capitalize() + _CARRIERS[part])


# In H36M-17's order, the index in `BONES`.
JOINT_BONES = tuple(_carrier(joint) for joint in H36M17.joints)

_MIXAMO = {
    "Chest": "Spine1",
    "UpperChest": "Spine2",
    "UpperArm": "Arm",
    "LowerArm": "ForeArm",
    "UpperLeg": "UpLeg",
    "LowerLeg": "Leg",
    "Toes": "ToeBase",
}
_UNREAL = {
    "Hips": "pelvis",
    "Spine": "spine_01",
    "Chest": "spine_02",
    "UpperChest": "spine_03",
    "Neck": "neck_01",
    "Head": "head",
    "Shoulder": "clavicle",
    "UpperArm": "upperarm",
    "LowerArm": "lowerarm",
    "Hand": "hand",
    "UpperLeg": "thigh",
    "LowerLeg": "calf",
    "Foot": "foot",
    "Toes": "ball",
}


def _side_and_part(name: str) -> tuple[str, str]:
    for side in ("Left", "Right"):
        if name.startswith(side):
            return side, name.removeprefix(side)
    return "", name


def _mixamo(name: str) -> str:
    side, part = _side_and_part(name)
    return f"mixamorig:{side}{_MIXAMO.get(part, part)}"


def _unreal(name: str) -> str:
    side, part = _side_and_part(name)
    return _UNREAL[part] + (f"_{side[0].lower()}" if side else "")


# What the same bones are called by those who want them otherwise.
NAMINGS: dict[str, tuple[str, ...]] = {
    "humanoid": BONE_NAMES,
    "mixamo": tuple(_mixamo(name) for name in BONE_NAMES),
    "unreal": tuple(_unreal(name) for name in BONE_NAMES),
}


def bone_places(motion: BoneMotion) -> tuple[np.ndarray, np.ndarray]:
    """Where each bone begins (F, B, 3), metres, and its axes (F, B, 3, 3), both in the world."""
    local = to_matrix(motion.rotation)
    place, turn = np.empty(local.shape[:2] + (3,)), np.empty_like(local)
    for i, each in enumerate(BONES):
        if each.parent < 0:
            place[:, i], turn[:, i] = motion.root_m, local[:, i]
        else:
            place[:, i] = place[:, each.parent] + turn[:, each.parent] @ motion.offset_m[i]
            turn[:, i] = turn[:, each.parent] @ local[:, i]
    return place, turn


def joint_places(motion: BoneMotion) -> np.ndarray:
    """(F, 17, 3) metres, world: where the bones put the skeleton's joints."""
    place, turn = bone_places(motion)
    carriers = list(JOINT_BONES)
    return place[:, carriers] + (turn[:, carriers] @ motion.marker_m[..., None])[..., 0]


def rest_places(motion: BoneMotion) -> np.ndarray:
    """(B, 3) metres: where the bones begin in the rest pose, from the root."""
    place = np.zeros_like(motion.offset_m, np.float64)
    for i, each in enumerate(BONES):
        if each.parent >= 0:
            place[i] = place[each.parent] + motion.offset_m[i]
    return place


def fit_error_mm(motion: BoneMotion) -> dict[str, float]:
    """How far the bones put the joints from where they were; empty where that is unknown."""
    known = motion.error_mm[np.isfinite(motion.error_mm)]
    if not known.size:
        return {}
    middle, most = np.percentile(known, [50, 95])
    return {"fit_median_mm": round(float(middle), 1), "fit_95_percent_mm": round(float(most), 1)}


def tips(motion: BoneMotion) -> dict[int, np.ndarray]:
    """Where the bones that end in nothing end: index -> (3,) metres in the bone's own axes."""
    out = {bone("Head"): motion.marker_m[H36M17.index("head")]}
    for side in ("Left", "Right"):
        hand, ball = (motion.offset_m[bone(side + name)] for name in ("Hand", "Toes"))
        out[bone(f"{side}Hand")] = _HAND * hand
        out[bone(f"{side}Toes")] = np.array([0.0, 0.0, _TOES * ball[2]])
    return out
