"""What a top-down network sees of a person: the box widened, in its own proportions and size."""

from __future__ import annotations

import cv2
import numpy as np

BOX_MARGIN = 1.25  # of all top-down models of MMPose, ViTPose and their kin
# Of the pictures that nearly all of them were trained on: RGB (ImageNet).
_MEAN_RGB = np.array([123.675, 116.28, 103.53], np.float32)
_STD_RGB = np.array([58.395, 57.12, 57.375], np.float32)


class Crops:
    """The crops of several people of one picture, and the way back from them.

    box_px   (P, 4), x0 y0 x1 y1.
    size_px  (width, height) of a crop.
    unbiased  whether the crop's first and last pixels' centres are the box's edges (UDP).
    """

    def __init__(self, box_px: np.ndarray, size_px: tuple[int, int], unbiased: bool) -> None:
        box = np.asarray(box_px, np.float64)
        self._size_px = size_px
        self._centre = (box[:, :2] + box[:, 2:]) / 2
        sides = np.maximum(box[:, 2:] - box[:, :2], 1) * BOX_MARGIN
        aspect = size_px[0] / size_px[1]
        width = np.maximum(sides[:, 0], sides[:, 1] * aspect)
        self._scale = np.stack([width, width / aspect], -1)  # (P, 2), pixels of the picture
        self._across = np.array(size_px, np.float64) - (1 if unbiased else 0)

    def pictures(self, bgr: np.ndarray) -> np.ndarray:
        """(P, 3, H, W) float32: RGB, normalised; black where the picture ends."""
        out = np.empty((len(self._scale), 3, self._size_px[1], self._size_px[0]), np.float32)
        for row, (centre, scale) in enumerate(zip(self._centre, self._scale, strict=True)):
            zoom = self._across / scale
            matrix = np.column_stack([np.diag(zoom), self._across / 2 - zoom * centre])
            crop = cv2.warpAffine(bgr, matrix, self._size_px, flags=cv2.INTER_LINEAR)
            out[row] = ((crop[..., ::-1] - _MEAN_RGB) / _STD_RGB).transpose(2, 0, 1)
        return out

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """(P, K, 2) pixels of the crops -> float32 pixels of the picture."""
        share = points / self._across - 0.5
        return (share * self._scale[:, None] + self._centre[:, None]).astype(np.float32)
