"""hotvid's own search for people as the detector in front of any top-down estimator."""

from __future__ import annotations

from hotvid.config import Pose2DConfig
from hotvid.pose2d.base import Boxes
from hotvid.pose2d.blazepose import BlazePose
from hotvid.types import Frame


class BlazePoseBoxes:
    """The boxes of the people whom BlazePose finds and follows."""

    follows = True

    def __init__(self, config: Pose2DConfig) -> None:
        self._backend = BlazePose(config, closer_looks=False)
        self.name = self._backend.name

    def detect(self, frame: Frame) -> Boxes:
        """The people in `frame`; see `PersonDetector.detect`."""
        (seen,) = self._backend.estimate([frame])
        return Boxes(seen.box_px, seen.person_score)

    def close(self) -> None:
        """Give the networks' memory back."""
        self._backend.close()
