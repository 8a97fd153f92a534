"""BlazePose's person detector: anchors, decoding, non-maximum suppression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from hotvid.pose2d.litert import load_network
from hotvid.pose2d.regions import (
    LIMBS,
    MAIN_JOINTS,
    TRUNK,
    Region,
    box_overlap,
    extent_px,
    region_from_points,
)
from hotvid.pose2d.tiles import Tile

INPUT_SIZE = 224
# Grids of anchor centres: cells a side, anchors a cell.
_GRIDS = ((28, 2), (14, 2), (7, 6))
# Boxes of which this share of the union is common are of one body (BlazePose's own).
_ONE_BODY_IOU = 0.3
# How thick a limb with clothes and the neck with the head are, of the body's extent; over how many
# pixels of the detector's input a body that is hidden is blurred; and where nothing is drawn to.
_LIMB_WIDTH, _FADED_PX, _FAR = 0.16, 45, 10_000


@dataclass(frozen=True)
class Candidate:
    """Where the detector believes somebody is: the landmark model has the last word.

    region  around the whole body, pixels of the picture.
    score   0..1, the detector's.
    fine    whether it was seen in a fine tile.
    """

    region: Region
    score: float
    fine: bool


@cache
def anchors() -> np.ndarray:
    """(2254, 2) centres x, y of the detector's anchors, in units of its input, row-major."""
    parts = []
    for cells, repeats in _GRIDS:
        line = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(line, line)
        parts.append(np.repeat(np.stack([x.ravel(), y.ravel()], -1), repeats, axis=0))
    centres = np.concatenate(parts)
    centres.setflags(write=False)
    return centres


def decode(
    boxes: np.ndarray, logits: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The detector's raw output as boxes, points and scores of the anchors over `threshold`.

    boxes    (2254, 12): centre offset, size, four points' offsets, all in pixels of the input.
    logits   (2254,).
    returns  boxes (N, 4) as x0 y0 x1 y1, points (N, 4, 2), in units of the input; scores (N,).
    """
    kept = np.flatnonzero(logits > np.log(threshold / (1 - threshold)))
    raw = boxes[kept] / INPUT_SIZE
    origin = anchors()[kept]
    centre, half = raw[:, :2] + origin, raw[:, 2:4] / 2
    points = raw[:, 4:].reshape(-1, 4, 2) + origin[:, None]
    scores = 1 / (1 + np.exp(-logits[kept]))
    return np.concatenate([centre - half, centre + half], -1), points, scores


def blend_overlaps(
    boxes: np.ndarray, points: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Non-maximum suppression that blends what it merges, weighted by score (BlazeFace, 2019).

    returns  points (M, 4, 2) and scores (M,), best first; a merged one has its best score.
    """
    out_points, out_scores = [], []
    left = np.argsort(-scores, kind="stable")
    while len(left):
        overlap = box_overlap(boxes[left[0]], boxes[left]) > _ONE_BODY_IOU
        overlap[0] = True
        group, left = left[overlap], left[~overlap]
        out_points.append(np.average(points[group], axis=0, weights=scores[group]))
        out_scores.append(scores[group[0]])
    return np.array(out_points).reshape(-1, 4, 2), np.array(out_scores)


class PersonDetector:
    """The detector network, run on one tile of a picture at a time."""

    def __init__(self, path: Path, threads: int | None) -> None:
        self._net = load_network(path, threads)
        self._input = self._net.get_input_details()[0]["index"]
        self._boxes, self._logits = (d["index"] for d in self._net.get_output_details())

    def detect(
        self, bgr: np.ndarray, tile: Tile, known: Sequence[np.ndarray] = ()
    ) -> list[Candidate]:
        """Everyone the detector sees in `tile`, best first.

        known  landmarks (33, 2), pixels, of bodies that are made unseen: of people close together
               the detector sees only the one who stands out.
        """
        square = cut_tile(bgr, tile)
        in_tile = [(xy_px - [tile.x, tile.y]) * (INPUT_SIZE / tile.side) for xy_px in known]
        hide(square, [points for points in in_tile if _touches(points)])
        cv2.cvtColor(square, cv2.COLOR_BGR2RGB, dst=square)
        # The view of the network's own memory must be gone before it runs.
        view = self._net.tensor(self._input)()[0]
        np.multiply(square, np.float32(1 / 127.5), out=view)
        view -= 1
        del view
        self._net.invoke()
        boxes, points, scores = decode(
            self._net.get_tensor(self._boxes)[0],
            self._net.get_tensor(self._logits)[0, :, 0],
            tile.threshold,
        )
        points, scores = blend_overlaps(boxes, points, scores)
        points = points * tile.side + np.array([tile.x, tile.y])
        return [
            Candidate(region_from_points(p[0], p[1]), float(s), tile.fine)
            for p, s in zip(points, scores, strict=True)
        ]


def hide(square: np.ndarray, bodies: Sequence[np.ndarray]) -> None:
    """Have bodies, as landmarks (33, 2) in pixels of `square` (H, W, 3) uint8, fade into it."""
    if not bodies:
        return
    mask = np.zeros(square.shape[:2], np.uint8)
    for points in bodies:
        thick = min(extent_px(points) * _LIMB_WIDTH, INPUT_SIZE)
        trunk = np.clip(points[TRUNK], -_FAR, _FAR).astype(np.int32)
        cv2.fillConvexPoly(mask, cv2.convexHull(trunk), 255)
        for a, b in LIMBS:
            ends = np.clip(points[[a, b]], -_FAR, _FAR).astype(int).tolist()
            cv2.line(mask, *ends, 255, max(1, round(thick)))
    faded = cv2.blur(square, (_FADED_PX, _FADED_PX))
    cv2.copyTo(faded, mask, square)


def _touches(points: np.ndarray) -> bool:
    low, high = points[MAIN_JOINTS].min(0), points[MAIN_JOINTS].max(0)
    return bool((high > 0).all() and (low < INPUT_SIZE).all())


def cut_tile(bgr: np.ndarray, tile: Tile) -> np.ndarray:
    """(224, 224, 3) uint8: the tile at the detector's size, black beyond the picture."""
    height, width = bgr.shape[:2]
    x0, y0 = max(tile.x, 0), max(tile.y, 0)
    x1, y1 = min(tile.x + tile.side, width), min(tile.y + tile.side, height)
    scale = INPUT_SIZE / tile.side
    left, top = round((x0 - tile.x) * scale), round((y0 - tile.y) * scale)
    right = max(round((x1 - tile.x) * scale), left + 1)
    bottom = max(round((y1 - tile.y) * scale), top + 1)
    out = np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
    out[top:bottom, left:right] = _shrink(bgr[y0:y1, x0:x1], (right - left, bottom - top))
    return out


def _shrink(image: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    # Averaging over areas costs 6 ms for a 1080p picture; sampling at twice the size and halving
    # costs 0.2 ms and leaves little aliasing.
    width, height = size_px
    if image.shape[1] > 2 * width:
        image = cv2.resize(image, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
        return cv2.resize(image, size_px, interpolation=cv2.INTER_AREA)
    return cv2.resize(image, size_px, interpolation=cv2.INTER_LINEAR)
