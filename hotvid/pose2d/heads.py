"""From what a top-down network's head gives to points of its input, and scores."""

from __future__ import annotations

import cv2
import numpy as np

SIMCC_BINS_A_PIXEL = 2  # of RTMPose and all its kin (simcc_split_ratio)
_DARK_KERNEL = 11
_QUARTER = 0.25


def decode_simcc(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two 1D distributions a joint to points (SimCC, Li et al. 2022).

    x, y     (N, K, W * 2), (N, K, H * 2): two bins a pixel of the input.
    returns  (N, K, 2), pixels of the input, and scores (N, K), 0..1: the lower of both peaks.
    """
    at = np.stack([x.argmax(-1), y.argmax(-1)], -1).astype(np.float32)
    score = np.minimum(x.max(-1), y.max(-1))
    return at / SIMCC_BINS_A_PIXEL, np.clip(score, 0, 1).astype(np.float32)


def decode_heatmaps(
    maps: np.ndarray, size_px: tuple[int, int], unbiased: bool
) -> tuple[np.ndarray, np.ndarray]:
    """One map a joint to points.

    maps      (N, K, h, w), 0..1.
    size_px   (width, height) of the network's input.
    unbiased  as UDP has it (Huang et al. 2020): the first and last cells are at the input's edges,
              refined by DARK (Zhang et al. 2020). Else each cell covers its share of the input,
              refined by a quarter cell towards the higher neighbour (Newell et al. 2016).
    returns   (N, K, 2), pixels of the input, and scores (N, K), 0..1: the peaks.
    """
    n, k, h, w = maps.shape
    flat = maps.reshape(n, k, -1)
    peak = flat.argmax(-1)
    score = np.clip(flat.max(-1), 0, 1).astype(np.float32)
    at = np.stack([peak % w, peak // w], -1).astype(np.float32)
    size = np.array(size_px, np.float32)
    if unbiased:
        cells = np.array([w - 1, h - 1], np.float32)
        return (at + _dark(maps, at)) / cells * (size - 1), score
    return (at + _quarter(maps, at)) * (size / np.array([w, h], np.float32)), score


def _neighbours(maps: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(N, K, 3, 3) the values around each peak, [y, x]; the map's edge repeats beyond it."""
    n, k, h, w = maps.shape
    x, y = at[..., 0].astype(int), at[..., 1].astype(int)
    step = np.array([-1, 0, 1])
    ys = np.clip(y[..., None] + step, 0, h - 1)
    xs = np.clip(x[..., None] + step, 0, w - 1)
    first, second = np.arange(n)[:, None, None, None], np.arange(k)[None, :, None, None]
    return maps[first, second, ys[..., :, None], xs[..., None, :]]


def _quarter(maps: np.ndarray, at: np.ndarray) -> np.ndarray:
    around = _neighbours(maps, at)
    slope = np.stack([around[..., 1, 2] - around[..., 1, 0], around[..., 2, 1] - around[..., 0, 1]])
    h, w = maps.shape[2:]
    inner = (at > 0) & (at < np.array([w - 1, h - 1]))
    return _QUARTER * np.sign(np.moveaxis(slope, 0, -1)) * inner


def _dark(maps: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The step from each peak to the top of the Gaussian around it: one Newton step on the log."""
    blurred = np.stack(
        [[cv2.GaussianBlur(m, (_DARK_KERNEL, _DARK_KERNEL), 0) for m in maps_n] for maps_n in maps]
    )
    log = np.log(np.clip(_neighbours(blurred, at).astype(np.float64), 1e-3, 50))
    gradient = np.stack([log[..., 1, 2] - log[..., 1, 0], log[..., 2, 1] - log[..., 0, 1]], -1) / 2
    xx = log[..., 1, 2] - 2 * log[..., 1, 1] + log[..., 1, 0]
    yy = log[..., 2, 1] - 2 * log[..., 1, 1] + log[..., 0, 1]
    xy = (log[..., 2, 2] - log[..., 2, 0] - log[..., 0, 2] + log[..., 0, 0]) / 4
    determinant = xx * yy - xy**2
    # Where the surface is no hill there is no top to go to.
    hill = (determinant > 1e-9) & (xx < 0)
    safe = np.where(hill, determinant, 1)
    step = np.stack(
        [
            (yy * gradient[..., 0] - xy * gradient[..., 1]) / safe,
            (xx * gradient[..., 1] - xy * gradient[..., 0]) / safe,
        ],
        -1,
    )
    return np.where(hill[..., None], np.clip(-step, -1, 1), 0).astype(np.float32)
