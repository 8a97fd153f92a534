"""Bones of constant length: one for each bone and its mirror image, for the whole clip."""

from __future__ import annotations

import numpy as np

from hotvid.post.bone_shape import typical
from hotvid.skeleton import H36M17

_LEAST_WEIGHT = 1e-3  # joints that nobody saw count too, where there are no others


def with_constant_bones(xyz_m: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The motion with every bone as long as it typically is, in the direction that it has.

    xyz_m    (F, 17, 3), metres, any axes, joint 0 at a place that stays; NaN where unknown.
    score    (F, 17) 0..1: what a joint counts for in the lengths, which are weighted medians.
    returns  (F, 17, 3) float32. Left and right become equally long.
    """
    lengths = _lengths(xyz_m, np.nan_to_num(score))
    out = np.array(xyz_m, np.float32)
    for (start, end), length_m in lengths.items():
        way = xyz_m[:, end] - xyz_m[:, start]
        far = np.linalg.norm(way, axis=-1, keepdims=True)
        out[:, end] = out[:, start] + way * (length_m / np.maximum(far, 1e-6))
    return out


def _lengths(xyz_m: np.ndarray, score: np.ndarray) -> dict[tuple[int, int], float]:
    """Metres of each edge, from the pelvis outwards; NaN where it is never known."""
    found = {}
    for start, end in H36M17.edges:
        far = np.linalg.norm(xyz_m[:, end] - xyz_m[:, start], axis=-1)
        known = np.isfinite(far)
        weight = np.minimum(score[:, start], score[:, end])[known] + _LEAST_WEIGHT
        found[start, end] = typical(far[known], weight) if known.any() else float("nan")
    mirror = H36M17.mirror
    return {(a, b): (found[a, b] + found[int(mirror[a]), int(mirror[b])]) / 2 for a, b in found}
