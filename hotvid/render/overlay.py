"""Everyone's 2D skeleton drawn over the picture.

A person has one hue: light on the left side, deep on the right, the hue itself in the middle and
on the label. Opacity follows the score. Frames bridged by interpolation are dashed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from hotvid.render import strokes
from hotvid.render.lettering import Lettering, put_mask
from hotvid.render.opacity import score_opacity
from hotvid.render.palette import OUTLINE, PersonColours, person_colours
from hotvid.skeleton import H36M17
from hotvid.types import Person, Track2D

_INTERPOLATED_OPACITY = 0.7
_HEAD = H36M17.index("head")
_STRIPE_PX = 4  # of the person's colour, along the label

EDGE_SIDES = tuple(
    next((s for s in (H36M17.side(b), H36M17.side(a)) if s != "middle"), "middle")
    for a, b in H36M17.edges
)
JOINT_SIDES = tuple(H36M17.side(j) for j in range(len(H36M17)))


@dataclass(frozen=True)
class _Figure:
    """A person prepared for drawing: `width` (F,) int, the line width by the person's size."""

    track: Track2D
    first: int
    colours: PersonColours
    label: np.ndarray
    width: np.ndarray


def _line_widths(track: Track2D, scale: float, picture_height: int, fps: float) -> np.ndarray:
    """(F,) int: thicker for larger people, smoothed over a second so that it does not flicker."""
    box = track.box_px[:, 2:] - track.box_px[:, :2]
    size = np.nan_to_num(np.hypot(box[:, 0], box[:, 1]).astype(np.float64)) * scale
    size = gaussian_filter1d(size, max(fps, 1.0), mode="nearest")
    width = np.clip(size / 110, picture_height / 500, picture_height / 150)
    return np.maximum(np.rint(width), 1).astype(int)


class Overlay:
    """Draws the people of one video on its frames.

    scale       (x, y): canvas pixels per video pixel.
    picture_px  (width, height) of the picture on the canvas.
    """

    def __init__(
        self,
        people: Sequence[Person],
        *,
        scale: tuple[float, float],
        picture_px: tuple[int, int],
        fps: float,
        kpt_thr: float,
    ) -> None:
        self._scale = np.array(scale, np.float32)
        self._kpt_thr = kpt_thr
        height = picture_px[1]
        letters = Lettering(float(np.clip(height / 50, 11, 26)), bold=True)
        word = letters.word("id")
        self._figures = [
            _Figure(
                track=p.keypoints,
                first=int(p.keypoints.frame_index[0]),
                colours=person_colours(p.track_id),
                label=letters.line(word, letters.number(str(p.track_id))),
                width=_line_widths(p.keypoints, scale[1], height, fps),
            )
            for p in people
            if len(p.keypoints)
        ]

    def draw(self, picture: np.ndarray, frame_index: int) -> None:
        """Draw everyone seen in video frame `frame_index` on `picture`, (H, W, 3) BGR, in place."""
        seen = [
            (f, frame_index - f.first)
            for f in self._figures
            if 0 <= frame_index - f.first < len(f.track)
        ]
        # The larger are nearer, as a rule, and so belong on top.
        seen.sort(key=lambda pair: pair[0].width[pair[1]])
        taken: list[tuple[int, int, int, int]] = []
        drawn = [self._draw_person(picture, figure, row) for figure, row in seen]
        for (figure, row), joints in zip(seen, drawn, strict=True):
            if len(joints):
                self._draw_label(picture, figure, row, joints, taken)

    def _draw_person(self, picture: np.ndarray, figure: _Figure, row: int) -> np.ndarray:
        """Bones, then joints; returns those drawn (N, 2), behind the place where a head is."""
        points = figure.track.xy_px[row] * self._scale
        points += (self._scale - 1) / 2  # pixel centres are whole numbers in both rasters
        opacity = score_opacity(figure.track.score[row], self._kpt_thr)
        opacity[~strokes.reachable(points)] = 0
        bridged = bool(figure.track.interpolated[row])
        if bridged:
            opacity = opacity * _INTERPOLATED_OPACITY
        width = int(figure.width[row])
        dash = 3.0 * width + 3 if bridged else 0.0
        at = points.tolist()
        for (a, b), side in zip(H36M17.edges, EDGE_SIDES, strict=True):
            alpha = float(min(opacity[a], opacity[b]))
            if alpha > 0:
                colour = figure.colours.side(side)
                strokes.bone(picture, at[a], at[b], colour, width, alpha, dash)
        for j in np.flatnonzero(opacity):
            colour = figure.colours.side(JOINT_SIDES[j])
            strokes.joint(picture, at[j], colour, 0.9 * width, float(opacity[j]))
        drawn = points[opacity > 0]
        if not len(drawn):
            return drawn
        above = [drawn[:, 0].mean(), drawn[:, 1].min()]
        return np.vstack([points[_HEAD] if opacity[_HEAD] else above, drawn])

    def _draw_label(
        self,
        picture: np.ndarray,
        figure: _Figure,
        row: int,
        joints: np.ndarray,
        taken: list[tuple[int, int, int, int]],
    ) -> None:
        """The id on a plate inside the picture: above the first of the `joints`, the head, and
        clear of the others, as raised hands, and of the plates in `taken`."""
        height, width = figure.label.shape
        pad = max(2, height // 4)
        plate_w, plate_h = width + 2 * pad + _STRIPE_PX, height + pad
        gap = 4 * int(figure.width[row])
        left = round(float(joints[0, 0]) - plate_w / 2)
        top = float(joints[0, 1]) - plate_h - gap
        beside = np.abs(joints[:, 0] - joints[0, 0]) < plate_w / 2 + gap
        for y in sorted(joints[beside, 1], reverse=True):
            if top - gap < y < top + plate_h + gap:
                top = y - plate_h - gap
        top = round(float(top))
        left = int(np.clip(left, 2, max(2, picture.shape[1] - plate_w - 2)))
        top = int(np.clip(top, 2, max(2, picture.shape[0] - plate_h - 2)))
        for x, y, w, h in taken:
            if left < x + w and x < left + plate_w and top < y + h and y < top + plate_h:
                above = y - plate_h - 2
                top = above if above >= 2 else y + h + 2
        taken.append((left, top, plate_w, plate_h))
        corner = (left + plate_w - 1, top + plate_h - 1)
        cv2.rectangle(picture, (left, top), corner, OUTLINE, -1)
        stripe = (left + _STRIPE_PX - 1, corner[1])
        cv2.rectangle(picture, (left, top), stripe, figure.colours.middle, -1)
        text_left = left + _STRIPE_PX + pad
        put_mask(picture, figure.label, text_left, top + pad // 2, figure.colours.middle)
