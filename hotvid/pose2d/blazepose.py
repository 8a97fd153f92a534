"""The BlazePose backend: finds everyone by tiles, verifies, and follows each by its own region."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hotvid import weights
from hotvid.config import MODES, Pose2DConfig, check_choice
from hotvid.pose2d.blazepose_detector import Candidate, PersonDetector
from hotvid.pose2d.blazepose_landmarks import (
    N_LANDMARKS,
    Body,
    LandmarkModel,
    MirrorLook,
    joined,
)
from hotvid.pose2d.closer_looks import CloserLooks, Found
from hotvid.pose2d.following import Followed, extent, is_in, settle_collapses
from hotvid.pose2d.known_bodies import is_known, is_one_of
from hotvid.pose2d.landmark_copies import LandmarkCopies
from hotvid.pose2d.regions import (
    Region,
    keypoint_box,
    keypoint_similarity,
    same_place,
)
from hotvid.pose2d.scores import body_confidence, keypoint_scores, person_score
from hotvid.pose2d.searches import Searches
from hotvid.pose2d.tiles import Tile
from hotvid.types import Frame, Keypoints2D

_SIZES = {"fast": "lite", "balanced": "full", "accurate": "heavy"}
# The larger model that now and then looks at those whom a mode's own follows.
_CLOSER = {"fast": "full", "balanced": "heavy"}
# A followed body that continues its motion less well than this is looked at again.
_SUSPICIOUS = 0.3
# People crouch, but do not become smaller than this, of what they were, within half a second.
_MIN_SHRINK = 0.4
# A body whose main joints in the picture are less sure than this on average is none.
_MIN_CONFIDENCE = 0.45
# A newcomer's must be surer (99 of 100 people pass this), and more so in fine tiles, where much
# else looks like somebody. Of people cut off at the hips or knees 83 of 96 were found so, with all
# joints 69; of some hundred pictures without people one more showed somebody. Of a woman cut off
# at the chest in 20 ways 16 looks found her, as her head and shoulders are enough, before 6.
_NEW_CONFIDENCE, _NEW_FINE_CONFIDENCE = 0.62, 0.68
# Unless the detector is so sure: nothing but people reached this in its tiles.
_SURE = 0.85
# For so many frames somebody found may not come to cover, or lie within, an older acquaintance.
_PROBATION = 15
# A newcomer must be this certain (at bbox_thr 0; 0.9 at the default), and look the same twice.
# Measured on four cameras and the walking clip, all models: of people at coarse tiles 98% pass
# 0.97 and 0.84; of the eleven others whose presence stayed over 0.6 none passes both.
_NEW_PRESENCE, _STABLE = 0.8, 0.7
# So often a tile is looked at in which there is always somebody else once those known are hidden.
_MOST_LOOKS = 4
# A first look below this is not worth a second.
_HOPELESS = 0.05


def model_name(mode: str) -> str:
    """The landmark model of a mode, as "blazepose-full"; UsageError for a mode there is not."""
    return f"blazepose-{_SIZES[check_choice('mode', mode, MODES)]}"


def looks_twice(mode: str) -> bool:
    """Whether a mode has time to look at every body's mirror image, too."""
    return mode == "accurate"


class BlazePose:
    """BlazePose through LiteRT (Bazarevsky et al. 2020), for everyone in the picture.

    The first frame, and the first after a cut, is searched whole by tiles. From then on each
    person is followed by the region that the landmarks of the frame before gave, and every
    `det_frequency` frames a few tiles are searched for those who came in. The landmark model's
    presence has the last word on who is a person.

    closer_looks  whether a larger model, where there is one, corrects the landmarks (see
                  `CloserLooks`); frames then wait for it.
    """

    joint_set = "blazepose33"

    def __init__(self, config: Pose2DConfig, closer_looks: bool = True) -> None:
        self.name = self._model = model_name(config.mode)
        self._config = config
        self._detector = PersonDetector(weights.find("blazepose-detector"), config.threads)
        self._copies = LandmarkCopies(weights.find(self._model), config.threads)
        self._landmarks = self._copies.first
        self._closer: CloserLooks | None = None
        if closer_looks and config.mode in _CLOSER:
            self._larger = f"blazepose-{_CLOSER[config.mode]}"
            self.name += f", corrected by {self._larger}"
            copies = LandmarkCopies(weights.find(self._larger), config.threads)
            self._closer = CloserLooks(copies, self._is_lost)
        self._last_index: int | None = None
        self._size_px = (0, 0)

    def estimate(self, frames: Sequence[Frame]) -> list[Keypoints2D]:
        """Everyone in each of `frames`; see `Pose2DBackend.estimate`."""
        ready: list[Sequence[Found]] = []
        for frame in frames:
            found = self._find(frame)
            ready += [found] if self._closer is None else self._closer.add(frame, found)
        return [self._report(found) for found in ready]

    def finish(self) -> list[Keypoints2D]:
        """What is held back; see `Pose2DBackend.finish`."""
        ready = [] if self._closer is None else self._closer.finish()
        return [self._report(found) for found in ready]

    def close(self) -> None:
        """Give the networks' memory back."""
        if self._closer is not None:
            self._closer.close()
        self._copies.close()
        del self._detector, self._landmarks, self._copies, self._closer

    def _find(self, frame: Frame) -> list[Found]:
        size_px = frame.bgr.shape[1], frame.bgr.shape[0]
        jumped = self._last_index is None or not (
            1 <= frame.index - self._last_index <= self._config.det_frequency
        )
        if jumped or size_px != self._size_px:
            self._begin(size_px, frame.pts_s)
        self._step_s = max(0.0, frame.pts_s - self._last_s)
        self._last_index, self._last_s = frame.index, frame.pts_s
        self._searches.see(frame.bgr, self._step_s, frame.is_cut)
        if frame.is_cut:
            self._forget()
        had_somebody = bool(self._in_sight())
        self._follow(frame.bgr)
        if had_somebody and not self._in_sight():
            self._searches.search_everything()
        self._search(frame.bgr)
        return self._found(frame.bgr)

    def _begin(self, size_px: tuple[int, int], first_s: float) -> None:
        self._size_px, self._last_s = size_px, first_s
        self._searches = Searches(size_px, self._config.det_frequency)
        self._forget()

    def _forget(self) -> None:
        self._people: list[Followed] = []
        self._rejected: list[tuple[int, Region]] = []
        self._mirrored: dict[Region, MirrorLook] = {}

    def _follow(self, bgr: np.ndarray) -> None:
        first_looks = self._look_at_those_in_sight(bgr)
        for person in self._people:
            body = self._look_for(bgr, person, first_looks.get(id(person)))
            person.see(body, self._size_px, self._step_s)
        for person in settle_collapses(self._people):
            # Somebody else has this body; this one is where motion alone says, if in sight at all.
            person.withdraw()
            body = self._landmarks.look(bgr, person.region)
            if self._may_be(person, body) and not is_one_of(body, self._in_sight(person)):
                person.see(body, self._size_px, self._step_s)
        self._people = [
            p for p in self._people if not p.given_up and not self._is_mistaken_newcomer(p)
        ]

    def _look_at_those_in_sight(self, bgr: np.ndarray) -> dict[int, Body]:
        """What is where each of them should be now, by the `id` of who is followed.

        Where there are cores for it, their mirror images are looked at beside.
        """
        in_sight = self._in_sight()
        regions = [person.region for person in in_sight]
        looks = [(LandmarkModel.look, region) for region in regions]
        if looks_twice(self._config.mode) and self._copies.most > 1:
            looks += [(LandmarkModel.look_mirrored, region) for region in regions]
        seen = self._copies.map(lambda model, look: look[0](model, bgr, look[1]), looks)
        self._mirrored = dict(zip(regions, seen[len(regions) :], strict=False))
        return dict(zip(map(id, in_sight), seen, strict=False))

    def _joined_with_mirrored(self, model: LandmarkModel, bgr: np.ndarray, body: Body) -> Body:
        seen = self._mirrored.get(body.region)
        return joined(body, seen or model.look_mirrored(bgr, body.region))

    def _is_mistaken_newcomer(self, person: Followed) -> bool:
        # What was found beside a body that was twisted or blurred may turn out to be that body.
        if person.missed or person.age > _PROBATION:
            return False
        # Of those found in one frame, too: what the detector was surer of came first.
        earlier = self._people[: self._people.index(person)]
        region = person.body.region
        near = [p for p in earlier if p.missed == 0 and _meet(region, p.body.region)]
        return self._is_known(person.body, near)

    def _look_for(self, bgr: np.ndarray, person: Followed, first: Body | None) -> Body | None:
        """Whom `person` has become; `first`: what is where they should be, if they are in sight."""
        bodies = []
        if first is not None:
            if self._may_be(person, first) and person.continuity(first) > _SUSPICIOUS:
                return first
            bodies.append(first)
        # Lost, or a body that jumped: ask the detector, and take what looks most like a body.
        others = self._in_sight(person)
        for region in self._nearby(bgr, person, others):
            body = self._landmarks.look(bgr, self._landmarks.look(bgr, region).following)
            if not is_one_of(body, others):
                bodies.append(body)
        bodies = [b for b in bodies if self._may_be(person, b)]
        best = max(bodies, key=self._confidence, default=None)
        if best is None or self._confidence(best) < _MIN_CONFIDENCE:
            return None
        return best

    def _nearby(
        self, bgr: np.ndarray, person: Followed, others: Sequence[Followed]
    ) -> list[Region]:
        expected = person.region
        regions = [expected.widened(1.25)] if person.missed <= 1 else []
        side = int(person.side * 1.5)
        tile = Tile(int(expected.x - side / 2), int(expected.y - side / 2), side)
        if not _overlaps(tile, self._size_px):
            return regions
        seen = [
            c.region
            for c in self._detector.detect(bgr, tile, [p.body.xy_px for p in others])
            if _close(c.region, expected)
            and not any(same_place(c.region, p.body.region) for p in others)
        ]
        return regions + seen[:1]

    def _may_be(self, person: Followed, body: Body) -> bool:
        # Landmarks shrink onto a hand when that is all that is left in the picture.
        shrunk = extent(body) <= _MIN_SHRINK * person.extent
        likely = body.presence >= self._config.bbox_thr
        return likely and not shrunk and person.may_become(body, self._step_s)

    def _confidence(self, body: Body) -> float:
        return body_confidence(body, self._model, self._size_px)

    def _is_lost(self, one: Found, closer: Body) -> bool:
        """Whether a larger model's look is at a body that the landmarks of `one` have left."""
        surer = body_confidence(closer, self._larger, self._size_px)
        return (
            surer >= _NEW_CONFIDENCE
            and surer > self._confidence(one.body)
            and self._may_be(one.person, closer)
            and not is_one_of(closer, self._in_sight(one.person))
        )

    def _in_sight(self, but: Followed | None = None) -> list[Followed]:
        return [p for p in self._people if p.missed == 0 and p is not but]

    def _search(self, bgr: np.ndarray) -> None:
        known = [keypoint_box(p.body.xy_px, self._size_px) for p in self._in_sight()]
        tiles = self._searches.tiles(known)
        for _ in range(_MOST_LOOKS):
            before = self._in_sight()
            bodies = [p.body.xy_px for p in before]
            found = [c for tile in tiles for c in self._detector.detect(bgr, tile, bodies)]
            self._verify(bgr, sorted(found, key=lambda c: -c.score))
            # Who stood beside somebody just found may be seen now.
            new = [p.body.region.centre for p in self._in_sight() if p not in before]
            tiles = [tile for tile in tiles if any(tile.holds(*centre) for centre in new)]
            if not tiles:
                return

    def _verify(self, bgr: np.ndarray, candidates: list[Candidate]) -> None:
        """Make followed people of those candidates that are people and not known yet."""
        recent = self._searches.frame - self._config.det_frequency
        self._rejected = [(when, r) for when, r in self._rejected if when > recent]
        for candidate in candidates:
            region = candidate.region
            again = any(same_place(region, r) for _, r in self._rejected)
            if again and candidate.score < _SURE:
                continue
            if any(same_place(region, p.body.region) for p in self._in_sight()):
                continue
            body = self._confirm(bgr, candidate)
            present = self._in_sight()
            if body is None or self._is_known(body, present):
                self._rejected.append((self._searches.frame, region))
                continue
            back = [p for p in self._people if p.missed and _close(p.region, body.region)]
            self._people = [p for p in self._people if p not in back[:1]]
            self._people.append(Followed(body))

    def _is_known(self, body: Body, present: Sequence[Followed]) -> bool:
        return is_known(body, keypoint_scores(body, self._model, self._size_px), present)

    def _confirm(self, bgr: np.ndarray, candidate: Candidate) -> Body | None:
        # The detector's region is rough. A person's landmarks give a region that gives the same
        # landmarks again, with a presence that stays near 1; elsewhere they wander.
        thr = _NEW_PRESENCE + (1 - _NEW_PRESENCE) * self._config.bbox_thr
        first = self._landmarks.look(bgr, candidate.region)
        if first.presence < _HOPELESS:
            return None
        second = self._landmarks.look(bgr, first.following)
        if second.presence < thr:
            return None
        third = self._landmarks.look(bgr, second.following)
        stable = keypoint_similarity(second.xy_px, third.xy_px) >= _STABLE
        if not stable or third.presence < thr or not is_in(third, self._size_px):
            return None
        needed = _NEW_FINE_CONFIDENCE if candidate.fine else _NEW_CONFIDENCE
        if candidate.score >= _SURE:
            needed = _MIN_CONFIDENCE
        return third if self._confidence(third) >= needed else None

    def _found(self, bgr: np.ndarray) -> list[Found]:
        people = self._in_sight()
        bodies = [p.body for p in people]
        if bodies and looks_twice(self._config.mode):
            bodies = self._copies.map(
                lambda model, body: self._joined_with_mirrored(model, bgr, body), bodies
            )
        return [Found(p, body, p.order) for p, body in zip(people, bodies, strict=True)]

    def _report(self, found: Sequence[Found]) -> Keypoints2D:
        if not found:
            return Keypoints2D.nobody(self.joint_set, N_LANDMARKS)
        bodies = [one.body for one in found]
        scores = [keypoint_scores(b, self._model, self._size_px) for b in bodies]
        return Keypoints2D(
            joint_set=self.joint_set,
            xy_px=np.stack([one.xy_px for one in found]),
            score=np.stack([s[one.order] for s, one in zip(scores, found, strict=True)]),
            box_px=np.stack([keypoint_box(b.xy_px, self._size_px) for b in bodies]),
            person_score=np.array(
                [person_score(b, self._model, self._size_px) for b in bodies], np.float32
            ),
        )


def _close(a: Region, b: Region) -> bool:
    reach = 0.4 * max(a.side, b.side)
    return bool(np.hypot(a.x - b.x, a.y - b.y) < reach and 0.5 < a.side / b.side < 2)


def _meet(a: Region, b: Region) -> bool:
    return max(abs(a.x - b.x), abs(a.y - b.y)) < (a.side + b.side) / 2


def _overlaps(tile: Tile, size_px: tuple[int, int]) -> bool:
    inside_x = tile.x < size_px[0] and tile.x + tile.side > 0
    return inside_x and tile.y < size_px[1] and tile.y + tile.side > 0
