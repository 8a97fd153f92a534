"""Ultralytics' YOLO models: of poses as a one-stage backend, of boxes as a person detector."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.config import Pose2DConfig
from hotvid.errors import WeightsError
from hotvid.pose2d.base import Boxes
from hotvid.pose2d.ultralytics_models import first_line, load_yolo, person_classes, torch_device
from hotvid.skeleton import JOINT_SETS, joint_set_by_count
from hotvid.types import Frame, Keypoints2D


class _Yolo:
    """A loaded model, asked about people only."""

    def __init__(self, file: str, task: str, config: Pose2DConfig) -> None:
        self.model = load_yolo(file, task)
        self.name = f"yolo:{Path(file).name}"
        self._how = {
            "conf": config.bbox_thr,
            "classes": person_classes(self.model),
            "device": torch_device(config),
            "verbose": False,
        }

    def look(self, frames: Sequence[Frame]) -> list[Any]:
        """Their `Results` for each frame."""
        pictures = [frame.bgr for frame in frames]
        try:
            if self._how["device"] == "cpu":
                # A batch gains nothing here, and its last bits would depend on its size.
                return [self.model.predict(picture, **self._how)[0] for picture in pictures]
            return self.model.predict(pictures, **self._how)
        except Exception as error:  # a .onnx is loaded, and known for something else, only here
            raise WeightsError(
                f"{self.name} failed on a picture ({first_line(error)})",
                "is it one of Ultralytics' own models?",
            ) from error


class YoloPose:
    """A YOLO pose model (Maji et al. 2022, and its successors) for everyone in the picture."""

    def __init__(self, file: str, config: Pose2DConfig) -> None:
        self._yolo = _Yolo(file, "pose", config)
        self.name = self._yolo.name
        blank = Frame(0, 0.0, np.zeros((64, 64, 3), np.uint8))
        keypoints = self._yolo.look([blank])[0].keypoints
        if keypoints is None:
            raise WeightsError(f"{file} gives no keypoints", "give a pose model")
        try:
            self.joint_set = joint_set_by_count(keypoints.data.shape[1])
        except ValueError as error:
            raise WeightsError(f"{file}: {error}", "give a model of whole people") from error

    def estimate(self, frames: Sequence[Frame]) -> list[Keypoints2D]:
        """Everyone in each of `frames`; see `Pose2DBackend.estimate`."""
        return [self._people(result) for result in self._yolo.look(frames)]

    def finish(self) -> list[Keypoints2D]:
        """Nothing is held back."""
        return []

    def close(self) -> None:
        """Give the model's memory back."""
        del self._yolo

    def _people(self, result: Any) -> Keypoints2D:
        boxes = _boxes(result)
        if not len(boxes):
            return Keypoints2D.nobody(self.joint_set, len(JOINT_SETS[self.joint_set]))
        points = result.keypoints.data.cpu().numpy().astype(np.float32)
        xy = points[..., :2]
        # A model without visibilities knows only how sure it is of the person.
        score = points[..., 2] if points.shape[-1] == 3 else boxes.score[:, None] + 0 * xy[..., 0]
        missing = (xy == 0).all(-1)
        return Keypoints2D(
            joint_set=self.joint_set,
            xy_px=np.where(missing[..., None], np.nan, xy).astype(np.float32),
            score=np.where(missing, 0, np.clip(score, 0, 1)).astype(np.float32),
            box_px=boxes.box_px,
            person_score=boxes.score,
        )


class YoloDetector:
    """A YOLO model of boxes in front of a top-down estimator."""

    follows = False

    def __init__(self, file: str, config: Pose2DConfig) -> None:
        self._yolo = _Yolo(file, "detect", config)
        self.name = self._yolo.name

    def detect(self, frame: Frame) -> Boxes:
        """The people in `frame`; see `PersonDetector.detect`."""
        return _boxes(self._yolo.look([frame])[0])

    def close(self) -> None:
        """Give the model's memory back."""
        del self._yolo


def _boxes(result: Any) -> Boxes:
    box = result.boxes.xyxy.cpu().numpy().astype(np.float32)
    return Boxes(box, np.clip(result.boxes.conf.cpu().numpy().astype(np.float32), 0, 1))
