"""The root's path from bodies whose place is known."""

import numpy as np
import pytest

from hotvid.geometry import project
from hotvid.post.trajectory import root_path

SIZE_PX, FOCAL_PX, FPS = (1280, 720), 1100.0, 30.0


def bodies(n, seed=0):
    """(n, 17, 3) one shape that moves a little, about as large as a person, joint 0 at 0."""
    rng = np.random.default_rng(seed)
    shape = rng.uniform(-1, 1, (17, 3)) * [0.3, 0.85, 0.25]
    wobble = 0.05 * np.sin(np.arange(n)[:, None, None] / 9 + rng.uniform(0, 6, (17, 3)))
    xyz = shape + wobble
    return xyz - xyz[:, :1]


def walk(n):
    """(n, 3) from far left to near right."""
    share = np.linspace(0, 1, n)[:, None]
    return np.array([-1.5, 0.2, 7.0]) * (1 - share) + np.array([1.0, 0.4, 4.0]) * share


def seen(xyz, root):
    return project(xyz + root[:, None], FOCAL_PX, SIZE_PX)


def found(xyz, xy, score=None):
    score = np.ones(xy.shape[:2]) if score is None else score
    return root_path(xyz, xy, score, FOCAL_PX, SIZE_PX, FPS)


def test_exact_where_the_input_is():
    xyz, root = bodies(90), walk(90)
    out = found(xyz, seen(xyz, root))
    assert out.shape == (90, 3)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, root, atol=0.02)
    still = np.broadcast_to(root[40], (90, 3))
    np.testing.assert_allclose(found(xyz, seen(xyz, still)), still, atol=1e-5)


def test_one_frame():
    xyz, root = bodies(1), walk(2)[1:]
    np.testing.assert_allclose(found(xyz, seen(xyz, root)), root, atol=1e-5)


def test_no_frames():
    assert found(np.zeros((0, 17, 3)), np.zeros((0, 17, 2))).shape == (0, 3)


def test_the_pelvis_is_reprojected_exactly_also_under_noise():
    xyz, root = bodies(120), walk(120)
    rng = np.random.default_rng(1)
    xy = seen(xyz, root) + rng.normal(0, 4, (120, 17, 2))
    out = found(xyz + rng.normal(0, 0.02, xyz.shape) * (np.arange(17) > 0)[:, None], xy)
    np.testing.assert_allclose(project(out, FOCAL_PX, SIZE_PX), xy[:, 0], atol=0.01)


def test_depth_is_steady_under_noise_and_outliers():
    xyz, root = bodies(150), walk(150)
    rng = np.random.default_rng(2)
    xy = seen(xyz, root) + rng.normal(0, 4, (150, 17, 2))
    wrong = np.arange(10, 150, 20)
    xy[wrong] = (xy[wrong] - xy[wrong, :1]) * 0.5 + xy[wrong, :1]  # twice as far
    out = found(xyz, xy)
    assert np.abs(out[:, 2] / root[:, 2] - 1).max() < 0.04
    assert np.abs(np.diff(out[:, 2])).max() < 0.06  # metres a frame; the walk has 0.02


def test_unsure_joints_do_not_pull():
    xyz, root = bodies(90), walk(90)
    xy, score = seen(xyz, root), np.ones((90, 17))
    xy[:, 5:9] += 300
    score[:, 5:9] = 0
    np.testing.assert_allclose(found(xyz, xy, score), root, atol=0.02)


def test_an_unsure_pelvis_leaves_the_direction_to_the_body():
    xyz, root = bodies(90), walk(90)
    xy, score = seen(xyz, root), np.ones((90, 17))
    xy[:, 0] += 200
    score[:, 0] = 0.001
    np.testing.assert_allclose(found(xyz, xy, score), root, atol=0.05)


def test_missing_joints_and_frames_are_bridged():
    xyz, root = bodies(90), walk(90)
    xy = seen(xyz, root)
    xy[::2, 3:9] = np.nan
    xy[40:50] = np.nan
    xy[:5] = np.nan
    out = found(xyz, xy)
    assert np.isfinite(out).all()
    np.testing.assert_allclose(out[5:], root[5:], atol=0.05)


def test_a_gap_longer_than_the_filter_reaches_is_bridged():
    xyz, root = bodies(300), walk(300)
    xy = seen(xyz, root)
    xy[60:240] = np.nan
    out = found(xyz, xy)
    assert np.isfinite(out).all()
    np.testing.assert_allclose(out[100:200], root[100:200], atol=0.3)


def test_one_frame_that_shows_enough_is_enough():
    xyz, root = bodies(60), walk(60)
    xy = np.full((60, 17, 2), np.nan)
    xy[20] = seen(xyz, root)[20]
    out = found(xyz, xy)
    np.testing.assert_allclose(out, np.broadcast_to(root[20], (60, 3)), atol=1e-3)


@pytest.mark.parametrize("joints", [0, 3])
def test_nothing_is_invented_where_no_frame_shows_enough(joints):
    xyz, root = bodies(10), walk(10)
    xy = seen(xyz, root)
    xy[:, joints:] = np.nan
    assert np.isnan(found(xyz, xy)).all()


def test_every_joint_stays_before_the_camera():
    xyz = bodies(20) * 2
    xy = seen(xyz, np.broadcast_to([0.0, 0.0, 2.5], (20, 3)))
    nearer = xy[:, :1] + (xy - xy[:, :1]) * 6  # as if its arms reached behind the lens
    out = found(xyz, nearer)
    assert np.ptp(xyz[..., 2].min(1)) > 0.01
    depth = (xyz + out[:, None])[..., 2]
    assert depth.min() == pytest.approx(0.3, abs=1e-5)


def test_a_body_that_fits_nowhere_has_no_place():
    xyz = bodies(20)
    xy = seen(xyz, walk(20))
    upside_down = xy[:, :1] - (xy - xy[:, :1])
    assert np.isnan(found(xyz, upside_down)).all()
