"""Joint sets, their edges and left/right pairs, and the conversions between them.

This is the only table of joints. A conversion is linear: each target joint is a weighted sum of
source joints, so it commutes with projection and with any change of pixel scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from hotvid.errors import UsageError


@dataclass(frozen=True)
class JointSet:
    """Names of joints in order, bones as index pairs (parent, child), left/right pairs."""

    name: str
    joints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.joints)

    def index(self, joint: str) -> int:
        return self.joints.index(joint)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """(left, right) indices of the joints that change places in a mirror."""
        at = {name: i for i, name in enumerate(self.joints)}
        return tuple(
            (i, at["right_" + name.removeprefix("left_")])
            for name, i in at.items()
            if name.startswith("left_")
        )

    @property
    def mirror(self) -> np.ndarray:
        """(J,) the permutation that exchanges left and right; applied twice, the identity."""
        order = np.arange(len(self.joints))
        for left, right in self.pairs:
            order[left], order[right] = right, left
        return order

    def side(self, joint: int) -> str:
        """'left', 'right' or 'middle'."""
        head = self.joints[joint].split("_", 1)[0]
        return head if head in ("left", "right") else "middle"


H36M17 = JointSet(
    name="h36m17",
    joints=(
        "pelvis",
        "right_hip",
        "right_knee",
        "right_ankle",
        "left_hip",
        "left_knee",
        "left_ankle",
        "spine",
        "thorax",
        "nose",
        "head",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
    ),
    edges=(
        (0, 1),
        (1, 2),
        (2, 3),
        (0, 4),
        (4, 5),
        (5, 6),
        (0, 7),
        (7, 8),
        (8, 9),
        (9, 10),
        (8, 11),
        (11, 12),
        (12, 13),
        (8, 14),
        (14, 15),
        (15, 16),
    ),
)

COCO17 = JointSet(
    name="coco17",
    joints=(
        "nose",
        "left_eye",
        "right_eye",
        "left_ear",
        "right_ear",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
    ),
    edges=(
        (15, 13),
        (13, 11),
        (16, 14),
        (14, 12),
        (11, 12),
        (5, 11),
        (6, 12),
        (5, 6),
        (5, 7),
        (7, 9),
        (6, 8),
        (8, 10),
        (0, 1),
        (0, 2),
        (1, 3),
        (2, 4),
    ),
)

BLAZEPOSE33 = JointSet(
    name="blazepose33",
    joints=(
        "nose",
        "left_eye_inner",
        "left_eye",
        "left_eye_outer",
        "right_eye_inner",
        "right_eye",
        "right_eye_outer",
        "left_ear",
        "right_ear",
        "left_mouth",
        "right_mouth",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_pinky",
        "right_pinky",
        "left_index",
        "right_index",
        "left_thumb",
        "right_thumb",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
        "left_heel",
        "right_heel",
        "left_foot_index",
        "right_foot_index",
    ),
    edges=(
        (11, 12),
        (11, 13),
        (13, 15),
        (12, 14),
        (14, 16),
        (11, 23),
        (12, 24),
        (23, 24),
        (23, 25),
        (25, 27),
        (24, 26),
        (26, 28),
        (27, 29),
        (29, 31),
        (31, 27),
        (28, 30),
        (30, 32),
        (32, 28),
        (15, 17),
        (15, 19),
        (15, 21),
        (16, 18),
        (16, 20),
        (16, 22),
        (0, 2),
        (2, 7),
        (0, 5),
        (5, 8),
        (9, 10),
    ),
)

JOINT_SETS = {s.name: s for s in (H36M17, COCO17, BLAZEPOSE33)}

# The torso is shared by every set that names hips and shoulders; spine is half-way, as in
# Human3.6M. The head's top, which no 2D set here has, is carried up from the ears along a
# direction of the face: in the mean face the crown is 2 eye-to-mouth heights above the ears.
_LIMBS = {
    name: {name: 1.0}
    for name in H36M17.joints
    if name not in ("pelvis", "spine", "thorax", "nose", "head")
}
_TORSO = {
    "pelvis": {"left_hip": 0.5, "right_hip": 0.5},
    "spine": {"left_hip": 0.25, "right_hip": 0.25, "left_shoulder": 0.25, "right_shoulder": 0.25},
    "thorax": {"left_shoulder": 0.5, "right_shoulder": 0.5},
}
_TO_H36M17: dict[str, dict[str, dict[str, float]]] = {
    "h36m17": {name: {name: 1.0} for name in H36M17.joints},
    "blazepose33": _LIMBS
    | _TORSO
    | {
        "nose": {"nose": 1.0},
        "head": {
            "left_ear": 0.5,
            "right_ear": 0.5,
            "left_eye": 1.0,
            "right_eye": 1.0,
            "left_mouth": -1.0,
            "right_mouth": -1.0,
        },
    },
    "coco17": _LIMBS
    | _TORSO
    | {
        "nose": {"nose": 1.0},
        # No mouth here: the ears' height over the shoulders is half as long again at the crown.
        "head": {
            "left_ear": 0.75,
            "right_ear": 0.75,
            "left_shoulder": -0.25,
            "right_shoulder": -0.25,
        },
    },
}


@cache
def h36m17_matrix(joint_set: str) -> np.ndarray:
    """(17, K) float32 weights that take `joint_set` to H36M-17; each row sums to 1."""
    if joint_set not in _TO_H36M17:
        raise UsageError(
            f"no conversion from joint set '{joint_set}' to h36m17",
            f"choose one of: {', '.join(sorted(_TO_H36M17))}",
        )
    source = JOINT_SETS[joint_set]
    matrix = np.zeros((len(H36M17), len(source)), np.float32)
    for row, name in enumerate(H36M17.joints):
        for joint, weight in _TO_H36M17[joint_set][name].items():
            matrix[row, source.index(joint)] = weight
    matrix.setflags(write=False)
    return matrix


def to_h36m17(xy: np.ndarray, score: np.ndarray, joint_set: str) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints of a 2D model as H36M-17.

    xy       (..., K, C): pixels, or 3D points; the conversion is linear.
    score    (..., K), 0..1.
    returns  (..., 17, C) and (..., 17); a joint made of several is as sure as the least sure
             of them, and NaN where one of them is NaN.
    """
    matrix = h36m17_matrix(joint_set)
    used = matrix != 0
    safe = np.nan_to_num(xy)
    out = np.einsum("jk,...kc->...jc", matrix, safe).astype(xy.dtype)
    missing = ~np.isfinite(xy).all(-1)
    lost = (missing[..., None, :] & used).any(-1)
    out[lost] = np.nan
    spread = np.where(used, score[..., None, :], np.inf)
    out_score = spread.min(-1).astype(score.dtype)
    out_score[lost] = 0
    return out, out_score
