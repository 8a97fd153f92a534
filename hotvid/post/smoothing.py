"""Low-pass filtering of motion without delay, by several methods with one cut-off each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import brentq
from scipy.signal import butter, savgol_coeffs, savgol_filter, sosfiltfilt

from hotvid.series import bridged

_HALF_POWER = np.sqrt(0.5)  # as a share of the amplitude
_ORDER = 2  # of each pass; forward and backward make it four, the habit of gait analysis
_SAVGOL_DEGREE = 2  # of the polynomial: keeps the size of peaks
_WIDE_BELL_FRAMES = 1.0  # as a standard deviation: whole frames show no less than the curve does
_BELL_REACH_FRAMES = 16  # to either side of a bell that is narrower
_SAVGOL_LEAST_HALF = 2  # frames to either side: a parabola through three points changes nothing
_ONE_EURO_DERIVATIVE_HZ = 1.0  # as its authors have it
_ONE_EURO_BETA = 4.0  # hertz of cut-off for each metre a second
_ONE_EURO_AT_REST = 1 / 3  # of the cut-off that is asked for
_LEAST_FRAMES = 4  # fewer hold no frequency that could be told from another


def smooth_by(method: str, series: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    """A series over time without what is faster than people move, by a method of `METHODS`.

    series     (F, ...), metres for `one-euro`, else any unit; NaN where unknown.
    fps        frames a second.
    cutoff_hz  where half the power is left. `savgol` is as near as a whole number of frames lets
               it be, and takes away more where five frames are too many, which is from about a
               quarter of the frame rate on; `one-euro` has less for a joint at rest, and more for
               a fast one.
    returns    the same shape and type, without delay. NaN stays NaN, and what is around it is
               filtered as if the gap were bridged by straight lines. Unchanged where half the frame
               rate is no more than the cut-off, or there are fewer than four frames.
    """
    series = np.asarray(series)
    if method == "off" or len(series) < _LEAST_FRAMES or not 0 < cutoff_hz < 0.5 * fps:
        return series
    flat = series.reshape(len(series), -1)
    out = np.empty(flat.shape, np.result_type(series.dtype, np.float32))
    # One column after another: an hour of video need not be there several times in double.
    for column in range(flat.shape[1]):
        values = flat[:, column].astype(np.float64)
        filtered = METHODS[method](bridged(values), fps, cutoff_hz)
        out[:, column] = np.where(np.isfinite(values), filtered, np.nan)
    return out.reshape(series.shape)


def _design_hz(fps: float, cutoff_hz: float) -> float:
    """Of each of two passes, so that both together halve the power at the cut-off (Winter 2009,
    section 2.2.4.4).

    A digital filter sees the tangent of a frequency, so that it is this which is corrected: what
    comes out is always below half the frame rate.
    """
    warped = np.tan(np.pi * cutoff_hz / fps) / (np.sqrt(2) - 1) ** (1 / (2 * _ORDER))
    return fps / np.pi * np.arctan(warped)


def _butterworth(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    sos = butter(_ORDER, _design_hz(fps, cutoff_hz), fs=fps, output="sos")
    # Beyond the ends the series goes on turned about its last point, for a whole period of the
    # cut-off, so that a steady motion stays steady up to its last frame.
    beyond = min(int(np.ceil(fps / cutoff_hz)) + 3, len(values) - 1)
    return sosfiltfilt(sos, values, padtype="odd", padlen=beyond)


def _gaussian(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    sigma = _gaussian_frames(cutoff_hz / fps)
    beyond = min(int(np.ceil(4 * sigma)), len(values) - 1)
    return gaussian_filter1d(_continued(values, beyond), sigma)[beyond : beyond + len(values)]


@lru_cache
def _gaussian_frames(cutoff: float) -> float:
    """The standard deviation, in frames, that halves the power at a cut-off in turns a frame.

    A bell that is taken at whole frames keeps more of what is fast than one without steps, and so
    has to be somewhat wider: by less than 2 in 1, even at half the frame rate.
    """
    smooth = np.sqrt(np.log(2)) / (2 * np.pi * cutoff)
    if smooth > _WIDE_BELL_FRAMES:
        return smooth
    frames = np.arange(-_BELL_REACH_FRAMES, _BELL_REACH_FRAMES + 1)

    def excess(sigma: float) -> float:
        weights = np.exp(-0.5 * (frames / sigma) ** 2)
        return _gain(weights / weights.sum(), cutoff) - _HALF_POWER

    return brentq(excess, smooth / 2, smooth * 2)


def _savgol(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    half = _savgol_half(cutoff_hz / fps, (len(values) - 1) // 2)
    if half < _SAVGOL_LEAST_HALF:
        return values
    return savgol_filter(values, 2 * half + 1, _SAVGOL_DEGREE)


@lru_cache
def _savgol_half(cutoff: float, most: int) -> int:
    """Frames to either side, at most `most`, that come nearest to half the power at a cut-off in
    turns a frame.

    Only windows up to the first that leaves less than half: longer ones let some through again.
    """

    def gain(half: int) -> float:
        return _gain(savgol_coeffs(2 * half + 1, _SAVGOL_DEGREE), cutoff)

    halves = range(_SAVGOL_LEAST_HALF, most + 1)
    # What longer windows let through again is never as much as half the power.
    first = bisect_left(halves, True, key=lambda half: gain(half) < _HALF_POWER)
    near = halves[max(first - 1, 0) : first + 1]
    return min(near, key=lambda half: abs(gain(half) ** 2 - _HALF_POWER**2), default=most)


def _gain(weights: np.ndarray, cutoff: float) -> float:
    """What a filter of an odd number of symmetric weights leaves of a wave of so many turns a
    frame, as a share of its amplitude."""
    half = len(weights) // 2
    return float(weights @ np.cos(2 * np.pi * cutoff * np.arange(-half, half + 1)))


def _one_euro(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    """Both ways in time and their mean, which takes the delay out of Casiez et al. 2012."""
    there = _one_euro_pass(values, fps, cutoff_hz)
    back = _one_euro_pass(values[::-1], fps, cutoff_hz)[::-1]
    return (there + back) / 2


def _one_euro_pass(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    def share(hz: float) -> float:
        return 1 / (1 + fps / (2 * np.pi * hz))

    out = values.tolist()
    last, speed, slow = out[0], 0.0, share(_ONE_EURO_DERIVATIVE_HZ)
    for row, value in enumerate(out):
        speed += slow * ((value - last) * fps - speed)
        last += share(_ONE_EURO_AT_REST * cutoff_hz + _ONE_EURO_BETA * abs(speed)) * (value - last)
        out[row] = last
    return np.array(out)


def _continued(values: np.ndarray, beyond: int) -> np.ndarray:
    """The series turned about its first and last point, `beyond` frames further on both sides."""
    before = 2 * values[0] - values[1 : beyond + 1][::-1]
    after = 2 * values[-1] - values[-beyond - 1 : -1][::-1]
    return np.concatenate([before, values, after])


METHODS: dict[str, Callable[[np.ndarray, float, float], np.ndarray]] = {
    "butterworth": _butterworth,
    "savgol": _savgol,
    "gaussian": _gaussian,
    "one-euro": _one_euro,
}
