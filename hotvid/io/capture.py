"""One pass over a file's pictures, by OpenCV, with its quirks and its noise kept inside."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

# FFmpeg inside OpenCV writes its complaints to stderr unless told not to before its first use.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2
import numpy as np

from hotvid.errors import InputError
from hotvid.file_names import plain_folder
from hotvid.systems import ON_WINDOWS
from hotvid.threads import thread_share

MAX_PIXELS = 2**27  # of one picture, four times 8K: a header that claims more is broken
STILL_FPS = 30.0  # a picture has no rate; this makes a video of one frame of it
PLAUSIBLE_FPS = (1.0, 240.0)  # a claim beyond is checked against the timestamps
POSSIBLE_FPS = (1e-3, 5000.0)  # and beyond this neither is believed
PROBED_FRAMES = 30  # for that check: about a second
MOST_LOST = 30  # pictures in a row that cannot be decoded; after more of them the file has ended
DECODER_THREADS = 8  # more hold more frames than they save time

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")  # ISO 23008-12: still pictures
_BEGINNING = 4096  # bytes: more than any format is told by
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB\x60\x82"

DAMAGED = "is it a complete video file?"


class VideoCapture:
    """The pictures of a video in decoded order, its rotation and pixel shape applied.

    size_px   (width, height) of what `picture` returns.
    fps       average frames a second, as the container claims; 0 where it does not know.
    n_frames  as the container claims; None where it does not know.
    n_lost    pictures so far that could not be decoded and were passed over.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.n_lost = 0
        with _quiet():
            # The FFmpeg backend alone: others take numbered pictures for a sequence.
            options = [cv2.CAP_PROP_N_THREADS, thread_share(DECODER_THREADS)]
            self._capture = cv2.VideoCapture(_name(path), cv2.CAP_FFMPEG, options)
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self.size_px = self._display_size()
        if min(self.size_px) < 1:
            raise InputError(f"'{path}' is not a video that can be read", DAMAGED)
        check_size(path, self.size_px)
        claimed = self._get(cv2.CAP_PROP_FRAME_COUNT)
        self.n_frames = int(claimed) if 0 < claimed < 1e9 else None
        self.fps = self._get(cv2.CAP_PROP_FPS)

    def grab(self) -> bool:
        """Go to the next picture that can be decoded; False where there is none."""
        for n_lost in range(MOST_LOST + 1):
            if self._capture.grab():
                self.n_lost += n_lost
                return True
        return False

    def time_s(self) -> float:
        """The grabbed picture's own time, seconds from the video's start; 0 if it has none."""
        return self._get(cv2.CAP_PROP_POS_MSEC) / 1000.0

    def picture(self) -> np.ndarray | None:
        """The grabbed picture, (H, W, 3) BGR uint8; None if it cannot be decoded."""
        try:
            found, bgr = self._capture.retrieve()
        except cv2.error as error:
            raise InputError(f"'{self._path}' cannot be decoded: {error.err}", DAMAGED) from error
        if not found or bgr is None:
            return None
        if bgr.ndim == 2 or bgr.shape[2] == 1:
            bgr = cv2.cvtColor(bgr, cv2.COLOR_GRAY2BGR)
        if (bgr.shape[1], bgr.shape[0]) != self.size_px:
            # Pixels that are not square, or a stream that changes its size on the way.
            bgr = cv2.resize(bgr, self.size_px, interpolation=cv2.INTER_AREA)
        return bgr

    def close(self) -> None:
        self._capture.release()

    def _get(self, property_id: int) -> float:
        value = self._capture.get(property_id)
        return value if math.isfinite(value) else 0.0

    def _display_size(self) -> tuple[int, int]:
        width = int(self._get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(self._get(cv2.CAP_PROP_FRAME_HEIGHT))
        aspect = self._get(cv2.CAP_PROP_SAR_NUM) / (self._get(cv2.CAP_PROP_SAR_DEN) or 1.0)
        if not 0.2 < aspect < 5.0 or abs(aspect - 1.0) < 0.01:
            return width, height
        # The aspect belongs to the stored picture; a quarter turn swaps its sides.
        if int(self._get(cv2.CAP_PROP_ORIENTATION_META)) % 180 == 90:
            return width, round(height * aspect)
        return round(width * aspect), height


class StillCapture:
    """A picture file as a video of one frame, its Exif rotation applied."""

    def __init__(self, path: Path) -> None:
        data = np.fromfile(path, np.uint8)
        # libpng complains to stderr, whatever OpenCV's log level is.
        if data[:8].tobytes() == _PNG_START and _PNG_END not in data.tobytes():
            raise _broken_picture(path)
        try:
            with _quiet():
                bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
        except (cv2.error, MemoryError) as error:
            raise _broken_picture(path) from error
        if bgr is None:
            raise _broken_picture(path)
        self._bgr = bgr
        self._left = 1
        self.size_px = (bgr.shape[1], bgr.shape[0])
        self.fps = STILL_FPS
        self.n_frames = 1
        self.n_lost = 0

    def grab(self) -> bool:
        self._left -= 1
        return self._left >= 0

    def time_s(self) -> float:
        return 0.0

    def picture(self) -> np.ndarray:
        return self._bgr

    def close(self) -> None:
        pass


def _broken_picture(path: Path) -> InputError:
    return InputError(f"'{path}' is a picture that cannot be decoded", "is the file complete?")


def is_still(path: Path) -> bool:
    """Whether the file is a picture: an image format that holds one frame.

    raises  InputError for pictures of kinds that cannot be read: of HEIC tiles would pass for a
            video, of an animated WebP the first picture for all of it.
    """
    with _quiet():
        if not _is_of_a_picture_format(path):
            _refuse_heif(path)
            return False
        _refuse_animation(path)
        # Animations and streams of JPEGs begin like pictures do.
        capture = cv2.VideoCapture(_name(path), cv2.CAP_FFMPEG)
        if capture.isOpened():
            width, height = cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT
            check_size(path, (int(capture.get(width)), int(capture.get(height))))
        several = capture.grab() and capture.grab()
        capture.release()
    return not several


def _is_of_a_picture_format(path: Path) -> bool:
    if not ON_WINDOWS or str(path).isascii():
        return cv2.haveImageReader(_name(path))
    # OpenCV, which looks at how it begins, opens nothing there that has other letters in its name.
    with path.open("rb") as file, plain_folder() as folder:
        beginning = folder / "beginning"
        beginning.write_bytes(file.read(_BEGINNING))
        return cv2.haveImageReader(str(beginning))


def _refuse_heif(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(12)
    if start[4:8] == b"ftyp" and start[8:] in _HEIF_BRANDS:
        raise InputError(f"'{path}' is a HEIC picture, which is not read", "save it as JPEG or PNG")


def _refuse_animation(path: Path) -> None:
    """FFmpeg inside OpenCV reads none of WebP, and OpenCV its first picture alone."""
    with path.open("rb") as file:
        start = file.read(21)
    if start[:4] == b"RIFF" and start[8:16] == b"WEBPVP8X" and start[20:] and start[20] & 2:
        raise InputError(
            f"'{path}' is an animated WebP, which is not read", "save it as GIF or MP4"
        )


def _name(path: Path) -> str | bytes:
    """A path as OpenCV takes it: from text that is no Unicode it would crash."""
    name = str(path.absolute())
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name)
    return name


def check_size(path: Path, size_px: tuple[int, int]) -> None:
    """InputError for pictures that are too large to be true."""
    width, height = size_px
    if width * height > MAX_PIXELS:
        raise InputError(
            f"'{path}' claims pictures of {width} x {height} pixels",
            f"at most {MAX_PIXELS} pixels are taken; scale it down first",
        )


def measured_fps(path: Path) -> float:
    """Frames a second by the first second's timestamps; 0 where there are none."""
    capture = VideoCapture(path)
    with contextlib.closing(capture):
        times = [capture.time_s() for _ in range(PROBED_FRAMES) if capture.grab()]
    span_s = max(times) - min(times) if times else 0.0
    return (len(times) - 1) / span_s if span_s > 0 else 0.0


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep OpenCV's own log off the user's screen: our errors say what it would."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
