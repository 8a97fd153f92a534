"""Tracks cut into overlapping windows, and windows' results blended back into tracks."""

from __future__ import annotations

import numpy as np

from hotvid.chunks import chunks


def window_starts(n_frames: int, length: int, overlap: float) -> np.ndarray:
    """First frames of windows that cover `n_frames`, evenly spread.

    n_frames  at least 1.
    overlap   the least share of a window that it has in common with the next, 0 to below 1.
    returns   (W,) int64, ascending. Below an overlap of one half the first is 0 and the last ends
              with the track; up to `length` frames there is one. From one half on windows reach
              beyond both ends, so that every frame lies in equally many or one more. What lies
              outside of the track, `take_window` fills.
    """
    stride = max(int(length * (1 - overlap)), 1)
    if overlap >= 0.5:
        return np.arange(stride - length, n_frames, stride, dtype=np.int64)
    if n_frames <= length:
        return np.zeros(1, np.int64)
    count = -(-(n_frames - length) // stride) + 1
    return np.round(np.linspace(0, n_frames - length, count)).astype(np.int64)


def take_window(series: np.ndarray, start: int, length: int, pad: str = "swing") -> np.ndarray:
    """(length, ...) rows of a track (F, ...) from `start`, which may lie outside of it.

    pad  what stands outside of the track. swing: the track back and forth, which looks like
         motion to a model that was trained on motion. edge: its first or last frame, as the
         published models were trained.
    """
    at = np.arange(start, start + length)
    last = len(series) - 1
    if pad == "edge":
        return series[at.clip(0, last)]
    return series[last - np.abs(last - at % max(2 * last, 1))]


class Blender:
    """Windows' results added up to one track, each counting less towards its ends.

    A raised cosine: neither does a seam show, nor do the frames with the least context decide.
    """

    def __init__(self, n_frames: int, length: int) -> None:
        self._ramp = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2 + 1e-3
        self._total = np.zeros((n_frames, 17, 3))
        self._weight = np.zeros((n_frames, 1, 1))
        self._square = np.zeros((n_frames, 17))

    def add(self, window: np.ndarray, start: int, apart: np.ndarray | None = None) -> None:
        """A window's poses (L, 17, 3) from frame `start`; what lies outside is left out.

        apart  (L, 17) how far the answers that a pose is the mean of are from it; None: one answer.
        """
        low, high = max(start, 0), min(start + len(window), len(self._total))
        inside = slice(low - start, high - start)
        ramp, pose = self._ramp[inside, None, None], window[inside]
        square = (pose**2).sum(-1) + (0 if apart is None else apart[inside] ** 2)
        self._total[low:high] += pose * ramp
        self._square[low:high] += square * ramp[..., 0]
        self._weight[low:high] += ramp

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """The track (F, 17, 3), every frame covered by at least one window; and (F, 17) how far
        all answers for a joint are from their mean, root mean square. Nothing is added after."""
        track, apart = self._total, self._square
        for part in chunks(len(track)):
            track[part] /= self._weight[part]
            mean = (track[part] ** 2).sum(-1)
            off = apart[part] / self._weight[part, ..., 0] - mean
            apart[part] = np.sqrt(np.maximum(off, 0))
        return track, apart
