import numpy as np

from hotvid.geometry import look_at_rotation, project, rays
from hotvid.lift.inputs import body_inputs, body_size, fill_missing

RNG = np.random.default_rng(0)
BODY = RNG.normal(0, 0.4, (6, 17, 3))
BODY[:, 0] = 0


def _rays(xyz):
    return xyz[..., :2] / xyz[..., 2:]


def test_a_body_looks_the_same_wherever_it_is_turned_about_the_camera():
    score = np.ones((6, 17))
    ahead = body_inputs(_rays(BODY + [0, 0, 5]), score)
    turn = look_at_rotation(np.array([0.5, -0.3]))
    aside = body_inputs(_rays((BODY + [0, 0, 5]) @ turn.T), score)
    np.testing.assert_allclose(aside.inputs[:, 1:], ahead.inputs[:, 1:], atol=0.01)


def test_rotation_takes_the_virtual_camera_back_to_the_camera():
    xyz = (BODY + [0, 0, 5]) @ look_at_rotation(np.array([0.5, -0.3])).T
    seen = body_inputs(_rays(xyz), np.ones((6, 17)))
    pelvis = seen.rotation @ np.array([0, 0, 5.0])
    np.testing.assert_allclose(pelvis, xyz[:, 0], atol=1e-5)


def test_size_does_not_depend_on_distance_or_pixels():
    near, far = _rays(BODY + [0, 0, 50]), _rays(BODY + [0, 0, 100])
    score = np.ones((6, 17))
    np.testing.assert_allclose(
        body_inputs(near, score).inputs, body_inputs(far, score).inputs, atol=0.02
    )
    ratio = body_size(near, score) / body_size(far, score)
    np.testing.assert_allclose(ratio, 2, rtol=0.02)


def test_the_pelvis_tells_its_path_in_body_sizes():
    xyz = BODY[:1].repeat(2, 0) + np.array([[[0, 0, 50]], [[2, 0, 50]]])
    seen = body_inputs(_rays(xyz), np.ones((2, 17)))
    size = body_size(_rays(BODY[:1] + [0, 0, 50]), np.ones((1, 17)))
    step = seen.inputs[1, 0, :2] - seen.inputs[0, 0, :2]
    np.testing.assert_allclose(step, [2 / 50 / size, 0], rtol=0.03, atol=1e-3)


def test_project_and_rays_are_inverse():
    xyz = BODY + [0.3, 0.2, 4]
    size = (1080, 1920)
    np.testing.assert_allclose(rays(project(xyz, 1500, size), 1500, size), _rays(xyz), atol=1e-12)


def test_missing_joints_lie_between_their_neighbours_and_score_nothing():
    xy = np.zeros((5, 17, 2))
    xy[:, 3] = np.arange(5)[:, None]
    xy[1:3, 3] = np.nan
    filled, score = fill_missing(xy, np.ones((5, 17)))
    np.testing.assert_allclose(filled[:, 3, 0], [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(score[:, 3], [1, 0, 0, 1, 1])


def test_a_joint_never_seen_is_put_amid_the_others():
    xy = np.ones((3, 17, 2)) * np.arange(17)[None, :, None]
    xy[:, 16] = np.nan
    filled, score = fill_missing(xy, np.ones((3, 17)))
    np.testing.assert_allclose(filled[:, 16], 7.5)
    assert (score[:, 16] == 0).all() and np.isfinite(filled).all()
