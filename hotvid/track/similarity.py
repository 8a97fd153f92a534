"""How far apart two sightings of a body are, in body sizes: the measure that all tracking uses.

It is the distance inside COCO's object keypoint similarity (per joint, scaled by the body), kept
as a distance: a similarity is zero for everyone far away and cannot tell near from farther.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hotvid.geometry import extent
from hotvid.skeleton import JOINT_SETS
from hotvid.track.sightings import Sightings
from hotvid.types import Keypoints2D

# How much a joint says about which body it is: the trunk moves as the body does, hands and feet
# run ahead and are found less well. Joints of the face are one place, so one stands for all.
_JOINT_WEIGHT = {"shoulder": 1.0, "hip": 1.0, "knee": 0.7, "elbow": 0.7, "nose": 0.7} | {
    "ankle": 0.5,
    "wrist": 0.4,
}
_BOX_WEIGHT = 0.05  # of the box's centre: decides only where hardly a joint is seen
_UNSEEN = 0.1  # share of its weight that a joint below the threshold keeps
_CHUNK = 100_000  # pairs compared at once: some 50 MB of intermediate results


@dataclass(frozen=True)
class Listed:
    """Everyone seen in a clip in one list, by frame.

    row     (N,) int64, 0 for the clip's first frame.
    xy_px   (N, K, 2), score (N, K), box_px (N, 4), person_score (N,): as observed.
    """

    row: np.ndarray
    xy_px: np.ndarray
    score: np.ndarray
    box_px: np.ndarray
    person_score: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Detections(Listed):
    """Everyone seen in a clip, by frame and then by place, so that the order in which a frame
    reports its people changes nothing; and what they are compared by.

    first         (F + 1,) the detections of row r are first[r] up to first[r + 1].
    time_s        (N,) float64.
    point_px      (N, M, 2) float32, the places compared; 0 where unknown.
    weight        (N, M) float32, 0 where unknown.
    size_px       (N,) float32, the diagonal of the body.
    """

    first: np.ndarray
    time_s: np.ndarray
    point_px: np.ndarray
    weight: np.ndarray
    size_px: np.ndarray


def flatten(
    observations: Sequence[Keypoints2D], pts_s: np.ndarray, kpt_thr: float
) -> Detections | None:
    """All observations as one list; None where nobody is seen in any frame.

    Raises ShapeError where the frames do not share one joint set.
    """
    held = observations if isinstance(observations, Sightings) else Sightings(observations)
    people = held.everyone()
    if people is None:
        return None
    xy, score, box, person = people.xy_px, people.score, people.box_px, people.person_score
    counts = held.counts()
    row = np.repeat(np.arange(len(counts)), counts)
    point, weight = _points(xy, score, box, people.joint_set, kpt_thr)
    size = _sizes(point, weight, box, kpt_thr)
    place = point.sum(1)
    order = np.lexsort((person, box[:, 0], place[:, 1], place[:, 0], row))
    if (np.diff(order) == 1).all():
        order = slice(None)  # as they are, without a copy
    return Detections(
        row=row,
        first=np.concatenate([[0], np.cumsum(counts)]),
        time_s=np.asarray(pts_s, np.float64)[row],
        xy_px=xy[order],
        score=score[order],
        box_px=box[order],
        person_score=person[order],
        point_px=point[order],
        weight=weight[order],
        size_px=size[order],
    )


def _points(
    xy: np.ndarray, score: np.ndarray, box: np.ndarray, joint_set: str, kpt_thr: float
) -> tuple[np.ndarray, np.ndarray]:
    """The places compared (N, M, 2) and their weights (N, M): some joints and the box's centre."""
    names = JOINT_SETS[joint_set].joints
    joints = [i for i, name in enumerate(names) if name.split("_")[-1] in _JOINT_WEIGHT]
    factor = np.array([_JOINT_WEIGHT[names[i].split("_")[-1]] for i in joints], np.float32)
    points, scores = xy[:, joints], np.nan_to_num(score[:, joints])
    trusted = np.where(scores >= kpt_thr, scores, _UNSEEN * scores + 1e-3)
    weight = np.where(np.isfinite(points).all(-1), factor * trusted, 0)

    centre = (box[:, None, :2] + box[:, None, 2:]) / 2
    seen = np.where(np.isfinite(centre).all(-1), _BOX_WEIGHT, 0)
    points = np.nan_to_num(np.concatenate([points, centre], 1))
    return points, np.concatenate([weight, seen], 1).astype(np.float32)


def _sizes(point: np.ndarray, weight: np.ndarray, box: np.ndarray, kpt_thr: float) -> np.ndarray:
    """(N,) the diagonal around the joints seen, or half the box's where few are."""
    seen = weight[:, :-1] > _UNSEEN * kpt_thr + 1e-3
    low, high = extent(point[:, :-1], seen)
    diagonal = np.where(seen.any(1), np.hypot(*np.nan_to_num(high - low, neginf=0).T), 0)
    of_box = np.nan_to_num(np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]))
    return np.maximum(np.maximum(diagonal, 0.5 * of_box), 1).astype(np.float32)


def moved(d: Detections, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(E, 2) pixels: how far the body went from detection a[e] to b[e], over what both show."""
    out = np.empty((len(a), 2), np.float32)
    for part in _parts(len(a)):
        i, j = a[part], b[part]
        w = np.sqrt(d.weight[i] * d.weight[j])
        total = np.maximum(w.sum(1, keepdims=True), 1e-9)
        out[part] = (w[..., None] * (d.point_px[j] - d.point_px[i])).sum(1) / total
    return out


def distance(
    d: Detections,
    a: np.ndarray,
    b: np.ndarray,
    ahead_px: np.ndarray | None = None,
    back_px: np.ndarray | None = None,
) -> np.ndarray:
    """How far b[e] lies from where a[e] is expected by then: mean over joints, in body sizes.

    a, b      (E,) indices of detections.
    ahead_px  (E, 2) how far a's own motion takes it by the time of b; 0 if not given.
    back_px   (E, 2) how far b's own motion has brought it since a; as `ahead_px` if not given.
    returns   (E,) the mean of the two views. Looking from both ends tells two people who pass
              each other from two who meet and turn back, which the mean of the motions does not.
    """
    out = np.empty(len(a), np.float32)
    for part in _parts(len(a)):
        i, j = a[part], b[part]
        w = np.sqrt(d.weight[i] * d.weight[j])
        step = d.point_px[j] - d.point_px[i]
        off = step if ahead_px is None else step - ahead_px[part, None]
        far = np.hypot(off[..., 0], off[..., 1])
        if back_px is not None:
            off = step - back_px[part, None]
            far = (far + np.hypot(off[..., 0], off[..., 1])) / 2
        total = np.maximum(w.sum(1), 1e-9)
        out[part] = (w * far).sum(1) / total / np.sqrt(d.size_px[i] * d.size_px[j])
    return out


def growth(d: Detections, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(E,) |log| of how many times larger b[e] is than a[e], over the joints that both show."""
    w = np.sqrt(d.weight[a] * d.weight[b])[..., None]
    w = w / np.maximum(w.sum(1, keepdims=True), 1e-9)
    spread = []
    for points in (d.point_px[a], d.point_px[b]):
        off = points - (w * points).sum(1, keepdims=True)
        spread.append(np.sqrt((w * off**2).sum((1, 2))) + 1e-3)
    return np.abs(np.log(spread[1] / spread[0]))


def pairs(
    n_left: np.ndarray, n_right: np.ndarray, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of two runs of numbers, for many runs at once.

    Run r pairs left[r] .. left[r] + n_left[r] with right[r] .. right[r] + n_right[r].
    """
    n = n_left * n_right
    run = np.repeat(np.arange(len(n)), n)
    within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    width = np.maximum(n_right, 1)[run]
    return left[run] + within // width, right[run] + within % width


def close_pairs(d: Detections, limit: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Detections of one frame nearer to each other than `limit`: indices (E,), (E,), distances."""
    count = np.diff(d.first)
    many = np.flatnonzero(count > 1)
    found = []
    for rows in batches(many, count[many] ** 2):
        a, b = pairs(count[rows], count[rows], d.first[rows], d.first[rows])
        a, b = a[a < b], b[a < b]
        far = distance(d, a, b)
        near = far < limit
        found.append((a[near], b[near], far[near]))
    if not found:
        return np.zeros(0, int), np.zeros(0, int), np.zeros(0)
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def doubles(d: Detections, limit: float) -> np.ndarray:
    """(N,) bool: a better scored detection of the same frame lies nearer than `limit`."""
    a, b, far = close_pairs(d, limit)
    double = np.zeros(len(d), bool)
    rank = d.person_score + d.weight.mean(1)
    for e in np.argsort(far, kind="stable"):
        if not double[a[e]] and not double[b[e]]:
            double[a[e] if rank[a[e]] < rank[b[e]] else b[e]] = True
    return double


def _parts(n: int) -> list[slice]:
    return [slice(start, start + _CHUNK) for start in range(0, n, _CHUNK)]


def batches(rows: np.ndarray, cost: np.ndarray) -> list[np.ndarray]:
    """`rows` in consecutive runs whose cost adds up to about a chunk."""
    if not len(rows):
        return []
    cuts = np.flatnonzero(np.diff(np.cumsum(cost) // _CHUNK)) + 1
    return np.split(rows, cuts)
