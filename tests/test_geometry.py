import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hotvid.geometry import (
    assumed_focal_px,
    extent,
    focal_px_of,
    look_at_rotation,
    project,
    rays,
    similarity_align,
    to_screen,
)
from hotvid.types import VideoInfo

RNG = np.random.default_rng(0)


def test_screen_units_put_the_corners_where_videopose3d_does():
    corners = to_screen(np.array([[0.0, 0.0], [1000.0, 500.0], [500.0, 250.0]]), (1000, 500))
    np.testing.assert_allclose(corners, [[-1, -0.5], [1, 0.5], [0, 0]])


def test_look_at_turns_the_axis_onto_the_point():
    points = RNG.uniform(-1, 1, (50, 2))
    rotation = look_at_rotation(points)
    axis = rotation @ np.array([0, 0, 1.0])
    np.testing.assert_allclose(axis[:, :2] / axis[:, 2:], points, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    identity = np.broadcast_to(np.eye(3), (50, 3, 3))
    np.testing.assert_allclose(rotation @ np.swapaxes(rotation, -1, -2), identity, atol=1e-12)


@pytest.mark.parametrize("size_px", [(1920, 1080), (1080, 1920)])
def test_an_unknown_lens_sees_sixty_degrees_across_the_longer_side(size_px):
    focal_px = assumed_focal_px(size_px)
    corners = rays(np.array([[0.0, 0.0], size_px]), focal_px, size_px)
    angle = np.degrees(np.arctan(corners))
    across = (angle[1] - angle[0])[int(np.argmax(size_px))]
    assert abs(across - 60) < 1e-9
    xyz = np.concatenate([corners, [[1], [1]]], -1)
    np.testing.assert_allclose(project(xyz, focal_px, size_px), [[0, 0], size_px], atol=1e-9)
    assert assumed_focal_px(size_px, 960) == focal_px / 2, "black bars show nothing"


def test_an_extent_is_that_of_the_known_points():
    points = np.array([[[1.0, 5.0], [3.0, 2.0], [-9.0, 90.0]], [[0.0, 0.0]] * 3])
    low, high = extent(points, np.array([[True, True, False], [False] * 3]))
    np.testing.assert_array_equal(low, [[1, 2], [np.inf, np.inf]])
    np.testing.assert_array_equal(high, [[3, 5], [-np.inf, -np.inf]])


def test_similarity_recovers_scale_rotation_and_translation():
    points = RNG.standard_normal((4, 17, 3))
    turn = Rotation.random(4, rng=1).as_matrix()
    moved = 2.5 * points @ np.swapaxes(turn, -1, -2) + RNG.standard_normal((4, 1, 3))
    np.testing.assert_allclose(similarity_align(points, moved), moved, atol=1e-9)


def test_similarity_never_reflects():
    """It is scipy's rotation, of those that are none the other way round, at the best scale."""
    points = RNG.standard_normal((6, 17, 3))
    target = RNG.standard_normal((6, 17, 3))
    target[:3] = points[:3] * [-1, 1, 1] + RNG.normal(0, 0.1, (3, 17, 3))
    for p, t, found in zip(points, target, similarity_align(points, target), strict=True):
        p, middle = p - p.mean(0), t.mean(0)
        turned = Rotation.align_vectors(t - middle, p)[0].apply(p)
        scale = ((t - middle) * turned).sum() / (turned**2).sum()
        np.testing.assert_allclose(found, scale * turned + middle, atol=1e-6)


def test_what_is_all_in_one_place_is_put_in_the_middle():
    target = RNG.standard_normal((17, 3))
    found = similarity_align(np.ones((17, 3)), target)
    np.testing.assert_allclose(found, np.tile(target.mean(0), (17, 1)), atol=1e-9)


def test_the_lens_is_the_video_s_own_where_it_is_known_and_else_that_between_its_bars():
    said = {"path": "a.mp4", "width": 1920, "height": 1080, "fps": 30.0}
    assert focal_px_of(VideoInfo(**said, focal_px=1500.0, shown_px=1440)) == 1500.0
    assert focal_px_of(VideoInfo(**said)) == assumed_focal_px((1920, 1080))
    assert focal_px_of(VideoInfo(**said, shown_px=960)) == assumed_focal_px((1920, 1080)) / 2
