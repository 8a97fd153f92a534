"""Bones of constant length: one for each bone and its mirror image, for the whole clip."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from hotvid.post.bone_shape import typical
from hotvid.series import bridged
from hotvid.skeleton import H36M17

_LEAST_WEIGHT = 1e-3  # joints that nobody saw count too, where there are no others
_LEAST_M = 1e-6  # no bone is shorter
_FASTER = 1.1  # than its own end moved a bone does not turn
_SPREAD_S = 0.04  # over so long before and after what is too fast is given, again and again
_ROUNDS = 8
_SAME = 1e-6  # radians: between directions as near as this there is no arc to go along


def with_constant_bones(xyz_m: np.ndarray, score: np.ndarray, fps: float) -> np.ndarray:
    """The motion with every bone as long as it typically is, along the path of its directions.

    xyz_m    (F, 17, 3), metres, any axes, joint 0 at a place that stays; NaN where unknown.
    score    (F, 17) 0..1: what a joint counts for in the lengths, which are weighted medians.
    fps      frames a second.
    returns  (F, 17, 3) float32. Left and right become equally long, and what had its length turns
             as it did. A bone that had shrunk, as where two directions were averaged, takes its
             turn slowly: stretched as it is, its end would leap.
    """
    lengths = _lengths(xyz_m, np.nan_to_num(score))
    out = np.array(xyz_m, np.float32)
    for (start, end), length_m in lengths.items():
        way = np.asarray(xyz_m[:, end], np.float64) - xyz_m[:, start]
        known = np.isfinite(way).all(1)
        turned = _directions(bridged(way) / max(length_m, _LEAST_M), fps)
        out[:, end] = np.where(known[:, None], out[:, start] + length_m * turned, np.nan)
    return out


def _lengths(xyz_m: np.ndarray, score: np.ndarray) -> dict[tuple[int, int], float]:
    """Metres of each edge, from the pelvis outwards; NaN where it is never known on either side."""
    found = {}
    for start, end in H36M17.edges:
        far = np.linalg.norm(xyz_m[:, end] - xyz_m[:, start], axis=-1)
        known = np.isfinite(far)
        weight = np.minimum(score[:, start], score[:, end])[known] + _LEAST_WEIGHT
        if known.any():
            found[start, end] = typical(far[known], weight)
    mirror, lengths = H36M17.mirror.tolist(), {}
    for a, b in H36M17.edges:
        sides = [found[e] for e in ((a, b), (mirror[a], mirror[b])) if e in found]
        lengths[a, b] = float(np.mean(sides)) if sides else float("nan")
    return lengths


def _directions(way: np.ndarray, fps: float) -> np.ndarray:
    """(F, 3) unit: the directions of `way` (F, 3), passed through at a speed that it had itself.

    way  a bone over its length: 1 long where it has not shrunk.
    Only the time at which a direction is reached changes, and only where the bone would turn
    faster than its end moved; the excess goes to the frames around, so that none is lost.
    """
    toward = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), _LEAST_M)
    step = np.linalg.norm(np.diff(toward, axis=0), axis=1)
    arc = 2 * np.arcsin(np.clip(step / 2, 0, 1))
    most = _FASTER * np.linalg.norm(np.diff(way, axis=0), axis=1)
    if not (arc > most).any():
        return toward
    turn = arc
    for _ in range(_ROUNDS):
        excess = np.maximum(turn - most, 0)
        # Reflected at the clip's ends, the filter keeps the sum.
        turn = turn - excess + gaussian_filter1d(excess, _SPREAD_S * fps, mode="reflect")
    return _along(toward, arc, np.append(0, np.cumsum(turn)))


def _along(toward: np.ndarray, arc: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(F, 3) the directions at `where` (F,), radians along the path through `toward` (F, 3).

    arc  (F-1,) radians from each to the next, which are joined by great circles.
    """
    begins = np.append(0, np.cumsum(arc))
    at = np.clip(np.searchsorted(begins, where, side="right") - 1, 0, len(arc) - 1)
    whole = np.maximum(arc[at], _SAME)
    share = np.clip((where - begins[at]) / whole, 0, 1)
    out = (
        np.sin((1 - share) * whole)[:, None] * toward[at]
        + np.sin(share * whole)[:, None] * toward[at + 1]
    )
    far = np.linalg.norm(out, axis=1, keepdims=True)
    # Between opposite directions any great circle would do, and none is given.
    return np.where(far > _SAME**2, out / np.maximum(far, _SAME**2), toward[at])
