"""Where the plates with people's ids hang, decided over the whole clip so that none hops.

A plate hangs above the head and above whatever else is there, as raised hands. Moved only in
the frames that ask for it, it would flicker: it is moved before, and slowly.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from hotvid.chunks import chunks
from hotvid.render import strokes
from hotvid.skeleton import H36M17

_CALM_S = 0.4  # before and after
_HEAD = H36M17.index("head")

Seen = Callable[[slice], tuple[np.ndarray, np.ndarray]]


def hang(seen: Seen, n_frames: int, width_px: float, gap_px: np.ndarray, fps: float) -> np.ndarray:
    """(F, 2) float32: the middle of a person's plate in x and its lower edge in y, pixels.

    seen      of some rows, points (R, 17, 2) in pixels, and which of them are drawn (R, 17) bool;
              where none is, the place says nothing.
    width_px  of the plate.
    gap_px    (F,) between the plate and the joints.
    """
    place = np.empty((n_frames, 2), np.float32)
    aside, lift = np.empty((n_frames, 2), np.float32), np.empty(n_frames, np.float32)
    for rows in chunks(n_frames):
        points, drawn = seen(rows)
        head = points[:, _HEAD]
        anchor = _anchor(points, drawn)
        place[rows] = np.where(strokes.reachable(head)[:, None], head, anchor)
        aside[rows] = np.where(drawn.any(1)[:, None], anchor - place[rows], 0)
        lift[rows] = _lift(points, drawn, anchor, width_px / 2 + gap_px[rows])
    calm = 2 * max(1, round(_CALM_S * fps)) + 1
    place += uniform_filter1d(aside, calm, axis=0, mode="nearest")
    # A mean of what is the most around each frame is at least what that frame asks for.
    most = maximum_filter1d(lift, calm, mode="nearest")
    place[:, 1] -= gap_px + uniform_filter1d(most, calm, mode="nearest")
    return place


def _anchor(points: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """(R, 2): the head, or the highest of what is drawn without it; 0 where nothing is."""
    x, y = points[..., 0], points[..., 1]
    some = drawn.any(1)
    middle = np.where(drawn, x, 0).sum(1) / np.maximum(drawn.sum(1), 1)
    top = np.where(some, np.where(drawn, y, np.inf).min(1), 0)
    return np.where(drawn[:, _HEAD, None], points[:, _HEAD], np.stack([middle, top], 1))


def _lift(
    points: np.ndarray, drawn: np.ndarray, anchor: np.ndarray, reach_px: np.ndarray
) -> np.ndarray:
    """(R,) how much higher than the anchor the highest of what is within reach (R,) of it is."""
    beside = drawn & (np.abs(points[..., 0] - anchor[:, :1]) < reach_px[:, None])
    highest = np.where(beside, points[..., 1], np.inf).min(1)
    return np.maximum(anchor[:, 1] - highest, 0)
