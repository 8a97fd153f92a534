"""From pieces of paths to whole ones, one chain a person, with the whole clip known.

The pieces are joined across what is missing by where their own motion takes them, seen from both
ends. So a crossing is decided by the path before and after it and not by the frames in which the
bodies cover each other; the pieces from in there are put back last, where the joined paths pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from hotvid.config import TrackConfig
from hotvid.track.links import Chain, known
from hotvid.track.similarity import Detections, distance, growth, moved, pairs

# All lengths in body sizes.
_MOTION_S = 0.33  # the end of a chain over which its motion is measured
_FAR = 0.4  # a join across a gap may be this far off course, more the longer it takes;
_FAR_PER_S = 0.6  # who vanishes and who appears in mid picture are hardly ever two people
_FAR_LATE = 0.45  # across a gap longer than max_gap_s it has to be plain
_GRAVITY = 5.8  # in body sizes a second squared
_LATER_PER_S = 0.15  # of two that fit as well, the sooner
_RIVAL = 0.15  # a join is clear where the next best costs this much more
_STOP_OVER = 0.15
_POSE = 0.5  # what a difference in pose counts against one in place,
_POSE_S = 0.05  # halved for a gap of this long, as limbs move on unseen
_GROWTH = 0.5  # and this different in size (the log of it),
_GROWTH_LATE = 0.3  # or this, across a gap longer than max_gap_s
_PUT_BACK = 0.2  # how far such a piece may lie from the path it is put on
_AT_BORDER = 0.03  # a body this near to the picture's edge may have left, in picture sizes


def join(
    d: Detections, pieces: list[Chain], config: TrackConfig, size_px: tuple[int, int] | None
) -> list[Chain]:
    """Pieces joined across gaps of up to max_lost_s: what is clear first, the rest together."""
    while len(pieces) > 1:
        i, j, cost = _candidates(d, pieces, config, size_px)
        clear = _clear(d, pieces, i, j, cost)
        if not clear.any():
            return _chained(pieces, _assigned(len(pieces), i, j, cost))
        after = np.full(len(pieces), -1)
        after[i[clear]] = j[clear]
        pieces = _chained(pieces, after)
    return pieces


def put_back(
    d: Detections, paths: list[Chain], pieces: list[Chain]
) -> tuple[list[Chain], list[Chain]]:
    """Each piece goes into the gap of the path that passes nearest; also what is left over."""
    if not paths or not pieces:
        return paths, pieces
    begin = np.array([d.row[piece[0]] for piece in pieces])
    end = np.array([d.row[piece[-1]] for piece in pieces])
    options = []
    for k, path in enumerate(paths):
        rows = d.row[path]
        at = np.searchsorted(rows, begin)
        inside = (at > 0) & (at < len(path)) & (rows[np.minimum(at, len(path) - 1)] > end)
        for far, p in _off_path(d, path, pieces, np.flatnonzero(inside), at):
            if far < _PUT_BACK:
                options.append((far, p, k))
    left = dict(enumerate(pieces))
    taken: set[tuple[int, int]] = set()
    parts = [[path] for path in paths]
    for _, p, k in sorted(options):
        places = {(k, row) for row in d.row[pieces[p]].tolist()}
        if p in left and not places & taken:
            taken |= places
            parts[k].append(left.pop(p))
    paths = [np.sort(np.concatenate(part)) if len(part) > 1 else part[0] for part in parts]
    return paths, list(left.values())


def _candidates(
    d: Detections, pieces: list[Chain], config: TrackConfig, size_px: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which piece may follow which, and at what cost: 0 is perfect, 1 and more is not had."""
    tail = np.array([piece[-1] for piece in pieces])
    head = np.array([piece[0] for piece in pieces])
    i, j = _followers(d, tail, head, config.max_lost_s)
    out = _Ends.of(d, pieces, np.unique(i), at_end=True)
    into = _Ends.of(d, pieces, np.unique(j), at_end=False)

    a, b = tail[i], head[j]
    dt = d.time_s[b] - d.time_s[a]
    step = moved(d, a, b)
    size = np.sqrt(out.size_px[i] * into.size_px[j])
    off = _off_course(
        step / size[:, None],
        known(out.speed[i], into.speed[j]) / size[:, None],
        known(into.speed[j], out.speed[i]) / size[:, None],
        dt,
    )
    far = off + distance(d, a, b, step) * _POSE / (1 + dt / _POSE_S)
    late = dt > config.max_gap_s
    # Either measure of size may be spoilt: by one bad sight, or by joints hidden for a while.
    grown = np.minimum(growth(d, a, b), np.abs(np.log(into.size_px[j] / out.size_px[i])))
    cost = far / np.where(late, _FAR_LATE, _FAR + _FAR_PER_S * dt) + grown + _LATER_PER_S * dt
    same = (cost < 1) & (grown < np.where(late, _GROWTH_LATE, _GROWTH))
    if size_px is not None:
        same &= ~(late & _outside(d, a, out.speed[i], dt, size_px))
    i, j, cost = i[same], j[same], cost[same]
    direct = ~_has_stop_over(len(pieces), i, j, cost)
    return i[direct], j[direct], cost[direct]


def _off_course(
    step: np.ndarray, before: np.ndarray, after: np.ndarray, dt: np.ndarray
) -> np.ndarray:
    """(E,) how ill a step (E, 2) fits the speeds (E, 2) before and after it, in body sizes.

    A steady acceleration covers the mean of both speeds, so what differs from that is amiss; and
    so is the acceleration, or two people who pass each other could as well be two who meet and
    turn back. Only gravity is free, up to its strength, whoever is in the air.
    """
    change = after - before
    change[:, 1] -= np.clip(change[:, 1], 0, _GRAVITY * dt)
    amiss = np.hypot(*(step - (before + after) / 2 * dt[:, None]).T)
    return np.hypot(amiss, np.hypot(*change.T) * dt / 2)


def _has_stop_over(n: int, i: np.ndarray, j: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """(E,) whether a third piece lies on the way from i to j, each leg about as good as the whole.

    Then the person was seen on the way. Without this the pieces of one person could be dealt out
    to two chains in turn.
    """
    order = np.lexsort((j, i))
    i, j, cost = i[order], j[order], cost[order]
    inward, low = np.argsort(j, kind="stable"), np.arange(n)
    n_in, n_out = np.bincount(j, minlength=n), np.bincount(i, minlength=n)
    x, y = pairs(n_in, n_out, np.searchsorted(j[inward], low), np.searchsorted(i, low))
    x = inward[x]
    key = i * n + j
    whole = np.searchsorted(key, i[x] * n + j[y])
    whole_key = key[np.minimum(whole, len(key) - 1)] if len(key) else key
    found = whole_key == i[x] * n + j[y]
    x, y, whole = x[found], y[found], whole[found]
    stop = np.zeros(len(i), bool)
    stop[whole[np.maximum(cost[x], cost[y]) < cost[whole] + _STOP_OVER]] = True
    out = np.empty_like(stop)
    out[order] = stop
    return out


def _clear(
    d: Detections, pieces: list[Chain], i: np.ndarray, j: np.ndarray, cost: np.ndarray
) -> np.ndarray:
    """(E,) whether a join is the best for both its pieces and no rival comes near.

    A rival is another candidate that is somebody else, being seen at the same time. One that
    comes later may well be the same person, a piece further on.
    """
    begin = np.array([d.row[piece[0]] for piece in pieces])
    end = np.array([d.row[piece[-1]] for piece in pieces])
    clear = np.ones(len(i), bool)
    for own, other in ((i, j), (j, i)):
        order = np.argsort(own, kind="stable")
        first = np.flatnonzero(np.diff(own[order], prepend=-1))
        n = np.diff(np.r_[first, len(order)])
        x, y = pairs(n, n, first, first)
        x, y = order[x], order[y]
        apart = x != y
        x, y = x[apart], y[apart]
        together = (begin[other[x]] <= end[other[y]]) & (begin[other[y]] <= end[other[x]])
        beaten = (cost[y] < cost[x]) | ((cost[y] == cost[x]) & (y < x))
        clear[x[beaten | (together & (cost[y] < cost[x] + _RIVAL))]] = False
    return clear


def _followers(
    d: Detections, tail: np.ndarray, head: np.ndarray, limit_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of pieces of which the second begins after the first ends, soon enough.

    The very next frame is soon enough however slow the video is.
    """
    order = np.argsort(d.row[head], kind="stable")
    head_row, head_time = d.row[head][order], d.time_s[head][order]
    low = np.searchsorted(head_row, d.row[tail], side="right")
    high = np.maximum(
        np.searchsorted(head_time, d.time_s[tail] + limit_s + 1e-6, side="right"),
        np.searchsorted(head_row, d.row[tail] + 1, side="right"),
    )
    n = np.maximum(high - low, 0)
    i, j = pairs(np.ones(len(tail), int), n, np.arange(len(tail)), low)
    return i, order[j]


@dataclass(frozen=True)
class _Ends:
    """How each piece ends, or begins: speed (P, 2) pixels a second, size_px (P,).

    Zero and one for the pieces that were not asked for.
    """

    speed: np.ndarray
    size_px: np.ndarray

    @classmethod
    def of(cls, d: Detections, pieces: list[Chain], wanted: np.ndarray, at_end: bool) -> _Ends:
        speed, size = np.zeros((len(pieces), 2)), np.ones(len(pieces))
        for k in wanted:
            part = _end(d, pieces[k], at_end)
            speed[k] = _slope(d, part)
            size[k] = np.median(d.size_px[part])
        return cls(speed, size)


def _end(d: Detections, chain: Chain, at_end: bool) -> Chain:
    """The part of a chain over which its motion is measured: two detections at least, if it can."""
    time_s = d.time_s[chain]
    if at_end:
        return chain[min(np.searchsorted(time_s, time_s[-1] - _MOTION_S), max(len(chain) - 2, 0)) :]
    return chain[: max(np.searchsorted(time_s, time_s[0] + _MOTION_S, side="right"), 2)]


def _slope(d: Detections, chain: Chain) -> np.ndarray:
    """(2,) pixels a second: of a straight line through the body's path."""
    if len(chain) < 2:
        return np.zeros(2)
    path = np.concatenate([np.zeros((1, 2)), np.cumsum(moved(d, chain[:-1], chain[1:]), 0)])
    t = d.time_s[chain] - d.time_s[chain].mean()
    return (t[:, None] * path).sum(0) / (t**2).sum()


def _outside(
    d: Detections, a: np.ndarray, speed: np.ndarray, dt: np.ndarray, size_px: tuple[int, int]
) -> np.ndarray:
    """(E,) whether the body was at the picture's edge and on its way out when last seen."""
    low, high = at_border(d, a, size_px)
    ahead = speed * dt[:, None]
    fast = np.abs(ahead) > 0.1 * d.size_px[a][:, None]
    return (((low & (ahead < 0)) | (high & (ahead > 0))) & fast).any(1)


def at_border(
    d: Detections, a: np.ndarray, size_px: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """(E, 2) bool each: whether a body is at the left and upper, at the right and lower edge."""
    box, size = d.box_px[a], np.array(size_px, np.float32)
    edge = _AT_BORDER * size
    return box[:, :2] < edge, box[:, 2:] > size - edge


def _assigned(n: int, i: np.ndarray, j: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """(n,) the piece that follows each, -1 for none, so that the saving in all is greatest.

    The assignment problem, sparse: beside its candidates each piece may have nobody, for 1.
    """
    every = np.arange(n)
    table = csr_matrix(
        (np.r_[1 + cost, np.full(n, 2.0)], (np.r_[i, every], np.r_[j, n + every])), (n, 2 * n)
    )
    chosen = min_weight_full_bipartite_matching(table)[1]
    return np.where(chosen < n, chosen, -1)


def _chained(pieces: list[Chain], after: np.ndarray) -> list[Chain]:
    joined = []
    for k in np.setdiff1d(np.arange(len(pieces)), after):
        run = [k]
        while after[run[-1]] >= 0:
            run.append(after[run[-1]])
        joined.append(np.concatenate([pieces[m] for m in run]))
    return joined


def _off_path(
    d: Detections, path: Chain, pieces: list[Chain], numbers: np.ndarray, at: np.ndarray
) -> list[tuple[float, int]]:
    """(distance, number) of pieces that lie in gaps of a path, from the straight way across.

    numbers  which of the pieces.
    at       for each piece, the place in the path where its gap ends.
    """
    if not len(numbers):
        return []
    length = np.array([len(pieces[p]) for p in numbers])
    b = np.repeat(path[at[numbers]], length)
    a = np.repeat(path[at[numbers] - 1], length)
    m = np.concatenate([pieces[p] for p in numbers])
    share = ((d.time_s[m] - d.time_s[a]) / (d.time_s[b] - d.time_s[a]))[:, None]
    way = moved(d, a, b)
    far = np.minimum(distance(d, a, m, share * way), distance(d, m, b, (1 - share) * way))
    far += np.minimum(growth(d, a, m), growth(d, m, b))
    mean = np.add.reduceat(far, np.cumsum(length) - length) / length
    return list(zip(mean.tolist(), numbers.tolist(), strict=True))
