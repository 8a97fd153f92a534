"""Reading a video: every picture with its number and its time, decoded ahead in a thread."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hotvid.errors import InputError
from hotvid.io.capture import (
    DAMAGED,
    PLAUSIBLE_FPS,
    POSSIBLE_FPS,
    STILL_FPS,
    StillCapture,
    VideoCapture,
    is_still,
    measured_fps,
)
from hotvid.io.ffmpeg_capture import FfmpegCapture
from hotvid.io.folder_capture import FolderCapture
from hotvid.io.prefetch import Prefetch
from hotvid.io.probe import Probe, probe
from hotvid.io.quicktime import focal_35mm, is_mirrored
from hotvid.io.readable import check_source, check_streams
from hotvid.io.timeline import EvenTimeline, Timeline
from hotvid.time_range import TOLERANCE_S
from hotvid.types import Frame, VideoInfo

PREFETCH_FRAMES = 4  # evens out pictures that take long to decode
PREFETCH_BYTES = 2**28  # very large pictures wait in smaller numbers

# A file ends early when it lacks more than this of what its header promises: containers
# round, and count sound that goes on a little after the last picture.
MISSING_FRAMES = 3
MISSING_S = 0.25

FILM_DIAGONAL_MM = 43.27  # 36 x 24
POSSIBLE_35MM = (8.0, 1200.0)  # fisheyes, which are no pinhole, are shorter

# Containers that do not say how many pictures they hold, and the share of the file's length by
# which its sound may outlast them: MPEG's tell no length either, it is that of what is there.
UNCOUNTED = {"mpegts": 1.0, "mpeg": 1.0, "flv": 0.1, "asf": 0.1}
COUNTED = ("mov", "avi")  # say so in their headers
EDITED = "mov"  # and MP4: not all pictures that are in the file need be shown


class VideoReader:
    """The frames of a video, of a folder of pictures, or of a picture as a video of one frame.

    path          any file that OpenCV's FFmpeg decodes, or a folder of pictures.
    time_range_s  (START, END) seconds: only frames with START <= pts_s < END are given.
                  Those before are decoded and passed over (no container tells the number
                  of a frame at a time), so that `Frame.index` is exactly the number in
                  decoded order of the whole file.
    fps           frames a second of a folder of pictures (None: 30 are assumed, with a warning),
                  and of a video whose own times are not believed. Times count by it, evenly, and
                  there is no sound.

    info      VideoInfo. Its `n_frames` and `duration_s` are the container's claims.
    counts_frames  whether `n_frames` is a count, and not made of a length.
    warnings  what was wrong with the file and did not stop the reading; filled while reading.

    `Frame.pts_s` counts from the first picture of the file, which is at 0, and always grows;
    variable frame rates keep their own times. Pictures are BGR, 8 bit, turned and mirrored as the
    container says, stretched where its pixels are not square, made whole where they are
    interlaced; transparency is dropped.
    Each iteration reads the file anew. Frames are decoded ahead in a thread, which ends with
    the iteration, with `close`, or with the `with` block.

    Raises InputError, here or while iterating, where there is nothing that can be read.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        time_range_s: tuple[float, float] | None = None,
        fps: float | None = None,
    ) -> None:
        self.path = check_source(path)
        self._fps = fps
        self.time_range_s = _check_range(time_range_s)
        self.warnings: list[str] = []
        self._open_reads: list[Prefetch[Frame]] = []
        self._folder = self.path.is_dir()
        self._still = not self._folder and is_still(self.path)
        found = None if self._folder or self._still else probe(self.path)
        if found is not None:
            check_streams(self.path, found)
        found = found or Probe()
        self._interlaced = found.interlaced
        # OpenCV shows neither as they are meant: what is mirrored it turns on its head.
        self._not_for_opencv = found.interlaced or (not self._folder and is_mirrored(self.path))
        self._by_ffmpeg = self._not_for_opencv  # and for codecs that it lacks, see `_describe`
        self.counts_frames = self._folder or self._still or found.kind in COUNTED
        # Where frames are not counted, the file's length may be that of its sound.
        with_sound = found.audio_codec is not None
        self._may_lack = UNCOUNTED.get(found.kind, 0.0) if with_sound else 0.0
        self.info = self._at_given_rate(self._describe(found))

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        n_bytes = self.info.width * self.info.height * 3
        depth = max(1, min(PREFETCH_FRAMES, PREFETCH_BYTES // n_bytes))
        ahead = Prefetch(self._frames(), depth)
        self._open_reads.append(ahead)
        try:
            yield from ahead
        finally:
            ahead.close()
            self._open_reads.remove(ahead)

    def times(self) -> list[float]:
        """The `pts_s` of every frame of the file, without making its pictures."""
        timeline, pts_s = self._timeline(), []
        with contextlib.closing(self._open()) as capture:
            while capture.grab():
                pts_s.append(timeline.next(capture.time_s()))
        self._check_whole(len(pts_s), pts_s[-1] if pts_s else 0.0, capture.n_lost)
        self._check_times(timeline, len(pts_s))
        return pts_s

    def close(self) -> None:
        """End all reading; an iteration that is under way stops."""
        for ahead in list(self._open_reads):
            ahead.close()

    def _timeline(self) -> Timeline | EvenTimeline:
        return Timeline(self.info.fps) if self._fps is None else EvenTimeline(self._fps)

    def _open(self) -> VideoCapture | StillCapture | FfmpegCapture | FolderCapture:
        if self._folder:
            return FolderCapture(self.path, self._fps or STILL_FPS)
        if self._still:
            return StillCapture(self.path)
        capture = VideoCapture(self.path)
        if not self._by_ffmpeg:
            return capture
        capture.close()
        of_container = (capture.size_px, capture.fps, capture.n_frames)
        return FfmpegCapture(self.path, *of_container, self._interlaced)

    def _describe(self, found: Probe) -> VideoInfo:
        capture = self._showing()
        if capture is None and not self._by_ffmpeg:
            self._by_ffmpeg = True
            capture = self._showing()
        if capture is None:
            raise InputError(f"'{self.path}' holds no picture that can be decoded", DAMAGED)
        fps = _plausible_fps(self.path, capture.fps, self._by_ffmpeg and not self._not_for_opencv)
        n_frames, duration_s = capture.n_frames, found.video_duration_s
        if duration_s is None and fps != capture.fps and not self.counts_frames:
            duration_s = found.duration_s  # raw DV counts the ticks of its clock
        if duration_s is not None:
            n_frames = round(duration_s * fps)
        elif n_frames is not None:
            duration_s = n_frames / fps
            if found.duration_s is not None and found.kind in (EDITED, *UNCOUNTED):
                # An edit list hides pictures of a cut file, and where the container counts none
                # their number was made of a time in which there is sound alone.
                shown_s = max(found.duration_s - found.video_offset_s, 0.0)
                if duration_s > shown_s + 1 / fps:
                    n_frames, duration_s = round(shown_s * fps), shown_s
        width, height = capture.size_px
        film_mm = found.focal_35mm or (None if self._folder else focal_35mm(self.path))
        return VideoInfo(
            path=str(self.path),
            width=width,
            height=height,
            fps=fps,
            n_frames=n_frames,
            duration_s=duration_s or found.duration_s,
            has_audio=found.audio_codec is not None,
            focal_px=_focal_px(film_mm, width, height),
        )

    def _at_given_rate(self, info: VideoInfo) -> VideoInfo:
        if self._fps is None:
            if self._folder:
                self._warn(f"'{self.path}' is a folder: {info.fps:g} frames/s are assumed (--fps)")
            return info
        duration_s = None if info.n_frames is None else info.n_frames / self._fps
        return replace(info, fps=self._fps, duration_s=duration_s, has_audio=False, fps_given=True)

    def _showing(self) -> VideoCapture | StillCapture | FfmpegCapture | FolderCapture | None:
        """A capture for what it says of the file, closed; None if it has no picture of it."""
        with contextlib.closing(self._open()) as capture:
            return capture if capture.grab() and capture.picture() is not None else None

    def _frames(self) -> Iterator[Frame]:
        start_s, end_s = self.time_range_s or (-math.inf, math.inf)
        timeline = self._timeline()
        index, pts_s, n_given, ended = -1, 0.0, 0, False
        capture = self._open()
        with contextlib.closing(capture):
            while capture.grab():
                index += 1
                pts_s = timeline.next(capture.time_s())
                if pts_s < start_s - TOLERANCE_S:
                    continue
                if pts_s >= end_s - TOLERANCE_S:
                    break
                bgr = capture.picture()
                if bgr is None:
                    self._warn(f"frame {index} cannot be decoded; the video ends there")
                    break
                n_given += 1
                yield Frame(index, pts_s, bgr)
            else:
                ended = True
        self._check_whole(index + 1, pts_s, capture.n_lost, ended)
        if ended:
            self._check_reach(pts_s, end_s)
        self._check_times(timeline, index + 1)
        if n_given == 0:
            raise InputError(
                f"'{self.path}' has no frame from {start_s:g} to {end_s:g} s",
                f"its last frame read is at {pts_s:.2f} s",
            )

    def _check_whole(self, n_frames: int, last_s: float, n_lost: int, ended: bool = True) -> None:
        """Warn, once, of pictures left out and of a file that ends before what it promises.

        A file that breaks off often has broken pictures before its end: one cause, one warning.
        """
        if ended and self._breaks_off(n_frames, last_s):
            others = f", {n_lost} could not" if n_lost else ""
            self._warn(
                f"'{self.path.name}' breaks off at {self._end_s(last_s):.2f} s of "
                f"{self.info.duration_s:.2f} s: {n_frames} frames could be read{others}; "
                "is the file complete?"
            )
        elif n_lost:
            self._warn(f"frames that cannot be decoded were left out: {n_lost}")

    def _breaks_off(self, n_frames: int, last_s: float) -> bool:
        """Whether the file ends earlier than its header promises."""
        promised_s, promised_frames = self.info.duration_s, self.info.n_frames
        if promised_s is None or promised_frames is None:
            return False
        lacks_s = promised_s - self._end_s(last_s)
        may_lack_s = max(MISSING_S, self._may_lack * promised_s)
        return promised_frames - n_frames > MISSING_FRAMES and lacks_s > may_lack_s

    def _end_s(self, last_s: float) -> float:
        return last_s + 1.0 / self.info.fps

    def _check_reach(self, last_s: float, wanted_s: float) -> None:
        """Warn where the end of the time range lies well beyond the last frame."""
        end_s = self._end_s(last_s)
        if math.isfinite(wanted_s) and wanted_s - end_s > MISSING_S:
            self._warn(f"the video ends at {end_s:.2f} s, before the time range's {wanted_s:g} s")

    def _check_times(self, timeline: Timeline, n_frames: int) -> None:
        # One is usual: AVI has no time for the last of its reordered pictures.
        if timeline.n_repaired <= 1:
            return
        if timeline.n_repaired == n_frames - 1:
            fps = self.info.fps
            self._warn(f"the file has no timestamps; {fps:g} frames/s are assumed (--fps)")
        else:
            self._warn(
                f"{timeline.n_repaired} of {n_frames} timestamps made no sense and were mended"
            )

    def _warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)


def _check_range(time_range_s: tuple[float, float] | None) -> tuple[float, float] | None:
    if time_range_s is None:
        return None
    start_s, end_s = time_range_s
    if not (0 <= start_s < end_s):
        raise InputError(
            f"the time range {start_s:g} to {end_s:g} s holds nothing",
            "give START and END in seconds, 0 <= START < END",
        )
    return float(start_s), float(end_s)


def _focal_px(film_mm: float | None, width: int, height: int) -> float | None:
    """Pixels; the diagonal of 35 mm film stands for the picture's (CIPA DCG-001)."""
    low, high = POSSIBLE_35MM
    if film_mm is None or not low <= film_mm <= high:
        return None
    return film_mm / FILM_DIAGONAL_MM * math.hypot(width, height)


def _plausible_fps(path: Path, claimed: float, unknown_codec: bool) -> float:
    """The container's average rate, unless its own timestamps plainly contradict it."""
    low, high = PLAUSIBLE_FPS
    if low <= claimed <= high:
        return claimed
    measured = 0.0 if unknown_codec else measured_fps(path)
    if measured > 0 and not (claimed > 0 and 0.5 < measured / claimed < 2.0):
        claimed = measured
    low, high = POSSIBLE_FPS
    return claimed if low <= claimed <= high else STILL_FPS
