import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hotvid.rotations import (
    about_axis,
    between,
    continuous_zxy_degrees,
    frame,
    to_matrix,
    to_quaternion,
    unit,
    without_sign_changes,
    without_whole_turns,
    zxy_degrees,
)

RANDOM = Rotation.random(500, random_state=0)


def directions(n, seed):
    return unit(np.random.default_rng(seed).normal(size=(n, 3)))


def test_quaternions_and_matrices_are_scipys():
    matrix = RANDOM.as_matrix()
    np.testing.assert_allclose(to_matrix(RANDOM.as_quat()), matrix, atol=1e-12)
    found = Rotation.from_quat(to_quaternion(matrix))
    np.testing.assert_allclose((found * RANDOM.inv()).magnitude(), 0, atol=1e-7)


@pytest.mark.parametrize("axis", np.eye(3))
def test_half_turns_have_a_quaternion(axis):
    matrix = Rotation.from_rotvec(np.pi * axis).as_matrix()
    np.testing.assert_allclose(to_matrix(to_quaternion(matrix)), matrix, atol=1e-12)


def test_about_axis_is_right_handed():
    axis, angle = directions(100, 1), np.linspace(-4, 4, 100)
    wanted = Rotation.from_rotvec(axis * angle[:, None]).as_matrix()
    np.testing.assert_allclose(about_axis(axis, angle), wanted, atol=1e-12)


def test_between_is_the_smallest_turn():
    start, end = directions(200, 2), directions(200, 3)
    turn = between(start, end)
    np.testing.assert_allclose((turn @ start[..., None])[..., 0], end, atol=1e-12)
    angle = np.arccos((start * end).sum(-1))
    np.testing.assert_allclose(Rotation.from_matrix(turn).magnitude(), angle, atol=1e-7)
    opposite = between(start, -start)
    np.testing.assert_allclose((opposite @ start[..., None])[..., 0], -start, atol=1e-12)
    for axis in np.eye(3):
        turn = between(axis, -axis)
        np.testing.assert_allclose(turn @ axis, -axis, atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)
    np.testing.assert_allclose(between(start, start), np.tile(np.eye(3), (200, 1, 1)), atol=1e-12)


def test_frame_keeps_y_and_is_a_rotation():
    x, y = directions(50, 4), 3 * directions(50, 5)
    axes = frame(x, y)
    np.testing.assert_allclose(axes[..., 1], unit(y), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(axes), 1, atol=1e-12)
    assert ((axes[..., 0] * x).sum(-1) > 0).all()


def test_sign_changes_go_and_the_turns_stay():
    smooth = Rotation.from_rotvec(np.linspace([0, 0, 0], [9, 5, -7], 200)).as_quat()
    flipped = smooth * np.where(np.random.default_rng(6).random(200) < 0.5, -1, 1)[:, None]
    found = without_sign_changes(flipped)
    assert np.abs(np.diff(found, axis=0)).max() < 0.1
    np.testing.assert_allclose(to_matrix(found), to_matrix(smooth), atol=1e-12)


def check_angles(matrix, most):
    angles = continuous_zxy_degrees(matrix)
    again = Rotation.from_euler("ZXY", angles.reshape(-1, 3), degrees=True).as_matrix()
    np.testing.assert_allclose(again.reshape(matrix.shape), matrix, atol=1e-6)
    assert np.abs(np.diff(angles, axis=0)).max() < most


def test_angles_of_a_frame_by_itself_are_the_small_ones():
    angles = zxy_degrees(RANDOM.as_matrix())
    assert np.abs(angles[:, 1]).max() <= 90 and np.abs(angles).max() <= 180
    again = Rotation.from_euler("ZXY", angles, degrees=True).as_matrix()
    np.testing.assert_allclose(again, RANDOM.as_matrix(), atol=1e-6)
    pole = Rotation.from_euler("ZXY", [[20, 90, 15], [20, -90, 15]], degrees=True).as_matrix()
    np.testing.assert_allclose(zxy_degrees(pole), [[35, 90, 0], [5, -90, 0]], atol=1e-4)


def test_angles_do_not_jump_where_they_pass_half_a_turn():
    turns = Rotation.from_euler("ZXY", np.linspace([0, 10, 0], [900, 40, -700], 300), degrees=True)
    check_angles(turns.as_matrix(), 3.1)


def test_angles_do_not_jump_where_x_passes_a_right_angle():
    """Over the pole the other way to write a turn goes on where the first would jump."""
    turns = Rotation.from_euler("ZXY", np.linspace([5, 0, 20], [5, 360, 20], 241), degrees=True)
    check_angles(turns.as_matrix(), 1.6)


def test_angles_at_the_pole_keep_y():
    along = np.linspace(0, 100, 60)
    x = np.r_[np.linspace(60, 90, 20), np.full(20, 90), np.linspace(90, 60, 20)]
    turns = Rotation.from_euler("ZXY", np.stack([along, x, along / 3], 1), degrees=True)
    check_angles(turns.as_matrix(), 40)


def test_angles_of_many_bones_at_once():
    matrix = RANDOM.as_matrix().reshape(25, 20, 3, 3)
    check_angles(matrix, 361)


def test_one_bone_at_the_pole_leaves_the_others_as_they_are():
    degrees = np.stack(
        [np.tile([20.0, 90, 15], (5, 1)), np.linspace([0, 10, 20], [9, 15, 40], 5)], 1
    )
    matrix = Rotation.from_euler("ZXY", degrees.reshape(-1, 3), degrees=True).as_matrix()
    found = continuous_zxy_degrees(matrix.reshape(5, 2, 3, 3))
    np.testing.assert_allclose(found[:, 1], degrees[:, 1], atol=1e-9)
    np.testing.assert_allclose(found[:, 0], np.tile([35, 90, 0], (5, 1)), atol=1e-4)


def test_a_course_begins_within_half_a_turn_and_goes_on_over_what_is_unknown():
    found = without_whole_turns(np.array([np.nan, 350, 355, np.nan, 5, 20]))
    np.testing.assert_allclose(found, [np.nan, -10, -5, np.nan, 5, 20])
