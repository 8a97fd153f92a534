"""Steps between neighbouring frames that leave no doubt, and the pieces of paths they make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotvid.track.similarity import Detections, batches, distance, moved, pairs

Chain = np.ndarray  # (n,) int64, indices of detections, at most one a frame, in order of time

# All lengths in body sizes. People run at 3 a second.
_REACH = 0.25  # a step may be this far from the expected,
_REACH_KNOWN = 0.05  # less where its motion is known on both sides,
_REACH_PER_S = 3.0  # more the longer it takes,
_REACH_MAX = 1.0  # but never as far as a body is long
_CLEARLY = 1.5  # the second best must be this many times as far as the best,
_CLEARLY_MORE = 0.05  # and by this much, or the step is in doubt
_TOUCH = 0.15  # who vanishes or appears this near to another may have been taken for the other
_PASSES = 3  # the first knows no motion, each later one what the one before has found
_DOUBTFUL_S = 0.25  # a piece as short as this that begins or ends in doubt is not built on


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
    for _ in range(_PASSES):
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


def _velocities(d: Detections, links: Links) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) pixels a second before and after each detection; one stands in for the other."""
    past, future = np.zeros((len(d), 2)), np.zeros((len(d), 2))
    a = np.flatnonzero(links.after >= 0)
    b = links.after[a]
    future[a] = past[b] = moved(d, a, b) / (d.time_s[b] - d.time_s[a])[:, None]
    past[links.before < 0] = future[links.before < 0]
    future[links.after < 0] = past[links.after < 0]
    return past, future


def _link_once(d: Detections, double: np.ndarray, past: np.ndarray, future: np.ndarray) -> Links:
    n = len(d)
    a, b, far, reach = _steps(d, double, past, future)
    second = np.minimum(_second_best(a, far, n)[a], _second_best(b, far, n)[b])
    # What is itself no better than second is not clearly nearer than that.
    sure = (far < reach) & (second >= np.maximum(_CLEARLY * far, far + _CLEARLY_MORE))

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
        ahead = known(past[a], future[b]) * dt
        back = known(future[b], past[a]) * dt
        far = distance(d, a, b, ahead, back)
        both = past[a].any(1) & future[b].any(1)
        reach = np.where(both, _REACH_KNOWN, _REACH) + _REACH_PER_S * dt[:, 0]
        reach = np.minimum(reach, _REACH_MAX)
        near = far < 2 * reach
        found.append((a[near], b[near], far[near], reach[near]))
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def _second_best(owner: np.ndarray, far: np.ndarray, n: int) -> np.ndarray:
    """(n,) the distance of each owner's second nearest pair; inf where there is none."""
    second = np.full(n, np.inf)
    order = np.lexsort((far, owner))
    sorted_owner = owner[order]
    first = np.flatnonzero(np.r_[True, sorted_owner[1:] != sorted_owner[:-1]][: len(order)])
    two = first[np.diff(np.r_[first, len(order)]) > 1]
    second[sorted_owner[two]] = far[order[two + 1]]
    return second


def known(v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """`v` where it is not zero, else `w`: what is seen once has no motion of its own."""
    return np.where(v.any(1, keepdims=True), v, w)
