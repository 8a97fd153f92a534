"""Series over time that have gaps."""

from __future__ import annotations

import math

import numpy as np


def bridged(
    series: np.ndarray, at: np.ndarray | None = None, *, nothing: float = 0.0
) -> np.ndarray:
    """(F, ...) float64 with straight lines through what is not finite, level at the ends.

    series   (F, ...), any unit; each column is bridged by itself.
    at       (F,) ascending: where the rows lie, as in seconds; None: a step apart.
    nothing  what a column holds of which nothing is known.
    """
    out = np.array(series, np.float64, order="C")
    at = np.arange(len(out)) if at is None else at
    columns = out.reshape(len(out), math.prod(out.shape[1:])).T
    for number in np.flatnonzero(~np.isfinite(columns).all(1)):
        column = columns[number]
        known = np.isfinite(column)
        column[~known] = np.interp(at[~known], at[known], column[known]) if known.any() else nothing
    return out
