"""Regions of interest: rotated squares of the picture, and how alike two bodies are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hotvid.skeleton import BLAZEPOSE33

# The circle around the body is enlarged by this much before it is cropped (BlazePose's own).
REGION_MARGIN = 1.25
_BOX_MARGIN = 0.1  # around the keypoints, as a share of their box's longer side

# Nose, shoulders, elbows, wrists, hips, knees, ankles at BlazePose's indices: the joints that tell
# a body from its neighbour. The rest of the face, hands and feet move with these.
MAIN_JOINTS = np.array([0, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28])
# Takes a body's keypoints to those of its mirror image.
MIRROR = BLAZEPOSE33.mirror
TRUNK = np.array([11, 12, 24, 23])
# Nose and shoulders: what is in sight of who is filmed down to the chest.
BUST = np.array([0, 11, 12])
# Trunk, arms, legs, and the neck on both sides, as pairs of joints.
LIMBS = np.array(
    [e for e in BLAZEPOSE33.edges if set(e) <= set(MAIN_JOINTS.tolist())] + [(0, 11), (0, 12)]
)
# COCO's constants for these joints (Lin et al. 2014, keypoint evaluation).
_OKS_SIGMA = np.array(
    [0.026, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089]
)


@dataclass(frozen=True)
class Region:
    """A square of the picture, turned so that the body in it stands upright.

    x, y   its centre, pixels.
    side   pixels.
    angle  radians, clockwise on the screen; 0 where the body is upright in the picture.
    """

    x: float
    y: float
    side: float
    angle: float

    @property
    def centre(self) -> np.ndarray:
        return np.array([self.x, self.y])

    def widened(self, scale: float) -> Region:
        """The same place, seen `scale` times as wide."""
        return Region(self.x, self.y, self.side * scale, self.angle)

    def to_picture(self, points: np.ndarray, size: int) -> np.ndarray:
        """Points (..., 2) of a crop of `size` pixels a side, in pixels of the picture."""
        return (points - size / 2) * (self.side / size) @ rotation(self.angle).T + self.centre

    def crop_matrix(self, size: int) -> np.ndarray:
        """(2, 3) affine matrix from pixels of the crop to pixels of the picture."""
        linear = rotation(self.angle) * (self.side / size)
        offset = self.centre - linear @ np.full(2, size / 2)
        return np.column_stack([linear, offset])


def rotation(angle: float) -> np.ndarray:
    """(2, 2) matrix that turns points clockwise on the screen by `angle` radians."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s], [s, c]])


def region_from_points(hips: np.ndarray, rim: np.ndarray) -> Region:
    """The region around a body, from BlazePose's two alignment points.

    hips  (2,) the middle of the hips: the centre.
    rim   (2,) the point of the circle around the body that lies above the head.
    """
    dx, dy = (float(v) for v in rim - hips)
    side = 2 * REGION_MARGIN * math.hypot(dx, dy)
    return Region(float(hips[0]), float(hips[1]), side, math.atan2(dx, -dy))


def same_place(a: Region, b: Region) -> bool:
    """Whether two regions, found apart, may well be of one body."""
    near = math.hypot(a.x - b.x, a.y - b.y) < 0.12 * max(a.side, b.side)
    return near and 0.6 < a.side / max(b.side, 1e-6) < 1 / 0.6


def keypoint_similarity(xy_a: np.ndarray, xy_b: np.ndarray) -> float:
    """COCO's object keypoint similarity of two BlazePose bodies, 0..1; 1 where they coincide.

    xy_a, xy_b  (33, 2), pixels. The scale is the mean of the two bodies' extents.
    """
    a, b = xy_a[MAIN_JOINTS], xy_b[MAIN_JOINTS]
    area = math.sqrt(_area(a) * _area(b))
    squared = ((a - b) ** 2).sum(-1)
    return float(np.exp(-squared / (2 * area * (2 * _OKS_SIGMA) ** 2)).mean())


def extent_px(xy_px: np.ndarray) -> float:
    """The diagonal of the box of the main joints of a body (33, 2), pixels; 1 at least."""
    return max(float(np.hypot(*np.ptp(xy_px[MAIN_JOINTS], axis=0))), 1.0)


def in_picture(xy_px: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """(N,) bool: which of the points (N, 2), pixels, lie in a picture of (width, height)."""
    return ((xy_px >= 0) & (xy_px < np.array(size_px))).all(-1)


def off_limbs(points: np.ndarray, xy_px: np.ndarray) -> np.ndarray:
    """(N,) pixels from each of `points` (N, 2) to the nearest limb of a body (33, 2)."""
    start, end = xy_px[LIMBS[:, 0]], xy_px[LIMBS[:, 1]]
    along = end - start
    squared = np.maximum((along**2).sum(-1), 1e-6)
    share = np.clip(((points[:, None] - start) * along).sum(-1) / squared, 0, 1)
    return np.linalg.norm(points[:, None] - start - share[..., None] * along, axis=-1).min(1)


def box_overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(N,) intersection over union of `box` (4,) and `boxes` (N, 4), each x0 y0 x1 y1."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    inner = np.clip(high - low, 0, None).prod(-1)
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(-1)
    own = np.clip(box[2:] - box[:2], 0, None).prod()
    return inner / np.maximum(own + areas - inner, 1e-12)


def _area(points: np.ndarray) -> float:
    # A body seen end-on or lying has a thin box: its square of a third of the longer side at least.
    width, height = np.ptp(points, axis=0)
    longer = max(width, height)
    return max(float(width * height), float(longer * longer) / 3, 1.0)


def keypoint_box(xy_px: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """(4,) x0 y0 x1 y1: the keypoints' box with a margin, within the picture."""
    low, high = xy_px.min(0), xy_px.max(0)
    pad = _BOX_MARGIN * float((high - low).max())
    edge = np.array(size_px, np.float64)
    box = np.concatenate([np.clip(low - pad, 0, edge), np.clip(high + pad, 0, edge)])
    return box.astype(np.float32)
