"""Joints that are far off for a frame or two, put on the line between their neighbours."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter

from hotvid.chunks import chunks
from hotvid.series import bridged

_HALF_S = 0.1  # the median is over so long before and after
_DEVIATIONS = 4.0
_JUMP = 2.0  # times the steps around it: what goes there and comes back at a body's own speed moves
_FEW = 2  # points of a run that may be wild each in its own way
_NORMAL = 1.4826  # of a normal distribution: deviations over the median of what is off


def without_outliers(series: np.ndarray, fps: float, least: float) -> np.ndarray:
    """A series over time with wild points replaced by straight lines (Hampel's identifier).

    series   (F, N, C), any unit; NaN where unknown, which it stays.
    fps      frames a second.
    least    in the series' unit: what is less off than this from its neighbours' median is no
             outlier, however still they are.
    returns  the same shape and type. A point counts as wild where it is further from the median of
             a fifth of a second around it than four typical deviations there (Hampel 1974;
             Pearson 2002), and it is a jump there and back: the far point of a punch, which is
             reached and left by steps that grow and shrink, is none. Below 10 frames a second
             nothing does: a step or a punch is one frame.
    """
    series = np.asarray(series)
    half = round(_HALF_S * fps)
    if _HALF_S * fps < 1 or len(series) < 2 * half + 1:
        return series
    out = series.copy()
    for at in chunks(len(series)):
        low, high = max(0, at.start - 4 * half), min(len(series), at.stop + 4 * half)
        part = series[low:high]
        whole = bridged(part)
        far = _far_off(whole, half, least) & np.isfinite(part).all(-1)
        joints = zip(far.T, _steps(whole).T, strict=True)
        wild = np.stack([_jumps(*joint, half) for joint in joints], 1)
        mended = bridged(np.where(wild[..., None], np.nan, part))
        inside = slice(at.start - low, at.stop - low)
        out[at] = np.where(wild[inside, :, None], mended[inside], part[inside])
    return out


def _far_off(whole: np.ndarray, half: int, least: float) -> np.ndarray:
    """(F, N) bool: the points that are too far from the median around them."""
    size = (2 * half + 1, 1, 1)
    off = np.linalg.norm(whole - median_filter(whole, size, mode="nearest"), axis=-1)
    usual = _NORMAL * median_filter(off, size[:2], mode="nearest")
    return off > np.maximum(_DEVIATIONS * usual, least)


def _steps(whole: np.ndarray) -> np.ndarray:
    """(F + 1, N) how far each point is from the one before; 0 at both ends."""
    inner = np.linalg.norm(np.diff(whole, axis=0), axis=-1)
    return np.pad(inner, ((1, 1), (0, 0)))


def _jumps(far: np.ndarray, step: np.ndarray, half: int) -> np.ndarray:
    """Those of one joint's runs of far points that are reached and left by a jump.

    far   (F,) bool.
    step  (F + 1,) from the point before: step[i] leads to point i.
    """
    edges = np.flatnonzero(np.diff(far.astype(np.int8), prepend=0, append=0))
    # The steps to and from far points tell nothing of how fast the joint really is.
    usual = np.where(np.append(far, False) | np.append(False, far), 0.0, step)
    out = np.zeros_like(far)
    for first, end in edges.reshape(-1, 2):
        there_and_back = min(step[first], step[end])
        within = step[first + 1 : end].max(initial=0.0) if end - first > _FEW else 0.0
        around = usual[max(first - half, 0) : end + half + 1].max()
        out[first:end] = there_and_back >= max(_JUMP * around, within)
    return out
