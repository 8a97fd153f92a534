"""A keypoint table laid out on a clip: which frames there are, when, and who is seen in each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from hotvid.errors import InputError, UsageError
from hotvid.io.keypoints.table import KeypointTable
from hotvid.io.reader import VideoReader
from hotvid.time_range import rows_within
from hotvid.types import Keypoints2D, VideoInfo

MAX_FRAMES = 10_000_000  # 46 hours at 60 frames a second
MAX_SIDE_PX = 2**15
_SPARSE = 1000  # so many frames for each that holds somebody: the numbers are no frame numbers
_DOUBLE_SHARE = 0.01  # of sightings whose id is in its frame twice: with more, ids are no ids


@dataclass(frozen=True)
class KeypointClip:
    """The clip, frame by frame.

    observations  F, everyone seen in each frame.
    person        F arrays (P,) int64: the file's ids, in the order of the observation, -1 for a
                  sighting without; None where the file does not tell people apart.
    """

    info: VideoInfo
    first_frame: int
    pts_s: np.ndarray
    observations: tuple[Keypoints2D, ...]
    person: tuple[np.ndarray, ...] | None
    warnings: tuple[str, ...]


def lay_out(
    table: KeypointTable,
    video: str | Path | None = None,
    *,
    size_px: tuple[int, int] | None = None,
    fps: float | None = None,
    first_number: int | None = None,
    time_range_s: tuple[float, float] | None = None,
) -> KeypointClip:
    """The clip that `table` is of.

    video         the video itself: its size and its own times are taken.
    size_px, fps  where there is no video; they win over what the file says, and `fps` over the
                  times that it has. `fps` also where the video is a folder of pictures.
    first_number  the number that the file gives the video's first frame.
    raises        InputError where the table does not fit the video; UsageError where size or frame
                  rate are neither given nor known.
    """
    first = table.first_number if first_number is None else first_number
    row = table.frame - first
    if row.min() < 0:
        raise InputError(
            f"the file has frame {table.frame.min()}, before the first, {first}",
            "say which number the first frame has with --first-frame",
        )
    n_needed = int(row.max()) + 1
    notes = list(table.notes)
    if video is not None:
        info, pts_s, said = _of_video(video, fps if Path(video).is_dir() else None)
        notes += said
        if n_needed > len(pts_s):
            raise InputError(
                f"the file has frame {table.frame.max()}, but {video} ends with frame "
                f"{len(pts_s) - 1 + first}",
                "is it the right video? --first-frame says which number its first frame has",
            )
    else:
        _check_span(table, n_needed)
        n_listed = 0 if table.last_number is None else table.last_number - first + 1
        n_frames = max(n_needed, n_listed, table.n_frames or 0)
        info = _described(table, size_px, fps, n_frames)
        times = table.times if fps is None else None
        pts_s = _times(times, first, info.n_frames, info.fps)
    kept = rows_within(pts_s, time_range_s)
    size = np.array([info.width, info.height], np.float32)
    if table.normalised:
        table = replace(table, xy=table.xy * size, box=table.box * np.tile(size, 2))
    elif np.nanmax(table.xy) > 4 * size.max():
        raise InputError(
            f"the file has a joint at {np.nanmax(table.xy):.0f} pixels, but the picture is "
            f"{info.width}x{info.height}",
            "is it the right video, or the right --size?",
        )
    by_frame = _by_frame(row, kept)
    person = tuple(table.person[rows] for rows in by_frame) if _trusted(table) else None
    observations = tuple(_observation(table, rows) for rows in by_frame)
    return KeypointClip(info, kept.start, pts_s[kept], observations, person, tuple(notes))


def _of_video(video: str | Path, fps: float | None) -> tuple[VideoInfo, np.ndarray, list[str]]:
    with VideoReader(video, fps=fps) as reader:
        pts_s = np.array(reader.times())
        return reader.info, pts_s, list(reader.warnings)


def _check_span(table: KeypointTable, n_needed: int) -> None:
    n_seen = len(np.unique(table.frame))
    if n_needed > MAX_FRAMES or n_needed > _SPARSE * n_seen:
        raise InputError(
            f"frames are numbered from {table.frame.min()} to {table.frame.max()}, "
            f"and {n_seen} of them hold somebody",
            "say which number the first frame has with --first-frame",
        )


def _described(
    table: KeypointTable, size_px: tuple[int, int] | None, fps: float | None, n_frames: int
) -> VideoInfo:
    size_px = size_px or table.size_px
    fps = table.fps if fps is None else fps
    if n_frames > MAX_FRAMES:
        raise InputError(f"the file claims {n_frames} frames", "is it whole?")
    if size_px is None or fps is None:
        lacking = [
            name for name, value in (("--size WxH", size_px), ("--fps", fps)) if value is None
        ]
        raise UsageError(
            "the file does not say how large or fast the video is",
            f"give --video FILE, or {' and '.join(lacking)}",
        )
    width, height = size_px
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise UsageError(f"the size is {width}x{height}", f"give sides of 1 to {MAX_SIDE_PX}")
    if not 0 < fps < math.inf:
        raise UsageError(f"fps is {fps}", "give frames a second, more than 0")
    return VideoInfo("", width, height, float(fps), n_frames, n_frames / fps)


def _times(
    known: tuple[np.ndarray, np.ndarray] | None, first: int, n_frames: int, fps: float
) -> np.ndarray:
    """(F,) seconds: as the file has them, straight lines between and the frame rate outside."""
    row = np.arange(n_frames)
    if known is None:
        return row / fps
    at, time_s = known[0] - first, known[1]
    inside = (at >= 0) & (at < n_frames)
    at, which = np.unique(at[inside], return_index=True)
    if not len(at):
        return row / fps
    time_s = time_s[inside][which]
    pts_s = np.interp(row, at, time_s)
    pts_s += (np.minimum(row - at[0], 0) + np.maximum(row - at[-1], 0)) / fps
    if not (np.isfinite(pts_s).all() and (np.diff(pts_s) > 0).all()):
        raise InputError("the file's times do not grow from frame to frame", "give --fps instead")
    return pts_s


def _by_frame(row: np.ndarray, kept: slice) -> list[np.ndarray]:
    order = np.argsort(row, kind="stable")
    edges = np.searchsorted(row[order], np.arange(kept.start, kept.stop + 1))
    return [order[a:b] for a, b in pairwise(edges)]


def _trusted(table: KeypointTable) -> bool:
    if not table.has_ids:
        return False
    named = table.person >= 0
    places = np.unique(np.stack([table.frame[named], table.person[named]]), axis=1)
    return places.shape[1] >= (1 - _DOUBLE_SHARE) * named.sum()


def _observation(table: KeypointTable, rows: np.ndarray) -> Keypoints2D:
    return Keypoints2D(
        joint_set=table.joint_set,
        xy_px=table.xy[rows],
        score=table.score[rows],
        box_px=table.box[rows],
        person_score=table.person_score[rows],
    )
