"""Person detectors as ONNX files: RTMDet and YOLOX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hotvid.config import Pose2DConfig
from hotvid.errors import WeightsError
from hotvid.pose2d.base import Boxes
from hotvid.pose2d.letterbox import letterbox, suppressed
from hotvid.pose2d.onnx_network import OnnxNetwork
from hotvid.types import Frame

_USUAL_SIZE_PX = (640, 640)
_PERSON = 0  # COCO's first class
_OVERLAP = 0.45  # boxes that share more are one person
_STRIDES = (8, 16, 32)  # of YOLOX's three grids
# Their heads' layers, in OpenMMLab's code: MMDeploy's files of both look alike from outside.
_LAYERS = {"rtmdet": b"bbox_head.rtm_cls", "yolox": b"bbox_head.multi_level_conv_cls"}
_MEAN_BGR = np.array([103.53, 116.28, 123.675], np.float32)
_STD_BGR = np.array([57.375, 57.12, 58.395], np.float32)


def rtmdet(file: str, config: Pose2DConfig) -> OnnxDetector:
    """RTMDet as MMDeploy exports it: BGR, normalised."""
    return OnnxDetector(
        "rtmdet", file, config, lambda bgr: (bgr - _MEAN_BGR) / _STD_BGR, grids=False
    )


def yolox(file: str, config: Pose2DConfig) -> OnnxDetector:
    """YOLOX, as MMDeploy or as its own project exports it: BGR, 0 to 255."""
    return OnnxDetector("yolox", file, config, lambda bgr: bgr.astype(np.float32), grids=True)


class OnnxDetector:
    """A detector that sees one frame at a time.

    The file's outputs: boxes and scores (1, N, 5), and where it knows several classes their
    numbers (1, N), of which COCO's 0 is a person; or, with `grids`, those of YOLOX
    (1, N, 5 + classes).
    """

    follows = False

    def __init__(
        self,
        kind: str,
        file: str,
        config: Pose2DConfig,
        normalise: Callable[[np.ndarray], np.ndarray],
        grids: bool,
    ) -> None:
        self._network = OnnxNetwork(file, config.device, config.threads)
        for other, layer in _LAYERS.items():
            if other != kind and self._network.mentions(layer):
                raise WeightsError(
                    f"{file} is of the {other} kind, whose pictures are made otherwise",
                    f"give it as --detector {other}:{file}",
                )
        self._size_px = self._network.size_px or _USUAL_SIZE_PX
        self._normalise = normalise
        self._grids = grids
        self._bbox_thr = config.bbox_thr
        self.name = f"{kind}:{Path(file).name}"

    def detect(self, frame: Frame) -> Boxes:
        """The people in `frame`; see `PersonDetector.detect`."""
        picture, zoom = letterbox(frame.bgr, self._size_px)
        pixels = self._normalise(picture).astype(np.float32).transpose(2, 0, 1)[None]
        box, score = self._people(self._network(pixels))
        sure = (score >= self._bbox_thr) & (box[:, 2:] > box[:, :2]).all(1)
        box, score = box[sure] / zoom, score[sure]
        kept = suppressed(box, score, _OVERLAP)
        return Boxes(box[kept].astype(np.float32), np.clip(score[kept], 0, 1).astype(np.float32))

    def close(self) -> None:
        """Give the network's memory back."""
        del self._network

    def _people(self, outputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        found = next((np.asarray(o)[0] for o in outputs if np.ndim(o) == 3), None)
        # Joints beside the boxes are RTMO's, which wants its picture otherwise.
        if found is not None and found.shape[1] == 5 and all(np.ndim(o) < 4 for o in outputs):
            labels = next((np.asarray(o)[0] for o in outputs if np.ndim(o) == 2), None)
            if labels is not None:
                found = found[labels == _PERSON]
            return found[:, :4], found[:, 4]
        cells = sum((self._size_px[0] // s) * (self._size_px[1] // s) for s in _STRIDES)
        if self._grids and found is not None and found.shape[1] > 5 and len(found) == cells:
            return _from_grids(found, self._size_px)
        raise WeightsError(
            f"{self.name} gives {', '.join(str(list(np.shape(o))) for o in outputs)}, "
            "which are no boxes known here",
            "give a detector exported by MMDeploy; YOLOX's own export goes by yolox",
        )


def _from_grids(found: np.ndarray, size_px: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Boxes and scores from YOLOX's raw cells: offsets in cells, sides as logarithms."""
    corners, strides = [], []
    for stride in _STRIDES:
        y, x = np.mgrid[: size_px[1] // stride, : size_px[0] // stride]
        corners.append(np.stack([x, y], -1).reshape(-1, 2))
        strides.append(np.full((x.size, 1), stride))
    corner, stride = np.concatenate(corners), np.concatenate(strides)
    centre = (found[:, :2] + corner) * stride
    half = np.exp(np.minimum(found[:, 2:4], 20)) * stride / 2
    score = found[:, 4] * found[:, 5 + _PERSON]
    return np.concatenate([centre - half, centre + half], 1), score
