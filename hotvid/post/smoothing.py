"""Low-pass filtering of motion without delay."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, sosfiltfilt

_ORDER = 2  # of each pass; forward and backward make it four, the habit of gait analysis
_LEAST_FRAMES = 4  # fewer hold no frequency that could be told from another


def smooth(series: np.ndarray, fps: float, cutoff_hz: float = 6.0) -> np.ndarray:
    """A series over time without what is faster than people move: Butterworth, zero phase.

    series     (F, ...), any unit; NaN where unknown.
    fps        frames a second.
    cutoff_hz  where half the power is left, both passes together (Winter 2009, section 2.2.4.4,
               corrects the design frequency so). 6 Hz is usual for walking; fast kicks and
               throws need 10 or more.
    returns    the same shape and type. NaN stays NaN, and what is around it is filtered as if
               the gap were bridged by straight lines. Unchanged where the frame rate is too low
               for the cut-off, or there are fewer than four frames.
    """
    series = np.asarray(series)
    design_hz = cutoff_hz / (np.sqrt(2) - 1) ** (1 / (2 * _ORDER))
    if len(series) < _LEAST_FRAMES or not 0 < design_hz < 0.5 * fps:
        return series
    flat = series.reshape(len(series), -1).astype(np.float64)
    whole = bridged(flat)
    sos = butter(_ORDER, design_hz, fs=fps, output="sos")
    # Beyond the ends the series goes on turned about its last point, for a whole period of the
    # cut-off, so that a steady motion stays steady up to its last frame.
    beyond = min(int(np.ceil(fps / cutoff_hz)) + 3, len(series) - 1)
    out = sosfiltfilt(sos, whole, axis=0, padtype="odd", padlen=beyond)
    out[~np.isfinite(flat)] = np.nan
    return out.reshape(series.shape).astype(np.result_type(series.dtype, np.float32))


def bridged(series: np.ndarray) -> np.ndarray:
    """(F, ...) float64 with straight lines through what is not finite, level at the ends.

    A column of which nothing is known is 0.
    """
    columns = np.asarray(series, np.float64).reshape(len(series), -1).T
    return np.stack([_bridged(column) for column in columns], 1).reshape(series.shape)


def _bridged(column: np.ndarray) -> np.ndarray:
    """(F,) with straight lines through what is not finite, level at the ends; 0 if nothing is."""
    known = np.isfinite(column)
    if known.all():
        return column
    if not known.any():
        return np.zeros_like(column)
    at = np.arange(len(column))
    return np.interp(at, at[known], column[known])
