"""Places of joints to turns of bones: the standard humanoid fitted to one person.

Each bone points as the joints say, from the hips outwards; its length is the person's own, one for
all frames. What joints do not show is chosen so that it looks natural and never flips: see
`hotvid.post.twist`. Hands, of which the skeleton has only the beginning, are carried along by the
forearm; feet see `hotvid.post.bone_feet`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hotvid.humanoid import bone, bone_places, joint_places
from hotvid.post.bone_feet import lay_feet
from hotvid.post.bone_shape import JOINT, bone_shape, trunk_axes, typical
from hotvid.post.bone_turns import bone_turns
from hotvid.rotations import to_quaternion, without_sign_changes
from hotvid.series import bridged
from hotvid.types import BoneMotion

MM = 1000.0


def fit_bones(
    xyz_m: np.ndarray, score: np.ndarray, fps: float, contact: np.ndarray | None = None
) -> BoneMotion:
    """The standard humanoid's bones, moved so that its joints are where `xyz_m` says.

    xyz_m    (F, 17, 3) metres, world, y up; NaN where unknown, which is bridged in time.
    score    (F, 17) 0..1: what a joint counts for in the bones' lengths and the twist.
    fps      frames a second.
    contact  (F, 2) bool: right and left foot stand in a world whose floor is at 0, so that feet are
             laid on it; None: they hang from their shins.
    """
    known = np.isfinite(xyz_m).all(-1)
    xyz = _without_gaps(xyz_m)
    weight = np.where(known, np.clip(np.nan_to_num(score), 0, 1), 0) + 1e-3
    axes = trunk_axes(xyz)
    shape = bone_shape(xyz, weight, axes)
    rotation = bone_turns(xyz, weight, axes, shape, fps)
    motion = BoneMotion(
        offset_m=shape.offset_m,
        rotation=to_quaternion(rotation),
        root_m=xyz[:, 0],
        marker_m=shape.marker_m,
        error_mm=np.full(known.shape, np.nan),
    )
    motion = replace(motion, marker_m=_with_nose(motion, xyz, weight))
    if contact is not None:
        motion = lay_feet(motion, contact, fps)
    motion = replace(motion, rotation=without_sign_changes(motion.rotation))
    off_mm = np.linalg.norm(joint_places(motion) - xyz, axis=-1) * MM
    return replace(motion, error_mm=np.where(known, off_mm, np.nan))


def _without_gaps(xyz_m: np.ndarray) -> np.ndarray:
    """(F, 17, 3) float64 with straight lines through what is unknown, relative to the pelvis."""
    xyz = np.asarray(xyz_m, np.float64)
    root = bridged(xyz[:, :1])
    return bridged(xyz - root) + root


def _with_nose(motion: BoneMotion, xyz: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(17, 3) the markers, the nose's where it typically is in the head's axes."""
    place, turn = bone_places(motion)
    head, nose = bone("Head"), JOINT["nose"]
    local = np.einsum("fij,fi->fj", turn[:, head], xyz[:, nose] - place[:, head])
    marker = motion.marker_m.copy()
    marker[nose] = [typical(local[:, axis], weight[:, nose]) for axis in range(3)]
    return marker
