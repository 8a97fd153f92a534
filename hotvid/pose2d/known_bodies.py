"""Whether a body that was found is one that is known, or put together of parts of those."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hotvid.pose2d.blazepose_landmarks import Body
from hotvid.pose2d.following import Followed, extent
from hotvid.pose2d.regions import MAIN_JOINTS, box_overlap, keypoint_similarity, off_limbs

# A body this like somebody known is that person.
_SAME_BODY = 0.4
# And so is one whose joints' box overlaps theirs by more than this.
_SAME_BOX = 0.6
# One of which so many joints lie within the box of somebody else's must be as sure as this.
_WITHIN, _WITHIN_CONFIDENCE = 0.65, 0.8
# And one of which as many, of those that it is sure of, lie on limbs of two others: this near, of
# their extent. Between people side by side a body of the hand of one and the leg of another was
# found.
_ON_LIMB, _SURE_JOINT = 0.08, 0.5


def is_known(body: Body, score: np.ndarray, people: Sequence[Followed]) -> bool:
    """Whether `body`, with keypoints as sure as `score` (33,), is nobody new beside `people`."""
    if is_one_of(body, people) or _fills_same_box(body, people):
        return True
    if float(score[MAIN_JOINTS].mean()) >= _WITHIN_CONFIDENCE:
        return False
    sure = score >= _SURE_JOINT
    return _is_within_one_of(body, people) or is_made_of_limbs(body, sure, people)


def is_one_of(body: Body, people: Sequence[Followed]) -> bool:
    """Whether the joints of `body` are where those of one of `people` are."""
    return any(keypoint_similarity(body.xy_px, p.body.xy_px) > _SAME_BODY for p in people)


def _fills_same_box(body: Body, people: Sequence[Followed]) -> bool:
    # A second, worse set of landmarks on a body: joints differ, left and right may be exchanged,
    # but it fills the same box.
    if not people:
        return False
    boxes = np.stack([_box(p.body) for p in people])
    return bool((box_overlap(_box(body), boxes) > _SAME_BOX).any())


def _is_within_one_of(body: Body, people: Sequence[Followed]) -> bool:
    # A leg can pass for a body of its own.
    joints = body.xy_px[MAIN_JOINTS]
    for person in people:
        box = _box(person.body)
        inside = ((joints >= box[:2]) & (joints <= box[2:])).all(-1)
        if inside.mean() > _WITHIN:
            return True
    return False


def is_made_of_limbs(body: Body, sure: np.ndarray, people: Sequence[Followed]) -> bool:
    """Whether most joints of `body`, of those that are `sure` (33,), lie on two others' limbs.

    Those in a second row, whose legs are only guessed behind others, are not.
    """
    joints = body.xy_px[MAIN_JOINTS][sure[MAIN_JOINTS]]
    on = [off_limbs(joints, p.body.xy_px) < _ON_LIMB * extent(p.body) for p in people]
    on = [of_one for of_one in on if of_one.any()]
    return len(on) > 1 and float(np.any(on, axis=0).mean()) > _WITHIN


def _box(body: Body) -> np.ndarray:
    points = body.xy_px[MAIN_JOINTS]
    return np.concatenate([points.min(0), points.max(0)])
