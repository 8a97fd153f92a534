"""Peaks of heatmaps and people in order, against what was painted and put there."""

import numpy as np
import pytest
from test_pose2d_following import SHAPE, SIZE, body

from hotvid.config import Pose2DConfig
from hotvid.pose2d.blazepose import BlazePose
from hotvid.pose2d.closer_looks import Found
from hotvid.pose2d.following import Followed
from hotvid.pose2d.heads import _dark
from hotvid.pose2d.regions import MIRROR
from hotvid.pose2d.scores import person_score
from hotvid.pose2d.topdown import _followed
from hotvid.types import Keypoints2D


def tilted(top, tilt, wide=3.0, narrow=1.6, size=(40, 48)):
    """A heatmap (h, w) with one Gaussian at `top` (x, y), its long axis turned by `tilt`."""
    y, x = np.mgrid[: size[0], : size[1]].astype(float)
    angle = np.radians(tilt)
    along = (x - top[0]) * np.cos(angle) + (y - top[1]) * np.sin(angle)
    across = -(x - top[0]) * np.sin(angle) + (y - top[1]) * np.cos(angle)
    return np.exp(-0.5 * ((along / wide) ** 2 + (across / narrow) ** 2)).astype(np.float32)


@pytest.mark.parametrize("tilt", [0, 30, 45, 90, 135, 160])
@pytest.mark.parametrize("off", [(0.4, 0.0), (0.3, -0.35), (-0.45, -0.2)])
def test_the_top_of_a_tilted_hill_is_found_between_the_pixels(tilt, off):
    peak = np.array([[[20.0, 17.0]]])
    top = peak[0, 0] + off
    maps = 0.9 * tilted(top, tilt)[None, None]
    np.testing.assert_allclose(peak + _dark(maps, peak), top[None, None], atol=0.03)


def test_who_is_followed_keeps_their_own_score_in_another_order():
    xy = np.zeros((3, 17, 2), np.float32)
    for person, x in enumerate((100, 400, 700)):
        xy[person] = np.stack([x + 3 * np.arange(17), 50 + 9 * np.arange(17)], -1)
    score = np.float32([[0.6], [0.05], [0.9]]) * np.ones(17, np.float32)  # the second is lost
    before = Keypoints2D(
        "coco17", xy, score, np.zeros((3, 4), np.float32), np.float32([0.7, 0.5, 0.8])
    )
    boxes, who = _followed(before)
    assert who.tolist() == [2, 0], "the surest first"
    assert boxes.score.tolist() == pytest.approx([0.8, 0.7])
    assert boxes.box_px[0, 0] < 700 < boxes.box_px[0, 2] and boxes.box_px[1, 2] < 400


def test_who_is_out_of_sight_is_looked_for_further_on_by_half_as_much_each_frame():
    person = Followed(body(300, 300))
    for i in range(1, 30):
        person.see(body(300 + 12 * i, 300), SIZE)

    def ahead():
        return person.region.x - person.body.following.x

    first = ahead()
    assert first > 5
    for further in (1.5, 1.75, 1.875):
        person.see(None, SIZE)
        assert ahead() == pytest.approx(further * first)


def test_a_person_is_as_sure_as_the_joints_times_the_presence():
    # Every joint's score has the presence in it once, the person's once more.
    sure, half = (
        person_score(body(500, 400, presence=p), "blazepose-full", SIZE) for p in (1, 0.5)
    )
    assert half == pytest.approx(sure / 4, rel=1e-5)


def test_somebody_is_lost_where_a_larger_model_is_surer_of_a_body_that_is_nobody_elses():
    person, other = Followed(body(500, 400, logit=1.0)), Followed(body(800, 400))
    model = BlazePose.__new__(BlazePose)
    model._model, model._larger = "blazepose-lite", "blazepose-full"
    model._size_px, model._config, model._step_s = SIZE, Pose2DConfig(mode="fast"), 1 / 30
    model._people = [person, other]
    one = Found(person, person.body, person.order)
    assert model._is_lost(one, body(560, 400))
    assert not model._is_lost(one, body(560, 400, presence=0.1))
    assert not model._is_lost(one, body(560, 400, logit=-3.0))
    assert not model._is_lost(one, body(800, 400))  # the other one
    assert not model._is_lost(one, body(0, 0, xy=3 * SHAPE + [500, 400]))  # nobody grows so fast
    sure = Followed(body(500, 400, logit=20.0))
    assert not model._is_lost(Found(sure, sure.body, sure.order), body(560, 400))


def test_who_is_seen_with_sides_exchanged_is_told_with_sides_put_back():
    person = Followed(body(500, 400))
    person.order = np.asarray(MIRROR)
    person.body.visibility[:5] = [1.0, 2.0, 3.0, 4.0, 5.0]
    model = BlazePose.__new__(BlazePose)
    model._model, model._size_px, model._config = "blazepose-full", SIZE, Pose2DConfig(mode="fast")
    told = model._report([Found(person, person.body, person.order)])
    np.testing.assert_array_equal(told.xy_px[0], person.body.xy_px[MIRROR])
    as_seen = model._report([Found(person, person.body, np.arange(33))])
    np.testing.assert_array_equal(as_seen.score[0][MIRROR], told.score[0])
