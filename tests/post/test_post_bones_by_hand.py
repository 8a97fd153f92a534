"""Bones where joints are wrong, or turn past where a twist is undefined."""

from dataclasses import replace

import numpy as np
import pytest
from moving_body import FPS, places, still_body
from scipy.spatial.transform import Rotation

from hotvid.humanoid import bone
from hotvid.post.bone_shape import _alike
from hotvid.post.bones import fit_bones
from hotvid.post.twist import neutral_turns, steady_twist, twisted
from hotvid.rotations import unit
from hotvid.skeleton import H36M17

J = {name: i for i, name in enumerate(H36M17.joints)}


def still(n=40):
    return np.repeat(places(still_body()), n, 0)


def turned(motion, name):
    """(F,) degrees of a bone against its parent."""
    return np.degrees(Rotation.from_quat(motion.rotation[:, bone(name)]).magnitude())


def test_a_place_is_told_from_both_sides_alike():
    left, right = np.array([0.1, 0.2, 0.3]), np.array([-0.3, 0.4, 0.1])
    np.testing.assert_allclose(_alike(left, right), [0.2, 0.3, 0.2])


def test_hips_that_are_uneven_are_made_even():
    xyz = still()
    xyz[:, J["left_hip"], 0] += 0.04
    found = fit_bones(xyz, np.ones(xyz.shape[:2]), FPS).offset_m
    left, right = found[bone("LeftUpperLeg")], found[bone("RightUpperLeg")]
    np.testing.assert_allclose(left, right * [-1, 1, 1], atol=1e-9)
    assert abs(left[0]) == pytest.approx((0.14 + 0.1) / 2, abs=0.003)


def test_a_collar_bone_turns_no_further_than_45_degrees():
    xyz = still()
    # The shoulder is told to be above and beyond the neck for some frames.
    xyz[10:14, J["left_shoulder"]] += [-0.25, 0.15, 0]
    angle = turned(fit_bones(xyz, np.ones(xyz.shape[:2]), FPS), "LeftShoulder")
    assert 40 < angle[10:14].max() <= 45.5
    assert angle[30:].max() < 2


def test_nobody_looks_behind():
    xyz = still(60)
    ahead = xyz[0, J["nose"]] - xyz[0, J["thorax"]]
    xyz[15:45, J["nose"]] = xyz[0, J["thorax"]] + ahead * [1, 1, -1] + [0.03, 0, 0]
    found = fit_bones(xyz, np.ones(xyz.shape[:2]), FPS)
    assert turned(found, "Neck").max() < 10 and turned(found, "Head").max() < 10
    # To the side is where people look.
    aside = still(60)
    aside[15:45, J["nose"]] = xyz[0, J["thorax"]] + [0.1, ahead[1], 0.06]
    found = fit_bones(aside, np.ones(xyz.shape[:2]), FPS)
    assert turned(found, "Neck")[30] + turned(found, "Head")[30] > 30


def test_a_limb_that_shows_no_twist_is_carried_along_without_one():
    # It swings past the way opposite to home, where the neutral turn goes round.
    rest = np.array([1.0, 0, 0])
    aside = np.linspace(-1.2, 1.2, 13)
    way = unit(np.stack([-np.ones(13), aside, np.full(13, 0.25)], 1))
    neutral = neutral_turns(rest, rest, way)

    def fastest(turns):
        steps = np.swapaxes(turns[:-1], 1, 2) @ turns[1:]
        return np.degrees(Rotation.from_matrix(steps).magnitude()).max()

    swing = np.degrees(np.arccos((way[1:] * way[:-1]).sum(1))).max()
    turns = twisted(neutral, rest, steady_twist(neutral, rest, np.zeros(13), np.zeros(13), 60.0))
    np.testing.assert_allclose(turns @ rest, way, atol=1e-9)
    assert fastest(turns) < 1.2 * swing < 2 * swing < fastest(neutral)


def turned_body(n, **degrees):
    """(n, 17, 3) of the rest pose with bones turned: Name=(axes, (n, axes) degrees)."""
    body = still_body()
    rotation = np.repeat(body.rotation, n, 0)
    for name, (axes, angles) in degrees.items():
        angles = np.broadcast_to(angles, (n, len(axes)))
        rotation[:, bone(name)] = Rotation.from_euler(axes, angles, degrees=True).as_quat()
    root, unknown = np.repeat(body.root_m, n, 0), np.zeros((n, 17))
    return places(replace(body, rotation=rotation, root_m=root, error_mm=unknown))


def twist_degrees(motion, name, axis):
    """(F,) how far a bone is turned about its own length, which is the axis 0, 1 or 2."""
    turn = motion.rotation[:, bone(name)]
    return np.degrees(2 * np.arctan2(np.abs(turn[:, axis]), np.abs(turn[:, 3])))


def test_a_nose_over_the_neck_or_unseen_turns_no_head():
    xyz, score = still(60), np.ones((60, 17))
    over = xyz.copy()
    over[15:45, J["nose"]] = xyz[0, J["thorax"]] + [
        0.009,
        0.2,
        0.005,
    ]  # 60 degrees, of a centimetre
    assert turned(fit_bones(over, score, FPS), "Head").max() < 5
    unseen = xyz.copy()
    unseen[15:45, J["nose"]] = xyz[0, J["thorax"]] + [0.1, 0.2, 0.06]
    score[15:45, J["nose"]] = 0
    assert turned(fit_bones(unseen, score, FPS), "Head").max() < 5


def test_a_forearm_that_nobody_saw_does_not_twist_the_upper_arm():
    ahead = turned_body(60, LeftLowerArm=("y", -60))
    up = turned_body(60, LeftLowerArm=("z", 60))
    unseen = np.arange(60) // 15 % 2 == 1
    xyz, score = np.where(unseen[:, None, None], up, ahead), np.ones((60, 17))
    score[unseen, J["left_wrist"]] = 0
    assert twist_degrees(fit_bones(xyz, score, FPS), "LeftUpperArm", 0).max() < 10


def test_an_elbow_that_bends_the_wrong_way_does_not_turn_the_upper_arm_round():
    bend = 25 * np.sin(np.linspace(0, 6 * np.pi, 120))[:, None]
    xyz = turned_body(120, LeftLowerArm=("y", bend))
    found = fit_bones(xyz, np.ones(xyz.shape[:2]), FPS)
    assert turned(found, "LeftUpperArm").max() < 5


def test_a_knee_that_seems_to_bend_aside_does_not_turn_the_thigh_to_and_fro():
    shaken = np.random.default_rng(1).normal(0, 4, 120)[:, None]
    xyz = turned_body(120, LeftLowerLeg=("zy", np.concatenate([np.full((120, 1), 40), shaken], 1)))
    found = fit_bones(xyz, np.ones(xyz.shape[:2]), FPS)
    twist = twist_degrees(found, "LeftUpperLeg", 1)
    assert np.abs(np.diff(twist)).max() < 5


def test_shoulders_that_were_taken_for_each_other_leave_the_waist_to_the_hips():
    xyz = still()
    xyz[:, [J["left_shoulder"], J["right_shoulder"]]] = xyz[
        :, [J["right_shoulder"], J["left_shoulder"]]
    ]
    found = fit_bones(xyz, np.ones(xyz.shape[:2]), FPS)
    assert np.isfinite(found.rotation).all() and turned(found, "Spine").max() < 1


def test_who_leans_aside_at_the_waist_does_so_in_the_spine():
    xyz = still()
    upper = [J[name] for name in H36M17.joints if not name.endswith(("hip", "knee", "ankle"))]
    lean = Rotation.from_euler("z", 20, degrees=True).as_matrix()
    xyz[:, upper] = (xyz[:, upper] - xyz[:, :1]) @ lean.T + xyz[:, :1]
    found = fit_bones(xyz, np.ones(xyz.shape[:2]), FPS)
    # 0.3 of the way is the pelvis's, upright: what is left is longer than the spine by 3 per cent.
    np.testing.assert_allclose(found.error_mm[:, J["spine"]], 0.25 * 25.6, atol=0.5)


def test_an_end_that_nobody_saw_does_not_make_a_bone_longer():
    xyz, score = still(), np.ones((40, 17))
    xyz[:30, J["left_ankle"], 1] -= 0.3
    score[:30, J["left_ankle"]] = 0
    found = fit_bones(xyz, score, FPS).offset_m[bone("LeftFoot")]
    np.testing.assert_allclose(found, [0, -0.41, 0], atol=1e-3)


def test_a_length_is_the_one_that_half_of_the_frames_stay_below():
    xyz = still()
    xyz[:14, J["left_ankle"], 1] += 0.1
    found = fit_bones(xyz, np.ones((40, 17)), FPS).offset_m[bone("LeftFoot")]
    np.testing.assert_allclose(found, [0, -0.41, 0], atol=1e-3)


def test_a_hand_that_is_out_of_sight_goes_along_with_who_walks_on():
    xyz = still(60) + np.arange(60)[:, None, None] * [0, 0, 0.04]
    xyz[40:, [J["left_elbow"], J["left_wrist"]]] = np.nan
    found = fit_bones(xyz, np.ones((60, 17)), FPS)
    assert turned(found, "LeftUpperArm").max() < 2 and turned(found, "LeftLowerArm").max() < 2


def test_feet_are_laid_alike_whichever_way_somebody_faces():
    xyz = turned_body(30, LeftUpperLeg=("x", -35), RightUpperLeg=("x", 25))
    xyz[..., 1] -= xyz[..., 1].min() - 0.03
    contact = np.array([[True, False]] * 30)
    turn = Rotation.from_euler("y", 70, degrees=True).as_matrix()
    one, other = (fit_bones(each, np.ones((30, 17)), FPS, contact) for each in (xyz, xyz @ turn.T))
    same = np.abs((one.rotation[:, 1:] * other.rotation[:, 1:]).sum(-1))
    np.testing.assert_allclose(same, 1, atol=1e-6)


def test_a_foot_comes_to_lie_flat_over_some_frames():
    xyz = turned_body(60, LeftUpperLeg=("x", -30))  # ahead, with toes up
    contact = np.zeros((60, 2), bool)
    contact[30:, 1] = True
    angle = turned(fit_bones(xyz, np.ones((60, 17)), FPS, contact), "LeftFoot")
    np.testing.assert_allclose(angle[[0, -1]], [0, 30], atol=0.1)
    assert np.diff(angle).max() < 10


def test_a_foot_bends_as_far_as_an_ankle_can_and_the_shorter_way():
    xyz = turned_body(20, LeftLowerLeg=("x", 130))  # the shin above level, far from any floor
    contact = np.array([[False, True]] * 20)
    found = fit_bones(xyz, np.ones((20, 17)), FPS, contact)
    foot = Rotation.from_quat(found.rotation[:, bone("LeftFoot")]).as_rotvec(degrees=True)
    np.testing.assert_allclose(foot, np.tile([-50.0, 0, 0], (20, 1)), atol=0.1)
