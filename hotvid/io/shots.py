"""Where a video is cut: what belongs to one shot must not be followed into the next.

Neighbouring pictures of one shot are alike after a shift, however the camera pans, shakes or
changes its exposure: the details of one, evened out in contrast, are found again in the other. What
is compared is the peak of the cross-correlation of both.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

_LONGER_PX = 96  # of the small picture that is compared
_SAMPLES = 4  # across one of its pixels: more would only take longer
_DETAIL_PX = 6.0  # what is wider is light and shade
_LEAST_CONTRAST = 4.0  # of 255 levels: less is noise
_DETAIL, _LEAST_SHARE = 0.3, 0.33  # of less than a third of a picture too little is to be told
# Six cuts between pictures of like places gave 0.12 to 0.35, the most unlike neighbours of 22 clips
# that shake, pan, zoom, flash or are spoilt by compression 0.69.
_ALIKE = 0.5
# What comes back so soon was only hidden: by a flash, a broken picture, somebody before the lens.
_HIDDEN_S = 0.6
# Where pictures are further apart than this, even those of one shot show little of the same.
_LONGEST_STEP_S = 0.3
# A camera moves where so many of the pictures that are tried, every eighth, lie so far from the
# shot's first one.
_TRY_EVERY, _MOVED_PX, _MOVED_SHARE, _LEAST_TRIED = 8, 2.0, 0.25, 4


class ShotFinder:
    """Looks at a video's pictures, all of one size, in their order.

    cuts  the places, counted from the first picture seen, of those that begin a new shot; the last
          of them, those of less than a second, may still be taken back.
    """

    def __init__(self) -> None:
        self.cuts: list[int] = []
        self._n = 0
        self._last: np.ndarray | None = None  # of this shot's pictures that show enough
        # What may come back: each one's last picture, the time and the number of the cut after it.
        self._former: list[tuple[np.ndarray, float, int]] = []
        self._anchor: np.ndarray | None = None  # of a shot: how far the camera has moved since
        self._n_tried = self._n_moved = 0
        self._last_s = self._step_s = 0.0

    def begins_shot(self, bgr: np.ndarray, pts_s: float) -> bool:
        """Whether this picture (H, W, 3) seems to begin a new shot, or goes back to a former one.

        pts_s  seconds.
        """
        details, row = _details(bgr), self._n
        step_s, self._last_s = pts_s - self._last_s if row else math.inf, pts_s
        is_slow, self._step_s = min(step_s, self._step_s) > _LONGEST_STEP_S, step_s
        self._n += 1
        if details is None:  # a black or a plain picture belongs to what is before it
            return False
        self._try_whether_it_moves(details)
        before, self._last = self._last, details
        if before is None or is_slow or _likeness(before, details) >= _ALIKE:
            return False
        self._former = [shot for shot in self._former if pts_s - shot[1] <= _HIDDEN_S]
        for at, (picture, _, number) in enumerate(self._former):
            if _likeness(picture, details) >= _ALIKE:
                del self.cuts[number:], self._former[at:]
                return True
        self._former.append((before, pts_s, len(self.cuts)))
        self._anchor = None
        self.cuts.append(row)
        return True

    @property
    def camera_moves(self) -> bool:
        """Whether the camera pans, is carried or shaken in much of what was seen."""
        return self._n_tried >= _LEAST_TRIED and self._n_moved > _MOVED_SHARE * self._n_tried

    def _try_whether_it_moves(self, details: np.ndarray) -> None:
        if self._anchor is None:
            self._anchor = details
        elif self._n % _TRY_EVERY == 0:
            likeness, shift_px = _compared(self._anchor, details)
            self._n_tried += 1
            self._n_moved += shift_px >= _MOVED_PX or likeness < _ALIKE
            if likeness < _ALIKE:
                self._anchor = details


def _details(bgr: np.ndarray) -> np.ndarray | None:
    """(h, w) float32: a small grey picture without light and shade; None where little is left."""
    height, width = bgr.shape[:2]
    scale = _LONGER_PX / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    stride = max(int(1 / (_SAMPLES * scale)), 1)
    green = np.ascontiguousarray(bgr[::stride, ::stride, 1])
    grey = cv2.resize(green, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), _DETAIL_PX)
    contrast = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), _DETAIL_PX)) + _LEAST_CONTRAST
    fine /= contrast
    return fine if float(np.mean(np.abs(fine) > _DETAIL)) > _LEAST_SHARE else None


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    return _compared(one, other)[0]


def _compared(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """How alike two small pictures are, 0..1, and how far one is shifted against the other, pixels.

    The peak of the normalised cross-correlation over all shifts, which go round.
    """
    spectrum = np.fft.rfft2(one) * np.conj(np.fft.rfft2(other))
    table = np.fft.irfft2(spectrum, one.shape)
    at, size = np.array(np.unravel_index(table.argmax(), table.shape)), np.array(table.shape)
    shift_px = float(np.hypot(*np.minimum(at, size - at)))
    return float(table.max() / np.sqrt((one * one).sum() * (other * other).sum())), shift_px
