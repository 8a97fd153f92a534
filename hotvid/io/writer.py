"""Writing a video: H.264 in MP4, every picture at its own time, the source's audio kept."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from hotvid.atomic import atomic_output, check_output
from hotvid.errors import OutputError, ShapeError
from hotvid.io.encoder import Encoder, Sound, remux
from hotvid.io.probe import probe

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv")
MAX_SIDE_PX = 16384  # what H.264's encoder takes


def check_video_output(path: str | os.PathLike, overwrite: bool = False) -> Path:
    """As `check_output`, and the suffix must be one of VIDEO_SUFFIXES."""
    path = Path(path)
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        kind = f"'{path.suffix}'" if path.suffix else "a name without a suffix"
        raise OutputError(
            f"cannot write '{path}': {kind} is no video format known here",
            f"choose one of: {', '.join(VIDEO_SUFFIXES)}",
        )
    return check_output(path, overwrite)


class VideoWriter:
    """Writes pictures to a video file that appears whole when the `with` block ends well.

    path           .mp4, .m4v, .mov or .mkv.
    size_px        (width, height), both even.
    fps            average frames a second; each picture's own time is what is kept.
    audio_from     a media file whose first audio track is kept; None, or one without: silent.
    audio_start_s  the time of the first picture written, on the clock of `Frame.pts_s` of a
                   `VideoReader` of that file.
    overwrite      replace an existing file.
    warnings       what went wrong and did not stop the work, filled when the block ends.

    The first picture is at time 0 of the output. Raises OutputError where the file cannot
    or must not be written, also for a full disk; then, and on any exception in the block,
    nothing is left behind.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        size_px: tuple[int, int],
        fps: float,
        *,
        audio_from: str | os.PathLike | None = None,
        audio_start_s: float = 0.0,
        overwrite: bool = False,
    ) -> None:
        self.path = check_video_output(path, overwrite)
        self.size_px = _check_size(size_px)
        self.fps = _check_fps(fps)
        self.warnings: list[str] = []
        self.n_frames = 0
        self._audio_from = audio_from
        self._audio_start_s = audio_start_s
        self._overwrite = overwrite
        self._stack = contextlib.ExitStack()
        self._encoder: Encoder | None = None
        self._first_s = 0.0
        self._last_us = -1

    def __enter__(self) -> VideoWriter:
        with contextlib.ExitStack() as stack:
            self._temporary = stack.enter_context(atomic_output(self.path, self._overwrite))
            self._pictures = stack.enter_context(_scratch_beside(self._temporary))
            encoder = Encoder(self._pictures, self.size_px, self.fps)
            stack.callback(encoder.abort)
            self._encoder = encoder
            self._stack = stack.pop_all()
        return self

    def write(self, bgr: np.ndarray, pts_s: float) -> None:
        """Append one picture.

        bgr    (H, W, 3) uint8; it may be changed once this returns.
        pts_s  seconds, later than that of the picture before.
        """
        if self._encoder is None:
            raise OutputError("the video writer is not open", "use it in a with block")
        width, height = self.size_px
        if bgr.shape != (height, width, 3) or bgr.dtype != np.uint8:
            raise ShapeError(
                f"bgr: expected ({height}, {width}, 3) uint8, got {bgr.shape} {bgr.dtype}"
            )
        if self.n_frames == 0:
            self._first_s = pts_s
        time_us = round((pts_s - self._first_s) * 1e6)
        if time_us <= self._last_us:
            raise ShapeError(f"pts_s: expected a time after the last picture's, got {pts_s}")
        self._last_us = time_us
        self._encoder.put(time_us, cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420))
        self.n_frames += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, traceback)
            return
        with self._stack:
            self._finish()

    def _finish(self) -> None:
        assert self._encoder is not None
        if self.n_frames == 0:
            raise OutputError(f"no pictures were written to '{self.path}'")
        self._encoder.finish()
        duration_s = self._last_us / 1e6 + 1 / self.fps
        sound = self._sound()
        problem = remux(self._pictures, self._temporary, self.n_frames, duration_s, sound)
        if problem:
            self.warnings.append(f"the video has no sound: {problem}")

    def _sound(self) -> Sound | None:
        found = probe(self._audio_from) if self._audio_from is not None else None
        if found is None or found.audio_codec is None:
            return None
        start_s = self._audio_start_s + found.video_offset_s
        return Sound(self._audio_from, found.audio_codec, start_s)


@contextlib.contextmanager
def _scratch_beside(path: Path) -> Iterator[Path]:
    scratch = path.with_name(f"{path.stem}-pictures.mp4")
    try:
        yield scratch
    finally:
        scratch.unlink(missing_ok=True)


def _check_size(size_px: tuple[int, int]) -> tuple[int, int]:
    width, height = (int(n) for n in size_px)
    if width % 2 or height % 2 or not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise ShapeError(
            f"size_px: expected an even width and height of 2 to {MAX_SIDE_PX}, got {size_px}"
        )
    return width, height


def _check_fps(fps: float) -> float:
    if not 0 < fps < 10_000:
        raise ShapeError(f"fps: expected frames a second above 0, got {fps}")
    return float(fps)
