"""Several people looked at side by side."""

import threading
from itertools import islice

import numpy as np
import pytest

from hotvid import weights
from hotvid.config import Pose2DConfig
from hotvid.io.reader import VideoReader
from hotvid.pose2d import load_backend
from hotvid.pose2d.blazepose_joints import BlazePoseJoints
from hotvid.pose2d.landmark_copies import LandmarkCopies
from hotvid.threads import VARIABLE


@pytest.fixture
def copies(monkeypatch):
    """A function that gives copies of the smallest model for so many cores."""
    made = []

    def make(cores: int) -> LandmarkCopies:
        monkeypatch.setenv(VARIABLE, str(cores))
        made.append(LandmarkCopies(weights.find("blazepose-lite"), None))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize(("cores", "most"), [(1, 1), (2, 1), (3, 1), (4, 2), (7, 3), (64, 4)])
def test_a_copy_for_every_two_cores_up_to_four(copies, cores, most):
    assert copies(cores).most == most


def test_people_are_looked_at_at_the_same_time_each_by_a_model_of_its_own(copies):
    together = threading.Barrier(3, timeout=30)
    used = []

    def look(model, item):
        together.wait()  # breaks unless three are here at once
        used.append(model)
        return item

    assert copies(6).map(look, [1, 2, 3]) == [1, 2, 3]
    assert len(set(map(id, used))) == 3


def test_more_people_than_models_wait_for_each_other(copies):
    busy, at_once, lock = set(), [], threading.Lock()

    def look(model, item):
        with lock:
            assert id(model) not in busy
            busy.add(id(model))
            at_once.append(len(busy))
        threading.Event().wait(0.005)
        with lock:
            busy.remove(id(model))
        return -item

    assert copies(4).map(look, range(9)) == [-n for n in range(9)]
    assert max(at_once) <= 2


def test_two_cores_start_no_threads(copies):
    def look(model, item):
        return threading.current_thread()

    one = copies(2)
    assert one.map(look, [1, 2]) == [threading.current_thread()] * 2
    assert one.map(look, []) == []


def test_a_look_that_fails_takes_no_model_away(copies):
    def fail(model, item):
        raise ValueError(item)

    two = copies(4)
    for _ in range(3):
        with pytest.raises(ValueError, match="a"):
            two.map(fail, ["a", "b"])
    assert two.map(lambda model, item: item, [1, 2]) == [1, 2]


def test_closing_ends_the_threads(copies):
    two = copies(4)
    two.map(lambda model, item: item, [1, 2])
    two.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("landmarks")]


@pytest.fixture(scope="module")
def frames(demo_clip):
    with VideoReader(demo_clip, (2.0, 2.3)) as reader:
        return list(islice(reader, 3))


@pytest.mark.parametrize("mode", ["fast", "accurate"])
def test_results_do_not_depend_on_the_number_of_cores(monkeypatch, frames, mode):
    def seen(cores):
        monkeypatch.setenv(VARIABLE, str(cores))
        backend = load_backend(Pose2DConfig(mode=mode))
        found = backend.estimate(frames) + backend.finish()
        backend.close()
        return found

    alone, beside = seen(2), seen(8)
    assert min(map(len, alone)) == 2
    for one, other in zip(alone, beside, strict=True):
        for name in ("xy_px", "score", "box_px", "person_score"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_neither_do_those_behind_a_detector(monkeypatch, frames):
    boxes = np.array([[400, 100, 900, 900], [900, 100, 1500, 900], [0, 0, 300, 900]])

    def seen(cores):
        monkeypatch.setenv(VARIABLE, str(cores))
        estimator = BlazePoseJoints(Pose2DConfig(mode="fast"))
        found = estimator.estimate(frames[0].bgr, boxes)
        estimator.close()
        return found

    for one, other in zip(seen(2), seen(8), strict=True):
        assert len(one) == 3
        np.testing.assert_array_equal(one, other)
