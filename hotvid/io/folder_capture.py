"""One pass over a folder that holds a video's frames as pictures."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from hotvid.errors import InputError
from hotvid.io.capture import StillCapture

_KINDS = {
    ".bmp": "BMP",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WebP",
}
_VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".mts", ".webm", ".wmv")
_OWN_FOLDER = "put the frames of one video in a folder of their own"


def frame_files(folder: Path) -> list[Path]:
    """The pictures in a folder in the order of the numbers in their names: 9.png before 10.png.

    raises  InputError where there are none, or they cannot be the frames of one video.
    """
    files = [p for p in folder.iterdir() if not p.name.startswith(".")]
    if any(p.suffix.lower() in _VIDEOS for p in files):
        raise InputError(f"'{folder}' is a folder of videos", "name one, or use: hotvid batch")
    files = [p for p in files if p.suffix.lower() in _KINDS]
    if not files:
        raise InputError(f"'{folder}' is a folder without pictures", "name a video file")
    kinds = sorted({_KINDS[p.suffix.lower()] for p in files})
    if len(kinds) > 1:
        raise InputError(f"'{folder}' holds {' and '.join(kinds)} pictures", _OWN_FOLDER)
    return sorted(files, key=lambda path: _by_numbers(path.name))


def _by_numbers(name: str) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


class FolderCapture:
    """The pictures of a folder, a frame each; as `hotvid.io.capture.VideoCapture`.

    Numbers that are left out leave no gap: frames are often taken at wider steps.
    """

    def __init__(self, folder: Path, fps: float) -> None:
        self._files = frame_files(folder)
        self._at = -1
        self.size_px = StillCapture(self._files[0]).size_px
        self.fps = fps
        self.n_frames = len(self._files)
        self.n_lost = 0

    def grab(self) -> bool:
        """Go to the next picture; False at the end."""
        self._at += 1
        return self._at < len(self._files)

    def time_s(self) -> float:
        """The picture's time, seconds."""
        return self._at / self.fps

    def picture(self) -> np.ndarray:
        """The picture, (H, W, 3) BGR uint8; InputError where it is broken or of another size."""
        file = self._files[self._at]
        still = StillCapture(file)
        if still.size_px != self.size_px:
            (width, height), (w, h) = still.size_px, self.size_px
            raise InputError(
                f"'{file}' is {width}x{height}, but '{self._files[0].name}' {w}x{h}", _OWN_FOLDER
            )
        return still.picture()

    def close(self) -> None:
        pass
