"""Smooth text on images: matplotlib draws the letters once, then they are only blended in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hotvid.render.palette import Colour

_DIGITS = "0123456789.-"


class Lettering:
    """Words and numbers at one size, as (height, width) uint8 coverage masks on one baseline.

    size_px  the font's size in pixels.
    """

    def __init__(self, size_px: float, *, bold: bool = False) -> None:
        self._size_px = size_px
        self._weight = "bold" if bold else "normal"
        self.height = int(np.ceil(size_px * 1.25))
        self.space = np.zeros((self.height, max(1, round(size_px * 0.3))), np.uint8)
        self._digits = self._render_digits()

    def _render_digits(self) -> dict[str, np.ndarray]:
        """A mask for each of `_DIGITS`; digits are equally wide, so that clocks stand still."""
        cell = max(2, round(self._size_px * 0.64))
        middles = [(i + 0.5) * cell for i in range(len(_DIGITS))]
        masks = np.hsplit(self._render(_DIGITS, middles, cell * len(_DIGITS)), len(_DIGITS))
        digits = dict(zip(_DIGITS, masks, strict=True))
        ink = np.flatnonzero(digits["."].max(0))
        digits["."] = digits["."][:, ink[0] - 1 : ink[-1] + 2]
        return digits

    def _render(self, texts: Sequence[str], middles: Sequence[float], width: int) -> np.ndarray:
        """(height, width) mask of `texts`, each centred on a column."""
        figure = Figure(figsize=(width / 72, self.height / 72), dpi=72, facecolor="black")
        canvas = FigureCanvasAgg(figure)
        for text, middle in zip(texts, middles, strict=True):
            figure.text(
                middle / width,
                0.26 * self._size_px / self.height,
                text,
                color="white",
                fontsize=self._size_px,
                family="DejaVu Sans",
                weight=self._weight,
                ha="center",
                va="baseline",
                parse_math=False,
            )
        canvas.draw()
        return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., 0])

    def word(self, text: str) -> np.ndarray:
        """The mask of any text; slow (matplotlib draws it), so for construction only."""
        width = int(self._size_px * (len(text) + 1)) + 4
        mask = self._render([text], [width / 2], width)
        ink = np.flatnonzero(mask.max(0))
        return mask[:, ink[0] : ink[-1] + 1] if len(ink) else mask[:, :1]

    def number(self, text: str) -> np.ndarray:
        """The mask of digits, points and minus signs; quick."""
        return np.hstack([self._digits[c] for c in text])

    def line(self, *masks: np.ndarray) -> np.ndarray:
        """Masks side by side, with spaces between."""
        parts = [p for mask in masks for p in (self.space, mask)]
        return np.hstack(parts[1:])


def put_mask(image: np.ndarray, mask: np.ndarray, left: int, top: int, colour: Colour) -> None:
    """Blend `colour` into (H, W, 3) `image` where `mask` covers it; what falls outside is cut."""
    x0, y0 = max(left, 0), max(top, 0)
    x1 = min(left + mask.shape[1], image.shape[1])
    y1 = min(top + mask.shape[0], image.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    cover = mask[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.uint16)
    region = image[y0:y1, x0:x1]
    tinted = cover * np.array(colour, np.uint16)
    tinted += (255 - cover) * region
    # Rounded over 255; shifts take a third of the time that a division does.
    tinted += 128
    tinted += tinted >> 8
    region[:] = tinted >> 8
