"""What the low-pass keeps, what it takes away, and that it does not delay."""

import numpy as np
import pytest

from hotvid.post.smoothing import METHODS, smooth_by


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


def half_power_hz(method, fps, cutoff_hz):
    """The least frequency of which a single peak, smoothed, holds half the power or less."""
    peak = np.zeros(1001)
    peak[500] = 1.0
    hz = np.arange(0, fps / 2, 0.01)
    waves = np.exp(-2j * np.pi * hz[:, None] / fps * np.arange(len(peak)))
    power = np.abs(waves @ smooth_by(method, peak, fps, cutoff_hz)) ** 2
    return hz[np.argmax(power <= 0.5)] if power.min() <= 0.5 else np.inf


@pytest.mark.parametrize("cutoff_hz", [6.0, 10.0])
@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("method", ["butterworth", "gaussian"])
def test_the_cutoff_is_where_half_the_power_is_left_at_any_frame_rate(method, fps, cutoff_hz):
    assert half_power_hz(method, fps, cutoff_hz) == pytest.approx(cutoff_hz, abs=0.05)


@pytest.mark.parametrize(
    ("fps", "cutoff_hz", "tolerance_hz"),
    # A window of so few frames is as near as any odd number comes.
    [(24, 6, 0.5), (25, 6, 0.5), (30, 6, 1.2), (60, 6, 0.3), (60, 10, 0.5), (120, 6, 0.3),
     (120, 10, 0.3)],
)  # fmt: skip
def test_savgol_has_half_the_power_about_the_cutoff(fps, cutoff_hz, tolerance_hz):
    assert half_power_hz("savgol", fps, cutoff_hz) == pytest.approx(cutoff_hz, abs=tolerance_hz)


@pytest.mark.parametrize("fps", [24.0, 30.0])
def test_savgol_has_its_least_window_where_none_comes_near(fps):
    peak = np.eye(41)[20]
    assert np.count_nonzero(np.abs(smooth_by("savgol", peak, fps, 10.0)) > 1e-9) == 5


@pytest.mark.parametrize("method", METHODS)
def test_10_hz_at_24_frames_a_second_takes_jitter_away(method):
    jitter = np.random.default_rng(0).normal(size=400)
    out = smooth_by(method, jitter, 24.0, 10.0)
    assert out.std() < 0.96 * jitter.std()
    still = np.where(np.arange(400) % 2, 0.01, -0.01)  # at half the frame rate
    assert np.abs(smooth_by(method, still, 24.0, 10.0))[50:-50].max() < 0.007


@pytest.mark.parametrize("method", METHODS)
def test_a_cutoff_just_below_half_the_frame_rate_is_stable(method):
    series = np.random.default_rng(0).normal(size=400)
    assert np.abs(smooth_by(method, series, 20.001, 10.0)).max() < 1.5 * np.abs(series).max()


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
