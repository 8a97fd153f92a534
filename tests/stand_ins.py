"""Stand-ins for the models: the 2D model reads a frame's number off the picture itself.

So a frame that goes astray on its way through the stages is seen in the result.
"""

from __future__ import annotations

import weakref
from pathlib import Path

import cv2
import numpy as np

from hotvid.io.writer import VideoWriter
from hotvid.types import Frame, Keypoints2D, Lifted, Track2D

SIZE_PX, FPS = (320, 240), 30.0
_CELL, _BITS = 40, 8
# Someone who stands facing the camera, H36M-17, pixels.
STANDING_PX = np.array(
    [
        (160, 130), (148, 130), (147, 165), (146, 200), (172, 130), (173, 165), (174, 200),
        (160, 105), (160, 80), (160, 68), (160, 55), (180, 82), (185, 105), (186, 128), (140, 82),
        (135, 105), (134, 128),
    ],
    np.float32,
)  # fmt: skip


def coded_picture(number: int) -> np.ndarray:
    """A picture with `number` in black and white cells along its top, which survives encoding."""
    picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 90, np.uint8)
    for bit in range(_BITS):
        picture[:_CELL, bit * _CELL : (bit + 1) * _CELL] = 235 * (number >> bit & 1)
    return picture


def read_code(bgr: np.ndarray) -> int:
    cells = [bgr[10:30, bit * _CELL + 10 : (bit + 1) * _CELL - 10].mean() for bit in range(_BITS)]
    return sum(int(mean > 128) << bit for bit, mean in enumerate(cells))


def read_drawn_code(bgr: np.ndarray) -> int:
    """The code of a drawn frame, in which the picture fills the height at the left."""
    scale = bgr.shape[0] / SIZE_PX[1]
    return read_code(cv2.resize(bgr[:, : round(SIZE_PX[0] * scale)], SIZE_PX))


def write_coded_clip(path: Path, n_frames: int) -> Path:
    with VideoWriter(path, SIZE_PX, FPS) as writer:
        for number in range(n_frames):
            writer.write(coded_picture(number), number / FPS)
    return path


class StandInBackend:
    """Sees one person in the frames whose code is in `seen`, code pixels right of the middle."""

    name = "stand-in"
    joint_set = "h36m17"

    def __init__(self, seen: range) -> None:
        self.seen = seen
        self.batches: list[int] = []
        self.most_alive = 0
        self.closed = False
        self._pictures: weakref.WeakValueDictionary = weakref.WeakValueDictionary()

    def estimate(self, frames: list[Frame]) -> list[Keypoints2D]:
        self.batches.append(len(frames))
        for frame in frames:
            self._pictures[frame.index] = frame
        self.most_alive = max(self.most_alive, len(self._pictures))
        return [self._look(read_code(frame.bgr)) for frame in frames]

    def finish(self) -> list[Keypoints2D]:
        return []

    def _look(self, code: int) -> Keypoints2D:
        if code not in self.seen:
            return Keypoints2D.nobody(self.joint_set, 17)
        xy = STANDING_PX[None] + np.array([code, 0], np.float32)
        return Keypoints2D(
            joint_set=self.joint_set,
            xy_px=xy,
            score=np.full((1, 17), 0.9, np.float32),
            box_px=np.concatenate([xy.min(1), xy.max(1)], -1),
            person_score=np.full(1, 0.9, np.float32),
        )

    def close(self) -> None:
        self.closed = True


class StandInLifter:
    """Puts the skeleton upright at 100 pixels a metre, and the frame's number into depth."""

    name = "stand-in-lifter"
    weights_sha256 = "ab" * 32

    def lift(self, tracks: list[Track2D], fps, size_px, config=None, progress=None) -> list:
        self.fps, self.size_px = fps, size_px
        out = []
        for number, track in enumerate(tracks):
            flat = (track.xy_px - track.xy_px[:, :1]) / 100
            depth = np.zeros_like(flat[..., :1]) + np.arange(17)[:, None] / 100
            out.append(Lifted(np.concatenate([flat, depth], -1).astype(np.float32)))
            if progress:
                progress(number + 1, len(tracks))
        return out
