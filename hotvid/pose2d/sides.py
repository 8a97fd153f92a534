"""Keeps left and right from changing places: nobody turns round between two frames."""

from __future__ import annotations

import numpy as np

from hotvid.pose2d.regions import MIRROR, keypoint_similarity

# The model exchanged the sides if the last frame's body fits this one's mirrored labels so well,
# and by so much better than as they are.
_FITS, _MARGIN = 0.5, 0.25
# Frames of agreement that count: after as many of disagreement the model is believed.
_MEMORY = 30


class SideKeeper:
    """Left and right of one person over time.

    Seen from behind or bent over, the smaller models now and then take a body for its mirror
    image for some frames. Such an exchange shows as a jump of every joint to its partner's place.
    It is undone until the model has held to it for longer than it held the other view before.
    """

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._exchanged = False
        self._trust = 0

    def order(self, xy_px: np.ndarray) -> np.ndarray:
        """(33,) the order in which to take the keypoints of the next frame's body (33, 2)."""
        if self._last is not None and exchanged(self._last, xy_px):
            self._exchanged = not self._exchanged
        self._last = xy_px
        self._trust = min(self._trust + (-1 if self._exchanged else 1), _MEMORY)
        if self._trust < 0:
            self._exchanged, self._trust = False, 0
        return self._order()

    def correct(self, wrong: bool) -> np.ndarray:
        """Take a better look's word for the last body; (33,) the order for it from now on.

        wrong  whether the sides are the other way round than they were ordered.
        """
        self._exchanged ^= wrong
        self._trust = _MEMORY
        return self._order()

    def _order(self) -> np.ndarray:
        return MIRROR if self._exchanged else np.arange(len(MIRROR))


def exchanged(before: np.ndarray, now: np.ndarray) -> bool:
    """Whether the keypoints (33, 2) `now` are those `before` with left and right exchanged."""
    mirrored = keypoint_similarity(before, now[MIRROR])
    return mirrored > _FITS and mirrored > keypoint_similarity(before, now) + _MARGIN
