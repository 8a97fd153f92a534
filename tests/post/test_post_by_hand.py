"""Filters, exchanges, places and shares of sureness, against numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares
from stick_people import STANDING_M
from test_post_cleaning import FPS, OFF, J, N, exchanged, track, walking
from test_post_smoothing import amplitude, wave
from test_post_trajectory import FOCAL_PX, SIZE_PX, bodies

from hotvid.chunks import chunks
from hotvid.config import CleanConfig
from hotvid.geometry import project
from hotvid.post.cleaning import clean
from hotvid.post.confidence import joint_confidence
from hotvid.post.constant_bones import with_constant_bones
from hotvid.post.outliers import without_outliers
from hotvid.post.quality import foot_skate_m_s
from hotvid.post.smoothing import smooth_by
from hotvid.post.swaps import without_swaps
from hotvid.post.trajectory import root_path
from hotvid.types import Motion3D

HALF_POWER = 0.7071


@pytest.mark.parametrize("method", ["butterworth", "gaussian"])
@pytest.mark.parametrize("cutoff_hz", [3.0, 8.0])
def test_half_of_the_power_is_left_at_the_cutoff(method, cutoff_hz):
    out = smooth_by(method, wave(cutoff_hz, 240), 240.0, cutoff_hz)
    assert amplitude(out, cutoff_hz, 240) == pytest.approx(HALF_POWER, abs=0.01)


def test_savgol_takes_five_frames_for_6_hz_at_30_a_second_and_eleven_at_60():
    # Savitzky and Golay's own tables for a quadratic. With c = cos(72 degrees), five frames leave
    # (17 + 24 c - 6 cos(144 degrees)) / 35 = 0.84, which is 0.70 of the power; seven leave 0.18.
    impulse = np.zeros(41)
    impulse[20] = 35
    out = smooth_by("savgol", impulse, 30.0, 6.0)
    np.testing.assert_allclose(out[17:24], [0, -3, 12, 17, 12, -3, 0], atol=1e-3)
    # At 60 frames a second, 11 frames leave 0.69 of the amplitude, and 9 would leave 0.85.
    impulse[20] = 429
    out = smooth_by("savgol", impulse, 60.0, 6.0)
    table = [-36, 9, 44, 69, 84, 89, 84, 69, 44, 9, -36]
    np.testing.assert_allclose(out[14:27], [0, *table, 0], atol=1e-3)


def test_one_euro_has_a_third_of_the_cutoff_for_a_joint_at_rest_and_more_for_a_fast_one():
    # There and back a first-order filter leaves 1 / (1 + (f / cutoff)^2).
    still = 1e-4 * wave(2.0, 240)
    out = smooth_by("one-euro", still, 240.0, 6.0)
    assert amplitude(out, 2.0, 240) == pytest.approx(0.5e-4, rel=0.03)
    fast = smooth_by("one-euro", wave(2.0, 240), 240.0, 6.0)
    assert amplitude(fast, 2.0, 240) > 0.95


@pytest.mark.parametrize("method", ["butterworth", "gaussian"])
def test_cleaning_smooths_joints_and_root_at_its_cutoff(method):
    moves = wave(3.0, 120).astype(np.float32)
    xyz, root = np.zeros((480, 17, 3), np.float32), np.zeros((480, 3), np.float32)
    xyz[:, 5, 1], root[:, 2] = moves, moves
    config = replace(OFF, smooth=method, cutoff_hz=3.0)
    out = clean(Motion3D(xyz, root), np.ones((480, 17), np.float32), 120.0, config)
    for path in (out.xyz_m[:, 5, 1], out.root_m[:, 2]):
        assert amplitude(path, 3.0, 120) == pytest.approx(HALF_POWER, abs=0.01)


def one_joint(values):
    return np.asarray(values, float).reshape(-1, 1, 1) * [1.0, 0, 0]


def test_a_motion_whose_largest_steps_are_within_it_is_no_outlier():
    # A throw: out by steps of 0.05, 0.05, 0.2, 0.5, and back as it came.
    at = np.zeros(40)
    at[17:24] = [0.05, 0.1, 0.3, 0.8, 0.3, 0.1, 0.05]
    jerk = one_joint(at)
    np.testing.assert_array_equal(without_outliers(jerk, 30.0, 0.05), jerk)


def test_three_wild_frames_that_are_reached_by_a_jump_are_mended():
    at = np.zeros(60)
    at[30:33] = [0.7, 0.72, 0.69]
    np.testing.assert_allclose(without_outliers(one_joint(at), 60.0, 0.05), 0, atol=1e-9)


def test_a_wild_frame_beside_a_seam_is_mended(monkeypatch):
    monkeypatch.setattr("hotvid.post.outliers.chunks", lambda n: chunks(n, 20))
    for frame in (18, 19, 20, 21):
        at = np.zeros(60)
        at[frame] = 0.7
        np.testing.assert_allclose(without_outliers(one_joint(at), 30.0, 0.05), 0, atol=1e-9)


def at_an_angle():
    """(N, 17, 2) pixels of someone who walks to the right, seen from half aside."""
    xyz = walking()
    along = np.linspace(2, 5, N)[:, None]
    return 200 * np.stack([xyz[..., 2] + xyz[..., 0] + along, xyz[..., 1]], -1)


def test_scores_go_back_with_their_joints():
    score = np.tile(np.linspace(0.6, 0.92, 17, dtype=np.float32), (N, 1))
    rows = slice(40, 47)
    bad = track(exchanged(at_an_angle(), rows), exchanged(score, rows))
    found = without_swaps(bad, FPS)
    np.testing.assert_array_equal(found.score, score)
    np.testing.assert_array_equal(found.xy_px, at_an_angle().astype(np.float32))
    assert (bad.score[rows] != score[rows]).any(), "it was not changed itself"


def test_what_lasts_longest_is_right():
    xy = at_an_angle()
    late = without_swaps(track(exchanged(xy, slice(100, N))), FPS)
    np.testing.assert_array_equal(late.xy_px[:100], xy[:100].astype(np.float32))
    # The other way round the beginning is made to fit the rest.
    everything = exchanged(xy, slice(0, N)).astype(np.float32)
    early = without_swaps(track(exchanged(xy, slice(22, N))), FPS)
    np.testing.assert_array_equal(early.xy_px, everything)


def test_one_leap_at_the_very_end_is_no_exchange():
    # Hips 0.4 trunks apart, knees and ankles 0.6, change places: 3.2 trunks, where 4 are asked for.
    xy = np.tile(200 * STANDING_M[:, :2], (60, 1, 1)) + 400
    for joint in ("knee", "ankle"):
        xy[:, J[f"right_{joint}"], 0], xy[:, J[f"left_{joint}"], 0] = 370, 430
    last = exchanged(xy, slice(59, 60))
    np.testing.assert_array_equal(without_swaps(track(last), FPS).xy_px, last.astype(np.float32))
    # They come and stay: that is as much again.
    some = without_swaps(track(exchanged(xy, slice(54, 60))), FPS)
    np.testing.assert_array_equal(some.xy_px, xy.astype(np.float32))


def test_a_bone_is_as_long_as_where_it_is_well_seen():
    xyz = np.tile(STANDING_M, (30, 1, 1))
    wrist, elbow = J["left_wrist"], J["left_elbow"]
    forearm = xyz[0, wrist] - xyz[0, elbow]
    xyz[:18, wrist] = xyz[:18, elbow] + 1.6 * forearm  # most of the time it is too long, and unsure
    score = np.ones((30, 17))
    score[:18, wrist] = 0.05
    xyz[:, J["right_wrist"]] = xyz[:, J["right_elbow"]] + forearm * [-1, 1, 1]
    out = with_constant_bones(xyz, score, FPS)
    found = np.linalg.norm(out[:, wrist] - out[:, elbow], axis=-1)
    np.testing.assert_allclose(found, np.linalg.norm(forearm), rtol=0.02)


def test_feet_that_come_and_go_slide_only_while_they_stand():
    xyz = np.zeros((12, 17, 3))
    xyz[:, J["right_ankle"], 0] = [0, 0.3, 0.6, 0.9, 0.9, 0.9, 0.9, 0.9, 1.2, 1.5, 1.8, 2.1]
    stands = np.zeros((12, 2), bool)
    stands[3:8, 0] = True
    assert foot_skate_m_s(xyz, stands, 30.0) == 0
    stands[8, 0] = True  # four steps of nothing, then one of 0.3 m
    assert foot_skate_m_s(xyz, stands, 30.0) == pytest.approx(0.3 * 30 / 5)


def test_near_the_camera_pixels_decide_and_not_metres():
    """Of a body that reaches from a metre before the camera to two, with wrong pixels."""
    rng = np.random.default_rng(5)
    shape = rng.uniform(-1, 1, (17, 3)) * [0.5, 0.8, 0.7]
    shape -= shape[0]
    xy = project(shape + [0.1, 0.0, 1.6], FOCAL_PX, SIZE_PX) + rng.normal(0, 40, (17, 2))
    score = np.ones((1, 17))
    score[:, 0] = 0.19  # a pelvis that is hardly seen leaves the direction to the body

    def off(place):
        away = project(shape + place, FOCAL_PX, SIZE_PX) - xy
        return (away * np.sqrt(score[0, :, None])).ravel()

    wanted = least_squares(off, [0, 0, 2.0]).x
    (found,) = root_path(shape[None], xy[None], score, FOCAL_PX, SIZE_PX, FPS)
    np.testing.assert_allclose(found, wanted, atol=0.012)


def test_who_would_be_a_mile_away_is_nowhere():
    xyz = bodies(20)
    xy = project(xyz + [0, 0, 1800], FOCAL_PX, SIZE_PX)
    far = root_path(xyz, xy, np.ones((20, 17)), FOCAL_PX, SIZE_PX, FPS)
    assert np.isnan(far).all()


# What follows by hand from the fitted lines: ln(0.11 m) less the line, over 0.54, as a share of the
# normal distribution. (joint, score, metres apart, share)
@pytest.mark.parametrize(
    ("joint", "score", "apart_m", "share"),
    [
        # -0.58 + (0.106 + 0.337) ln 0.01 = -2.6201; (2.6201 - 2.2073) / 0.54 = 0.7645
        ("left_wrist", 1.0, 0.005, 0.7777),
        # -0.58 + 0.443 ln 0.105 = -1.5784: a tenth of a metre apart
        ("left_wrist", 1.0, 0.1, 0.1221),
        # -1.93 + 0.443 ln 0.01 = -3.9701
        ("right_hip", 1.0, 0.005, 0.9995),
        # -0.54 + 0.312 * 0.5 + 0.443 ln 0.025 = -2.0182
        ("right_ankle", 0.75, 0.02, 0.3630),
        # one answer only: -2.37 + 0.453 * 0.5 = -2.1435
        ("left_wrist", 0.75, None, 0.4530),
        # -3.8
        ("left_hip", 1.0, None, 0.9984),
    ],
)
def test_how_sure_a_joint_is(joint, score, apart_m, share):
    apart = None if apart_m is None else np.full((3, 17), apart_m, np.float32)
    found = joint_confidence(np.full((3, 17), score, np.float32), apart)
    np.testing.assert_allclose(found[:, J[joint]], share, atol=2e-4)


def test_the_defaults_are_those_of_walking():
    assert CleanConfig() == CleanConfig(True, "butterworth", 6.0, True)
