"""People followed from frame to frame: their motion, when they are lost, when two become one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from hotvid.pose2d.blazepose_landmarks import Body
from hotvid.pose2d.regions import Region, keypoint_similarity

# Frames after losing somebody in which to look again: soon and often, then rarely.
_TRIES = (1, 2, 3, 5, 8, 12)
# Bodies of two people who are followed, this alike, are one body.
_COLLAPSED = 0.6
# Joints that must be in the picture: shoulders, elbows, wrists, hips, knees, ankles, nose.
_MAIN = np.array([0, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28])
_MIN_INSIDE = 0.35
# Speed is averaged with this weight for the newest frame, and is at most this share of the side.
_SPEED_GAIN = 0.5
_MAX_SPEED = 0.15


class Followed:
    """One person as followed from frame to frame.

    body    the last one seen.
    region  where to look in the next frame.
    missed  frames since then, 0 while in sight.
    """

    def __init__(self, body: Body) -> None:
        self.body = body
        self.missed = 0
        self._left = False
        self._speed = np.zeros(2)
        self._before: tuple[Body, np.ndarray, int] | None = None

    @property
    def region(self) -> Region:
        """Where the last body's own points say to look, shifted by its motion."""
        return self._ahead(self.body.following, 1)

    @property
    def expected(self) -> Region:
        """Where motion alone puts the person now."""
        return self._ahead(self.body.following, self.missed + 1)

    @property
    def try_again(self) -> bool:
        return self.missed in _TRIES

    @property
    def given_up(self) -> bool:
        return self._left or self.missed > _TRIES[-1]

    def seen(self, body: Body | None, size_px: tuple[int, int]) -> None:
        """Take what was found in this frame; None: nothing."""
        self._before = self.body, self._speed, self.missed
        if body is None:
            self.missed += 1
            return
        moved = (body.following.centre - self.body.following.centre) / (self.missed + 1)
        most = _MAX_SPEED * body.following.side
        moved *= min(1.0, most / max(float(np.hypot(*moved)), 1e-6))
        self._speed = self._speed + _SPEED_GAIN * (moved - self._speed)
        self.body = body
        self.missed = 0
        self._left = not self.is_in(size_px)
        if self._left:
            self.missed = 1

    def withdraw(self) -> None:
        """Undo the last `seen`: that body was somebody else's."""
        self.body, self._speed, missed = self._before
        self.missed = missed + 1

    def continuity(self) -> float:
        """How well the newest body continues the motion before it, 0..1."""
        before, speed, missed = self._before
        return keypoint_similarity(before.xy_px + speed * (missed + 1), self.body.xy_px)

    def is_in(self, size_px: tuple[int, int]) -> bool:
        """Whether enough of the main joints lie within the picture."""
        points = self.body.xy_px[_MAIN]
        inside = ((points >= 0) & (points < np.array(size_px))).all(-1)
        return float(inside.mean()) >= _MIN_INSIDE

    def _ahead(self, region: Region, frames: int) -> Region:
        # A person who was lost is taken to slow down: speed halves each frame.
        reach = sum(0.5**i for i in range(frames))
        step = self._speed * reach
        return region.moved(step[0], step[1], 1 + 0.5 * math.hypot(*step) / region.side)


def settle_collapses(people: Sequence[Followed]) -> list[Followed]:
    """Those in sight who, in this frame, took the body of somebody who has the better claim."""
    losers: list[Followed] = []
    in_sight = [p for p in people if p.missed == 0]
    for a, b in combinations(in_sight, 2):
        if a in losers or b in losers:
            continue
        if keypoint_similarity(a.body.xy_px, b.body.xy_px) > _COLLAPSED:
            losers.append(b if a.continuity() >= b.continuity() else a)
    return losers
