"""What motion says of itself."""

from dataclasses import replace

import numpy as np
import pytest
from stick_people import STANDING_M, two_people

from hotvid.post.quality import acceleration_m_s2, bone_variation, foot_skate_m_s, quality
from hotvid.skeleton import H36M17

STILL = np.tile(STANDING_M, (20, 1, 1))


def test_bones_that_change_their_length():
    assert bone_variation(STILL) == pytest.approx(0, abs=1e-9)
    breathing = STILL * (1 + 0.1 * np.tile([1, -1], 10))[:, None, None]
    assert bone_variation(breathing) == pytest.approx(0.1)
    assert np.isnan(bone_variation(STILL[:0]))


def test_feet_that_slide_while_they_stand():
    sliding = STILL + np.linspace(0, 1.9, 20)[:, None, None] * [0.03, 0, 0.04]
    stands = np.zeros((20, 2), bool)
    assert np.isnan(foot_skate_m_s(sliding, stands, 30.0))
    stands[5:15, 0] = True
    assert foot_skate_m_s(sliding, stands, 30.0) == pytest.approx(0.1 * 0.05 * 30)
    assert foot_skate_m_s(sliding * [1, 0, 1] + [0, 3, 0], stands, 30.0) == pytest.approx(0.15)


def test_acceleration_is_that_of_a_fall():
    t = np.arange(20)[:, None, None] / 30
    falling = STILL + t**2 / 2 * [0, 9.81, 0]
    assert acceleration_m_s2(falling, 30.0) == pytest.approx(9.81)
    falling[3] = np.nan
    assert acceleration_m_s2(falling, 30.0) == pytest.approx(9.81)


def test_a_person():
    person = two_people("h36m17").people[1]
    track = person.keypoints
    score = np.full(track.score.shape, 0.9, np.float32)
    score[:, H36M17.index("left_wrist")] = 0.1
    xy = np.full(track.xy_px.shape, 50, np.float32)
    xy[2, 4] = 641
    person = replace(person, keypoints=replace(track, xy_px=xy, score=score))
    found = quality(person, 25.0, (640, 480))
    # Frames 8 and 12 of 8 to 13 are bridged.
    assert found.interpolated == pytest.approx(2 / 6)
    assert found.unseen == pytest.approx(1 / 17)
    assert found.cropped == pytest.approx(1 / 4)
    assert found.acceleration_m_s2 > 0.1
    cleaned = quality(person, 25.0, (640, 480), was_cleaned=True)
    assert np.isnan([cleaned.bone_variation, cleaned.acceleration_m_s2]).all()
    assert quality(person, 25.0, (640, 480), person.motion, was_cleaned=True) == found
    bare = quality(replace(person, motion=None, world=None), 25.0, (640, 480))
    assert np.isnan([bare.bone_variation, bare.foot_skate_m_s, bare.acceleration_m_s2]).all()
