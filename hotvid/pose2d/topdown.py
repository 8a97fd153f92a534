"""Any person detector with any estimator behind it, as one backend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hotvid.config import Pose2DConfig
from hotvid.geometry import extent
from hotvid.pose2d.base import Boxes, PersonDetector, PoseEstimator
from hotvid.pose2d.regions import box_overlap
from hotvid.skeleton import JOINT_SETS
from hotvid.types import Frame, Keypoints2D

# Between two searches a person is looked for around where the joints were. One whose joints are on
# average less sure than this is lost; the next frame is searched again.
_LOST = 0.3
_SURE_JOINT = 0.3  # joints less sure than this do not shape the box
_MIN_JOINTS = 4
_MOTION = 0.1  # the box around the joints is widened by this share of its longer side
_SAME = 0.85  # two boxes that overlap this much have come onto one person
# Detectors miss people who bend or fall. One whose joints are on average this sure stays, though a
# search has not found a box that overlaps theirs by `_FOUND`, for so many searches in turn.
_STILL_THERE, _FOUND, _MISSED_AT_MOST = 0.5, 0.3, 2


class TopDown:
    """The detector searches every `det_frequency` frames; between, each person is followed.

    A detector that follows people itself is asked about every frame.
    """

    def __init__(
        self, detector: PersonDetector, estimator: PoseEstimator, config: Pose2DConfig
    ) -> None:
        self._detector = detector
        self._estimator = estimator
        self._every = 1 if detector.follows else config.det_frequency
        self.name = f"{estimator.name}, people by {detector.name}"
        self.joint_set = estimator.joint_set
        self._last: Keypoints2D | None = None
        self._missed = np.zeros(0, int)  # of the last ones, by how many searches in turn
        self._last_index = -1
        self._since_search = 0

    def estimate(self, frames: Sequence[Frame]) -> list[Keypoints2D]:
        """Everyone in each of `frames`; see `Pose2DBackend.estimate`."""
        return [self._estimate(frame) for frame in frames]

    def finish(self) -> list[Keypoints2D]:
        """Nothing is held back."""
        return []

    def close(self) -> None:
        """Give back what detector and estimator hold."""
        self._detector.close()
        self._estimator.close()

    def _estimate(self, frame: Frame) -> Keypoints2D:
        boxes = self._boxes(frame)
        self._last_index = frame.index
        if len(boxes):
            xy, score = self._estimator.estimate(frame.bgr, boxes.box_px)
            self._last = Keypoints2D(self.joint_set, xy, score, boxes.box_px, boxes.score)
        else:
            self._last = Keypoints2D.nobody(self.joint_set, len(JOINT_SETS[self.joint_set]))
        return self._last

    def _boxes(self, frame: Frame) -> Boxes:
        self._since_search += 1
        follows_on = frame.index == self._last_index + 1 and not frame.is_cut
        before = self._last if follows_on else None
        if self._detector.follows or before is None or not len(before):
            return self._search(frame, Boxes.none(), self._missed[:0])
        followed, who = _followed(before)
        if len(followed) == len(before) and self._since_search < self._every:
            self._missed = self._missed[who]
            return followed
        sure = before.score[who].mean(1) >= _STILL_THERE
        stay = sure & (self._missed[who] < _MISSED_AT_MOST)
        kept = Boxes(followed.box_px[stay], followed.score[stay])
        return self._search(frame, kept, self._missed[who][stay])

    def _search(self, frame: Frame, kept: Boxes, missed: np.ndarray) -> Boxes:
        """Whom the detector finds, and those of `kept` whom it misses."""
        self._since_search = 0
        found = self._detector.detect(frame)
        alone = np.ones(len(kept), bool)
        if len(found):
            overlap = [box_overlap(box, found.box_px).max() for box in kept.box_px]
            alone = np.array(overlap, np.float64) < _FOUND
        self._missed = np.concatenate([np.zeros(len(found), int), missed[alone] + 1])
        return Boxes(
            np.concatenate([found.box_px, kept.box_px[alone]]),
            np.concatenate([found.score, kept.score[alone]]),
        )


def _followed(before: Keypoints2D) -> tuple[Boxes, np.ndarray]:
    """Boxes around the joints of the frame before, of those who are not lost; who they are."""
    known = (before.score >= _SURE_JOINT) & np.isfinite(before.xy_px).all(-1)
    enough = (known.sum(1) >= _MIN_JOINTS) & (before.score.mean(1) >= _LOST)
    low, high = extent(before.xy_px, known)
    boxes, who = [], []
    for person in np.argsort(-before.score.mean(1), kind="stable"):
        if not enough[person]:
            continue
        pad = _MOTION * (high[person] - low[person]).max()
        box = np.concatenate([low[person] - pad, high[person] + pad])
        if not boxes or box_overlap(box, np.stack(boxes)).max() < _SAME:
            boxes.append(box)
            who.append(int(person))
    if not boxes:
        return Boxes.none(), np.zeros(0, int)
    return Boxes(np.array(boxes, np.float32), before.person_score[who]), np.array(who)
