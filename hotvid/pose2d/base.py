"""What a 2D backend is, seen from outside: frames in, people with keypoints out.

Also the two halves of a top-down one: a detector that finds people, and an estimator that finds the
joints of each. Any of the one goes with any of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hotvid.types import Frame, Keypoints2D, check_shape


class Pose2DBackend(Protocol):
    """Top-down pairs and one-stage models look the same from here.

    name       model and size, as it is written into results.
    joint_set  a name in `hotvid.skeleton.JOINT_SETS`, that of everything it returns.
    """

    name: str
    joint_set: str

    def estimate(self, frames: Sequence[Frame]) -> list[Keypoints2D]:
        """Everyone in each of `frames`, in order.

        Frames come in the video's order. A backend may keep what it learned of one call for the
        next (it may follow people), but how frames are cut into calls must not change results. It
        may hold the last frames back until it has seen more; what the next call returns begins
        with them.
        """
        ...

    def finish(self) -> list[Keypoints2D]:
        """Everyone in the frames that are held back, once there are no more, in order."""
        ...

    def close(self) -> None:
        """Give back what the backend holds; it cannot be used afterwards."""
        ...


@dataclass(frozen=True)
class Boxes:
    """People found in one frame.

    box_px  (P, 4) float32, x0 y0 x1 y1.
    score   (P,) float32, 0..1: the chance that this is a person.
    """

    box_px: np.ndarray
    score: np.ndarray

    def __post_init__(self) -> None:
        check_shape("box_px", self.box_px, (None, 4))
        check_shape("score", self.score, (len(self.box_px),))

    def __len__(self) -> int:
        return len(self.score)

    @staticmethod
    def none() -> Boxes:
        return Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


class PersonDetector(Protocol):
    """The first half of a top-down backend.

    name      as it is written into results.
    follows   whether it follows people itself, and so must be shown every frame.
    """

    name: str
    follows: bool

    def detect(self, frame: Frame) -> Boxes:
        """The people in `frame`, those less sure than the settings' `bbox_thr` left out."""
        ...

    def close(self) -> None: ...


class PoseEstimator(Protocol):
    """The second half of a top-down backend."""

    name: str
    joint_set: str

    def estimate(self, bgr: np.ndarray, box_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The joints of the person in each box.

        bgr      (H, W, 3) uint8, the whole picture.
        box_px   (P, 4), x0 y0 x1 y1; P is at least 1.
        returns  (P, K, 2) float32, pixels of the picture, and scores (P, K) float32, 0..1.
        """
        ...

    def close(self) -> None: ...
