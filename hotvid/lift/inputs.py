"""How keypoints become a model's input, and its output camera axes again.

`body` is the normalisation of hotvid's own lifter: each frame seen by a virtual camera that looks
at the pelvis. A person at the edge of a wide picture is seen from the side as much as one who has
turned; the virtual camera takes that out, so that the network sees the same pose as the same
numbers wherever it stands. What it cannot see any more, where the body goes, it is told in the
pelvis's own place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotvid.geometry import look_at_rotation, rays, to_screen
from hotvid.series import bridged

PATH_LIMIT = 8.0  # body sizes; a walk across the whole picture stays below


@dataclass(frozen=True)
class WindowInputs:
    """A window ready for the network, and what takes its output back to the camera.

    inputs    (..., F, 17, C) float32: x, y and, where the model wants it, the score.
    rotation  (..., F, 3, 3) float32: camera point = rotation @ point as the model gives it.
    """

    inputs: np.ndarray
    rotation: np.ndarray


def body_inputs(xy_rays: np.ndarray, score: np.ndarray) -> WindowInputs:
    """Normalise windows of keypoints for `hot-mixste-s`.

    xy_rays  (..., F, 17, 2): x/z, y/z of each joint (`geometry.rays`), no NaN (`fill_missing`).
    score    (..., F, 17), 0..1; 0 for joints that were never seen.
    returns  inputs (..., F, 17, 3): x, y in body sizes relative to the pelvis, and the score; the
             pelvis itself holds its path relative to the window's mean, in body sizes.
    """
    pelvis = xy_rays[..., 0, :]
    rotation = look_at_rotation(pelvis)
    homogeneous = np.concatenate([xy_rays, np.ones_like(xy_rays[..., :1])], -1)
    local = homogeneous.astype(np.float64) @ rotation  # rows: (R.T p).T
    xy = local[..., :2] / np.maximum(local[..., 2:], 0.1)

    size = body_size(xy, score)[..., None, None, None]
    inputs = np.concatenate([xy / size, score[..., None]], -1).astype(np.float32)
    path = pelvis - pelvis.mean(-2, keepdims=True)
    inputs[..., 0, :2] = np.clip(path / size[..., 0], -PATH_LIMIT, PATH_LIMIT)
    return WindowInputs(inputs, rotation.astype(np.float32))


def body_size(xy: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(...,) the large size of a body in windows (..., F, 17, 2): twice its joints' RMS radius.

    The 90th percentile over the frames, so that one wild frame does not shrink the rest.
    """
    weight = np.maximum(score, 0.05)[..., None]
    weight = weight / weight.sum(-2, keepdims=True)
    centre = (weight * xy).sum(-2, keepdims=True)
    radius = np.sqrt((weight * (xy - centre) ** 2).sum((-1, -2)))
    return np.maximum(2 * np.quantile(radius, 0.9, axis=-1), 1e-6)


def prepare(
    kind: str,
    xy_px: np.ndarray,
    score: np.ndarray,
    size_px: tuple[int, int],
    focal_px: float,
    in_channels: int,
) -> WindowInputs:
    """A window in the normalisation that a model was trained with.

    kind         body: hotvid's own. screen: as VideoPose3D, MixSTE and MHFormer. crop: the box
                 around the person over the window, as MotionBERT in the wild.
    xy_px        (F, 17, 2), no NaN; score (F, 17).
    in_channels  2, or 3 with the score.
    """
    if kind == "body":
        return body_inputs(rays(xy_px, focal_px, size_px), score)
    xy = to_screen(xy_px, size_px) if kind == "screen" else _to_crop(xy_px, score)
    if in_channels == 3:
        xy = np.concatenate([xy, score[..., None]], -1)
    rotation = np.broadcast_to(np.eye(3, dtype=np.float32), (len(xy), 3, 3))
    return WindowInputs(xy.astype(np.float32), rotation)


def _to_crop(xy_px: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Pixels to [-1, 1] over the square around all joints seen in a window (MotionBERT)."""
    seen = xy_px[score > 0] if (score > 0).any() else xy_px.reshape(-1, 2)
    low, high = seen.min(0), seen.max(0)
    side = max(float((high - low).max()), 1.0)
    return np.clip((xy_px - (low + high) / 2) / side * 2, -1, 1)


def fill_missing(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints of one track (F, 17, 2) with NaNs filled over time; filled ones score 0.

    A joint that is never seen is put on the mean of those that are.
    """
    missing = ~np.isfinite(xy).all(-1)
    if not missing.any():
        return xy, score
    kind, seen = xy.dtype, np.where(missing[..., None], np.nan, xy)
    xy = bridged(seen, nothing=np.nan).astype(kind)
    never = missing.all(0)
    if never.any():
        known = xy[:, ~never]
        middle = known.mean(1, keepdims=True) if known.size else np.zeros((len(xy), 1, 2))
        xy[:, never] = middle
    return xy, np.where(missing, 0, score).astype(score.dtype)
