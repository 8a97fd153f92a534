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

from hotvid.render import plates, strokes
from hotvid.render.in_picture import JOINT_SIDES, InPicture, in_picture
from hotvid.render.lettering import Lettering, put_mask
from hotvid.render.opacity import score_opacity
from hotvid.render.palette import OUTLINE, PersonColours, person_colours
from hotvid.skeleton import H36M17
from hotvid.types import Person, Track2D

_INTERPOLATED_OPACITY = 0.7
_LEAST_WIDTH = 2  # between outlines, a line of one pixel is more outline than colour
_FOOT = 0.7  # as thick as other bones
_N = len(H36M17)
_STRIPE_PX = 4  # of the person's colour, along the label


@dataclass(frozen=True)
class _Figure:
    """A person prepared for drawing.

    width  (F,) int, of the lines, by the person's size.
    place  (F, 2) of the plate that holds the label, as `plates.hang` has it.
    """

    track: Track2D
    shown: InPicture
    first: int
    colours: PersonColours
    label: np.ndarray
    width: np.ndarray
    place: np.ndarray


def _line_widths(track: Track2D, scale: float, picture_height: int, fps: float) -> np.ndarray:
    """(F,) int: thicker for larger people, smoothed over a second so that it does not flicker."""
    box = track.box_px[:, 2:] - track.box_px[:, :2]
    size = np.nan_to_num(np.hypot(box[:, 0], box[:, 1]).astype(np.float64)) * scale
    size = gaussian_filter1d(size, max(fps, 1.0), mode="nearest")
    width = np.clip(size / 110, picture_height / 500, picture_height / 150)
    return np.maximum(np.rint(width), _LEAST_WIDTH).astype(int)


def _padding(label: np.ndarray) -> int:
    return max(2, label.shape[0] // 4)


def _plate_px(label: np.ndarray) -> tuple[int, int]:
    """(width, height) of the plate that holds a label."""
    pad = _padding(label)
    return label.shape[1] + 2 * pad + _STRIPE_PX, label.shape[0] + pad


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
            self._figure(p, letters.line(word, letters.number(str(p.track_id))), height, fps)
            for p in people
            if len(p.keypoints)
        ]

    def _figure(self, person: Person, label: np.ndarray, height: int, fps: float) -> _Figure:
        track = person.keypoints
        shown = in_picture(person, self._kpt_thr, fps)

        def seen(rows: slice) -> tuple[np.ndarray, np.ndarray]:
            points, opacity = self._on_canvas(shown.xy_px[rows, :_N], shown.score[rows, :_N])
            return points, opacity > 0

        width = _line_widths(track, float(self._scale[1]), height, fps)
        return _Figure(
            track=track,
            shown=shown,
            first=int(track.frame_index[0]),
            colours=person_colours(person.track_id),
            label=label,
            width=width,
            place=plates.hang(seen, len(track), _plate_px(label)[0], 4.0 * width, fps),
        )

    def _on_canvas(self, xy_px: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (..., K, 2) in pixels of the picture, and their opacity (..., K)."""
        points = xy_px * self._scale
        points += (self._scale - 1) / 2  # pixel centres are whole numbers in both rasters
        opacity = score_opacity(score, self._kpt_thr)
        opacity[~strokes.reachable(points)] = 0
        return points, opacity

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
        for (figure, row), is_there in zip(seen, drawn, strict=True):
            if is_there:
                self._draw_label(picture, figure, row, taken)

    def _draw_person(self, picture: np.ndarray, figure: _Figure, row: int) -> bool:
        """Bones, then joints; returns whether any was drawn."""
        points, opacity = self._on_canvas(figure.shown.xy_px[row], figure.shown.score[row])
        bridged = bool(figure.track.interpolated[row])
        if bridged:
            opacity = opacity * _INTERPOLATED_OPACITY
        width = int(figure.width[row])
        dash = 3.0 * width + 3 if bridged else 0.0
        at, alphas = points.tolist(), opacity.tolist()
        thin = max(_LEAST_WIDTH, round(_FOOT * width))
        for bones, thick in ((figure.shown.feet, thin), (figure.shown.bones, width)):
            for a, b, side in bones:
                alpha = min(alphas[a], alphas[b])
                if alpha > 0:
                    colour = figure.colours.side(side)
                    strokes.bone(picture, at[a], at[b], colour, thick, alpha, dash)
        for j, alpha in enumerate(alphas[:_N]):
            if alpha > 0:
                colour = figure.colours.side(JOINT_SIDES[j])
                strokes.joint(picture, at[j], colour, 0.9 * width, alpha)
        return max(alphas[:_N]) > 0

    def _draw_label(
        self,
        picture: np.ndarray,
        figure: _Figure,
        row: int,
        taken: list[tuple[int, int, int, int]],
    ) -> None:
        """The id on its plate, inside the picture and clear of the plates in `taken`."""
        pad = _padding(figure.label)
        plate_w, plate_h = _plate_px(figure.label)
        middle, bottom = figure.place[row].tolist()
        left = int(np.clip(round(middle - plate_w / 2), 2, max(2, picture.shape[1] - plate_w - 2)))
        top = int(np.clip(round(bottom - plate_h), 2, max(2, picture.shape[0] - plate_h - 2)))
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
