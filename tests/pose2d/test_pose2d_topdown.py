"""A detector and an estimator as one backend: who is searched for when, and who is followed."""

import numpy as np
import pytest

from hotvid.config import Pose2DConfig
from hotvid.pose2d.base import Boxes
from hotvid.pose2d.topdown import TopDown
from hotvid.types import Frame

LAYOUT = np.stack([np.linspace(0.1, 0.9, 17), np.linspace(0.05, 0.95, 17)[::-1]], -1)


class Scene:
    """People at known places in each frame: {frame: [box, ...]}, and how well they are seen."""

    follows = False
    name, joint_set = "scene", "coco17"

    def __init__(self, people, score=0.9):
        self.people, self.score = people, score
        self.searched, self.given, self.closed = [], {}, 0
        self._now = 0

    def detect(self, frame):
        self.searched.append(frame.index)
        boxes = np.array(self.people[frame.index], np.float32).reshape(-1, 4)
        return Boxes(boxes, np.full(len(boxes), 0.8, np.float32))

    def estimate(self, bgr, box_px):
        number = int(bgr[0, 0, 0])
        self.given[number] = box_px
        xy, score = [], []
        for box in box_px:
            near = [p for p in self.people[number] if abs((p[0] + p[2] - box[0] - box[2]) / 2) < 40]
            x0, y0, x1, y1 = near[0] if near else box
            xy.append(np.array([x0, y0]) + LAYOUT * [x1 - x0, y1 - y0])
            score.append(np.full(17, self.score if near else 0.05))
        return np.array(xy, np.float32), np.array(score, np.float32)

    def close(self):
        self.closed += 1


def frames(n):
    return [Frame(i, i / 30, np.full((4, 4, 3), i, np.uint8)) for i in range(n)]


def walk(n, start=100, step=4):
    return [(start + step * i, 50, start + step * i + 60, 250) for i in range(n)]


def test_between_two_searches_people_are_followed():
    scene = Scene([[box] for box in walk(30)])
    seen = TopDown(scene, scene, Pose2DConfig(det_frequency=10)).estimate(frames(30))
    assert scene.searched == [0, 10, 20]
    assert [len(s) for s in seen] == [1] * 30
    for index, box in enumerate(walk(30)):
        x = seen[index].xy_px[0, 0, 0]
        assert x == pytest.approx(box[0] + 6, abs=0.01)
        given = scene.given[index][0]
        assert given[0] < x and given[2] > seen[index].xy_px[0, 16, 0], "the body is in its box"
    assert (seen[5].person_score == np.float32(0.8)).all()


def test_who_is_lost_is_searched_for_at_once():
    scene = Scene([[box] if i != 4 else [] for i, box in enumerate(walk(8))])
    seen = TopDown(scene, scene, Pose2DConfig(det_frequency=100)).estimate(frames(8))
    # Seen badly in frame 4, where the box followed holds nobody; found anew in frame 5.
    assert scene.searched == [0, 5]
    assert seen[4].score.max() < 0.1 and seen[5].score.min() > 0.8


def test_who_comes_in_is_found_at_the_next_search():
    scene = Scene([[walk(20)[i]] + ([(400, 40, 460, 240)] if i >= 3 else []) for i in range(20)])
    seen = TopDown(scene, scene, Pose2DConfig(det_frequency=8)).estimate(frames(20))
    assert [len(s) for s in seen] == [1] * 8 + [2] * 12


def test_nobody_is_searched_for_in_every_frame():
    scene = Scene([[], [], [(10, 10, 70, 200)], [(10, 10, 70, 200)]])
    seen = TopDown(scene, scene, Pose2DConfig(det_frequency=50)).estimate(frames(4))
    assert scene.searched == [0, 1, 2] and [len(s) for s in seen] == [0, 0, 1, 1]
    assert seen[0].xy_px.shape == (0, 17, 2) and seen[0].joint_set == "coco17"


def test_two_boxes_that_come_onto_one_person_become_a_search():
    # The second person vanishes behind the first, whose joints both boxes then show.
    people = [
        [(100, 50, 160, 250), (130 - min(3 * i, 30), 50, 190 - min(3 * i, 30), 250)]
        for i in range(20)
    ]
    people = [p if i < 10 else p[:1] for i, p in enumerate(people)]
    scene = Scene(people)
    seen = TopDown(scene, scene, Pose2DConfig(det_frequency=1000)).estimate(frames(20))
    assert len(seen[0]) == 2 and len(seen[-1]) == 1


def test_how_frames_are_cut_into_calls_changes_nothing():
    people = [[box] for box in walk(12)]
    whole = TopDown(Scene(people), Scene(people), Pose2DConfig(det_frequency=5)).estimate(
        frames(12)
    )
    backend = TopDown(Scene(people), Scene(people), Pose2DConfig(det_frequency=5))
    single = [backend.estimate([one])[0] for one in frames(12)]
    for a, b in zip(whole, single, strict=True):
        np.testing.assert_array_equal(a.xy_px, b.xy_px)
        np.testing.assert_array_equal(a.box_px, b.box_px)


def test_after_a_leap_in_time_nobody_is_followed():
    scene = Scene([[box] for box in walk(30)])
    some = [f for f in frames(30) if f.index < 5 or f.index >= 20]
    TopDown(scene, scene, Pose2DConfig(det_frequency=100)).estimate(some)
    assert scene.searched == [0, 20]


def test_a_detector_that_follows_is_asked_every_time():
    scene = Scene([[box] for box in walk(6)])
    scene.follows = True
    backend = TopDown(scene, scene, Pose2DConfig(det_frequency=5))
    backend.estimate(frames(6))
    assert scene.searched == list(range(6))
    assert backend.name == "scene, people by scene"
    backend.close()
    assert scene.closed == 2


class Blinking(Scene):
    """Whose detector does not find anybody in some frames, though they are there."""

    def __init__(self, people, blind, score=0.9):
        super().__init__(people, score)
        self.blind = blind

    def detect(self, frame):
        found = super().detect(frame)
        return Boxes.none() if frame.index in self.blind else found


def test_who_is_plainly_there_stays_where_a_search_misses_them():
    scene = Blinking([[box] for box in walk(30)], blind={5, 10})
    seen = TopDown(scene, scene, Pose2DConfig(det_frequency=5)).estimate(frames(30))
    assert [len(s) for s in seen] == [1] * 30
    assert scene.searched == [0, 5, 10, 15, 20, 25]
    xs = [s.xy_px[0, 0, 0] for s in seen]
    np.testing.assert_allclose(xs, [box[0] + 6 for box in walk(30)], atol=0.01)


@pytest.mark.parametrize(("score", "gone_at"), [(0.9, 15), (0.45, 5)])
def test_who_is_missed_time_and_again_or_is_unsure_goes(score, gone_at):
    scene = Blinking([[box] for box in walk(30)], blind=set(range(1, 30)), score=score)
    seen = TopDown(scene, scene, Pose2DConfig(det_frequency=5)).estimate(frames(30))
    assert [len(s) for s in seen] == [1] * gone_at + [0] * (30 - gone_at)


def test_of_two_the_one_that_is_missed_stays_beside_the_one_that_is_found():
    second = (400, 40, 460, 240)
    people = [[box, second] for box in walk(12)]
    scene = Blinking(people, blind=set())
    found = scene.detect
    scene.detect = lambda frame: (
        found(frame) if frame.index == 0 else Boxes(*(a[:1] for a in vars(found(frame)).values()))
    )
    seen = TopDown(scene, scene, Pose2DConfig(det_frequency=4)).estimate(frames(12))
    assert [len(s) for s in seen] == [2] * 12
