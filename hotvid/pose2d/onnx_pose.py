"""Top-down estimators as ONNX files: RTMPose, RTMW, DWPose (SimCC); HRNet, ViTPose (heatmaps)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hotvid.config import Pose2DConfig
from hotvid.errors import WeightsError
from hotvid.pose2d.crops import Crops
from hotvid.pose2d.heads import SIMCC_BINS_A_PIXEL, decode_heatmaps, decode_simcc
from hotvid.pose2d.onnx_network import OnnxNetwork
from hotvid.skeleton import joint_set_by_count

_USUAL_SIZE_PX = (192, 256)  # where the file leaves it open


class OnnxPose:
    """An estimator as MMDeploy, or ViTPose's own export, writes it.

    The file has one input, the crop in RGB with ImageNet's mean and deviation, and as outputs two
    SimCC distributions (N, K, 2 W) and (N, K, 2 H), or heatmaps (N, K, h, w). What the joints are
    is told by their number.

    unbiased  heatmaps, and the crop, as UDP has them.
    raises    WeightsError where the file is missing or its outputs are neither.
    """

    def __init__(self, kind: str, file: str, config: Pose2DConfig, unbiased: bool) -> None:
        self._network = OnnxNetwork(file, config.device, config.threads)
        self._size_px = self._network.size_px or _USUAL_SIZE_PX
        self._unbiased = unbiased
        self.name = f"{kind}:{Path(file).name}"
        width, height = self._size_px
        points, _ = self._decode(self._network(np.zeros((1, 3, height, width), np.float32)))
        try:
            self.joint_set = joint_set_by_count(points.shape[1])
        except ValueError as error:
            raise WeightsError(f"{file}: {error}", "give a model of whole people") from error

    def estimate(self, bgr: np.ndarray, box_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The joints of the person in each box; see `PoseEstimator.estimate`."""
        crops = Crops(box_px, self._size_px, self._unbiased)
        points, score = self._decode(self._network(crops.pictures(bgr)))
        return crops.to_picture(points), score

    def close(self) -> None:
        """Give the network's memory back."""
        del self._network

    def _decode(self, outputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        shapes = [np.shape(output) for output in outputs]
        if len(shapes) == 1 and len(shapes[0]) == 4:
            return decode_heatmaps(outputs[0], self._size_px, self._unbiased)
        bins = [side * SIMCC_BINS_A_PIXEL for side in self._size_px]
        if self._unbiased and len(shapes) == 2:
            raise WeightsError(
                f"{self.name} gives two outputs, not heatmaps", "SimCC models go by rtmpose"
            )
        if len(shapes) == 2 and [s[-1] for s in shapes if len(s) == 3] == bins:
            return decode_simcc(*outputs)
        raise WeightsError(
            f"{self.name} gives {', '.join(str(list(s)) for s in shapes)} for an input of "
            f"{self._size_px[0]}x{self._size_px[1]}, neither SimCC nor heatmaps",
            "is it a top-down pose model? One-stage ones go by rtmo",
        )
