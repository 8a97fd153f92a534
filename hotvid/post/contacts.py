"""When a foot stands: it keeps its place in the picture, which shows that better than any 3D."""

from __future__ import annotations

import numpy as np

from hotvid.series import bridged
from hotvid.skeleton import H36M17

FEET = (H36M17.index("right_ankle"), H36M17.index("left_ankle"))
_SPAN_S = 0.06  # before and after a frame: over so long its speed is taken
_STILL_M_S = 0.35  # a swinging foot is ten times as fast, an ankle over a standing one half
_HIGHER_M = 0.12  # than the other foot: such a foot is held up
SEEN_SCORE = 0.3  # a foot less sure than this is not seen to stand
_HEEL_M = 0.025  # above its place in that stand: the heel is off, and the ankle rolls on
_LEAST_S = 0.12  # a shorter stand is a chance: at the top of a jump feet are still for 0.07 s


def foot_contacts(
    xyz_m: np.ndarray,
    depth_m: np.ndarray,
    sight: np.ndarray,
    score: np.ndarray,
    up: np.ndarray,
    fps: float,
) -> np.ndarray:
    """(F, 2) bool: right and left foot stand, as far as one view of a camera that stands tells.

    xyz_m    (F, 17, 3) metres, axes of the camera, any place.
    depth_m  (F,) of the pelvis; NaN where unknown.
    sight    (F, 17, 2) x/z and y/z of the rays to the joints; NaN where unknown.
    score    (F, 17) 0..1 of the 2D joints.
    up       (3,) against gravity, axes of the camera.
    While a heel is lifted, or has yet to come down, the foot does not stand: its ankle moves.
    A foot that stands on something higher than the other does is not found: `up` and the bodies
    cannot be told apart from that.
    """
    n_frames = len(xyz_m)
    out = np.zeros((n_frames, 2), bool)
    step = max(1, round(_SPAN_S * fps))
    if n_frames < 2:
        return out
    at = np.arange(n_frames)
    before, after = np.maximum(at - step, 0), np.minimum(at + step, n_frames - 1)
    height = xyz_m[:, FEET] @ up
    for side, foot in enumerate(FEET):
        path = bridged(sight[:, foot])
        speed = np.linalg.norm(path[after] - path[before], axis=1) * depth_m * fps
        still = speed / (after - before) < _STILL_M_S
        low = height[:, side] - height.min(1) < _HIGHER_M
        seen = np.isfinite(sight[:, foot]).all(1) & (score[:, foot] >= SEEN_SCORE)
        least = max(2, round(_LEAST_S * fps))
        out[:, side] = without_short(still & low & seen, least)
        if _LEAST_S * fps >= 1:  # else a heel is off for a frame
            flat = _heel_down(out[:, side], path @ up[:2], depth_m)
            out[:, side] = without_short(flat, least)
    return out


def _heel_down(standing: np.ndarray, height: np.ndarray, depth_m: np.ndarray) -> np.ndarray:
    """`standing` (F,) without the beginnings and ends of stands in which the ankle is raised.

    height   (F,) of the ankle in the picture, upwards, for each metre of depth.
    depth_m  (F,) of the pelvis, known in each stand.
    """
    out = standing.copy()
    for first, end in runs(standing):
        place = height[first:end]
        # One depth for the stand: the body goes on while the foot stays.
        rise_m = (place - np.median(place)) * np.nan_to_num(np.nanmedian(depth_m[first:end]))
        down = np.flatnonzero(rise_m < _HEEL_M)
        out[first : first + down[0]] = out[first + down[-1] + 1 : end] = False
    return out


def runs(when: np.ndarray) -> list[tuple[int, int]]:
    """(first, end) of each stretch of frames in which `when` (F,) holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], when, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def without_short(when: np.ndarray, least: int) -> np.ndarray:
    """`when` (F,) without stretches, and without breaks in them, of fewer than `least` frames."""
    out = when.copy()
    for first, end in runs(~when):
        if end - first < least and first > 0 and end < len(when):
            out[first:end] = True
    for first, end in runs(out):
        if end - first < least:
            out[first:end] = False
    return out
