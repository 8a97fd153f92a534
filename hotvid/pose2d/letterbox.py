"""The whole picture as detectors and one-stage networks want it: scaled and padded."""

from __future__ import annotations

import cv2
import numpy as np

_PADDING = 114  # the grey of YOLOX, RTMDet and RTMO


def letterbox(bgr: np.ndarray, size_px: tuple[int, int]) -> tuple[np.ndarray, float]:
    """The picture at the top left of one of `size_px`, in its own proportions.

    returns  (H, W, 3) uint8, and how many of its pixels one pixel of the picture has become.
    """
    height, width = bgr.shape[:2]
    zoom = min(size_px[0] / width, size_px[1] / height)
    out = np.full((size_px[1], size_px[0], 3), _PADDING, np.uint8)
    inner = max(1, int(width * zoom)), max(1, int(height * zoom))
    out[: inner[1], : inner[0]] = cv2.resize(bgr, inner, interpolation=cv2.INTER_LINEAR)
    return out, zoom


def suppressed(box_px: np.ndarray, score: np.ndarray, overlap: float) -> np.ndarray:
    """Numbers of the boxes (N, 4) that are kept: of two that overlap by more, the surer."""
    low, sides = box_px[:, :2], np.clip(box_px[:, 2:] - box_px[:, :2], 0, None)
    boxes = np.concatenate([low, sides], 1).astype(np.float64)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), score.astype(np.float64).tolist(), 0.0, overlap)
    return np.asarray(kept, int).reshape(-1)
