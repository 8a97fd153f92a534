"""Chains of detections as tracks with a row for every frame, what is missing bridged."""

from __future__ import annotations

import numpy as np

from hotvid.track.links import Chain
from hotvid.track.similarity import Listed
from hotvid.types import Track2D

# Over this long without sight the belief in an interpolated joint falls to 1/e. Through a gap of
# half a second it stays above the usual 0.3 threshold, through longer ones it does not.
_TRUST_S = 0.25


def fill(
    d: Listed,
    chain: Chain,
    pts_s: np.ndarray,
    track_id: int,
    joint_set: str,
    first_frame: int = 0,
) -> Track2D:
    """One person's track: the rows seen as they were, those between marked `interpolated`.

    pts_s  (F,) the time of each row of the clip.
    A joint is bridged where it is seen at both sides of the gap, and is NaN elsewhere.
    """
    seen = d.row[chain]
    rows = np.arange(seen[0], seen[-1] + 1)
    time_s = pts_s[rows]
    missing = np.ones(len(rows), bool)
    missing[seen - seen[0]] = False
    source = np.zeros(len(rows), np.int64)
    source[~missing] = chain

    out = {}
    for name in ("xy_px", "score", "box_px", "person_score"):
        out[name] = getattr(d, name)[source]
    if missing.any():
        gap = _Gap.of(missing, time_s)
        for name in ("xy_px", "box_px"):
            out[name][missing] = gap.path(getattr(d, name)[chain], time_s[~missing])
        for name in ("score", "person_score"):
            out[name][missing] = gap.belief(getattr(d, name)[chain])
        lost = missing[:, None] & ~np.isfinite(out["xy_px"]).all(-1)
        out["score"][lost] = 0
    return Track2D(
        track_id=track_id,
        joint_set=joint_set,
        frame_index=first_frame + rows.astype(np.int64),
        interpolated=missing,
        **out,
    )


class _Gap:
    """For each missing row: the seen rows around it, and the times from and to them."""

    def __init__(self, left: np.ndarray, since_s: np.ndarray, until_s: np.ndarray) -> None:
        self.left = left  # (G,) number among the seen rows; the right one is the next
        self.since_s = since_s
        self.until_s = until_s

    @classmethod
    def of(cls, missing: np.ndarray, time_s: np.ndarray) -> _Gap:
        left = np.cumsum(~missing)[missing] - 1
        known = time_s[~missing]
        return cls(left, time_s[missing] - known[left], known[left + 1] - time_s[missing])

    def belief(self, score: np.ndarray) -> np.ndarray:
        """(G, ...) the lower of both sides' scores, falling with the time to the nearer one."""
        low = np.minimum(score[self.left], score[self.left + 1])
        fade = np.exp(-np.minimum(self.since_s, self.until_s) / _TRUST_S)
        return low * fade.reshape(-1, *[1] * (low.ndim - 1))

    def path(self, values: np.ndarray, time_s: np.ndarray) -> np.ndarray:
        """(G, ...) a monotone cubic through the seen rows (Fritsch and Carlson 1980).

        values  (n, ...) at the seen rows, whose times are `time_s` (n,).
        It keeps the direction of motion into and out of the gap and never overshoots.
        """
        flat = values.reshape(len(values), -1).astype(np.float64)
        step_s = np.diff(time_s)[:, None]
        slope = np.diff(flat, axis=0) / step_s
        tangent = np.concatenate([slope[:1], _between(slope, step_s), slope[-1:]])
        left, right = self.left, self.left + 1
        across = slope[left]
        start = np.where(np.isfinite(tangent[left]), tangent[left], across)
        end = np.where(np.isfinite(tangent[right]), tangent[right], across)
        h = step_s[left]
        t = self.since_s[:, None] / h
        out = (
            flat[left] * (1 + 2 * t) * (1 - t) ** 2
            + h * start * t * (1 - t) ** 2
            + flat[right] * t**2 * (3 - 2 * t)
            + h * end * t**2 * (t - 1)
        )
        return out.reshape(-1, *values.shape[1:]).astype(values.dtype)


def _between(slope: np.ndarray, step_s: np.ndarray) -> np.ndarray:
    """Tangents at the inner points: a weighted harmonic mean of the slopes (PCHIP), 0 at a turn."""
    a, b = slope[:-1], slope[1:]
    wa, wb = step_s[:-1] + 2 * step_s[1:], 2 * step_s[:-1] + step_s[1:]
    same_way = a * b > 0
    safe_a, safe_b = np.where(same_way, a, 1), np.where(same_way, b, 1)
    tangent = (wa + wb) / (wa / safe_a + wb / safe_b)
    return np.where(np.isfinite(a * b), np.where(same_way, tangent, 0), np.nan)
