"""A larger landmark model's looks, a few a second, and what they say of the frames between.

What a small model errs it errs for a while: a wrist that it puts too low it puts too low in the
next frames, too, as long as the body is much the same. So what a larger one finds otherwise in one
frame is true, by and large, of those around it. Frames wait for the next such look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hotvid.pose2d.blazepose_landmarks import Body, is_same_look, same_sides
from hotvid.pose2d.following import Followed, extent
from hotvid.pose2d.landmark_copies import LandmarkCopies
from hotvid.pose2d.regions import MIRROR
from hotvid.pose2d.sides import exchanged
from hotvid.types import Frame

# On the four calibrated cameras, full model, heavy one's looks: every 0.1 s 61.9 and 47.3 mm in 3D
# (N-MPJPE, PA-MPJPE), every 0.2 s 62.1 and 47.7, every 0.5 s 63.2 and 48.4. The man there moves
# slowly; who moves faster is another case sooner. At 0.2 s it costs what the outline did.
EVERY_S = 0.2
# A joint that has moved by this share of the body's extent, about the hips, is another case.
_MOVED = 0.15
_HIPS = np.array([23, 24])


@dataclass(frozen=True)
class Found:
    """Somebody in one frame.

    order  (33,) of the landmarks of `body` that keeps the left side left.
    """

    person: Followed
    body: Body
    order: np.ndarray

    @property
    def xy_px(self) -> np.ndarray:
        """(33, 2) landmarks, left is left."""
        return self.body.xy_px[self.order]


@dataclass(frozen=True)
class _Waiting:
    pts_s: float
    found: Sequence[Found]


@dataclass(frozen=True)
class _Look:
    """Where a larger model saw somebody.

    xy_px   (33, 2) the smaller one's landmarks; left is left, here and below.
    move    (33, 2) from there to the larger one's, pixels.
    extent  of the body, pixels.
    """

    xy_px: np.ndarray
    move: np.ndarray
    extent: float

    def move_of(self, xy_px: np.ndarray) -> np.ndarray:
        """(33, 2) what it says of the landmarks of another frame: less, the more they differ."""
        moved = (xy_px - xy_px[_HIPS].mean(0)) - (self.xy_px - self.xy_px[_HIPS].mean(0))
        far = np.square(moved).sum(-1, keepdims=True) / (_MOVED * self.extent) ** 2
        return self.move * np.exp(-far / 2)

    def with_sides_exchanged(self) -> _Look:
        """The same, had left been called right and right left."""
        return replace(self, xy_px=self.xy_px[MIRROR], move=self.move[MIRROR])


class CloserLooks:
    """Bodies of a clip's frames in their order, moved to where a larger model sees them.

    copies   of the larger model.
    is_lost  whether somebody's landmarks have left a body that the larger model sees there.
    """

    def __init__(self, copies: LandmarkCopies, is_lost: Callable[[Found, Body], bool]) -> None:
        self._copies = copies
        self._is_lost = is_lost
        self._waiting: list[_Waiting] = []
        self._last: dict[Followed, _Look] | None = None
        self._last_s = 0.0
        self._doubted: set[Followed] = set()  # whose sides the last look that told them disputes

    def add(self, frame: Frame, found: Sequence[Found]) -> list[Sequence[Found]]:
        """Take who was found in a frame; give who was in those that need wait no longer."""
        ready = self.finish() if frame.is_cut else []
        self._waiting.append(_Waiting(frame.pts_s, found))
        if self._last is not None and 0 <= frame.pts_s - self._last_s < EVERY_S - 1e-6:
            return ready
        looks = self._look(frame.bgr, found)
        newest = self._waiting.pop()  # the next look may say that its sides are wrong, too
        ready += self._release(looks, frame.pts_s)
        self._waiting = [newest]
        self._last, self._last_s = looks, frame.pts_s
        return ready

    def finish(self) -> list[Sequence[Found]]:
        """Give who was in the frames that still wait; what comes next begins anew."""
        ready = self._release({}, self._last_s)
        self._last, self._doubted = None, set()
        return ready

    def close(self) -> None:
        """Give the network's memory back."""
        self._copies.close()
        del self._copies

    def _look(self, bgr: np.ndarray, found: Sequence[Found]) -> dict[Followed, _Look]:
        """Where the larger model sees those of the newest frame.

        Sides that are wrong change, and whom the smaller model has lost it looks for there.
        """
        bodies = self._copies.map(lambda model, one: model.look(bgr, one.body.region), found)
        looks, doubted = {}, set()
        for one, closer in zip(found, bodies, strict=True):
            own = one.body.xy_px
            nearest = closer.xy_px[same_sides(own, closer.xy_px)]
            if not is_same_look(own, nearest):
                if not self._is_lost(one, closer):
                    continue
                one.person.go_on_from(closer)
            one, in_doubt = self._with_sides_told(one, closer.xy_px)
            if in_doubt:
                doubted.add(one.person)
            move = (nearest - own)[one.order]
            looks[one.person] = _Look(one.xy_px, move, extent(one.body))
        self._doubted = doubted
        return looks

    def _with_sides_told(self, one: Found, closer_px: np.ndarray) -> tuple[Found, bool]:
        """Somebody of the newest frame after a look's word on sides, and whether it disputes them.

        Of looks that dispute them the first is not believed, the second is.
        """
        if exchanged(closer_px, one.xy_px):
            believed = one.person in self._doubted
            return (self._with_sides_exchanged(one), False) if believed else (one, True)
        if exchanged(closer_px, one.xy_px[MIRROR]):
            one.person.correct_sides(False)
            return one, False
        return one, one.person in self._doubted  # it tells nothing: a dispute goes on

    def _with_sides_exchanged(self, newest: Found) -> Found:
        """Somebody of the newest frame; in the others that wait, too, and from now on.

        The order of each frame has kept the sides what they were in the frame before it; so has
        what the last look said, at the first of those that wait.
        """

        def exchanged_if_same(one: Found) -> Found:
            same = one.person is newest.person
            return replace(one, order=MIRROR[one.order]) if same else one

        newest.person.correct_sides(True)
        self._waiting = [
            replace(held, found=[exchanged_if_same(one) for one in held.found])
            for held in self._waiting
        ]
        before = (self._last or {}).get(newest.person)
        if before is not None:
            self._last[newest.person] = before.with_sides_exchanged()
        return exchanged_if_same(newest)

    def _release(self, looks: Mapping[Followed, _Look], looked_s: float) -> list[Sequence[Found]]:
        """Those who wait, moved as `self._last` and `looks`, which are of `looked_s`, say."""
        waiting, self._waiting = self._waiting, []
        before, ready = self._last or {}, []
        length_s = looked_s - self._last_s
        for held in waiting:
            share = (held.pts_s - self._last_s) / length_s if length_s > 0 else 1.0
            share = min(max(share, 0.0), 1.0)
            ready.append(
                [
                    _moved(one, before.get(one.person), looks.get(one.person), share)
                    for one in held.found
                ]
            )
        return ready


def _moved(one: Found, before: _Look | None, after: _Look | None, share: float) -> Found:
    """`one` at `share` of the way between two looks; whom only one of them saw goes by that."""
    if before is None and after is None:
        return one
    if before is None or after is None:
        move = (before or after).move_of(one.xy_px)
    else:
        first, second = before.move_of(one.xy_px), after.move_of(one.xy_px)
        move = first + share * (second - first)
    # The order that puts sides right is its own inverse.
    xy_px = (one.body.xy_px + move[one.order]).astype(np.float32)
    return replace(one, body=replace(one.body, xy_px=xy_px))
