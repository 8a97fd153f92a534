"""BlazePose's landmark model: crop, run, decode, refine, next region."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from hotvid.pose2d.litert import load_network
from hotvid.pose2d.regions import (
    MIRROR,
    Region,
    keypoint_similarity,
    region_from_points,
)

INPUT_SIZE = 256
N_LANDMARKS = 33
# Shapes of the outputs that are read: the landmarks and what is said of them, the chance that
# there is a person, heatmaps.
_LANDMARKS, _PRESENCE, _HEAT = (1, 195), (1, 1), (1, 64, 64, 39)
# The points that give the next frame's region, beyond the 33 of the body.
_HIPS, _RIM = 33, 34
# Heatmap cells around a landmark that refine it, and how sure one of them must be.
_KERNEL = 7
_MIN_HEAT = 0.5
# Two looks this like are at one body: of people who stand and walk they are by 0.8 and more.
_SAME_LOOK = 0.7


@dataclass(frozen=True)
class Body:
    """What the landmark model says of one region of one frame.

    xy_px       (33, 2) float32, pixels of the picture.
    visibility  (33,) logits: not hidden by something or by the body itself.
    inside      (33,) logits: within the region.
    presence    0..1: the chance that the region holds a person.
    region      what was looked at.
    following   the region to look at in the next frame.
    """

    xy_px: np.ndarray
    visibility: np.ndarray
    inside: np.ndarray
    presence: float
    region: Region
    following: Region


@dataclass(frozen=True)
class MirrorLook:
    """What the landmark model says of a region's mirror image, in the picture's own terms.

    xy_px, visibility, inside  as in `Body`.
    """

    xy_px: np.ndarray
    visibility: np.ndarray
    inside: np.ndarray


class LandmarkModel:
    """The landmark network, run on one region of a picture at a time."""

    def __init__(self, path: Path, threads: int | None) -> None:
        self._net = load_network(path, threads, (_LANDMARKS, _PRESENCE, _HEAT))
        self._input = self._net.get_input_details()[0]["index"]
        by_shape = {tuple(d["shape"]): d["index"] for d in self._net.get_output_details()}
        self._landmarks = by_shape[_LANDMARKS]
        self._presence = by_shape[_PRESENCE]
        self._heat = by_shape[_HEAT]
        self._crop = np.empty((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)

    def look(self, bgr: np.ndarray, region: Region) -> Body:
        """The body in `region` of the picture; `presence` says whether there is one."""
        self._load(bgr, region)
        self._net.invoke()
        points, raw = self._points()
        picture = region.to_picture(points, INPUT_SIZE)
        return Body(
            xy_px=picture[:N_LANDMARKS].astype(np.float32),
            visibility=raw[:N_LANDMARKS, 3],
            inside=raw[:N_LANDMARKS, 4],
            presence=float(self._net.get_tensor(self._presence)[0, 0]),
            region=region,
            following=region_from_points(picture[_HIPS], picture[_RIM]),
        )

    def with_mirrored(self, bgr: np.ndarray, body: Body) -> Body:
        """`body` joined with a look at the mirror image of its region."""
        return joined(body, self.look_mirrored(bgr, body.region))

    def look_mirrored(self, bgr: np.ndarray, region: Region) -> MirrorLook:
        """The body in the mirror image of `region`, back where it is in the picture."""
        self._load(bgr, region, mirrored=True)
        self._net.invoke()
        points, raw = self._points()
        points[:, 0] = INPUT_SIZE - points[:, 0]
        xy = region.to_picture(points[:N_LANDMARKS], INPUT_SIZE)[MIRROR]
        return MirrorLook(xy, raw[:N_LANDMARKS, 3][MIRROR], raw[:N_LANDMARKS, 4][MIRROR])

    def _points(self) -> tuple[np.ndarray, np.ndarray]:
        """(39, 2) refined landmarks, pixels of the crop, and (39, 5) what the network gave."""
        raw = self._net.get_tensor(self._landmarks).reshape(39, 5)
        # A view: gone when this returns, as the network demands before it runs again.
        heat = self._net.tensor(self._heat)()[0]
        return refine(raw[:, :2], heat), raw

    def _load(self, bgr: np.ndarray, region: Region, mirrored: bool = False) -> None:
        crop_region(bgr, region, self._crop)
        cv2.cvtColor(self._crop, cv2.COLOR_BGR2RGB, dst=self._crop)
        view = self._net.tensor(self._input)()[0]
        crop = self._crop[:, ::-1] if mirrored else self._crop
        np.multiply(crop, np.float32(1 / 255), out=view)


def joined(body: Body, mirrored: MirrorLook) -> Body:
    """`body` with the mean of its landmarks and those of its region's mirror image.

    What the model errs to one side in the one, it errs to the other side in the other. Where it
    sees another body there, as in somebody tumbling, `body` stays as it is.
    """
    order = same_sides(body.xy_px, mirrored.xy_px)
    if not is_same_look(body.xy_px, mirrored.xy_px[order]):
        return body
    return replace(
        body,
        xy_px=((body.xy_px + mirrored.xy_px[order]) / 2).astype(np.float32),
        visibility=(body.visibility + mirrored.visibility[order]) / 2,
        inside=(body.inside + mirrored.inside[order]) / 2,
    )


def is_same_look(xy: np.ndarray, other: np.ndarray) -> bool:
    """Whether the landmarks (33, 2) of two looks at a region are of one body."""
    return keypoint_similarity(xy, other) >= _SAME_LOOK


def same_sides(xy: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(33,) order of the landmarks of `other` in which left and right are called as in `xy`.

    xy, other  (33, 2) of the same body. From behind, or with crossed legs, a second look may take
    one side for the other; each pair of landmarks goes by which way it lies nearer.
    """
    straight = np.linalg.norm(xy - other, axis=-1)
    crossed = np.linalg.norm(xy - other[MIRROR], axis=-1)
    exchanged = crossed + crossed[MIRROR] < straight + straight[MIRROR]
    return np.where(exchanged, MIRROR, np.arange(len(xy)))


def crop_region(bgr: np.ndarray, region: Region, out: np.ndarray) -> None:
    """Draw the region, upright, into `out` (S, S, 3) uint8; black beyond the picture."""
    size = out.shape[0]
    matrix = region.crop_matrix(size)
    # Sampling a large region at so few points would alias: halving it first takes a seventh off
    # the landmarks' jitter and costs no more than the sampling does.
    for _ in range(int(np.log2(max(region.side / size, 1)))):
        bgr, matrix = _halved(bgr, matrix, size)
    cv2.warpAffine(
        bgr,
        matrix,
        (size, size),
        dst=out,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )


def _halved(bgr: np.ndarray, matrix: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    # The part of the picture that the crop covers, at half the size, and the matrix into it.
    corners = matrix @ np.array([[0, size, 0, size], [0, 0, size, size], [1, 1, 1, 1]])
    edge = np.array([bgr.shape[1], bgr.shape[0]])
    low = np.clip(np.floor(corners.min(1)).astype(int) - 1, 0, edge)
    high = np.clip(np.ceil(corners.max(1)).astype(int) + 2, low, edge)
    width, height = (high - low) // 2
    if width == 0 or height == 0:
        return bgr, matrix
    part = bgr[low[1] : low[1] + 2 * height, low[0] : low[0] + 2 * width]
    half = cv2.resize(part, (int(width), int(height)), interpolation=cv2.INTER_AREA)
    # The middle of the first half-size pixel lies half a pixel into the part.
    moved = matrix.copy()
    moved[:, 2] -= low + 0.5
    return half, moved / 2


def refine(points: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Landmarks moved to the centre of mass of their heatmap's cells nearby (BlazePose, 2020).

    points   (N, 2), pixels of the crop.
    heat     (H, W, N) logits.
    returns  (N, 2), pixels of the crop; a landmark stays where it is if its heatmap is unsure
             there or it lies beyond the crop.
    """
    height, width, n = heat.shape
    cell = INPUT_SIZE / width
    reach = np.arange(_KERNEL) - _KERNEL // 2
    column = np.floor(points[:, 0] / cell).astype(int)
    row = np.floor(points[:, 1] / cell).astype(int)
    columns, rows = column[:, None] + reach, row[:, None] + reach
    known = ((rows >= 0) & (rows < height))[:, :, None]
    known = known & ((columns >= 0) & (columns < width))[:, None, :]
    at = np.clip(rows, 0, height - 1)[:, :, None], np.clip(columns, 0, width - 1)[:, None, :]
    logits = heat[at[0], at[1], np.arange(n)[:, None, None]]
    weight = np.where(known, 1 / (1 + np.exp(-logits)), 0)
    total = weight.sum((1, 2))
    x = (weight * columns[:, None, :]).sum((1, 2)) / np.maximum(total, 1e-6)
    y = (weight * rows[:, :, None]).sum((1, 2)) / np.maximum(total, 1e-6)
    centred = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    sure = centred & (weight.max((1, 2)) >= _MIN_HEAT)
    return np.where(sure[:, None], np.stack([x, y], -1) * cell, points)
