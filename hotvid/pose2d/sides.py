"""Keeps left and right from changing places: nobody turns round between two frames."""

from __future__ import annotations

import numpy as np

from hotvid.pose2d.regions import MIRROR, keypoint_similarity

# The model exchanged the sides if the last frame's body fits this one's mirrored labels so well,
# and by so much better than as they are.
_FITS, _MARGIN = 0.5, 0.25
# Seconds of agreement that count: after as many of disagreement the model is believed. Better looks
# (`pose2d.closer_looks`) come several times in them.
_MEMORY_S = 1.0
_ROUNDING_S = 1e-6


class SideKeeper:
    """Left and right of one person over time.

    Seen from behind or bent over, the smaller models now and then take a body for its mirror
    image for some frames. Such an exchange shows as a jump of every joint to its partner's place.
    It is undone until the model has held to it for longer than it held the other view before.
    """

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._exchanged = False
        self._trust_s = 0.0

    def order(self, xy_px: np.ndarray, step_s: float) -> np.ndarray:
        """(33,) the order in which to take the keypoints of the next frame's body (33, 2).

        step_s  seconds since the frame before.
        """
        if self._last is not None and exchanged(self._last, xy_px):
            self._exchanged = not self._exchanged
        self._last = xy_px
        self._trust_s = min(self._trust_s + (-step_s if self._exchanged else step_s), _MEMORY_S)
        if self._trust_s < -_ROUNDING_S:
            self._exchanged, self._trust_s = False, 0.0
        return self._order()

    def correct(self, wrong: bool) -> np.ndarray:
        """Take a better look's word for the last body; (33,) the order for it from now on.

        wrong  whether the sides are the other way round than they were ordered.
        """
        self._exchanged ^= wrong
        self._trust_s = _MEMORY_S
        return self._order()

    def _order(self) -> np.ndarray:
        return MIRROR if self._exchanged else np.arange(len(MIRROR))


def exchanged(before: np.ndarray, now: np.ndarray) -> bool:
    """Whether the keypoints (33, 2) `now` are those `before` with left and right exchanged."""
    mirrored = keypoint_similarity(before, now[MIRROR])
    return mirrored > _FITS and mirrored > keypoint_similarity(before, now) + _MARGIN
