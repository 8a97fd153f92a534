"""Bones fitted to joints: where they came from is where they go back to, and nothing flips."""

import numpy as np
import pytest
from moving_body import FPS, moving_body, places, still_body
from scipy.spatial.transform import Rotation

from hotvid.humanoid import BONE_NAMES, BONES, bone, bone_places, joint_places, tips
from hotvid.post.bones import fit_bones
from hotvid.post.twist import neutral_turns, steady_twist, twisted
from hotvid.rotations import unit
from hotvid.skeleton import H36M17

SURE = np.ones(17)


def fit(xyz_m):
    return fit_bones(xyz_m, np.ones(xyz_m.shape[:2]), FPS)


def degrees_between(one, other):
    """(F, B) between two motions, each bone in the world."""
    turns = np.swapaxes(bone_places(one)[1], -1, -2) @ bone_places(other)[1]
    return np.degrees(Rotation.from_matrix(turns.reshape(-1, 3, 3)).magnitude()).reshape(
        turns.shape[:2]
    )


def speed(motion):
    """(F - 1, B) degrees from frame to frame, each bone against its parent."""
    dot = np.abs((motion.rotation[1:] * motion.rotation[:-1]).sum(-1))
    return 2 * np.degrees(np.arccos(np.clip(dot, 0, 1)))


@pytest.mark.parametrize("seed", range(4))
def test_joints_go_back_to_where_they_came_from(seed):
    xyz = places(moving_body(seed=seed))
    found = fit(xyz)
    # The collar bones that moved are seen through the shoulders alone.
    assert found.error_mm.max() < 5 and np.median(found.error_mm) < 1
    assert found.error_mm[:, :8].max() < 0.01, "pelvis, legs and spine"
    off_mm = 1000 * np.linalg.norm(joint_places(found) - xyz, axis=-1)
    np.testing.assert_allclose(off_mm, found.error_mm, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_bent_limbs_have_the_twist_that_they_had(seed):
    wanted = moving_body(seed=seed)
    off = degrees_between(wanted, fit(places(wanted)))
    for name in ("UpperArm", "LowerArm", "UpperLeg", "LowerLeg"):
        for side in ("Left", "Right"):
            assert np.median(off[:, bone(side + name)]) < 6, side + name
            assert np.percentile(off[:, bone(side + name)], 95) < 25, side + name
    assert off[:, bone("Hips")].max() < 4


def test_bones_keep_their_lengths():
    wanted = moving_body()
    found = fit(places(wanted))
    for name in ("LowerArm", "Hand", "LowerLeg", "Foot", "UpperLeg"):
        for side in ("Left", "Right"):
            i = bone(side + name)
            np.testing.assert_allclose(found.offset_m[i], wanted.offset_m[i], atol=1e-3)


def test_lengths_are_typical_not_mean_and_alike_on_both_sides():
    xyz = np.repeat(places(still_body()), 40, 0)
    xyz[:9, H36M17.index("left_ankle")] += [0, -1, 0]  # a leg of 1.4 m in some frames
    found = fit(xyz)
    left, right = (found.offset_m[bone(f"{side}Foot")] for side in ("Left", "Right"))
    np.testing.assert_allclose(left, [0, -0.41, 0], atol=1e-3)
    np.testing.assert_allclose(left, right, atol=1e-6)
    ankle = found.error_mm[:, H36M17.index("left_ankle")]
    np.testing.assert_allclose(ankle, [1000] * 9 + [0] * 31, atol=1)


def test_the_rest_pose_is_no_turn_at_all():
    found = fit(np.repeat(places(still_body()), 5, 0))
    turned = 2 * np.degrees(np.arccos(np.clip(np.abs(found.rotation[..., 3]), 0, 1)))
    assert turned.max() < 1, BONE_NAMES[turned.max(0).argmax()]
    limbs = [i for i, each in enumerate(BONES) if "Lower" in each.name]
    rest = unit(found.offset_m[limbs])
    np.testing.assert_allclose(rest, [BONES[BONES[i].parent].rest for i in limbs], atol=1e-6)


def test_noise_does_not_make_anything_flip():
    wanted = moving_body(240, seed=1)
    random = np.random.default_rng(0)
    xyz = places(wanted) + random.normal(0, 0.01, (240, 17, 3))
    found = fit(xyz)
    assert speed(found).max() < speed(wanted).max() + 40
    assert (np.abs(np.diff(found.rotation, axis=0)).sum(-1) < 1).all(), "a change of sign"


def test_a_straight_limb_that_swings_overhead_does_not_flip():
    angle = np.linspace(-80, 100, 181)
    body = moving_body(181)
    turns = np.tile([0, 0, 0, 1.0], (181, len(BONES), 1))
    turns[:, bone("LeftUpperArm")] = Rotation.from_euler(
        "z", angle[:, None], degrees=True
    ).as_quat()
    turns[:, bone("RightUpperLeg")] = Rotation.from_euler(
        "x", -angle[:, None], degrees=True
    ).as_quat()
    straight = type(body)(body.offset_m, turns, body.root_m, body.marker_m, body.error_mm)
    found = fit(places(straight))
    assert speed(found).max() < 3
    assert found.error_mm.max() < 1


def test_a_knee_that_bends_the_wrong_way_does_not_turn_the_thigh_round():
    bend = 25 * np.sin(np.linspace(0, 6 * np.pi, 120))  # forwards and backwards
    body = moving_body(120)
    turns = np.tile([0, 0, 0, 1.0], (120, len(BONES), 1))
    turns[:, bone("LeftLowerLeg")] = Rotation.from_euler("x", bend[:, None], degrees=True).as_quat()
    both = type(body)(body.offset_m, turns, body.root_m, body.marker_m, body.error_mm)
    found = fit(places(both))
    thigh = found.rotation[:, bone("LeftUpperLeg")]
    assert 2 * np.degrees(np.arccos(np.abs(thigh[:, 3]).min())) < 5


def test_a_leg_folded_out_of_the_knee_s_plane_does_not_turn_about_its_length():
    aside = 40 * np.sin(np.linspace(0, 6 * np.pi, 120))
    body = moving_body(120)
    turns = np.tile([0, 0, 0, 1.0], (120, len(BONES), 1))
    folded = Rotation.from_euler("x", 140, degrees=True)
    turns[:, bone("LeftLowerLeg")] = (
        Rotation.from_euler("y", aside[:, None], degrees=True) * folded
    ).as_quat()
    xyz = places(type(body)(body.offset_m, turns, body.root_m, body.marker_m, body.error_mm))
    unsure = np.ones(xyz.shape[:2])
    unsure[:, H36M17.index("left_ankle")] = 0.01  # so that the thigh does not follow it
    found = fit_bones(xyz, unsure, FPS)
    shin = unit(xyz[:, H36M17.index("left_ankle")] - xyz[:, H36M17.index("left_knee")])
    moved = np.degrees(np.arccos(np.clip((shin[1:] * shin[:-1]).sum(-1), -1, 1)))
    assert speed(found)[:, bone("LeftLowerLeg")].max() < 1.6 * moved.max()


def test_what_is_missing_is_bridged_and_has_no_error():
    xyz = places(moving_body())
    wanted = fit(xyz)
    holed = xyz.copy()
    holed[30:33, H36M17.index("left_wrist")] = np.nan
    holed[50:52] = np.nan
    found = fit(holed)
    assert np.isfinite(found.rotation).all() and np.isfinite(found.root_m).all()
    assert np.isnan(found.error_mm).sum() == 3 + 2 * 17
    assert np.nanmax(found.error_mm) < 5
    assert degrees_between(wanted, found).max() < 25


def test_someone_without_a_known_frame_is_still_a_body():
    found = fit(np.full((3, 17, 3), np.nan))
    assert np.isfinite(found.rotation).all() and np.isnan(found.error_mm).all()


def test_one_frame_is_enough():
    found = fit(places(moving_body())[:1])
    assert found.rotation.shape == (1, len(BONES), 4) and found.error_mm.max() < 5


def test_the_whole_turn_of_a_body_turns_only_its_root():
    xyz = places(moving_body())
    turn = Rotation.from_euler("y", 70, degrees=True).as_matrix()
    one, other = fit(xyz), fit(xyz @ turn.T)
    np.testing.assert_allclose(
        np.abs((one.rotation[:, 1:] * other.rotation[:, 1:]).sum(-1)), 1, atol=1e-6
    )


def test_twist_is_what_is_surely_shown_and_else_what_its_neighbours_have():
    n, rest = 60, np.array([0, -1.0, 0])
    home = unit(np.array([0, -1.0, 0.3]))
    way = unit(np.stack([np.sin(np.linspace(0, 1, n)), -np.ones(n), np.zeros(n)], 1))
    turns = neutral_turns(rest, home, way)
    shown = np.full(n, 0.6)
    weight = np.r_[np.ones(20), np.zeros(20), np.ones(20)]
    shown[25] = -3  # says nothing
    twist = steady_twist(turns, rest, shown, weight, 30.0)
    np.testing.assert_allclose(twist[:15], 0.6, atol=0.03)
    np.testing.assert_allclose(twist[45:], 0.6, atol=0.03)
    assert (twist[20:40] > 0.4).all() and (twist[20:40] < 0.61).all()
    np.testing.assert_allclose(twisted(turns, rest, twist) @ rest, way, atol=1e-9)


def test_a_limb_that_shows_nothing_is_neutral():
    rest = np.array([1.0, 0, 0])
    turns = neutral_turns(rest, rest, np.tile(unit(np.array([1.0, 1, 0])), (10, 1)))
    twist = steady_twist(turns, rest, np.full(10, 2.0), np.zeros(10), 30.0)
    np.testing.assert_allclose(twist, 0, atol=1e-9)


def test_feet_that_stand_lie_flat_and_none_reaches_through_the_floor():
    """A body that leans ahead over its left foot while the right one steps down through the air."""
    n = 90
    xyz = np.repeat(places(still_body())[:1], n, 0)
    xyz[..., 1] -= xyz[0, [3, 6], 1].min() - 0.08
    lean = np.zeros((n, 1))
    lean[30:60] = 1
    ahead = lean * [0, np.sqrt(0.83**2 - 0.3**2) - 0.83, 0.3]  # on legs that keep their length
    for joint, share in enumerate([1, 1, 0.5, 0, 1, 0.5, 0, *[1] * 10]):
        xyz[:, joint] += share * ahead
    contact = np.zeros((n, 2), bool)
    contact[:, 1] = True
    hanging, laid = fit(xyz), fit_bones(xyz, np.ones(xyz.shape[:2]), FPS, contact)

    def toes_m(motion, side):
        place, turn = bone_places(motion)
        at = bone(f"{side}Toes")
        return (place[:, at] + turn[:, at] @ tips(motion)[at])[:, 1]

    assert toes_m(hanging, "Left").min() < -0.02, "what is to be mended"
    assert np.ptp(toes_m(laid, "Left")) < 0.005 and 0 <= toes_m(laid, "Left").min() < 0.04
    assert toes_m(laid, "Right").min() > -1e-6
    np.testing.assert_allclose(joint_places(laid), joint_places(hanging), atol=1e-9)
    others = [i for i, name in enumerate(BONE_NAMES) if not name.endswith("Foot")]
    np.testing.assert_array_equal(laid.rotation[:, others], hanging.rotation[:, others])
