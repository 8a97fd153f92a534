"""Feet that stand are told from others, and planted by knees that bend no more than a little."""

import numpy as np
import pytest
from walking_people import FPS, LEGS, J, bend, camera, knees, slip_m_s, standing, walker

from hotvid.post.contacts import FEET, foot_contacts, runs, without_short
from hotvid.post.feet import _anchored, plant_feet
from hotvid.post.floor import ANKLE_M


def test_runs_and_short_ones():
    when = np.array([1, 1, 0, 1, 1, 1, 0, 0, 0, 1], bool)
    assert runs(when) == [(0, 2), (3, 6), (9, 10)]
    assert runs(without_short(when, 2)) == [(0, 6)]


def test_standing_feet_are_told_from_swinging_ones_in_the_picture():
    rotation, place = camera()
    xyz, standing = walker()
    seen = (xyz - place) @ rotation.T
    sight = seen[..., :2] / seen[..., 2:]
    found = foot_contacts(seen, seen[:, 0, 2], sight, np.ones((120, 17)), rotation[:, 1], FPS)
    assert (found == standing)[4:-4].mean() > 0.85
    assert not foot_contacts(
        seen, seen[:, 0, 2], sight, np.zeros((120, 17)), rotation[:, 1], FPS
    ).any(), "feet that are not seen do not stand"


def test_a_foot_is_brought_back_without_stretching_a_leg():
    xyz = np.repeat(walker(n=1)[0], 60, 0)
    drift = np.linspace(0, 0.1, 60)
    moved = xyz.copy()
    moved[..., 0] += drift[:, None]
    both = np.ones((60, 2), bool)
    out = plant_feet(moved, both, FPS)
    assert slip_m_s(out, both) < 1e-3
    np.testing.assert_allclose(plant_feet(moved, ~both, FPS), moved)


@pytest.mark.parametrize("step_m", [0.0, 0.05, 0.18, 0.5])
def test_who_goes_up_a_step_stands_higher_and_what_is_only_misjudged_does_not(step_m):
    xyz = np.repeat(walker(n=1)[0], 90, 0)
    xyz[45:, :, 1] += step_m
    stands = np.ones((90, 2), bool)
    stands[40:50] = False
    height = plant_feet(xyz, stands, FPS)[:, FEET, 1]
    np.testing.assert_allclose(height[:40], ANKLE_M, atol=0.01)
    higher = xyz[50:, FEET, 1] if step_m > 0.15 else ANKLE_M
    np.testing.assert_allclose(height[50:], higher, atol=0.01)


def test_planting_hardly_bends_a_knee_otherwise_than_it_was_seen():
    """Feet that stand are seen to sink and rise by 6 cm: the body goes up and down instead."""
    xyz = np.repeat(walker(n=1)[0], 90, 0)
    wave = 0.06 * np.sin(np.linspace(0, 4 * np.pi, 90))
    for side in ("right", "left"):
        for row in range(90):
            goal = xyz[row, LEGS[side][2]] + [0, max(wave[row], 0), 0.03]
            xyz[row, LEGS[side]] = bend(xyz[row, LEGS[side]], goal)
    xyz[..., 1] -= wave[:, None]
    stands = np.ones((90, 2), bool)
    out = plant_feet(xyz, stands, FPS)
    assert np.abs(knees(out) - knees(xyz)).max() < 6
    assert slip_m_s(out, stands) < 0.02
    np.testing.assert_allclose(out[:, FEET, 1], ANKLE_M, atol=0.015)


def test_a_leg_that_is_straight_stays_straight_where_it_stands():
    xyz = np.repeat(walker(n=1)[0], 60, 0)
    for hip, knee, ankle in LEGS.values():
        xyz[:, knee] = xyz[:, hip] - [0, 0.42, 0]
        xyz[:, ankle] = xyz[:, hip] - [0, 0.835, 0]
    xyz[..., 1] += 0.03 * np.sin(np.linspace(0, 6, 60))[:, None]
    out = plant_feet(xyz, np.ones((60, 2), bool), FPS)
    assert knees(out).max() < 0.1
    np.testing.assert_allclose(out[:, FEET, 1], ANKLE_M, atol=0.005)


def test_a_heel_that_is_lifted_lets_the_ankle_go():
    rotation, place = camera()
    xyz, _ = walker(n=90, speed=0.0)
    xyz[:] = xyz[:1]
    ankle = LEGS["left"][2]
    rise = np.clip((np.arange(90) - 50) / 20, 0, 1)  # 2 frames a centimetre: slower than a step
    xyz[:, ankle] += rise[:, None] * [0, 0.1, 0.03]
    seen = (xyz - place) @ rotation.T
    sight, sure = seen[..., :2] / seen[..., 2:], np.ones((90, 17))
    found = foot_contacts(seen, seen[:, 0, 2], sight, sure, rotation[:, 1], FPS)
    assert found[:, 0].all()
    assert found[:52, 1].all()
    assert not found[58:75, 1].any()
    few = slice(2, None, 6)  # five frames a second
    found = foot_contacts(
        seen[few], seen[few, 0, 2], sight[few], sure[few], rotation[:, 1], FPS / 6
    )
    assert found[:9].all()


def test_who_stands_on_something_high_is_not_pulled_to_the_floor():
    both = np.ones((60, 2), bool)
    high = standing() + [0, 0.6, 0]
    np.testing.assert_allclose(plant_feet(high, both, FPS), high, atol=1e-6)
    off = plant_feet(standing() + [0, 0.1, 0], both, FPS)
    np.testing.assert_allclose(off[:, FEET, 1], 0.08, atol=0.002)


def test_no_foot_is_bent_far_from_where_it_was_seen():
    # Both are said to stand, and slide 0.3 m before and behind their place, each another way.
    xyz, slide = standing(), np.linspace(-0.3, 0.3, 60)
    seen = xyz.copy()
    for side, sign in (("right", 1), ("left", -1)):
        leg = [J[f"{side}_{j}"] for j in ("hip", "knee", "ankle")]
        for row in range(60):
            seen[row, leg] = bend(xyz[row, leg], xyz[row, leg[2]] + [0, 0, sign * slide[row]])
    out = plant_feet(seen, np.ones((60, 2), bool), FPS)
    far = np.linalg.norm(out[:, FEET] - seen[:, FEET], axis=-1)
    assert 0.08 < far.max() < 0.125


def test_between_two_stands_a_foot_is_pulled_by_their_mean():
    # Both stands want the ankle 0.1 m lower; the two frames between are eased to by both.
    foot, height = np.tile([0, 0.18, 0], (60, 1)).astype(float), np.full(60, 0.08)
    contact = np.zeros(60, bool)
    contact[20:30] = contact[32:42] = True
    path = _anchored(foot, height, contact, 30.0)
    np.testing.assert_allclose(path[20:42, 1], 0.08, atol=1e-9)
    np.testing.assert_allclose(path[[15, 46], 1], 0.18)
    # Three frames to come and to go: raised cosines at a quarter, a half, three quarters.
    share = 0.5 * (1 + np.cos(np.pi * np.array([0.25, 0.5, 0.75])))
    np.testing.assert_allclose(path[42:45, 1], 0.18 - 0.1 * share)


def test_knees_bend_as_they_were_seen_to():
    xyz = standing()
    xyz[:, J["left_knee"]] = xyz[:, [J["left_hip"], J["left_ankle"]]].mean(1) + [0, 0, 0.002]
    seen = xyz.copy()
    slide = 0.05 * np.sin(np.arange(60) / 5)
    for side, sign in (("right", 1), ("left", -1)):
        seen[:, J[f"{side}_ankle"], 1] += sign * slide
    out = plant_feet(seen, np.ones((60, 2), bool), FPS)
    assert np.abs(knees(out) - knees(seen)).max() < 6.1
    assert np.abs(out[:, FEET] - seen[:, FEET]).max() > 0.005


def test_at_four_times_the_frame_rate_the_same_is_planted():
    n, fps = 481, 120.0
    t = np.arange(n) / fps
    xyz = standing(n)
    xyz += np.stack([0.04 * np.sin(5 * t), 0.03 * np.cos(4 * t), 0.15 * t], 1)[:, None]
    contact = np.zeros((n, 2), bool)
    contact[60:180, 0] = contact[150:260, 1] = contact[330:420] = True
    many = plant_feet(xyz, contact, fps)[::4]
    few = plant_feet(xyz[::4], contact[::4], fps / 4)
    assert np.abs(many - xyz[::4]).max() > 0.05
    np.testing.assert_allclose(many, few, atol=0.02)


def test_no_knee_is_bent_by_more_than_half_or_six_degrees():
    """A leg that is straight for a moment between two bends, over feet that sink and rise."""
    xyz = np.repeat(walker(n=1)[0], 90, 0)
    for side, leg in LEGS.items():
        for row in range(90):
            hip = xyz[row, leg[0]]
            xyz[row, leg] = bend(xyz[row, leg], hip - [0, 0.74, 0])
            if (row // 5 + (side == "left")) % 3 == 0:
                xyz[row, leg] = hip - [[0, 0, 0], [0, 0.42, -0.004], [0, 0.834, 0]]
    before, after = knees(xyz), knees(plant_feet(xyz, np.ones((90, 2), bool), 30.0))
    assert before.min() < 2 and before.max() > 50
    assert (np.abs(after - before) < np.minimum(6, before / 2) + 0.01).all()


def test_feet_that_slide_under_straight_legs_are_carried_by_the_body():
    xyz = np.repeat(walker(n=1)[0], 90, 0)
    for hip, knee, ankle in LEGS.values():
        xyz[:, knee] = xyz[:, hip] - [0, 0.42, 0]
        xyz[:, ankle] = xyz[:, hip] - [0, 0.835, 0]
    slide = 0.06 * np.sin(np.linspace(0, 3 * np.pi, 90))
    xyz[..., 2] += slide[:, None]
    for _, _, ankle in LEGS.values():
        xyz[:, ankle, 1] += 0.02 * np.cos(np.linspace(0, 5 * np.pi, 90))
    both = np.ones((90, 2), bool)
    out = plant_feet(xyz, both, 30.0)
    assert slip_m_s(out, both) < 0.01
    assert np.ptp(out[:, FEET, 1], 0).max() < 0.002
