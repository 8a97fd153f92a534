"""The 2D model's own keypoints with left and right put back as the skeleton has them."""

from __future__ import annotations

import numpy as np

from hotvid.skeleton import H36M17, joint_set_named, legs_and_arms, to_h36m17
from hotvid.types import Person

_TELLING = (("knee", "ankle"), ("elbow", "wrist"))  # whose side a leg is, and an arm


def with_mended_sides(person: Person, part: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
    """The rows `part` of `person.detected`, legs and arms exchanged where `keypoints` has them so.

    returns  xy_px (F, K, 2) and score (F, K), of the 2D model's own joints.
    What was mended before the lifting (`hotvid.post.swaps`) is in the skeleton's joints only, and
    feet and hands would be at the other ankle and wrist.
    """
    joint_set = joint_set_named(person.detected.joint_set)
    xy, score = person.detected.xy_px[part].copy(), person.detected.score[part].copy()
    as_found, _ = to_h36m17(xy, score, joint_set.name)
    skeleton = person.keypoints.xy_px[part]
    for telling, joints in zip(_TELLING, legs_and_arms(joint_set.name), strict=True):
        left, right = ([H36M17.index(f"{s}_{j}") for j in telling] for s in ("left", "right"))
        now = skeleton[:, left + right]
        exchanged = _same(now, as_found[:, right + left]) & ~_same(now, as_found[:, left + right])
        if not exchanged.any():
            continue
        limb = np.array(joints, int)
        for each in (xy, score):
            each[np.ix_(exchanged, limb)] = each[np.ix_(exchanged, joint_set.mirror[limb])]
    return xy, score


def _same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(F,) bool: all of (F, J, 2) are; what is unknown in both is."""
    return np.isclose(a, b, rtol=0, atol=1e-3, equal_nan=True).all((1, 2))
