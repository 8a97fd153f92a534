"""The second look, at a body's mirror image."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hotvid import weights
from hotvid.config import Pose2DConfig
from hotvid.pose2d import load_backend
from hotvid.pose2d.blazepose_landmarks import INPUT_SIZE, LandmarkModel, same_sides
from hotvid.pose2d.regions import MIRROR, Region
from hotvid.types import Frame

# In a picture of half the size: the region's pixels are the crop's, and mirrored crops hold the
# same numbers.
WOMAN = Region(514.0, 365.0, float(INPUT_SIZE), 0.0)


@pytest.fixture(scope="module")
def picture(demo_clip):
    video = cv2.VideoCapture(str(demo_clip))
    video.set(cv2.CAP_PROP_POS_FRAMES, 100)
    ok, bgr = video.read()
    assert ok
    return cv2.resize(bgr, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def model():
    return LandmarkModel(weights.find("blazepose-lite"), 1)


def test_a_body_and_its_mirror_image_get_the_same_landmarks(picture, model):
    body = model.look(picture, WOMAN)
    assert body.presence > 0.9
    straight = model.with_mirrored(picture, body)

    width = picture.shape[1]
    flipped = np.ascontiguousarray(picture[:, ::-1])
    region = replace(WOMAN, x=width - WOMAN.x)
    mirrored = model.with_mirrored(flipped, model.look(flipped, region))
    expected = straight.xy_px[MIRROR] * [-1, 1] + [width, 0]
    np.testing.assert_allclose(mirrored.xy_px, expected, atol=0.02)
    np.testing.assert_allclose(mirrored.visibility, straight.visibility[MIRROR], atol=0.02)
    # A single look is not so: the model has its preferences.
    alone = model.look(flipped, region)
    moved = body.xy_px[MIRROR] * [-1, 1] + [width, 0]
    assert np.abs(alone.xy_px - moved).max() > 1


def test_the_second_look_changes_little_of_a_body_well_seen(picture, model):
    body = model.look(picture, WOMAN)
    both = model.with_mirrored(picture, body)
    apart = np.linalg.norm(both.xy_px - body.xy_px, axis=-1)
    assert 0 < apart.mean() < 0.02 * WOMAN.side
    assert both.presence == body.presence and both.following == body.following


def test_a_second_look_at_another_body_counts_for_nothing(picture, model):
    elsewhere = model.look(picture, WOMAN)
    elsewhere = replace(elsewhere, xy_px=elsewhere.xy_px + [120, 0])
    assert model.with_mirrored(picture, elsewhere) is elsewhere


def test_a_pair_called_by_the_other_side_is_put_right():
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 500, (33, 2))
    other = xy + rng.normal(0, 2, xy.shape)
    np.testing.assert_array_equal(same_sides(xy, other), np.arange(33))
    knees = [25, 26]
    crossed = other.copy()
    crossed[knees] = other[knees[::-1]]
    np.testing.assert_array_equal(crossed[same_sides(xy, crossed)], other)
    np.testing.assert_array_equal(same_sides(xy, other[MIRROR]), MIRROR)


@pytest.mark.parametrize(("mode", "twice"), [("accurate", True), ("balanced", False)])
def test_only_the_accurate_mode_looks_twice(picture, monkeypatch, mode, twice):
    frame = Frame(0, 0.0, picture)
    plain = load_backend(Pose2DConfig(mode=mode))
    monkeypatch.setattr("hotvid.pose2d.blazepose.joined", lambda body, mirrored: body)
    (once,) = plain.estimate([frame]) + plain.finish()

    def moved(body, mirrored):
        return replace(body, xy_px=body.xy_px + 3)

    monkeypatch.setattr("hotvid.pose2d.blazepose.joined", moved)
    double = load_backend(Pose2DConfig(mode=mode))
    (seen,) = double.estimate([frame]) + double.finish()
    np.testing.assert_allclose(seen.xy_px - once.xy_px, 3 * twice, atol=1e-3)
