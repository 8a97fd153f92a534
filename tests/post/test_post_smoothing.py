"""What the low-pass keeps, what it takes away, and that it does not delay."""

import numpy as np
import pytest

from hotvid.post.smoothing import smooth_by


def smooth(series, fps, cutoff_hz=6.0):
    return smooth_by("butterworth", series, fps, cutoff_hz)


def wave(hz, fps, seconds=4.0):
    t = np.arange(int(seconds * fps)) / fps
    return np.sin(2 * np.pi * hz * t)


def amplitude(series, hz, fps):
    """Of one frequency, over whole periods inside the series."""
    inner = series[int(fps) : int(3 * fps)]
    t = np.arange(len(inner)) / fps
    return 2 * abs((inner * np.exp(-2j * np.pi * hz * t)).mean())


@pytest.mark.parametrize("fps", [30, 60, 240])
def test_slow_motion_is_kept_within_one_percent(fps):
    assert np.abs(smooth(wave(1, fps), fps) - wave(1, fps)).max() < 0.01


@pytest.mark.parametrize("fps", [60, 120])
def test_fast_jitter_is_taken_away_and_slow_motion_beneath_it_is_not(fps):
    out = smooth(wave(1, fps) + 0.5 * wave(15, fps), fps)
    assert amplitude(out, 15, fps) < 0.5 * 0.07
    assert amplitude(out, 1, fps) == pytest.approx(1, abs=0.01)


def test_half_the_power_is_left_at_the_cutoff():
    out = smooth(wave(6, 240), 240, cutoff_hz=6)
    assert amplitude(out, 6, 240) == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_nothing_is_delayed():
    noisy = wave(1.25, 60) + 0.3 * wave(14, 60)
    out = smooth(noisy, 60)
    shifts = np.arange(-5, 6)
    match = [np.dot(np.roll(out, -s)[30:-30], wave(1.25, 60)[30:-30]) for s in shifts]
    assert shifts[np.argmax(match)] == 0


def test_what_is_constant_or_steady_stays_up_to_the_ends():
    np.testing.assert_allclose(smooth(np.full(50, 3.5), 30), 3.5, atol=1e-9)
    np.testing.assert_allclose(smooth(np.arange(50.0), 30), np.arange(50), atol=0.02)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_frames_are_unchanged(n):
    series = np.random.default_rng(0).normal(size=(n, 17, 3))
    np.testing.assert_array_equal(smooth(series, 30), series)


def test_five_frames_are_filtered_and_finite():
    series = np.array([0, 1, 0, 1, 0.0])
    out = smooth(series, 30)
    assert np.isfinite(out).all()
    assert np.ptp(out) < 0.8


def test_a_frame_rate_too_low_for_the_cutoff_changes_nothing():
    series = np.random.default_rng(0).normal(size=(40, 2))
    np.testing.assert_array_equal(smooth(series, 12, cutoff_hz=6), series)
    assert np.abs(smooth(series, 60, cutoff_hz=6) - series).max() > 0.1


def test_nan_stays_where_it_is_and_spoils_nothing_else():
    series = np.stack([wave(1, 60), np.full(240, np.nan)], 1)
    series[100:106, 0] = np.nan
    out = smooth(series, 60)
    assert np.isnan(out[100:106, 0]).all()
    assert np.isnan(out[:, 1]).all()
    rest = np.r_[0:100, 106:240]
    np.testing.assert_allclose(out[rest, 0], wave(1, 60)[rest], atol=0.03)


def test_shape_and_type_are_kept():
    series = np.zeros((20, 17, 3), np.float32)
    out = smooth(series, 30)
    assert out.shape == series.shape
    assert out.dtype == np.float32
