"""What each step of the clean-up mends, and what it leaves alone."""

from dataclasses import replace

import numpy as np
import pytest
from stick_people import STANDING_M

from hotvid.chunks import chunks
from hotvid.config import SMOOTHINGS, CleanConfig
from hotvid.post.cleaning import clean
from hotvid.post.constant_bones import with_constant_bones
from hotvid.post.outliers import without_outliers
from hotvid.post.quality import acceleration_m_s2, bone_variation
from hotvid.post.smoothing import METHODS, smooth_by
from hotvid.post.swaps import without_swaps
from hotvid.skeleton import H36M17
from hotvid.types import Motion3D, Track2D

FPS, N = 30.0, 120
J = {name: i for i, name in enumerate(H36M17.joints)}
OFF = CleanConfig(outliers=False, smooth="off", bones=False)


def walking(n=N, hz=1.0, fps=FPS):
    """(n, 17, 3) arms and legs swing, metres, camera axes."""
    t = np.arange(n)[:, None] / fps
    xyz = np.tile(STANDING_M, (n, 1, 1))
    for joints, sign in (((2, 3, 12, 13), 1.0), ((5, 6, 15, 16), -1.0)):
        xyz[:, joints, 2] += sign * np.sin(2 * np.pi * hz * t) * [0.12, 0.25, 0.1, 0.18]
    return xyz


def track(xy_px, score=None):
    n = len(xy_px)
    return Track2D(
        track_id=0,
        joint_set="h36m17",
        frame_index=np.arange(n),
        xy_px=xy_px.astype(np.float32),
        score=np.full((n, 17), 0.9, np.float32) if score is None else score,
        box_px=np.zeros((n, 4), np.float32),
        person_score=np.ones(n, np.float32),
        interpolated=np.zeros(n, bool),
    )


def from_the_side(n=N):
    """(n, 17, 2) pixels of someone who walks to the right, so that the legs cross."""
    xyz = walking(n)
    return 200 * np.stack([xyz[..., 2] + np.linspace(2, 5, n)[:, None], xyz[..., 1]], -1)


def exchanged(xy, rows, joints=("hip", "knee", "ankle")):
    out = xy.copy()
    for joint in joints:
        a, b = J[f"right_{joint}"], J[f"left_{joint}"]
        out[rows, a], out[rows, b] = xy[rows, b], xy[rows, a]
    return out


@pytest.mark.parametrize("rows", [slice(22, 23), slice(20, 26), slice(80, 86)])
@pytest.mark.parametrize("joints", [("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")])
def test_what_was_exchanged_for_a_moment_is_put_back(rows, joints):
    # Seen at an angle, as sides that cover each other cannot be told apart, nor need be.
    xyz = walking()
    xy = 200 * np.stack(
        [xyz[..., 2] + xyz[..., 0] + np.linspace(2, 5, N)[:, None], xyz[..., 1]], -1
    )
    good = track(xy)
    bad = track(exchanged(xy, rows, joints))
    assert np.abs(bad.xy_px - good.xy_px).max() > 40
    np.testing.assert_array_equal(without_swaps(bad, FPS).xy_px, good.xy_px)


def test_legs_that_cross_are_left_to_cross():
    good = track(from_the_side())
    assert without_swaps(good, FPS) is good
    noisy = good.xy_px + np.random.default_rng(0).normal(0, 2, good.xy_px.shape)
    np.testing.assert_array_equal(without_swaps(track(noisy), FPS).xy_px, noisy.astype(np.float32))


def test_what_is_unknown_stays_unknown_and_short_tracks_as_they_are():
    xy = from_the_side()
    xy[30:40, J["left_ankle"]] = np.nan
    xy[:, J["left_wrist"]] = np.nan
    found = without_swaps(track(xy), FPS)
    np.testing.assert_array_equal(np.isnan(found.xy_px), np.isnan(xy))
    for n in range(12):
        for fps in (1.0, FPS, 120.0, 500.0):
            short = track(from_the_side(12)[:n])
            np.testing.assert_array_equal(without_swaps(short, fps).xy_px, short.xy_px)


@pytest.mark.parametrize(
    ("times", "rows"),
    [(2, (81, 118)), (2, (40, 53)), (4, (80, 104)), (4, (161, 234)), (8, (321, 466))],
)
def test_exchanges_are_found_to_the_frame_at_any_frame_rate(times, rows):
    xyz = walking(times * N, fps=times * FPS)
    along = np.linspace(2, 5, times * N)[:, None]
    xy = 200 * np.stack([xyz[..., 2] + xyz[..., 0] + along, xyz[..., 1]], -1)
    good, bad = track(xy), track(exchanged(xy, slice(*rows)))
    np.testing.assert_array_equal(without_swaps(bad, times * FPS).xy_px, good.xy_px)


def test_wild_points_are_mended_and_others_untouched():
    xyz = walking().astype(np.float32)
    wild = xyz.copy()
    wild[50, J["left_wrist"]] += 0.4
    wild[80:82, J["head"], 1] -= 0.5
    out = without_outliers(wild, FPS, 0.05)
    np.testing.assert_allclose(out, xyz, atol=0.01)
    same = np.ones(xyz.shape[:2], bool)
    same[50, J["left_wrist"]] = same[80:82, J["head"]] = False
    np.testing.assert_array_equal(out[same], xyz[same])
    np.testing.assert_array_equal(without_outliers(xyz, FPS, 0.05), xyz)


@pytest.mark.parametrize("fps", [3, 4, 5, 6, 8])
def test_where_frames_are_few_motion_is_no_outlier(fps):
    xyz = walking(n=10 * fps, hz=0.95, fps=fps)
    np.testing.assert_array_equal(without_outliers(xyz, fps, 0.05), xyz)


def test_two_frames_that_are_wild_each_in_its_own_way_are_mended():
    rng = np.random.default_rng(5)
    xyz = walking(n=600, hz=0.5) + rng.normal(0, 0.004, (600, 17, 3))
    wild, joint = xyz.copy(), J["left_wrist"]
    at = np.arange(20, 580, 40)
    wild[at, joint] += rng.normal(0, 0.35, (len(at), 3))
    wild[at + 1, joint] += rng.normal(0, 0.35, (len(at), 3))
    off = np.linalg.norm(without_outliers(wild, FPS, 0.05) - xyz, axis=-1)[:, joint]
    before = np.linalg.norm(wild - xyz, axis=-1)[:, joint]
    assert (before > 0.15).sum() > 25 and (off > 0.15).sum() <= 1


@pytest.mark.parametrize("fps", [12, 15, 25, 30, 60])
@pytest.mark.parametrize("noise_m", [0.0, 0.005])
def test_fast_motion_is_no_outlier(fps, noise_m):
    """A punch of half a metre, back within 0.15 s, and arms that wave twice a second."""
    t = np.arange(10 * fps) / fps
    xyz = walking(n=len(t), hz=0.95, fps=fps)
    for at in (2.013, 4.71, 7.3):
        xyz[:, J["left_wrist"], 2] -= 0.5 * np.exp(-(((t - at) / 0.075) ** 2))
    xyz[:, J["right_wrist"], 1] += 0.25 * np.sin(4 * np.pi * t)
    xyz += np.random.default_rng(3).normal(0, noise_m, xyz.shape)
    out = without_outliers(xyz, fps, 0.05)
    assert (np.abs(out - xyz).max((1, 2)) > 0.05).sum() <= 3


def test_outliers_are_mended_alike_wherever_the_series_is_cut(monkeypatch):
    rng = np.random.default_rng(0)
    series = rng.normal(0, 0.01, (300, 2, 3)) + rng.choice([0, 1], (300, 2, 1), p=[0.95, 0.05])
    series[100:110] = np.nan
    whole = without_outliers(series, FPS, 0.05)
    monkeypatch.setattr("hotvid.post.outliers.chunks", lambda n: chunks(n, 37))
    parts = without_outliers(series, FPS, 0.05)
    assert np.nanmax(np.abs(whole - series)) > 0.5
    np.testing.assert_array_equal(np.isnan(parts), np.isnan(series))
    inner = np.isfinite(series)
    assert (np.abs(parts - whole)[inner] < 1e-9).mean() > 0.99


@pytest.mark.parametrize("method", METHODS)
def test_each_smoothing_takes_jitter_and_keeps_motion(method):
    rng = np.random.default_rng(0)
    xyz = walking()
    noisy = (xyz + rng.normal(0, 0.01, xyz.shape)).astype(np.float32)
    out = smooth_by(method, noisy, FPS, 6.0)
    assert out.dtype == np.float32 and out.shape == xyz.shape
    assert acceleration_m_s2(out, FPS) < 0.5 * acceleration_m_s2(noisy, FPS)
    assert np.abs(out - xyz).mean() < 0.8 * np.abs(noisy - xyz).mean()
    shifts = range(-3, 4)
    wrist = [xyz[5:-5, 13, 2] @ np.roll(out[:, 13, 2], s)[5:-5] for s in shifts]
    assert shifts[int(np.argmax(wrist))] == 0, "it comes late"


@pytest.mark.parametrize("method", METHODS)
def test_each_smoothing_keeps_what_is_steady_and_unknown(method):
    line = np.stack([np.linspace(0, 2, 60), np.full(60, np.nan)], 1)
    out = smooth_by(method, line, FPS, 6.0)
    np.testing.assert_allclose(out[:, 0], line[:, 0], atol=0.01)
    assert np.isnan(out[:, 1]).all()
    assert smooth_by(method, line[:3], FPS, 6.0).shape == (3, 2)
    assert np.isfinite(smooth_by(method, line[:5, :1], FPS, 6.0)).all()


def test_the_names_are_those_of_the_settings():
    assert (*METHODS, "off") == SMOOTHINGS
    line = np.random.default_rng(0).normal(size=(20, 2))
    np.testing.assert_array_equal(smooth_by("off", line, FPS, 6.0), line)


def test_bones_keep_their_typical_length():
    rng = np.random.default_rng(0)
    xyz = walking() * (1 + 0.05 * rng.normal(size=(N, 1, 1)))
    xyz[:20] *= 3  # a stretch that is wrong does not decide
    score = np.ones((N, 17))
    out = with_constant_bones(xyz.astype(np.float32), score, FPS)
    assert bone_variation(out) < 1e-5
    legs = [
        np.linalg.norm(out[0, J[f"{s}_knee"]] - out[0, J[f"{s}_ankle"]]) for s in ("right", "left")
    ]
    assert legs[0] == pytest.approx(legs[1])
    thigh = np.linalg.norm(walking()[:, J["left_hip"]] - walking()[:, J["left_knee"]], axis=1)
    found = np.linalg.norm(out[0, J["left_hip"]] - out[0, J["left_knee"]])
    assert found == pytest.approx(np.median(thigh), rel=0.03)
    for a, b in H36M17.edges:
        before, after = xyz[:, b] - xyz[:, a], out[:, b] - out[:, a]
        cosine = (
            (before * after).sum(1) / np.linalg.norm(before, axis=1) / np.linalg.norm(after, axis=1)
        )
        assert cosine.min() > 0.9999


def test_a_missing_joint_takes_no_other_with_it():
    xyz = walking().astype(np.float32)
    xyz[10, J["left_wrist"]] = np.nan
    out = with_constant_bones(xyz, np.ones((N, 17)), FPS)
    missing = np.isnan(out).any(-1)
    assert np.argwhere(missing).tolist() == [[10, J["left_wrist"]]]


def test_a_joint_that_is_never_known_takes_no_other_with_it():
    xyz = walking().astype(np.float32)
    wanted = with_constant_bones(xyz, np.ones((N, 17)), FPS)
    xyz[:, J["left_wrist"]] = np.nan
    out = with_constant_bones(xyz, np.ones((N, 17)), FPS)
    assert np.isnan(out).any((0, 2)).nonzero()[0].tolist() == [J["left_wrist"]]
    np.testing.assert_allclose(out[:, J["right_wrist"]], wanted[:, J["right_wrist"]], atol=0.01)


def test_bones_that_nobody_saw_are_as_long_as_they_mostly_are():
    xyz = walking().astype(np.float32)
    xyz[:9] *= 0.5
    found = (with_constant_bones(xyz, np.full((N, 17), s), FPS) for s in (0.0, 1.0))
    np.testing.assert_allclose(*found, atol=0.005)


FOREARM_M = np.linalg.norm(STANDING_M[J["right_wrist"]] - STANDING_M[J["right_elbow"]])


def forearm_that_turns(degrees):
    """(n, 17, 3) standing, the left forearm turned by `degrees` (n,) about its elbow."""
    xyz = np.tile(STANDING_M, (len(degrees), 1, 1)).astype(np.float32)
    elbow, wrist = J["left_elbow"], J["left_wrist"]
    angle = np.radians(degrees)
    way = np.stack([np.zeros_like(angle), np.cos(angle), -np.sin(angle)], 1)
    xyz[:, wrist] = xyz[:, elbow] + FOREARM_M * way
    return xyz


def wrist_m_s(xyz):
    return np.linalg.norm(np.diff(xyz[:, J["left_wrist"]], axis=0), axis=-1) * FPS


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("frames", [slice(30, 60), slice(30, 33)])
def test_a_bone_that_smoothing_shrank_does_not_leap_when_it_is_stretched(method, frames):
    """The lifter took the forearm for the other way round: smoothing goes straight across."""
    turned = np.zeros(N)
    turned[frames] = 165
    smoothed = smooth_by(method, forearm_that_turns(turned), FPS, 6.0)
    score = np.ones((N, 17))
    out = with_constant_bones(smoothed, score, FPS)
    assert bone_variation(out) < 1e-5
    way = smoothed[:, J["left_wrist"]] - smoothed[:, J["left_elbow"]]
    length = np.linalg.norm(way, axis=1, keepdims=True)
    assert length.min() < 0.75 * FOREARM_M
    stretched = smoothed[:, J["left_elbow"]] + FOREARM_M * way / length
    leap = np.linalg.norm(np.diff(stretched, axis=0), axis=1).max() * FPS
    assert wrist_m_s(out).max() < min(1.4 * wrist_m_s(smoothed).max(), 0.8 * leap)
    calm = [*range(frames.start - 20), *range(frames.stop + 20, N)]
    np.testing.assert_allclose(out[calm], smoothed[calm], atol=0.02)


def test_a_bone_that_shrank_leaps_at_no_frame_rate_and_reaches_where_it_goes():
    """As above, at the end of the clip and of many frames a second."""
    fps = 8 * FPS
    turned = np.where(np.arange(8 * N) < 8 * N - 30, 0.0, 165.0)
    smoothed = smooth_by("butterworth", forearm_that_turns(turned), fps, 6.0)
    out = with_constant_bones(smoothed, np.ones((8 * N, 17)), fps)
    assert wrist_m_s(out).max() < 1.4 * wrist_m_s(smoothed).max()
    before, after = (x[-1, J["left_wrist"]] - x[-1, J["left_elbow"]] for x in (smoothed, out))
    cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
    assert np.degrees(np.arccos(min(cosine, 1.0))) < 2


def test_what_kept_its_length_turns_as_fast_as_it_did():
    t = (np.arange(N) - 60) / FPS
    throw = forearm_that_turns(150 / (1 + np.exp(-t / 0.02)))
    assert wrist_m_s(throw).max() > 6
    out = with_constant_bones(throw, np.ones((N, 17)), FPS)
    np.testing.assert_allclose(out[:, J["left_wrist"]], throw[:, J["left_wrist"]], atol=1e-3)


def test_a_bone_that_turns_right_round_at_once_keeps_its_length():
    xyz = forearm_that_turns(np.where(np.arange(N) < 60, 0.0, 180.0))
    xyz[20:25, J["left_wrist"]] = np.nan
    out = with_constant_bones(xyz, np.ones((N, 17)), FPS)
    missing = np.isnan(out).any(-1)
    assert np.argwhere(missing)[:, 0].tolist() == [20, 21, 22, 23, 24]
    forearm = np.linalg.norm(out[:, J["left_wrist"]] - out[:, J["left_elbow"]], axis=1)
    np.testing.assert_allclose(forearm[~missing.any(1)], forearm[0], atol=1e-5)


def test_each_step_can_be_switched_off():
    rng = np.random.default_rng(0)
    xyz = (walking() + rng.normal(0, 0.01, (N, 17, 3))).astype(np.float32)
    xyz[60, J["left_wrist"]] += 0.5
    xyz -= xyz[:, :1]
    root = (np.array([0, 0, 5]) + rng.normal(0, 0.01, (N, 3))).astype(np.float32)
    motion, score = Motion3D(xyz, root), np.ones((N, 17), np.float32)
    same = clean(motion, score, FPS, OFF)
    assert same.xyz_m is xyz and same.root_m is root
    mended = clean(motion, score, FPS, replace(OFF, outliers=True)).xyz_m
    assert np.abs(mended - xyz)[60, J["left_wrist"]].max() > 0.3
    smoothed = clean(motion, score, FPS, replace(OFF, smooth="gaussian"))
    assert acceleration_m_s2(smoothed.xyz_m, FPS) < 0.6 * acceleration_m_s2(xyz, FPS)
    assert np.diff(smoothed.root_m, 2, axis=0).std() < 0.6 * np.diff(root, 2, axis=0).std()
    assert bone_variation(clean(motion, score, FPS, replace(OFF, bones=True)).xyz_m) < 1e-5
    everything = clean(motion, score, FPS, CleanConfig())
    assert bone_variation(everything.xyz_m) < 1e-5
    assert np.abs(everything.xyz_m[:, 0]).max() == 0
