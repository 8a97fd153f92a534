"""The lifter's input to the last digit, and what its answers come to: both worked out by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from test_lifter import Flat, track

from hotvid.config import LiftConfig
from hotvid.lift.inputs import body_inputs, body_size, prepare
from hotvid.lift.lifter import Lifter
from hotvid.lift.protocols import MEAN_LIMBS_M, Protocol
from hotvid.lift.windows import window_starts

WINDOW = Path(__file__).with_name("body_window.npz")
LIMBS = ((1, 2), (2, 3), (4, 5), (5, 6), (0, 8), (11, 12), (12, 13), (14, 15), (15, 16))
SIZE_PX = (640, 480)


def test_a_window_is_prepared_as_the_shipped_weights_were_trained():
    """Another input than this and they have to be trained anew."""
    with np.load(WINDOW) as golden:
        made = prepare("body", golden["xy_px"], golden["score"], (1280, 720), 1100.0, 3)
        assert made.inputs.dtype == made.rotation.dtype == np.float32
        np.testing.assert_allclose(made.inputs, golden["inputs"], atol=1e-6)
        np.testing.assert_allclose(made.rotation, golden["rotation"], atol=1e-6)


def cross(n_frames, radius=0.1):
    """Sixteen joints `radius` left and right of the pelvis, which looks straight ahead."""
    xy = np.zeros((n_frames, 17, 2))
    xy[:, 1::2, 0], xy[:, 2::2, 0] = radius, -radius
    return xy


def test_the_size_is_twice_the_spread_of_the_joints_about_their_middle():
    # Sixteen of seventeen joints are 0.1 away: 2 sqrt(16 / 17 * 0.01).
    assert body_size(cross(5), np.ones((5, 17))) == pytest.approx(0.194028, abs=1e-6)


def test_one_wild_frame_does_not_change_the_size():
    xy, score = cross(30), np.ones((30, 17))
    before = body_size(xy, score)
    xy[11] *= 20
    assert body_size(xy, score) == pytest.approx(before)


def test_the_size_is_that_of_the_large_frames():
    # 0.1 in half of the frames and 0.2 in the other: the body has turned aside in the first.
    xy = np.concatenate([cross(10), cross(10, 0.2)])
    assert body_size(xy, np.ones((20, 17))) == pytest.approx(0.388057, abs=1e-6)


def test_a_joint_that_nobody_saw_hardly_changes_the_size():
    xy, score = cross(5), np.ones((5, 17))
    xy[:, 0], score[:, 0] = [0.3, 0], 0
    # It counts for a twentieth: mean square (16 * 0.01 + 0.05 * 0.09) / 16.05, and its middle
    # lies 0.05 * 0.3 / 16.05 aside.
    assert body_size(xy, score) == pytest.approx(0.202469, abs=1e-5)


def test_the_path_is_measured_from_its_own_mean():
    xy = cross(9) + np.stack([np.linspace(0, 0.4, 9) ** 2, np.linspace(0, -0.1, 9)], -1)[:, None]
    path = body_inputs(xy, np.ones((9, 17))).inputs[:, 0, :2]
    np.testing.assert_allclose(path.mean(0), 0, atol=1e-6)
    assert np.ptp(path[:, 0]) == pytest.approx(0.16 / body_size(cross(9), np.ones(17)), rel=0.1)


def test_a_path_ends_eight_sizes_away():
    xy = cross(3, 0.01) + np.array([[-0.2, 0.1], [0, 0], [0.2, -0.1]])[:, None]  # some 20 sizes
    path = body_inputs(xy, np.ones((3, 17))).inputs[:, 0, :2]
    assert path[[0, 2], 0].tolist() == [-8, 8]
    assert 4 < path[0, 1] < 6 and path[1].tolist() == pytest.approx([0, 0], abs=1e-6)


def test_a_crop_lies_around_what_was_seen():
    xy = np.zeros((2, 17, 2)) + [300, 200]
    xy[0, 1], xy[0, 2], xy[1, 3] = [250, 200], [350, 190], [300, 230]
    score = np.ones((2, 17))
    xy[1, 9], score[1, 9] = [900, -500], 0
    made = prepare("crop", xy, score, SIZE_PX, 500.0, 3).inputs
    # The square of 100 pixels around (300, 210).
    np.testing.assert_allclose(made[0, :4, :2], [[0, -0.2], [-1, -0.2], [1, -0.4], [0, -0.2]])
    np.testing.assert_allclose(made[1, 3], [0, 0.4, 1])
    np.testing.assert_allclose(made[1, 9], [1, -1, 0])  # at its corner


def test_at_an_overlap_of_one_half_every_frame_lies_in_two_windows():
    assert window_starts(25, 10, 0.5).tolist() == [-5, 0, 5, 10, 15, 20]


def test_a_mean_adult_has_a_mean_adults_thighs():
    # Shares of the height (Drillis and Contini 1966): thigh, shin, upper arm, forearm; the trunk
    # from hips to shoulders.
    thigh, both_sides, trunk = 0.245, 0.245 + 0.246 + 0.186 + 0.146, 0.288
    assert 0.40 < MEAN_LIMBS_M * thigh / (2 * both_sides + trunk) < 0.46


def flat_lifter(**protocol):
    return Lifter("flat", Flat(), Protocol(inputs="screen", **protocol), "")


def seen(sizes, seed=0):
    """Someone as large, frame by frame, as `sizes` say; all their joints are seen."""
    pose = np.random.default_rng(seed).normal(0, 20, (17, 2))
    return track(np.asarray(sizes)[:, None, None] * pose + [320, 240], np.ones((len(sizes), 17)))


@pytest.mark.parametrize("n_frames", [32, 33, 34])
def test_the_last_frame_of_a_fast_video_is_lifted(n_frames):
    one = seen([1.0] * (n_frames - 1) + [2.0])  # a leap that no spline foresees
    (found,) = flat_lifter().lift([one], 240.0, SIZE_PX)
    wanted = (one.xy_px[-1] - one.xy_px[-1, 0]) / 320
    np.testing.assert_allclose(found.xyz_m[-1, :, :2], wanted, atol=1e-5)


@pytest.mark.parametrize("fps", [30.0, 80.0, 240.0])
def test_picture_units_are_scaled_by_a_size_of_a_quarter_of_a_second(fps):
    half = int(1.5 * fps)
    one = seen([1.0] * half + [2.0] * half)
    (found,) = flat_lifter(metric=False).lift([one], fps, SIZE_PX)
    limbs = sum(np.linalg.norm(found.xyz_m[:, a] - found.xyz_m[:, b], axis=-1) for a, b in LIMBS)
    # The step from 1 to 2 lies between two frames that are lifted; smoothed by a normal
    # distribution of 0.25 s it is 1 + Phi(t / 0.25 s).
    step_at = half - 0.5 * np.ceil(fps / 90)
    for row, size in ((half + 9, 2), (half + round(0.25 * fps), 2), (half - round(fps / 5), 1)):
        smooth = 1.5 + 0.5 * math.erf((row - step_at) / fps / 0.25 / math.sqrt(2))
        assert limbs[row] / 3.32 == pytest.approx(size / smooth, abs=0.004)
    np.testing.assert_allclose(limbs[[0, -1]] / 3.32, 1, atol=0.001)


class Lopsided(Flat):
    """As flat as the picture, but for the head: always a tenth too far to the right."""

    def forward_kept(self, x):
        pose, kept = super().forward_kept(x)
        pose[:, :, 10, 0] += 0.1
        return pose, kept


def test_how_far_answers_are_apart_is_in_metres_too():
    one = seen([1.0] * 12)
    lifter = Lifter("lopsided", Lopsided(), Protocol(inputs="screen", metric=False), "")
    (found,) = lifter.lift([one], 30.0, SIZE_PX)
    limbs = sum(np.linalg.norm(one.xy_px[0, a] - one.xy_px[0, b]) for a, b in LIMBS) / 320
    np.testing.assert_allclose(found.apart_m[:, 10], 0.1 * 3.32 / limbs, rtol=1e-4)
    np.testing.assert_allclose(found.apart_m[:, :10], 0, atol=1e-3)


class Ahead(Flat):
    """Says that everyone's joint 1 is a metre behind the pelvis, as their camera looks."""

    def forward_kept(self, x):
        pose = torch.zeros_like(x)
        pose[:, :, 1, 2] = 1
        return pose, None


@pytest.mark.parametrize("seq2frame", [False, True])
def test_each_frame_is_turned_back_by_its_own_camera(seq2frame):
    x = np.linspace(-200, 200, 20)
    pose = np.random.default_rng(0).normal(0, 20, (17, 2))
    pose[0] = 0
    one = track(pose + np.stack([x + 320, 0 * x + 240], -1)[:, None], np.ones((20, 17)))
    lifter = Lifter("ahead", Ahead(), Protocol(inputs="body", seq2frame=seq2frame), "")
    (found,) = lifter.lift([one], 30.0, SIZE_PX, LiftConfig(flip=False, focal_px=400.0))
    ray = np.stack([x / 400, 0 * x, 0 * x + 1], -1)
    wanted = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    # Nearly: windows of several frames are blended.
    np.testing.assert_allclose(found.xyz_m[:, 1], wanted, atol=1e-5)
