"""BlazePose's landmarks behind any person detector."""

from __future__ import annotations

import numpy as np

from hotvid import weights
from hotvid.config import Pose2DConfig
from hotvid.pose2d.blazepose import looks_twice, model_name
from hotvid.pose2d.blazepose_landmarks import Body, LandmarkModel
from hotvid.pose2d.landmark_copies import LandmarkCopies
from hotvid.pose2d.regions import Region
from hotvid.pose2d.scores import keypoint_scores

# Of a box's longer side: of someone who stands upright, the circle around the hips that holds the
# body, and BlazePose's margin.
_SIDE = 1.4


class BlazePoseJoints:
    """The landmark model alone, as an estimator.

    A box does not say how the body in it is turned. So each person is looked at twice: the second
    time in the region that the first look's landmarks give, upright and centred at the hips. Where
    the mode says so, a third time in the mirror.
    """

    joint_set = "blazepose33"

    def __init__(self, config: Pose2DConfig) -> None:
        self.name = model_name(config.mode)
        self._copies = LandmarkCopies(weights.find(self.name), config.threads)
        self._twice = looks_twice(config.mode)

    def estimate(self, bgr: np.ndarray, box_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The joints of the person in each box; see `PoseEstimator.estimate`."""
        size_px = bgr.shape[1], bgr.shape[0]
        boxes = np.asarray(box_px, np.float64).tolist()
        bodies = self._copies.map(lambda model, box: self._look(model, bgr, box), boxes)
        xy = np.stack([body.xy_px for body in bodies])
        return xy, np.stack([keypoint_scores(body, self.name, size_px) for body in bodies])

    def _look(self, model: LandmarkModel, bgr: np.ndarray, box: list[float]) -> Body:
        x0, y0, x1, y1 = box
        side = _SIDE * max(x1 - x0, y1 - y0, 1.0)
        first = model.look(bgr, Region((x0 + x1) / 2, (y0 + y1) / 2, side, 0.0))
        second = model.look(bgr, first.following)
        body = second if second.presence >= first.presence / 2 else first
        return model.with_mirrored(bgr, body) if self._twice else body

    def close(self) -> None:
        """Give the networks' memory back."""
        self._copies.close()
        del self._copies
