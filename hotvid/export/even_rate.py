"""Motion at an even rate, for formats that have a frame rate instead of timestamps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_EVEN = 0.05  # of a frame: timestamps that are off by less are as even as containers keep them
# Pauses, or a recording that waits for something to happen: where the mean rate is less than this
# share of the usual one, it would leave out most of what moves.
_SPARSE = 0.5
_MOST_HZ = 240.0  # frames that arrive in bursts are no faster than cameras are
_MOST_TIMES = 10  # as many frames as there were


@dataclass(frozen=True)
class EvenFrames:
    """Frames at an even rate over the same span as the given timestamps.

    rate_hz  frames a second.
    pts_s    (F',) of the even frames.
    kept     whether they are the given frames, one for one.
    """

    rate_hz: float
    pts_s: np.ndarray
    kept: bool
    _given_s: np.ndarray

    def take(self, values: np.ndarray) -> np.ndarray:
        """(F, ...) at the given times -> (F', ...) at the even ones.

        Between two frames lies a straight line; NaN where either of the two is.
        """
        if self.kept:
            return values
        right = np.clip(np.searchsorted(self._given_s, self.pts_s), 1, len(self._given_s) - 1)
        left = right - 1
        share = (self.pts_s - self._given_s[left]) / (self._given_s[right] - self._given_s[left])
        # A frame that is hit is hit exactly: a neighbour that is NaN does not spoil it.
        share = np.round(np.clip(share, 0, 1), 6).reshape(-1, *[1] * (values.ndim - 1))
        between = (1 - share) * values[left] + share * values[right]
        between = np.where(share == 0, values[left], np.where(share == 1, values[right], between))
        return between.astype(values.dtype)


def even_frames(pts_s: np.ndarray, fps: float, most: int | None = None) -> EvenFrames:
    """The even frames that stand for frames at `pts_s`: as many as there are, more for pauses.

    pts_s  (F,) seconds, ascending.
    fps    the rate that a single frame has.
    most   how many there may be; None: any number.
    """
    n = len(pts_s)
    if n < 2 or pts_s[-1] <= pts_s[0]:
        return EvenFrames(float(fps), pts_s, True, pts_s)
    span_s = float(pts_s[-1] - pts_s[0])
    rate_hz = (n - 1) / span_s
    even_s = np.linspace(pts_s[0], pts_s[-1], n)
    kept = bool(np.abs(even_s - pts_s).max() <= _EVEN / rate_hz)
    usual_hz = min(1 / float(np.median(np.diff(pts_s))), _MOST_HZ)
    if not kept and rate_hz < _SPARSE * usual_hz:
        limit = _MOST_TIMES * n if most is None else min(most, _MOST_TIMES * n)
        n = max(n, min(round(span_s * usual_hz) + 1, limit))
        rate_hz, even_s = (n - 1) / span_s, np.linspace(pts_s[0], pts_s[-1], n)
    # A rate such as 29.999997 is a rounding error of the timestamps.
    rate_hz = fps if kept and abs(rate_hz / fps - 1) < _EVEN / n else rate_hz
    return EvenFrames(float(rate_hz), pts_s if kept else even_s, kept, pts_s)
