"""From detections to chains, one chain a person, with the whole clip known.

First the steps between neighbouring frames that leave no doubt are linked; where two people could
be meant, nothing is. The pieces are then joined across what is missing by where their own motion
takes them, seen from both ends. So a crossing is decided by the path before and after it and not
by the frames in which the bodies cover each other; the pieces from in there are put back last,
where the joined paths pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from hotvid.config import TrackConfig
from hotvid.track.similarity import Detections, batches, distance, growth, moved, pairs

Chain = np.ndarray  # (n,) int64, indices of detections, at most one a frame, in order of time

# All lengths in body sizes. People run at 3 a second, fall at 5.8 a second squared.
_REACH = 0.25  # a step may be this far from the expected, more the longer it takes,
_REACH_KNOWN = 0.05  # less where its motion is known on both sides,
_REACH_PER_S = 3.0
_REACH_MAX = 1.0  # but never as far as a body is long
_CLEARLY = 1.5  # the second best must be this many times as far as the best,
_CLEARLY_MORE = 0.05  # and by this much, or the step is in doubt
_TOUCH = 0.15  # who vanishes or appears this near to another may have been taken for the other
_LINK_PASSES = 3  # the first knows no motion, each later one what the one before has found
_MOTION_S = 0.33  # the end of a chain over which its motion is measured
_FAR = 0.3  # a join across a gap may be this far from the expected,
_FAR_PER_S = 0.3
_LATER_PER_S = 0.15  # of two that fit as well, the sooner
_RIVAL = 0.15  # a join is clear where the next best costs this much more
_STOP_OVER = 0.15
_POSE = 0.5  # what a difference in pose counts against one in place,
_POSE_S = 0.05  # halved for a gap of this long, as limbs move on unseen
_GROWTH = 0.5  # and this different in size (the log of it),
_GROWTH_LATE = 0.3  # or this, across a gap longer than max_gap_s
_DOUBTFUL_S = 0.25  # shorter pieces that end in doubt wait until the others are joined
_PUT_BACK = 0.2  # how far such a piece may lie from the path it is put on
_AT_BORDER = 0.03  # a body this near to the picture's edge may have left, in picture sizes


@dataclass(frozen=True)
class Links:
    """(N,) each: the detection before and after, -1 where none; where a choice was in doubt."""

    before: np.ndarray
    after: np.ndarray
    doubt_before: np.ndarray
    doubt_after: np.ndarray


def link(d: Detections, double: np.ndarray) -> Links:
    """Links between neighbouring frames that leave no doubt, leaving out what is `double` (N,)."""
    n = len(d)
    none = np.full(n, -1)
    links = Links(none, none, np.zeros(n, bool), np.zeros(n, bool))
    for _ in range(_LINK_PASSES):
        links = _link_once(d, double, *_velocities(d, links))
    return links


def chains(d: Detections, links: Links, double: np.ndarray) -> tuple[list[Chain], list[Chain]]:
    """The linked pieces: those to build on, and the short ones that begin or end in doubt."""
    sure, doubtful = [], []
    for start in np.flatnonzero((links.before < 0) & ~double):
        chain = [start]
        while links.after[chain[-1]] >= 0:
            chain.append(links.after[chain[-1]])
        piece = np.array(chain)
        short = d.time_s[piece[-1]] - d.time_s[piece[0]] < _DOUBTFUL_S
        doubt = links.doubt_before[piece[0]] or links.doubt_after[piece[-1]]
        (doubtful if short and doubt else sure).append(piece)
    return sure, doubtful


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


def _velocities(d: Detections, links: Links) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) pixels a second before and after each detection; one stands in for the other."""
    past, future = np.zeros((len(d), 2)), np.zeros((len(d), 2))
    a = np.flatnonzero(links.after >= 0)
    b = links.after[a]
    future[a] = past[b] = moved(d, a, b) / (d.time_s[b] - d.time_s[a])[:, None]
    past[links.before < 0] = future[links.before < 0]
    future[links.after < 0] = past[links.after < 0]
    return past, future


def _known(v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """`v` where it is not zero, else `w`: what is seen once has no motion of its own."""
    return np.where(v.any(1, keepdims=True), v, w)


def _link_once(d: Detections, double: np.ndarray, past: np.ndarray, future: np.ndarray) -> Links:
    n = len(d)
    a, b, far, reach = _steps(d, double, past, future)
    best_a, second_a = _two_best(a, far, n)
    best_b, second_b = _two_best(b, far, n)
    second = np.minimum(second_a[a], second_b[b])
    edge = np.arange(len(a))
    sure = (best_a[a] == edge) & (best_b[b] == edge) & (far < reach)
    sure &= second >= np.maximum(_CLEARLY * far, far + _CLEARLY_MORE)

    ends, begins = np.ones(n, bool), np.ones(n, bool)
    ends[a[sure]], begins[b[sure]] = False, False
    touched_a, touched_b = np.zeros(n, bool), np.zeros(n, bool)
    touch = far < _TOUCH
    touched_b[b[touch & ends[a]]], touched_a[a[touch & begins[b]]] = True, True
    sure &= ~touched_a[a] & ~touched_b[b]

    before, after = np.full(n, -1), np.full(n, -1)
    after[a[sure]], before[b[sure]] = b[sure], a[sure]
    doubt_before, doubt_after = np.zeros(n, bool), np.zeros(n, bool)
    near = far < reach
    doubt_after[a[near]], doubt_before[b[near]] = True, True
    return Links(before, after, doubt_before & (before < 0), doubt_after & (after < 0))


def _steps(
    d: Detections, double: np.ndarray, past: np.ndarray, future: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of neighbouring frames not beyond twice the reach: from, to, distance, reach."""
    count = np.diff(d.first)
    rows = np.flatnonzero((count[:-1] > 0) & (count[1:] > 0))
    found = [(np.zeros(0, int), np.zeros(0, int), np.zeros(0), np.zeros(0))]
    for run in batches(rows, count[rows] * count[rows + 1]):
        a, b = pairs(count[run], count[run + 1], d.first[run], d.first[run + 1])
        single = ~double[a] & ~double[b]
        a, b = a[single], b[single]
        dt = (d.time_s[b] - d.time_s[a])[:, None]
        ahead = _known(past[a], future[b]) * dt
        back = _known(future[b], past[a]) * dt
        far = distance(d, a, b, ahead, back)
        known = past[a].any(1) & future[b].any(1)
        reach = np.where(known, _REACH_KNOWN, _REACH) + _REACH_PER_S * dt[:, 0]
        reach = np.minimum(reach, _REACH_MAX)
        near = far < 2 * reach
        found.append((a[near], b[near], far[near], reach[near]))
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def _two_best(owner: np.ndarray, far: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of n owners: the number of its nearest pair, and the second's distance or inf."""
    best, second = np.full(n, -1), np.full(n, np.inf)
    order = np.lexsort((far, owner))
    sorted_owner = owner[order]
    first = np.flatnonzero(np.r_[True, sorted_owner[1:] != sorted_owner[:-1]][: len(order)])
    best[sorted_owner[first]] = order[first]
    two = first[np.diff(np.r_[first, len(order)]) > 1]
    second[sorted_owner[two]] = far[order[two + 1]]
    return best, second


def _candidates(
    d: Detections, pieces: list[Chain], config: TrackConfig, size_px: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which piece may follow which, and at what cost: 0 is perfect, 1 and more is not had."""
    tail = np.array([piece[-1] for piece in pieces])
    head = np.array([piece[0] for piece in pieces])
    i, j = _followers(d, tail, head, config.max_lost_s)
    speed_out, speed_in = np.zeros((len(pieces), 2)), np.zeros((len(pieces), 2))
    for k in np.unique(i):
        speed_out[k] = _motion(d, pieces[k], at_end=True)
    for k in np.unique(j):
        speed_in[k] = _motion(d, pieces[k], at_end=False)

    a, b = tail[i], head[j]
    dt = d.time_s[b] - d.time_s[a]
    step = moved(d, a, b)
    ahead = np.hypot(*(step - _known(speed_out[i], speed_in[j]) * dt[:, None]).T)
    back = np.hypot(*(step - _known(speed_in[j], speed_out[i]) * dt[:, None]).T)
    place = (ahead + back) / 2 / np.sqrt(d.size_px[a] * d.size_px[b])
    far = place + distance(d, a, b, step) * _POSE / (1 + dt / _POSE_S)
    late = dt > config.max_gap_s
    grown = growth(d, a, b)
    cost = far / (_FAR + _FAR_PER_S * np.minimum(dt, config.max_gap_s))
    cost += grown + _LATER_PER_S * dt
    same = (cost < 1) & (grown < np.where(late, _GROWTH_LATE, _GROWTH))
    if size_px is not None:
        same &= ~(late & _outside(d, a, speed_out[i], dt, size_px))
    i, j, cost = i[same], j[same], cost[same]
    direct = ~_has_stop_over(len(pieces), i, j, cost)
    return i[direct], j[direct], cost[direct]


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


def _motion(d: Detections, chain: Chain, at_end: bool) -> np.ndarray:
    """(2,) pixels a second at one end of a chain: the slope of a line through the body's path."""
    limit = d.time_s[chain[-1]] - _MOTION_S if at_end else d.time_s[chain[0]] + _MOTION_S
    time_s = d.time_s[chain]
    part = chain[time_s >= limit] if at_end else chain[time_s <= limit]
    if len(part) < 2:
        part = chain[-2:] if at_end else chain[:2]
    if len(part) < 2:
        return np.zeros(2)
    path = np.concatenate([np.zeros((1, 2)), np.cumsum(moved(d, part[:-1], part[1:]), 0)])
    t = d.time_s[part] - d.time_s[part].mean()
    return (t[:, None] * path).sum(0) / (t**2).sum()


def _outside(
    d: Detections, a: np.ndarray, speed: np.ndarray, dt: np.ndarray, size_px: tuple[int, int]
) -> np.ndarray:
    """(E,) whether the body was at the picture's edge and on its way out when last seen."""
    box, size = d.box_px[a], np.array(size_px, np.float32)
    edge = _AT_BORDER * size
    low, high = box[:, :2] < edge, box[:, 2:] > size - edge
    ahead = speed * dt[:, None]
    fast = np.abs(ahead) > 0.1 * d.size_px[a][:, None]
    return (((low & (ahead < 0)) | (high & (ahead > 0))) & fast).any(1)


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
