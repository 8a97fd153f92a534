"""Tracks cut into overlapping windows, and windows' results blended back into tracks."""

from __future__ import annotations

import numpy as np


def window_starts(n_frames: int, length: int, overlap: float) -> np.ndarray:
    """First frames of windows that cover `n_frames`, evenly spread.

    n_frames  at least 1; up to `length` there is one window, which `take_window` pads.
    overlap   the least share of a window that it has in common with the next, 0 to below 1.
    returns   (W,) int64, ascending, the first 0, the last ending with the track.
    """
    if n_frames <= length:
        return np.zeros(1, np.int64)
    stride = max(int(length * (1 - overlap)), 1)
    count = -(-(n_frames - length) // stride) + 1
    return np.round(np.linspace(0, n_frames - length, count)).astype(np.int64)


def take_window(series: np.ndarray, start: int, length: int) -> np.ndarray:
    """(length, ...) rows of a track (F, ...) from `start`; a short track swings back and forth.

    Swinging looks like motion to a model that was trained on motion; a frozen end does not.
    """
    at = np.arange(start, start + length)
    last = len(series) - 1
    return series[last - np.abs(last - at % max(2 * last, 1))]


def blend_windows(windows: np.ndarray, starts: np.ndarray, n_frames: int) -> np.ndarray:
    """Windows' results (W, L, ...) as one track (n_frames, ...).

    Where windows overlap, each counts less towards its ends (a raised cosine), so that neither a
    seam shows nor the frames with the least context decide.
    """
    length = windows.shape[1]
    ramp = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2 + 1e-3
    shape = (-1,) + (1,) * (windows.ndim - 2)
    total = np.zeros((n_frames, *windows.shape[2:]), np.float64)
    weight = np.zeros(n_frames)
    for window, start in zip(windows, starts, strict=True):
        n = min(length, n_frames - start)
        total[start : start + n] += window[:n] * ramp[:n].reshape(shape)
        weight[start : start + n] += ramp[:n]
    return (total / weight.reshape(shape)).astype(windows.dtype)
