"""Clips cut into windows as the published code cuts them."""

from __future__ import annotations

import numpy as np


def chunk_starts(n_frames: int, length: int, stride: int | None = None) -> np.ndarray:
    """First frames of windows that cover a clip, what is lacking split between both ends.

    As VideoPose3D (Pavllo et al. 2019) and the Hourglass Tokenizer do; with half a frame to
    spare, the end gets it.

    stride   from window to window; None: the length, so that each frame is in one window.
    returns  (W,) int64; the first may be below 0, the last window may end behind the clip.
    """
    stride = stride or length
    count = max(-(-(n_frames - length) // stride) + 1, 1)
    lacking = (count - 1) * stride + length - n_frames
    return np.arange(count) * stride - lacking // 2


def whole_starts(n_frames: int, length: int, stride: int | None = None) -> np.ndarray:
    """First frames of the windows that lie within a clip, from its first frame on: (W,) int64.

    As MotionBERT cuts them (Zhu et al. 2023, `split_clips`): the frames behind the last are in
    none. A clip that is shorter than a window has one around it; theirs is stretched by chance.
    """
    if n_frames < length:
        return chunk_starts(n_frames, length)
    return np.arange(0, n_frames - length + 1, stride or length)


def centred_starts(n_frames: int, length: int) -> np.ndarray:
    """First frames of the windows whose centres are the clip's frames: (F,) int64."""
    return np.arange(n_frames) - length // 2


def window_rows(starts: np.ndarray, length: int) -> np.ndarray:
    """(W, L) frame numbers of windows, also those before and behind the clip."""
    return starts[:, None] + np.arange(length)


def edge_rows(rows: np.ndarray, n_frames: int) -> np.ndarray:
    """`rows` with the clip's first and last frame in place of what lies outside of it."""
    return rows.clip(0, n_frames - 1)
