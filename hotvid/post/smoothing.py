"""Low-pass filtering of motion without delay, by several methods with one cut-off each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, savgol_filter, sosfiltfilt

from hotvid.series import bridged

_ORDER = 2  # of each pass; forward and backward make it four, the habit of gait analysis
_SAVGOL_DEGREE = 2  # of the polynomial: keeps the size of peaks
_ONE_EURO_DERIVATIVE_HZ = 1.0  # as its authors have it
_ONE_EURO_BETA = 4.0  # hertz of cut-off for each metre a second
_ONE_EURO_AT_REST = 1 / 3  # of the cut-off that is asked for
_LEAST_FRAMES = 4  # fewer hold no frequency that could be told from another


def smooth_by(method: str, series: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    """A series over time without what is faster than people move, by a method of `METHODS`.

    series     (F, ...), metres for `one-euro`, else any unit; NaN where unknown.
    fps        frames a second.
    cutoff_hz  where half the power is left; `one-euro` has less for a joint at rest, and more for
               a fast one.
    returns    the same shape and type, without delay. NaN stays NaN, and what is around it is
               filtered as if the gap were bridged by straight lines. Unchanged where the frame rate
               is too low for the cut-off, or there are fewer than four frames.
    """
    series = np.asarray(series)
    if method == "off" or len(series) < _LEAST_FRAMES or not 0 < _design_hz(cutoff_hz) < 0.5 * fps:
        return series
    flat = series.reshape(len(series), -1)
    out = np.empty(flat.shape, np.result_type(series.dtype, np.float32))
    # One column after another: an hour of video need not be there several times in double.
    for column in range(flat.shape[1]):
        values = flat[:, column].astype(np.float64)
        filtered = METHODS[method](bridged(values), fps, cutoff_hz)
        out[:, column] = np.where(np.isfinite(values), filtered, np.nan)
    return out.reshape(series.shape)


def _design_hz(cutoff_hz: float) -> float:
    """Of each of two passes, so that both together halve the power at the cut-off (Winter 2009,
    section 2.2.4.4)."""
    return cutoff_hz / (np.sqrt(2) - 1) ** (1 / (2 * _ORDER))


def _butterworth(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    sos = butter(_ORDER, _design_hz(cutoff_hz), fs=fps, output="sos")
    # Beyond the ends the series goes on turned about its last point, for a whole period of the
    # cut-off, so that a steady motion stays steady up to its last frame.
    beyond = min(int(np.ceil(fps / cutoff_hz)) + 3, len(values) - 1)
    return sosfiltfilt(sos, values, padtype="odd", padlen=beyond)


def _gaussian(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    sigma = np.sqrt(np.log(2)) / (2 * np.pi * cutoff_hz) * fps
    beyond = min(int(np.ceil(4 * sigma)), len(values) - 1)
    return gaussian_filter1d(_continued(values, beyond), sigma)[beyond : beyond + len(values)]


def _savgol(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    """Half the window by its cut-off (Schafer 2011, equation 10)."""
    half = ((_SAVGOL_DEGREE + 1) * fps / (2 * cutoff_hz) + 4.6) / 3.2
    half = min(max(round(half), 2), (len(values) - 1) // 2)
    if 2 * half < _SAVGOL_DEGREE:
        return values
    return savgol_filter(values, 2 * half + 1, _SAVGOL_DEGREE)


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
