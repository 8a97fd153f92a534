"""People followed from frame to frame: their motion, when they are lost, when two become one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from itertools import combinations

import numpy as np

from hotvid.pose2d.blazepose_landmarks import Body
from hotvid.pose2d.regions import (
    BUST,
    MAIN_JOINTS,
    MIRROR,
    Region,
    extent_px,
    in_picture,
    keypoint_similarity,
)
from hotvid.pose2d.sides import SideKeeper

# Frames after losing somebody in which to look near the place where motion alone puts them.
_PATIENCE = 12
# Bodies of two people who are followed, this alike, are one body.
_COLLAPSED = 0.6
# Share of the main joints that must be in the picture, or else the nose and both shoulders.
_MIN_INSIDE = 0.35
# Speed is averaged with this weight for the newest frame, and so much of it (x, y, angle) is taken
# to go on: more made the regions swing where landmarks are unsure, less loses who moves fast.
_SPEED_GAIN = 0.5
_LEAD = np.array([0.7, 0.7, 0.5])
_SIZE_GAIN = 0.1
# Bodies may jump to this many times their largest extent of late, which grows by a factor of exp(3)
# a second at most: in somersaults people reach 0.85 of that, landmarks that spread from someone
# lost over a tree 1.1. It is forgotten slowly: who crouches stretches out again.
_JUMP, _GROWTH_PER_S, _FORGOTTEN_PER_S = 1.4, 3.0, 0.45
_LONGEST_STEP_S = 1.0  # beyond it anything may have happened
_STEP_S = 1 / 30
# A frame's motion counts at most as this share of the region's side, and this many radians.
_MAX_SHIFT = 0.15
_MAX_TURN = 0.3


class Followed:
    """One person as followed from frame to frame.

    body    the last one seen.
    age     frames since the person was found.
    missed  frames since `body`, 0 while in sight.
    claim   how well `body` continued the motion before it, 0..1.
    side    of the region, and
    extent  of the body, pixels, both averaged over the last frames.
    largest  the extent of the last seconds, pixels; one that jumps up counts only bit by bit.
    """

    def __init__(self, body: Body) -> None:
        self.body = body
        self.age = 0
        self.missed = 0
        self.claim = 1.0
        self.side = body.following.side
        self.extent = self.largest = extent(body)
        self._left = False
        self._sides = SideKeeper()
        # The order of the keypoints that keeps left left; see `SideKeeper`.
        self.order = self._sides.order(body.xy_px, _STEP_S)
        # x, y in pixels and the angle in radians, a frame.
        self._speed = np.zeros(3)
        self._before = self._state()

    @property
    def region(self) -> Region:
        """Where to look now: what the last body's points say, moved on by its motion."""
        following = self.body.following
        # Somebody out of sight is taken to slow down: speed halves each frame.
        x, y, turn = self._speed * _LEAD * sum(0.5**i for i in range(self.missed + 1))
        return Region(
            x=following.x + x,
            y=following.y + y,
            side=following.side + 0.5 * math.hypot(x, y),
            angle=following.angle + turn,
        )

    @property
    def given_up(self) -> bool:
        return self._left or self.missed > _PATIENCE

    def continuity(self, body: Body) -> float:
        """How well `body` continues this person's motion, 0..1, whichever side is called left."""
        expected = self.body.xy_px + self._speed[:2] * (self.missed + 1)
        direct = keypoint_similarity(expected, body.xy_px)
        return max(direct, keypoint_similarity(expected, body.xy_px[MIRROR]))

    def may_become(self, body: Body, step_s: float = _STEP_S) -> bool:
        """Whether `body` is no larger than this person can have become since the frame before.

        step_s  seconds since then. Landmarks that lose a person may spread over the scenery.
        """
        return extent(body) < self.largest * _JUMP * _growth(step_s)

    def see(self, body: Body | None, size_px: tuple[int, int], step_s: float = _STEP_S) -> None:
        """Take what was found in this frame, `step_s` after the one before; None: nothing."""
        self._before = self._state()
        self.age += 1
        if body is None:
            self.missed += 1
            return
        self.claim = self.continuity(body)
        motion = _motion(self.body.following, body.following) / (self.missed + 1)
        self._speed = self._speed + _SPEED_GAIN * (motion - self._speed)
        self.side += _SIZE_GAIN * (body.following.side - self.side)
        self.extent += _SIZE_GAIN * (extent(body) - self.extent)
        grown = min(extent(body), self.largest * _growth(step_s))
        self.largest = max(grown, self.largest * math.exp(-_FORGOTTEN_PER_S * step_s))
        self.body = body
        self.order = self._sides.order(body.xy_px, step_s)
        self.missed = 0
        if not is_in(body, size_px):
            self._left = True
            self.missed = 1

    def go_on_from(self, body: Body) -> None:
        """Follow `body`, which a better look found in place of the last one."""
        self.body = body

    def correct_sides(self, wrong: bool) -> None:
        """Take a better look's word for which side of `body` is left: not that of `order`?"""
        self.order = self._sides.correct(wrong)

    def withdraw(self) -> None:
        """Undo the last `see`: that body was somebody else's, and so were its left and right."""
        vars(self).update(self._before)
        self.missed += 1

    def _state(self) -> dict[str, object]:
        """All that a body changes."""
        names = ("body", "_speed", "missed", "claim", "side", "extent", "largest", "order", "_left")
        return {name: getattr(self, name) for name in names} | {"_sides": copy(self._sides)}


def _motion(before: Region, now: Region) -> np.ndarray:
    shift = now.centre - before.centre
    shift = shift * min(1.0, _MAX_SHIFT * now.side / max(float(np.hypot(*shift)), 1e-6))
    turn = math.remainder(now.angle - before.angle, 2 * math.pi)
    return np.array([*shift, max(-_MAX_TURN, min(_MAX_TURN, turn))])


def _growth(step_s: float) -> float:
    return math.exp(_GROWTH_PER_S * min(step_s, _LONGEST_STEP_S))


def extent(body: Body) -> float:
    """The diagonal of the box of the body's main joints, pixels."""
    return extent_px(body.xy_px)


def is_in(body: Body, size_px: tuple[int, int]) -> bool:
    """Whether enough of the body's main joints lie within the picture, or its head and shoulders.

    Somebody filmed down to the chest shows no more than those; who walks out shows others last.
    """
    inside = in_picture(body.xy_px, size_px)
    return float(inside[MAIN_JOINTS].mean()) >= _MIN_INSIDE or bool(inside[BUST].all())


def settle_collapses(people: Sequence[Followed]) -> list[Followed]:
    """Those in sight who, in this frame, took the body of somebody who has the better claim."""
    losers: list[Followed] = []
    in_sight = [p for p in people if p.missed == 0]
    for a, b in combinations(in_sight, 2):
        if a in losers or b in losers:
            continue
        if keypoint_similarity(a.body.xy_px, b.body.xy_px) > _COLLAPSED:
            losers.append(b if a.claim >= b.claim else a)
    return losers
