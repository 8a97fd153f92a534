"""The input of hotvid's own lifter: each frame seen by a virtual camera that looks at the pelvis.

A person at the edge of a wide picture is seen from the side as much as one who has turned; the
virtual camera takes that out, so that the network sees the same pose as the same numbers wherever
it stands. What it cannot see any more, where the body goes, it is told in the pelvis's own place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotvid.geometry import look_at_rotation

PATH_LIMIT = 8.0  # body sizes; a walk across the whole picture stays below


@dataclass(frozen=True)
class BodyInputs:
    """A window ready for the network, and what takes its output back to the camera.

    inputs    (..., F, 17, 3) float32: x, y in body sizes relative to the pelvis, and the score;
              the pelvis itself holds its path relative to the window's mean, in body sizes.
    rotation  (..., F, 3, 3) float32: camera point = rotation @ point of the virtual camera.
    """

    inputs: np.ndarray
    rotation: np.ndarray


def body_inputs(rays: np.ndarray, score: np.ndarray) -> BodyInputs:
    """Normalise windows of keypoints for `hot-mixste-s`.

    rays   (..., F, 17, 2): x/z, y/z of each joint (`geometry.rays`), no NaN (`fill_missing`).
    score  (..., F, 17), 0..1; 0 for joints that were never seen.
    """
    pelvis = rays[..., 0, :]
    rotation = look_at_rotation(pelvis)
    homogeneous = np.concatenate([rays, np.ones_like(rays[..., :1])], -1)
    local = homogeneous.astype(np.float64) @ rotation  # rows: (R.T p).T
    xy = local[..., :2] / np.maximum(local[..., 2:], 0.1)

    size = body_size(xy, score)[..., None, None, None]
    inputs = np.concatenate([xy / size, score[..., None]], -1).astype(np.float32)
    path = pelvis - pelvis.mean(-2, keepdims=True)
    inputs[..., 0, :2] = np.clip(path / size[..., 0], -PATH_LIMIT, PATH_LIMIT)
    return BodyInputs(inputs, rotation.astype(np.float32))


def body_size(xy: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(...,) the large size of a body in windows (..., F, 17, 2): twice its joints' RMS radius.

    The 90th percentile over the frames, so that one wild frame does not shrink the rest.
    """
    weight = np.maximum(score, 0.05)[..., None]
    weight = weight / weight.sum(-2, keepdims=True)
    centre = (weight * xy).sum(-2, keepdims=True)
    radius = np.sqrt((weight * (xy - centre) ** 2).sum((-1, -2)))
    return np.maximum(2 * np.quantile(radius, 0.9, axis=-1), 1e-6)


def fill_missing(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints of one track (F, 17, 2) with NaNs filled over time; filled ones score 0.

    A joint that is never seen is put on the mean of those that are.
    """
    missing = ~np.isfinite(xy).all(-1)
    if not missing.any():
        return xy, score
    xy, score = xy.copy(), np.where(missing, 0, score).astype(score.dtype)
    frames = np.arange(len(xy))
    for joint in np.flatnonzero(missing.any(0)):
        seen = ~missing[:, joint]
        if seen.any():
            for c in range(2):
                xy[~seen, joint, c] = np.interp(frames[~seen], frames[seen], xy[seen, joint, c])
    never = ~np.isfinite(xy).all(-1)
    if never.any():
        known = xy[:, ~never.any(0)]
        middle = known.mean(1, keepdims=True) if known.size else np.zeros((len(xy), 1, 2))
        xy = np.where(never[..., None], middle, xy).astype(xy.dtype)
    return xy, score
