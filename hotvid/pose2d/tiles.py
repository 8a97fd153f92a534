"""Where to search a picture: tiles of several sizes, and which of them to look at next.

The detector finds a body that is 0.35 to 0.9 of a tile's side tall and whose centre is within a
quarter of the side from the tile's centre (measured: scores over 0.9 there, falling fast outside).
So tiles step by half their side, and each level's side is half the one before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

# Half the detector's input: people of 40 to 100 pixels, enlarged, are found in tiles of this side,
# and not in larger ones.
_MIN_SIDE = 112
# The finest level is left out where it would take more tiles than this (long panoramas).
_MAX_TILES = 160
_MIN_ASPECT = 1 / 8
# How sure the detector must be. Coarse tiles gave 0.86 to 0.98 for people and up to 0.78 for other
# things; the finest ones see parts of bodies and much else at up to 0.7.
_COARSE_THR, _FINE_THR = 0.5, 0.7
# Thumbnail: every eighth pixel. A pixel that moved by this much has changed, and a tile with fewer
# changed pixels than this share shows what it showed before.
_STRIDE = 8
_PIXEL_CHANGE = 20
_TILE_CHANGE = 0.004
# Changes beyond this share count the same: a panning camera changes everything.
_MOST_CHANGE = 0.1
# A tile that was never looked at counts as one that changed and waited for so many frames.
_UNSEEN_FRAMES = 60


@dataclass(frozen=True)
class Tile:
    """A square part of the picture that is searched at once.

    x, y, side  pixels; it may reach beyond the picture.
    threshold   how sure the detector must be there, 0..1.
    fine        one of the many small ones, left out where a search must be quick.
    """

    x: int
    y: int
    side: int
    threshold: float = _COARSE_THR
    fine: bool = False

    def holds(self, x: float, y: float) -> bool:
        """Whether a point of the picture, in pixels, lies in it."""
        return 0 <= x - self.x < self.side and 0 <= y - self.y < self.side


def tile_picture(size_px: tuple[int, int]) -> list[Tile]:
    """The tiles of a picture of (width, height), coarse to fine.

    The whole picture; squares of its shorter side, of half of it, and, where people can still be
    told from anything in them, of a quarter.
    """
    width, height = size_px
    longer = max(size_px)
    # Of a strip thinner than this the squares would be too many and too small.
    short = max(min(size_px), math.ceil(longer * _MIN_ASPECT))
    tiles = [Tile((width - longer) // 2, (height - longer) // 2, longer)]
    if longer > short:
        tiles += _level(size_px, short, False)
    tiles += _level(size_px, math.ceil(short / 2), False)
    fine = _level(size_px, math.ceil(short / 4), True)
    if short / 4 >= _MIN_SIDE and len(tiles) + len(fine) <= _MAX_TILES:
        tiles += fine
    return tiles


def _level(size_px: tuple[int, int], side: int, fine: bool) -> list[Tile]:
    across, down = (_starts(length, side) for length in size_px)
    threshold = _FINE_THR if fine else _COARSE_THR
    return [Tile(x, y, side, threshold, fine) for y in down for x in across]


def _starts(length: int, side: int) -> list[int]:
    steps = max(math.ceil((length - side) / (side / 2)), 0)
    return [round(i * (length - side) / max(steps, 1)) for i in range(steps + 1)]


def thumbnail(bgr: np.ndarray) -> np.ndarray:
    """(ceil(H / 8), ceil(W / 8)) uint8: a blurred green channel, to tell what changed."""
    start = min(_STRIDE // 2, bgr.shape[0] - 1, bgr.shape[1] - 1)
    return cv2.blur(np.ascontiguousarray(bgr[start::_STRIDE, start::_STRIDE, 1]), (3, 3))


def changed_share(before: np.ndarray, now: np.ndarray) -> float:
    """Share of a thumbnail's pixels that changed, 0..1."""
    return np.count_nonzero(cv2.absdiff(before, now) > _PIXEL_CHANGE) / now.size


@dataclass(frozen=True)
class Look:
    """What a frame showed when it was looked at.

    frame  counts frames.
    thumb  its `thumbnail`.
    known  boxes (4,), pixels, of the people followed in it: what moves there is explained.
    """

    frame: int
    thumb: np.ndarray
    known: Sequence[np.ndarray]


class SearchPlan:
    """Which tiles to look at next: those that changed, waited long, and show much.

    Tiles that show what they showed when they were last looked at are left out, so a still camera
    costs next to nothing until something moves.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self.tiles = tile_picture(size_px)
        self._seen: dict[Tile, Look] = {}

    def everything(self, fine: bool) -> list[Tile]:
        """All tiles, with or without the fine ones."""
        return [t for t in self.tiles if fine or not t.fine]

    def forget(self) -> None:
        """The picture has changed altogether: no tile has been looked at."""
        self._seen.clear()

    def next_tiles(self, count: int, now: Look) -> list[Tile]:
        """The `count` tiles most worth looking at, or fewer."""
        if count == 0:
            return []
        ranked = [(self._worth(tile, now), i) for i, tile in enumerate(self.tiles)]
        ranked = sorted((-worth, i) for worth, i in ranked if worth > 0)
        return [self.tiles[i] for _, i in ranked[:count]]

    def looked(self, tile: Tile, now: Look) -> None:
        """Remember that `tile` was searched."""
        self._seen[tile] = now

    def _worth(self, tile: Tile, now: Look) -> float:
        weight = tile.side * tile.side
        last = self._seen.get(tile)
        if last is None:
            return weight * _UNSEEN_FRAMES * _MOST_CHANGE
        where = _cells(tile.x, tile.y, tile.x + tile.side, tile.y + tile.side)
        changed = cv2.absdiff(last.thumb[where], now.thumb[where]) > _PIXEL_CHANGE
        for box in (*last.known, *now.known):
            x, y = max(tile.x, 0), max(tile.y, 0)
            changed[_cells(box[0] - x, box[1] - y, box[2] - x, box[3] - y)] = False
        share = np.count_nonzero(changed) / max(changed.size, 1)
        if share < _TILE_CHANGE:
            return 0.0
        return weight * (now.frame - last.frame) * min(share, _MOST_CHANGE)


def _cells(x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
    low_x, low_y = max(int(x0) // _STRIDE, 0), max(int(y0) // _STRIDE, 0)
    high_x, high_y = math.ceil(x1 / _STRIDE), math.ceil(y1 / _STRIDE)
    return slice(low_y, max(high_y, low_y)), slice(low_x, max(high_x, low_x))
