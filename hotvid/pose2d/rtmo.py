"""RTMO (Lu et al. 2024) as an ONNX file: everyone's boxes and joints in one go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hotvid.config import Pose2DConfig
from hotvid.errors import WeightsError
from hotvid.pose2d.letterbox import letterbox, suppressed
from hotvid.pose2d.onnx_network import OnnxNetwork
from hotvid.skeleton import joint_set_by_count
from hotvid.types import Frame, Keypoints2D

_USUAL_SIZE_PX = (640, 640)
_OVERLAP = 0.65  # the model parts people itself; boxes that share more are doubles


class Rtmo:
    """A one-stage backend, as MMDeploy exports RTMO.

    The file takes the picture in BGR, 0 to 255, and gives boxes and scores (1, N, 5), and joints
    x, y, score (1, N, K, 3).
    """

    def __init__(self, file: str, config: Pose2DConfig) -> None:
        self._network = OnnxNetwork(file, config.device, config.threads)
        self._size_px = self._network.size_px or _USUAL_SIZE_PX
        self._bbox_thr = config.bbox_thr
        self.name = f"rtmo:{Path(file).name}"
        blank = np.zeros((self._size_px[1], self._size_px[0], 3), np.uint8)
        _, joints, _ = self._look(blank)
        try:
            self.joint_set = joint_set_by_count(joints.shape[1])
        except ValueError as error:
            raise WeightsError(f"{file}: {error}", "give a model of whole people") from error

    def estimate(self, frames: Sequence[Frame]) -> list[Keypoints2D]:
        """Everyone in each of `frames`; see `Pose2DBackend.estimate`."""
        return [self._estimate(frame) for frame in frames]

    def finish(self) -> list[Keypoints2D]:
        """Nothing is held back."""
        return []

    def close(self) -> None:
        """Give the network's memory back."""
        del self._network

    def _estimate(self, frame: Frame) -> Keypoints2D:
        found, joints, zoom = self._look(frame.bgr)
        sure = (found[:, 4] >= self._bbox_thr) & (found[:, 2:4] > found[:, :2]).all(1)
        found, joints = found[sure], joints[sure]
        kept = suppressed(found[:, :4], found[:, 4], _OVERLAP)
        found, joints = found[kept].astype(np.float32), joints[kept].astype(np.float32)
        return Keypoints2D(
            joint_set=self.joint_set,
            xy_px=joints[..., :2] / zoom,
            score=np.clip(joints[..., 2], 0, 1),
            box_px=found[:, :4] / zoom,
            person_score=np.clip(found[:, 4], 0, 1),
        )

    def _look(self, bgr: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.float32]:
        """Boxes and scores (N, 5), joints (N, K, 3), in the network's pixels; and the zoom."""
        picture, zoom = letterbox(bgr, self._size_px)
        outputs = self._network(picture.astype(np.float32).transpose(2, 0, 1)[None])
        shapes = {np.ndim(o): np.shape(o) for o in outputs}
        if len(outputs) < 2 or shapes.get(3, (0,))[-1] != 5 or shapes.get(4, (0,))[-1] != 3:
            came = ", ".join(str(list(np.shape(o))) for o in outputs)
            raise WeightsError(
                f"{self.name} gives {came}, not boxes (1, N, 5) and joints (1, N, K, 3)",
                "is it RTMO? Top-down models go by rtmpose",
            )
        by_rank = {np.ndim(o): np.asarray(o)[0] for o in outputs}
        return by_rank[3], by_rank[4], np.float32(zoom)
