"""The stream is checked on a made body that walks on the spot, so no captured data is needed."""

import numpy as np
import pytest

from hotvid.geometry import similarity_align
from hotvid.skeleton import H36M17
from hotvid.train import augment
from hotvid.train.cameras import CameraConfig, camera_rotations, film
from hotvid.train.corrupt import CorruptionConfig, corrupt
from hotvid.train.motions import Motion, fill_torso
from hotvid.train.stream import StreamConfig, WindowStream

CLEAN = CorruptionConfig(
    jitter=0,
    drift=0,
    bias=0,
    lost_chance=0,
    swap_chance=0,
    missing_chance=0,
    cropped_chance=0,
    plain_scores=1,
)


def walker(n_frames=240, fps=120.0):
    """(F, 17, 3) metres, y up, facing +z, its left at +x, legs and arms swinging."""
    swing = 0.5 * np.sin(2 * np.pi * np.arange(n_frames) / fps)
    xyz = np.zeros((n_frames, 17, 3))

    def hang(chain, x, y, lengths, angle):
        at = np.stack([np.full(n_frames, x), np.full(n_frames, y), np.zeros(n_frames)], -1)
        xyz[:, chain[0]] = at
        for joint, length in zip(chain[1:], lengths, strict=True):
            down = np.stack([np.zeros(n_frames), -np.cos(angle), np.sin(angle)], -1)
            at = at + length * down
            xyz[:, joint] = at

    hang((4, 5, 6), 0.1, 0.9, (0.43, 0.43), swing)
    hang((1, 2, 3), -0.1, 0.9, (0.43, 0.43), -swing)
    hang((11, 12, 13), 0.18, 1.4, (0.3, 0.25), -swing)
    hang((14, 15, 16), -0.18, 1.4, (0.3, 0.25), swing)
    xyz[:, 9], xyz[:, 10] = (0, 1.6, 0.12), (0, 1.75, 0)
    return fill_torso(xyz).astype(np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def stream():
    return WindowStream([Motion("01_01", walker(), 120.0)], StreamConfig(tumble=0), seed=5)


def facing(xyz):
    """Sign of the nose's side of the plane through shoulders and pelvis: +1 for a real human."""
    forward = np.cross(xyz[..., 11, :] - xyz[..., 14, :], xyz[..., 8, :] - xyz[..., 0, :])
    return np.sign((forward * (xyz[..., 9, :] - xyz[..., 8, :])).sum(-1))


def test_the_made_walker_is_a_real_human():
    assert (facing(walker()) == 1).all()


def test_no_camera_mirrors(rng):
    angles = rng.uniform(-np.pi, np.pi, (3, 200))
    rotations = camera_rotations(*angles)
    np.testing.assert_allclose(np.linalg.det(rotations), 1, atol=1e-9)


def test_a_level_camera_sees_up_as_up_and_left_of_a_facing_person_at_the_right():
    level = camera_rotations(np.zeros(1), np.zeros(1), np.zeros(1))[0]
    seen = walker()[:1] @ level.T
    assert seen[0, 10, 1] < seen[0, 0, 1] < seen[0, 6, 1]  # y is down
    assert seen[0, 11, 0] > seen[0, 14, 0]  # facing the camera, its left is at the right
    assert seen[0, 9, 2] < seen[0, 8, 2]  # the nose is nearer than the neck


def test_a_raised_camera_looks_down_on_the_head():
    high = camera_rotations(np.zeros(1), np.array([np.pi / 4]), np.zeros(1))[0]
    seen = walker()[0] @ high.T
    assert seen[10, 2] < seen[0, 2] < seen[6, 2]


def test_windows_hold_real_humans_never_mirrored_ones(stream):
    windows = stream.batch(200, 5)
    assert (facing(windows.xyz_m) == 1).mean() > 0.99


def test_film_gives_rays_of_the_points_it_gives(rng):
    config = CameraConfig(known_lens=1.0)
    views = film(
        rng, walker()[None, :20].repeat(8, 0), np.arange(20)[None].repeat(8, 0) / 30, config
    )
    assert (views.xyz_m[..., 2] > 0).all()
    np.testing.assert_allclose(
        views.rays, views.xyz_m[..., :2] / views.xyz_m[..., 2:], rtol=1e-5, atol=1e-6
    )


def test_an_input_without_errors_points_where_the_target_lies():
    config = StreamConfig(tumble=0, corruption=CLEAN, camera=CameraConfig(known_lens=1.0))
    windows = WindowStream([Motion("01_01", walker(), 120.0)], config, seed=1).batch(64, 4)
    # In the virtual camera x is right and y is down for both, so their signs agree wherever
    # they are not near zero.
    for axis in (0, 1):
        seen, true = windows.inputs[:, :, 1:, axis], windows.xyz_m[:, :, 1:, axis]
        clear = np.abs(true) > 0.15
        assert (np.sign(seen[clear]) == np.sign(true[clear])).mean() > 0.999
    assert (windows.inputs[..., 2] == 1).all()


def test_the_same_seed_gives_the_same_windows():
    def first(seed):
        motions = [Motion("01_01", walker(), 120.0)]
        return WindowStream(motions, StreamConfig(), seed).batch(4, 9).inputs

    np.testing.assert_array_equal(first(1), first(1))
    assert np.abs(first(1) - first(2)).max() > 0.01


def test_bodies_are_resized_alike_left_and_right(rng):
    clips = walker()[None, :3].repeat(32, 0)
    out = augment.resize_bones(rng, clips, spread=0.15)

    def length(a, b):
        return np.linalg.norm(out[:, :, a] - out[:, :, b], axis=-1)

    np.testing.assert_allclose(length(1, 2), length(4, 5), rtol=1e-4)
    np.testing.assert_allclose(length(15, 16), length(12, 13), rtol=1e-4)
    assert length(1, 2)[:, 0].std() > 0.02
    np.testing.assert_allclose(out[:, :, 0], (out[:, :, 1] + out[:, :, 4]) / 2, atol=1e-6)


def test_limbs_turn_without_changing_length(rng):
    clips = walker()[None, :3].repeat(8, 0)
    out = augment.turn_limbs(rng, clips, 20)
    for a, b in ((1, 2), (2, 3), (11, 12), (15, 16)):
        before = np.linalg.norm(clips[:, :, a] - clips[:, :, b], axis=-1)
        after = np.linalg.norm(out[:, :, a] - out[:, :, b], axis=-1)
        np.testing.assert_allclose(after, before, rtol=1e-4)
    assert np.abs(out[:, :, 3] - clips[:, :, 3]).max() > 0.05


def test_exchanged_legs_keep_their_own_shape(rng):
    ours = walker()[None, :5]
    donor = walker()[None, 60:65] @ camera_rotations(np.array([1.0]), *np.zeros((2, 1)))[0].T
    out = augment.exchange_limbs(rng, ours, donor.astype(np.float32), chance=1.0)
    legs = [0, 1, 2, 3, 4, 5, 6]
    aligned = similarity_align(out[0][:, legs], donor[0][:, legs])
    np.testing.assert_allclose(aligned, donor[0][:, legs], atol=0.02)


def test_mirror_twice_is_the_identity():
    clips = walker()[None]
    both = np.array([True])
    once = augment.mirror(clips, both)
    assert (facing(once) == 1).all()
    np.testing.assert_array_equal(augment.mirror(once, both), clips)


def test_errors_and_scores_go_together(rng):
    xy = walker()[None, ::8, :, :2].repeat(64, 0).astype(np.float64)
    time_s = np.arange(xy.shape[1])[None].repeat(64, 0) / 15
    out, score = corrupt(rng, xy, time_s, CorruptionConfig(plain_scores=0))
    error = np.linalg.norm(out - xy, axis=-1)
    assert np.isfinite(out).all()
    assert score.min() >= 0 and score.max() <= 1
    assert error[score < 0.4].mean() > 2 * error[score > 0.8].mean()


def test_nothing_changes_without_errors(rng):
    xy = walker()[None, :6, :, :2].astype(np.float64)
    out, score = corrupt(rng, xy, np.arange(6)[None] / 30, CLEAN)
    np.testing.assert_allclose(out, xy, atol=1e-12)
    assert (score == 1).all()


def test_pairs_of_the_mirror_are_left_and_right():
    for joint, other in enumerate(H36M17.mirror):
        sides = {H36M17.side(joint), H36M17.side(int(other))}
        assert sides in ({"middle"}, {"left", "right"})
