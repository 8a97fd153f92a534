"""Where a person is: the root's path through the camera frame, from 3D shape and 2D place."""

from __future__ import annotations

import numpy as np

from hotvid.chunks import chunks
from hotvid.geometry import rays
from hotvid.rotations import unit
from hotvid.series import bridged

_LEAST_JOINTS = 4  # fewer fix a place badly
_LEAST_SPREAD = 0.05  # metres: a body seen along one line of sight says nothing of its distance
_NEAREST_M = 0.3  # no joint comes nearer to the camera than this
_BEHIND_M, _FARTHEST_M = 0.05, 1000.0  # a depth beyond these is a failed fit
_DEPTH_S = 0.3  # time constant of the depth: real distance changes slowly, its estimate does not
_OUTLIER = 3.0  # typical deviations at which a frame's depth counts for half
_STEEPEST = 0.5  # cosine of the angle between a ray and the ground: beyond, it tells too little
_FORWARD = np.array([0.0, 0.0, 1.0])
_PELVIS_SCORE = (0.2, 0.5)  # from here on the pelvis's own pixel counts, from there it decides


def root_path(
    xyz_m: np.ndarray,
    xy_px: np.ndarray,
    score: np.ndarray,
    focal_px: float,
    size_px: tuple[int, int],
    fps: float,
) -> np.ndarray:
    """The pelvis in the camera frame, so that the 3D body covers the 2D one.

    xyz_m     (F, J, 3) metres, camera axes [right, down, forward], joint 0 at the origin.
    xy_px     (F, J, 2) pixels; NaN where unknown.
    score     (F, J), 0..1: the weight of a joint.
    size_px   (width, height); the principal point is taken to be the centre.
    returns   (F, 3) float32 metres, never nearer than that all joints are before the camera.
              Its direction is that of the pelvis's pixel where that is sure, else of the body as
              a whole; its distance is smoothed over time, as it is the one thing that a single
              view shows badly. Frames that show too little are bridged. All NaN where no frame
              shows enough.
    Each frame is a linear least-squares problem in the translation (as in VNect, Mehta et al.
    2017, section 4.3, here with perspective weights).
    """
    n = len(xyz_m)
    place, nearest = np.empty((n, 3)), np.empty(n)
    pelvis, sure = np.empty((n, 2)), np.empty((n, 1))
    for part in chunks(n):
        xyz = np.asarray(xyz_m[part], np.float64)
        sight = rays(np.asarray(xy_px[part], np.float64), focal_px, size_px)
        weight = np.where(np.isfinite(sight).all(-1) & np.isfinite(xyz).all(-1), score[part], 0)
        weight = np.clip(np.nan_to_num(weight), 0, None)
        sight, xyz = np.nan_to_num(sight), np.nan_to_num(xyz)
        place[part] = _solve(xyz, sight, weight)
        nearest[part] = xyz[..., 2].min(1, initial=0)
        pelvis[part], sure[part] = sight[:, 0], weight[:, :1]
    solved = np.isfinite(place).all(1)
    if not solved.any():
        return np.full((n, 3), np.nan, np.float32)
    depth = np.exp(_smooth_known(np.log(place[:, 2]), fps * _DEPTH_S))
    depth = np.maximum(depth, _NEAREST_M - nearest)

    direction = bridged(np.where(solved[:, None], place[:, :2] / place[:, 2:], np.nan))
    low, high = _PELVIS_SCORE
    share = np.clip((sure - low) / (high - low), 0, 1)
    direction = share * pelvis + (1 - share) * direction
    return np.concatenate([direction * depth[:, None], depth[:, None]], 1).astype(np.float32)


def over_ground(root_m: np.ndarray, up: np.ndarray, fps: float) -> np.ndarray:
    """A path by `root_path` whose distance along the ground is what changes slowly.

    root_m   (F, 3) metres, camera axes; NaN where unknown.
    up       (3,) unit, against gravity, camera axes.
    returns  the same shape and type; for a level camera nearly the same.
    Who jumps before a camera that looks down comes nearer to it: with the distance from the camera
    smoothed, the jump is flattened, and goes there and back. Of logarithms the smoothed sum is the
    sum of the smoothed, so that what the ray's slope alone tells takes one distance to the other.
    """
    ahead = unit(_FORWARD - (_FORWARD @ up) * up)
    place = np.asarray(root_m, np.float64)
    known = np.isfinite(place).all(1)
    slope = (place @ ahead)[known] / np.linalg.norm(place[known], axis=1)
    if fps * _DEPTH_S < 0.5 or not len(slope) or slope.min() < _STEEPEST:
        return root_m
    ray = np.full(len(place), np.nan)
    ray[known] = np.log((place @ ahead)[known] / place[known, 2])
    slow = _smooth_known(ray, fps * _DEPTH_S)
    out = place * np.exp(np.nan_to_num(slow - ray))[:, None]
    return out.astype(root_m.dtype)


def _solve(xyz: np.ndarray, sight: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(F, 3) the translations; NaN where a frame does not fix one.

    X + tx = u (Z + tz) for each joint, and so for Y. Its error is in metres: divided by the
    depth, which the first solution gives, it is one of angle, as the pixels are.
    """
    enough = (weight > 0).sum(1) >= _LEAST_JOINTS
    total = np.maximum(weight.sum(1), 1e-9)[:, None]
    centred = xyz[..., :2] - ((weight[..., None] * xyz[..., :2]).sum(1) / total)[:, None]
    spread = np.sqrt((weight[..., None] * centred**2).sum((1, 2)) / total[:, 0])
    enough &= spread > _LEAST_SPREAD

    place = np.full((len(xyz), 3), np.nan)
    x, s, w = xyz[enough], sight[enough], weight[enough]
    first = _least_squares(x, s, w)
    depth = np.maximum(x[..., 2] + first[:, 2:], _NEAREST_M)
    place[enough] = _least_squares(x, s, w / depth**2)
    place[~((place[:, 2] > _BEHIND_M) & (place[:, 2] < _FARTHEST_M))] = np.nan
    return place


def _least_squares(xyz: np.ndarray, sight: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(F, 3) the normal equations, solved for all frames at once."""
    u, v = sight[..., 0], sight[..., 1]
    x, y = u * xyz[..., 2] - xyz[..., 0], v * xyz[..., 2] - xyz[..., 1]
    w, wu, wv = weight.sum(1), (weight * u).sum(1), (weight * v).sum(1)
    none = np.zeros_like(w)
    wuv = (weight * (u**2 + v**2)).sum(1)
    left = np.stack([w, none, -wu, none, w, -wv, -wu, -wv, wuv], -1).reshape(-1, 3, 3)
    right = np.stack(
        [(weight * x).sum(1), (weight * y).sum(1), -(weight * (u * x + v * y)).sum(1)], -1
    )
    return (np.linalg.pinv(left) @ right[..., None])[..., 0]


def _smooth_known(series: np.ndarray, sigma: float) -> np.ndarray:
    """(F,) a straight line fitted around each frame with Gaussian weights, outliers held down.

    sigma  frames. A local line keeps a steady approach as it is, up to the first and last frame,
           where a moving average would flatten it (local regression, Cleveland 1979).
    """
    if sigma < 0.5:
        return bridged(series)
    known = np.isfinite(series)
    values = np.where(known, series, 0)
    weight = known.astype(np.float64)
    for _ in range(3):
        line = _local_line(values, weight, sigma)
        off = np.abs(values - line)
        typical = max(1.4826 * float(np.median(off[known & np.isfinite(off)])), 1e-6)
        trust = 1 / (1 + (off / (_OUTLIER * typical)) ** 2)
        weight = np.where(known, np.nan_to_num(trust), 0)
    return bridged(_local_line(values, weight, sigma))


def _local_line(values: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    """(F,) NaN where nothing is known nearby."""
    reach = int(np.ceil(3 * sigma))
    d = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (d / sigma) ** 2)

    def around(series: np.ndarray, k: np.ndarray) -> np.ndarray:
        # The kernel is turned round, so that d counts from the frame to its neighbour.
        return np.convolve(series, k[::-1])[reach : reach + len(series)]

    s0, s1, s2 = (around(weight, kernel * d**power) for power in range(3))
    t0, t1 = (around(weight * values, kernel * d**power) for power in range(2))
    spread = s0 * s2 - s1**2
    # Where what is known lies to one side or in one frame, a slope would be guesswork.
    level = np.divide(t0, s0, out=np.full_like(t0, np.nan), where=s0 > 1e-3)
    fits = (spread > 0.05 * s0**2 * sigma**2) & (np.abs(s1) < sigma * s0 * 1.2)
    return np.where(fits, (s2 * t0 - s1 * t1) / np.where(fits, spread, 1), level)
