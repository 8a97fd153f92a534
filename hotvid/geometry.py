"""Normalisation, cameras, rotations and similarity alignment; numpy only, any leading axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hotvid.types import VideoInfo

# Most videos are from phones, whose main cameras (23 to 28 mm on film) see 65 to 70 degrees across
# a video's longer side, and somewhat less where the picture is steadied; camcorders and television
# see 40 and less.
ASSUMED_HFOV_DEG = 60.0


def to_screen(xy_px: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """Pixels to screen units: x in [-1, 1], y by the same scale (VideoPose3D).

    xy_px    (..., J, 2), pixels.
    size_px  (width, height).
    returns  (..., J, 2), dimensionless.
    """
    width, height = size_px
    return xy_px / width * 2 - np.array([1, height / width], xy_px.dtype)


def assumed_focal_px(size_px: tuple[int, int], shown_px: int | None = None) -> float:
    """Focal length in pixels where nobody knows it: `ASSUMED_HFOV_DEG` across the longer side.

    shown_px  the longer side of what is between black bars; None: there are none.
    """
    return (shown_px or max(size_px)) / 2 / math.tan(math.radians(ASSUMED_HFOV_DEG) / 2)


def focal_px_of(video: VideoInfo) -> float:
    """Focal length in pixels: the video's own where somebody knew it, else the assumed one."""
    return video.focal_px or assumed_focal_px((video.width, video.height), video.shown_px)


def rays(xy_px: np.ndarray, focal_px: float, size_px: tuple[int, int]) -> np.ndarray:
    """Pixels to points on the plane z = 1 of a camera whose principal point is the centre.

    xy_px    (..., 2), pixels.
    returns  (..., 2): x/z, y/z in camera axes.
    """
    centre = np.array(size_px, np.float64) / 2
    return ((xy_px - centre) / focal_px).astype(xy_px.dtype)


def extent(points: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest coordinates of each body's known points.

    points   (N, K, C).
    known    (N, K) bool.
    returns  low and high (N, C); inf and -inf where nothing is known.
    """
    low = np.where(known[..., None], points, np.inf).min(1)
    high = np.where(known[..., None], points, -np.inf).max(1)
    return low, high


def project(xyz_m: np.ndarray, focal_px: float, size_px: tuple[int, int]) -> np.ndarray:
    """Camera points (..., 3) in metres to pixels (..., 2), no distortion."""
    centre = np.array(size_px, np.float64) / 2
    return xyz_m[..., :2] / xyz_m[..., 2:] * focal_px + centre


def look_at_rotation(direction: np.ndarray) -> np.ndarray:
    """The smallest rotation that turns the camera's axis z onto `direction`.

    direction  (..., 2): a point x/z, y/z on the plane z = 1.
    returns    (..., 3, 3), R with R @ (0, 0, 1) parallel to (x, y, 1). A virtual camera that looks
               at the point sees a camera point p as R.T @ p.
    """
    d = np.concatenate([direction, np.ones_like(direction[..., :1])], -1).astype(np.float64)
    d /= np.linalg.norm(d, axis=-1, keepdims=True)
    x, y, z = d[..., 0], d[..., 1], d[..., 2]
    k = 1 / (1 + z)
    rows = [1 - x * x * k, -x * y * k, x, -x * y * k, 1 - y * y * k, y, -x, -y, z]
    return np.stack(rows, -1).reshape(*d.shape[:-1], 3, 3)


def similarity_align(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`points` moved onto `target` by the best scale, rotation and translation (Umeyama 1991).

    points, target  (..., N, 3).
    returns         (..., N, 3) float64. Never a reflection.
    """
    points, target = np.asarray(points, np.float64), np.asarray(target, np.float64)
    middle = target.mean(-2, keepdims=True)
    p, t = points - points.mean(-2, keepdims=True), target - middle
    u, s, vt = np.linalg.svd(np.swapaxes(t, -1, -2) @ p)
    sign = np.sign(np.linalg.det(u @ vt))
    s = s.copy()
    s[..., -1] *= sign
    u = u.copy()
    u[..., -1] *= sign[..., None]
    variance = np.maximum((p**2).sum((-1, -2)), 1e-12)
    scale = (s.sum(-1) / variance)[..., None, None]
    return scale * (p @ np.swapaxes(u @ vt, -1, -2)) + middle
