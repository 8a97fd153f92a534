"""How long a person's bones are, and how the trunk lies: what the fit of the bones starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotvid.humanoid import BONES, bone
from hotvid.rotations import frame, unit
from hotvid.skeleton import H36M17

JOINT = {name: i for i, name in enumerate(H36M17.joints)}
COLLAR = 0.2  # of the way from the neck to the shoulder: where the collar bone begins
_LUMBAR = 0.3  # of the way from the pelvis to the spine's joint: where the spine begins to bend
_NECK = 0.5  # of the way from the neck's base to the crown: where the head begins
# Of the legs' length, ankle to hip: feet, which nobody has seen.
_ANKLE_HEIGHT, _ANKLE_TO_BALL = 0.08, 0.16


@dataclass(frozen=True)
class TrunkAxes:
    """(F, 3, 3) axes of pelvis, lower trunk and chest: columns left, up, ahead, in the world."""

    hips: np.ndarray
    spine: np.ndarray
    chest: np.ndarray


@dataclass(frozen=True)
class BoneShape:
    """The bones at rest, metres: `offset_m` (B, 3) and `marker_m` (17, 3) as in `BoneMotion`."""

    offset_m: np.ndarray
    marker_m: np.ndarray


def trunk_axes(xyz: np.ndarray) -> TrunkAxes:
    """The trunk's axes from joints (F, 17, 3) that are all known."""
    across_hips = unit(xyz[:, JOINT["left_hip"]] - xyz[:, JOINT["right_hip"]])
    across_chest = unit(xyz[:, JOINT["left_shoulder"]] - xyz[:, JOINT["right_shoulder"]])
    lower = xyz[:, JOINT["spine"]] - xyz[:, JOINT["pelvis"]]
    upper = xyz[:, JOINT["thorax"]] - xyz[:, JOINT["spine"]]
    # The pelvis keeps the line through the hips, the trunk the line along itself.
    hips = frame(lower, across_hips)
    hips = np.stack([hips[..., 1], hips[..., 0], -hips[..., 2]], -1)
    chest = frame(across_chest, upper)
    # Between the two the trunk has turned half-way; hips and shoulders that look opposite ways
    # leave that to the hips.
    half = across_hips + across_chest
    short = np.linalg.norm(half, axis=-1, keepdims=True) < 0.1
    lumbar = xyz[:, 0] + _LUMBAR * np.linalg.norm(lower, axis=-1, keepdims=True) * hips[..., 1]
    spine = frame(np.where(short, across_hips, half), xyz[:, JOINT["spine"]] - lumbar)
    return TrunkAxes(hips, spine, chest)


def bone_shape(xyz: np.ndarray, weight: np.ndarray, axes: TrunkAxes) -> BoneShape:
    """The bones of the person: typical lengths over the clip, left and right alike.

    xyz     (F, 17, 3) metres, all known.
    weight  (F, 17) more than 0: what a joint counts for.
    """

    def length(a: str, b: str) -> float:
        far = np.linalg.norm(xyz[:, JOINT[a]] - xyz[:, JOINT[b]], axis=-1)
        return typical(far, np.minimum(weight[:, JOINT[a]], weight[:, JOINT[b]]))

    def both(a: str, b: str) -> float:
        return (length(f"left_{a}", f"left_{b}") + length(f"right_{a}", f"right_{b}")) / 2

    def seen_from(axes: np.ndarray, origin: str, joint: str) -> np.ndarray:
        """(3,) where a joint typically is in some axes."""
        local = np.einsum("fij,fi->fj", axes, xyz[:, JOINT[joint]] - xyz[:, JOINT[origin]])
        w = weight[:, JOINT[joint]]
        return np.array([typical(local[:, axis], w) for axis in range(3)])

    offset, marker = np.zeros((len(BONES), 3)), np.zeros((17, 3))
    lower, upper = length("pelvis", "spine"), length("spine", "thorax")
    crown = length("thorax", "head")
    leg = both("hip", "knee") + both("knee", "ankle")
    for name, up in (
        ("Spine", _LUMBAR * lower),
        ("Chest", (1 - _LUMBAR) * lower),
        ("UpperChest", upper / 2),
        ("Neck", upper / 2),
        ("Head", _NECK * crown),
    ):
        offset[bone(name)] = 0, up, 0
    hip = _alike(
        seen_from(axes.hips, "pelvis", "left_hip"), seen_from(axes.hips, "pelvis", "right_hip")
    )
    shoulder = _alike(
        seen_from(axes.chest, "thorax", "left_shoulder"),
        seen_from(axes.chest, "thorax", "right_shoulder"),
    )
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        mirror = np.array([sign, 1.0, 1.0])
        offset[bone(f"{side}UpperLeg")] = hip * mirror
        offset[bone(f"{side}LowerLeg")] = 0, -both("hip", "knee"), 0
        offset[bone(f"{side}Foot")] = 0, -both("knee", "ankle"), 0
        offset[bone(f"{side}Toes")] = 0, -_ANKLE_HEIGHT * leg, _ANKLE_TO_BALL * leg
        # The collar bone begins beside the neck's base, which is half the chest above its own.
        offset[bone(f"{side}Shoulder")] = np.array([0, upper / 2, 0]) + COLLAR * shoulder * mirror
        offset[bone(f"{side}UpperArm")] = (1 - COLLAR) * shoulder * mirror
        offset[bone(f"{side}LowerArm")] = sign * both("shoulder", "elbow"), 0, 0
        offset[bone(f"{side}Hand")] = sign * both("elbow", "wrist"), 0, 0
    marker[JOINT["head"]] = 0, (1 - _NECK) * crown, 0
    return BoneShape(offset, marker)


def _alike(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(3,) the left side's place, from both sides'."""
    return (left + right * [-1, 1, 1]) / 2


def typical(values: np.ndarray, weight: np.ndarray) -> float:
    """The weighted median."""
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])
