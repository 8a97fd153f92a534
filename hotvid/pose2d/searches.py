"""When the picture is searched for people: all of it at once, or a few tiles in each frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hotvid.pose2d.tiles import Look, SearchPlan, Tile, changed_share, thumbnail

# Tiles looked at in one search, spread over the frames until the next.
_TILES_A_SEARCH = 4
# Much comes into sight at once, as after darkness, where so much of the thumbnail has changed, and
# so many times more than before.
_NEW_SIGHT, _SIGHT_JUMP = 0.5, 2.5
# The frames a second that searches are spread for. Where there are fewer, each frame gets more of a
# search, for people come in as fast; from so many planned frames in one, a whole one.
_PLANNED_HZ, _SLOW = 30.0, 7.5
# Searches of everything are at least so many frames apart, however often the scene is cut.
_FULL_SEARCH_GAP = 5


class Searches:
    """The searches of one clip, whose first frame is searched whole.

    For each frame in turn: `see`, `search_everything` where there is a reason to, `tiles`.

    size_px        (width, height) of its frames, pixels.
    det_frequency  frames that one search of a few tiles is spread over.
    """

    def __init__(self, size_px: tuple[int, int], det_frequency: int) -> None:
        self.frame = -1
        self._plan = SearchPlan(size_px)
        self._tiles_a_frame = _TILES_A_SEARCH / det_frequency
        self._pace = 1.0
        self._planned = 0.0
        self._thumb: np.ndarray | None = None
        self._change = 0.0
        self._everything_due = True
        self._since_full = _FULL_SEARCH_GAP

    def see(self, bgr: np.ndarray, step_s: float, is_cut: bool) -> None:
        """Take the next frame, (H, W, 3) uint8, `step_s` seconds after the one before."""
        self.frame += 1
        self._since_full += 1
        self._pace = max(1.0, step_s * _PLANNED_HZ)
        shows_new = self._shows_new(thumbnail(bgr))
        if is_cut:
            self._plan.forget()
        if is_cut or shows_new or self._pace > _SLOW:
            self._everything_due = True

    def search_everything(self) -> None:
        """Have all tiles searched as soon as such a search may be."""
        self._everything_due = True

    def tiles(self, known: Sequence[np.ndarray]) -> list[Tile]:
        """The tiles to search in this frame; each counts as looked at from now on.

        known  boxes (4,), pixels, of the people followed in it.
        """
        assert self._thumb is not None, "a frame is seen before its tiles are asked for"
        now = Look(self.frame, self._thumb, known)
        count = self._share_of_this_frame()
        if self._everything_due and self._since_full * self._pace > _FULL_SEARCH_GAP:
            tiles = self._plan.everything(fine=self.frame == 0)
            self._everything_due = False
            self._since_full = 0
        else:
            tiles = self._plan.next_tiles(count, now)
        for tile in tiles:
            self._plan.looked(tile, now)
        return tiles

    def _shows_new(self, thumb: np.ndarray) -> bool:
        before, self._thumb = self._thumb, thumb
        if before is None:
            return False
        change, self._change = self._change, changed_share(before, thumb)
        return self._change > max(_NEW_SIGHT, _SIGHT_JUMP * change)

    def _share_of_this_frame(self) -> int:
        # Spread evenly: no frame waits for a whole search.
        before, self._planned = self._planned, self._planned + self._pace
        so_far, by_now = (
            math.floor(planned * self._tiles_a_frame + 1e-9) for planned in (before, self._planned)
        )
        return by_now - so_far
