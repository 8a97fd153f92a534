"""Cameras, bodies, errors and the loss, each against a case worked out by hand."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from test_train_stream import CLEAN, walker

from hotvid.skeleton import H36M17
from hotvid.train import augment
from hotvid.train import corrupt as corruption
from hotvid.train.cameras import CameraConfig, camera_rotations, film
from hotvid.train.corrupt import CorruptionConfig, corrupt
from hotvid.train.loss import motion_loss
from hotvid.train.motions import Motion
from hotvid.train.stream import StreamConfig, WindowStream


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_where_nobody_knows_the_lens_rays_are_those_of_the_assumed_one(rng):
    config = CameraConfig(known_lens=0.0, hfov_deg=(45.0, 45.0), assumed_hfov_deg=60.0)
    time_s = np.arange(10)[None].repeat(6, 0) / 30
    views = film(rng, walker()[None, :10].repeat(6, 0), time_s, config)
    # Focal lengths in half widths: 1 / tan 22.5 = 2.41421, 1 / tan 30 = 1.73205.
    true = views.xyz_m[..., :2] / views.xyz_m[..., 2:]
    np.testing.assert_allclose(views.rays * 1.73205 / 2.41421, true, rtol=1e-4, atol=1e-6)


def test_a_camera_that_is_turned_and_raised_looks_at_the_origin_and_stays_level():
    (turned,) = camera_rotations(np.radians([90.0]), np.radians([30.0]), np.zeros(1))
    # It is at (-cos 30, sin 30, 0): right is the world's z; it looks along x, 30 degrees down.
    half, high = 0.5, np.sqrt(0.75)
    np.testing.assert_allclose(turned, [[0, 0, 1], [-half, -high, 0], [high, -half, 0]], atol=1e-9)
    angles = np.radians([[40.0], [25.0], [0.0]])
    (general,) = camera_rotations(*angles)
    a, e = angles[:2, 0]
    place = np.array([-np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
    np.testing.assert_allclose(general @ -place, [0, 0, 1], atol=1e-9)
    assert general[0, 1] == pytest.approx(0), "its right is level"


def test_a_limb_of_the_same_motion_seen_from_elsewhere_is_the_same_limb(rng):
    ours = walker()[None, :9].astype(np.float64)
    turn = Rotation.from_euler("yxz", [70, 25, -10], degrees=True).as_matrix()
    out = augment.exchange_limbs(rng, ours, ours @ turn.T + [1.0, 2.0, 3.0], chance=2.0)
    np.testing.assert_allclose(out, ours, atol=1e-6)


def test_a_limb_is_taken_in_the_trunks_own_axes(rng):
    # The donor kicks forward, lying on its back: ours kicks forward, standing.
    ours, donor = walker()[None, :1].astype(np.float64), walker()[None, :1].astype(np.float64)
    donor[:, :, 5] = donor[:, :, 4] + [0, 0, 0.43]
    donor[:, :, 6] = donor[:, :, 5] + [0, 0, 0.43]
    kicks = donor[0, 0, 6] - donor[0, 0, 4]
    lying = donor @ Rotation.from_euler("x", -90, degrees=True).as_matrix().T
    out = augment.exchange_limbs(rng, ours, lying, chance=2.0)
    np.testing.assert_allclose(out[0, 0, 6] - out[0, 0, 4], kicks, atol=1e-6)


def test_bodies_of_all_proportions_are_as_large_as_the_mean_adult(rng):
    out = augment.resize_bones(rng, walker()[None, :3].repeat(40, 0), spread=0.15)
    # Half a pelvis, thigh, shin, half a chest, upper arm and forearm, twice, and the trunk.
    bones = ((0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 6), (0, 8), (8, 11), (11, 12), (12, 13))
    bones += ((8, 14), (14, 15), (15, 16))
    total = sum(np.linalg.norm(out[:, :, a] - out[:, :, b], axis=-1) for a, b in bones)
    mean = 2 * (0.105 + 0.43 + 0.425 + 0.175 + 0.30 + 0.255) + 0.50
    np.testing.assert_allclose(total, mean, rtol=1e-4)


def bent_at(xyz, shoulder):
    """(...,) bool: the elbow after this shoulder is bent by more than half a right angle."""
    upper = xyz[..., shoulder + 1, :] - xyz[..., shoulder, :]
    fore = xyz[..., shoulder + 2, :] - xyz[..., shoulder + 1, :]
    cosine = (upper * fore).sum(-1)
    cosine /= np.linalg.norm(upper, axis=-1) * np.linalg.norm(fore, axis=-1)
    return cosine < 0.7


def test_half_of_the_windows_are_mirrored():
    xyz = walker()
    xyz[:, 13] = xyz[:, 12] + [0, 0, 0.25]  # the left forearm points forward
    config = StreamConfig(exchange=0, invent=0, turn_deg=0, tumble=0, bone_spread=0)
    windows = WindowStream([Motion("01_01", xyz, 120.0)], config, seed=3).batch(100, 3)
    left, right = (bent_at(windows.xyz_m[:, 1], shoulder) for shoulder in (11, 14))
    assert (left ^ right).all(), "one arm of each is bent"
    assert 35 <= right.sum() <= 65


def test_motions_are_drawn_by_the_root_of_their_length():
    motions = [Motion("a", walker(120), 120.0), Motion("b", walker(540), 60.0)]  # 1 s and 9 s
    stream = WindowStream(motions, StreamConfig(), seed=0)
    np.testing.assert_allclose(stream._share, [0.25, 0.75])


def test_what_wanders_is_as_wide_in_every_frame(rng):
    time_s = np.arange(12)[None].repeat(3000, 0) / 30
    wander = corruption._wander(rng, time_s, (2,))
    np.testing.assert_allclose(wander.std((0, 2)), 1, atol=0.05)
    near = (wander[:, 1:] * wander[:, :-1]).mean()
    assert 0.7 < near < 0.99  # exp(-1 / 30 s) over 0.08 to 1.2 s


def episodes(monkeypatch, chance):
    """All of every clip, where something happens by this chance, else nothing."""
    monkeypatch.setattr(
        corruption, "_episode", lambda rng, shape, given: np.full(shape, given == chance)
    )


def some_xy():
    xy = np.random.default_rng(0).normal(size=(2, 6, 17, 2))
    return xy, np.arange(6)[None].repeat(2, 0) / 30


def only(**changes):
    return CorruptionConfig(**{**vars(CLEAN), **changes})


def test_who_is_exchanged_whole_is_so_in_legs_and_arms(rng, monkeypatch):
    xy, time_s = some_xy()
    episodes(monkeypatch, 0.25)
    out, _ = corrupt(rng, xy, time_s, only(swap_chance=0.5))
    np.testing.assert_allclose(out, xy[:, :, H36M17.mirror], atol=1e-12)


def test_exchanged_arms_leave_the_legs(rng, monkeypatch):
    xy, time_s = some_xy()
    monkeypatch.setattr(corruption, "_LEG_SWAP", ())
    episodes(monkeypatch, 0.5)
    out, _ = corrupt(rng, xy, time_s, only(swap_chance=0.5))
    arms = [11, 12, 13, 14, 15, 16]
    np.testing.assert_allclose(out[:, :, arms], xy[:, :, [14, 15, 16, 11, 12, 13]], atol=1e-12)
    np.testing.assert_allclose(out[:, :, :11], xy[:, :, :11], atol=1e-12)


def test_legs_outside_of_the_picture_are_lost_all_through(rng):
    xy = np.random.default_rng(0).normal(size=(1, 6, 17, 2)).repeat(200, 0)
    time_s = np.arange(6)[None].repeat(200, 0) / 30
    config = only(cropped_chance=1.0, lost=0.09, plain_scores=0)
    out, score = corrupt(rng, xy, time_s, config)
    off = np.linalg.norm(out - xy, axis=-1)
    legs = [2, 3, 5, 6]
    rest = [j for j in range(17) if j not in legs]
    assert (off[:, :, legs] > 0).all() and not off[:, :, rest].any()
    assert score[:, :, legs].mean() < score[:, :, rest].mean() - 0.1


def test_joints_that_are_not_reported_score_nothing_and_lie_between(rng, monkeypatch):
    xy, time_s = some_xy()
    missing = np.zeros((2, 6, 17), bool)
    missing[0, 2:4, 13] = missing[1, 4:, 6] = True
    monkeypatch.setattr(corruption, "_missing", lambda *_: missing)
    out, score = corrupt(rng, xy, time_s, CLEAN)
    np.testing.assert_array_equal(score, np.where(missing, 0, 1))
    np.testing.assert_allclose(out[0, 2, 13], (2 * xy[0, 1, 13] + xy[0, 4, 13]) / 3)
    np.testing.assert_allclose(out[1, 5, 6], xy[1, 3, 6])
    np.testing.assert_allclose(out[~missing], xy[~missing], atol=1e-12)


@pytest.mark.parametrize(
    ("n_frames", "weights", "loss"),
    [
        # One ankle (which counts for 1.5) is off by 0.5 m in the second of three frames. Places:
        # 1.5 * 0.5 / 51; steps: 1.5 * 2 * 0.5 / 34; their change: 1.5 * 1 / 17.
        (3, (0, 0), 0.0147),
        (3, (2, 0), 0.1029),
        (3, (0, 3), 0.2794),
        (3, (2, 3), 0.3676),
        (2, (2, 3), 0.0221),  # of two frames only the places
    ],
)
def test_the_loss_of_one_joint_that_is_off(n_frames, weights, loss):
    target = torch.zeros(1, n_frames, 17, 3)
    predicted = target.clone()
    predicted[0, 1, 3] = torch.tensor([0.3, 0.0, 0.4])
    found = motion_loss(predicted, target, *map(float, weights))
    # Every distance has 1e-4 m more under its root, so that its slope ends.
    assert float(found) == pytest.approx(loss, abs=1e-3)
