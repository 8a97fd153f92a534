"""The first look at a video: its pictures once through the 2D model, and dropped."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from hotvid import remarks
from hotvid.errors import InputError
from hotvid.io.bars import BarFinder
from hotvid.io.reader import VideoReader
from hotvid.io.shots import ShotFinder
from hotvid.pose2d.base import Pose2DBackend
from hotvid.progress import Progress
from hotvid.track import Sightings
from hotvid.types import Keypoints2D, VideoInfo

FRAMES_AT_ONCE = 4  # through the 2D model: shares its start-up, and holds 25 MB of 1080p


@dataclass(frozen=True)
class Seen:
    """A clip frame by frame, before anyone has an identity.

    first_frame   the number of the first frame read.
    pts_s         (F,) float64, seconds.
    observations  F, one for every frame.
    warnings      for the user.
    cuts          the rows that begin a new shot, ascending.
    """

    info: VideoInfo
    first_frame: int
    pts_s: np.ndarray
    observations: Sequence[Keypoints2D]
    warnings: tuple[str, ...]
    cuts: tuple[int, ...] = ()


def observe(
    reader: VideoReader,
    backend: Pose2DBackend,
    somebody: Callable[[], None],
    progress: Progress,
) -> Seen:
    """Everyone whom `backend` sees in the video, how it is cut, and what of its pictures is bars.

    somebody  called after each batch of frames by which there is anyone.
    progress  called in the stage "pose2d" with the frames done.
    raises    InputError where there are no frames, and what the two raise.
    """
    observations, pts_s = Sightings(), array("d")
    first_frame = 0
    total = frames_expected(reader.info, reader.time_range_s)
    frames, shots, bars = iter(reader), ShotFinder(), BarFinder()

    def take(seen: Sequence[Keypoints2D]) -> None:
        observations.extend(seen)
        if any(len(people) for people in seen):
            somebody()

    while batch := list(islice(frames, FRAMES_AT_ONCE)):
        if not pts_s:
            first_frame = batch[0].index
        batch = [replace(f, is_cut=shots.begins_shot(f.bgr, f.pts_s)) for f in batch]
        for frame in batch:
            bars.look(frame.bgr)
        take(backend.estimate(batch))
        pts_s.extend(frame.pts_s for frame in batch)
        progress("pose2d", len(pts_s), total)
    take(backend.finish())
    if not pts_s:
        raise InputError(f"'{reader.path}' holds no frames", "give a video with a picture in it")
    progress("pose2d", len(pts_s), len(pts_s))
    notes, cuts = list(reader.warnings), tuple(shots.cuts)
    if cuts:
        notes.append(remarks.is_cut(len(cuts)))
    if shots.camera_moves:
        notes.append(remarks.CAMERA_MOVES)
    info = replace(reader.info, shown_px=bars.shown_px())
    return Seen(info, first_frame, np.array(pts_s), observations, tuple(notes), cuts)


def frames_expected(info: VideoInfo, time_range_s: tuple[float, float] | None) -> int | None:
    """How many frames a video holds in a range of time, as its container claims."""
    if info.n_frames is None or time_range_s is None:
        return info.n_frames
    start, end = (min(max(round(t * info.fps), 0), info.n_frames) for t in time_range_s)
    return end - start
