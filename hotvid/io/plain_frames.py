"""Pictures with nothing in them, for poses whose video is not there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hotvid.types import Frame, Poses

_GREY = 40  # dark, as the panel beside it, so that light and deep hues both stand out


class PlainFrames:
    """A frame for every row of `poses`, at its own time, all of one dark grey.

    They share one picture, which must not be changed.
    """

    def __init__(self, poses: Poses) -> None:
        self._poses = poses

    def __iter__(self) -> Iterator[Frame]:
        video = self._poses.video
        bgr = np.full((video.height, video.width, 3), _GREY, np.uint8)
        bgr.setflags(write=False)
        for index, pts_s in enumerate(self._poses.pts_s.tolist(), self._poses.first_frame):
            yield Frame(index, pts_s, bgr)
