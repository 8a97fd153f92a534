"""Black bars that fill a picture up to another shape: the lens is that of what is between them."""

from __future__ import annotations

import numpy as np

_LOOK_EVERY = 15  # pictures
_DARK = 24  # of 255: black, and the compression's noise in it; subtitles there are no bar
_DARK_SHARE = 0.995
_LIT = 40  # what begins at a bar's edge is at least so bright somewhere in the clip, in most places
_EDGE_PX = 4  # an edge is blurred by compression and scaling
_LEAST, _UNEVEN = 0.02, 0.01  # of the picture's side: a bar's width, and how much two differ


class BarFinder:
    """Looks at some of a video's pictures, all of one size, which it is shown in their order."""

    def __init__(self) -> None:
        self._n = 0
        self._brightest: np.ndarray | None = None  # (H, W) uint8

    def look(self, bgr: np.ndarray) -> None:
        """Take a picture (H, W, 3) into account."""
        if self._n % _LOOK_EVERY == 0:
            green, before = bgr[..., 1], self._brightest
            self._brightest = green.copy() if before is None else np.maximum(before, green)
        self._n += 1

    def shown_px(self) -> int | None:
        """The longer side, in pixels, of what lies between black bars; None where there are none.

        Bars are black in all pictures, as wide on one side as on the other, and end at a straight
        edge, at which the picture is lit: night and dark walls are none.
        """
        if self._brightest is None:
            return None
        high = _between_bars(self._brightest)
        wide = _between_bars(self._brightest[high].T)
        height, width = (part.stop - part.start for part in (high, wide))
        return max(height, width) if (height, width) != self._brightest.shape else None


def _between_bars(brightest: np.ndarray) -> slice:
    """The rows between a bar above and one below; all where there are not both."""
    n = len(brightest)
    lit = np.flatnonzero((brightest <= _DARK).mean(1) < _DARK_SHARE)
    if not len(lit):
        return slice(0, n)
    first, last = int(lit[0]), int(lit[-1]) + 1
    even = abs(first - (n - last)) <= max(_EDGE_PX, _UNEVEN * n)
    if not even or min(first, n - last) < max(_EDGE_PX, _LEAST * n):
        return slice(0, n)
    edges = brightest[first : first + _EDGE_PX], brightest[last - _EDGE_PX : last]
    sharp = all(np.median(edge.max(0)) >= _LIT for edge in edges)
    return slice(first, last) if sharp else slice(0, n)
