"""Bones where joints are wrong, or turn past where a twist is undefined."""

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
