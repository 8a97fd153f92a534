"""Feet that are planted: alike at every frame rate, by knees that bend no more than a little."""

import numpy as np
from test_post_standing import knees, standing
from test_post_world import LEGS, bend, slip_m_s, walker

from hotvid.post.contacts import FEET
from hotvid.post.feet import plant_feet


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
