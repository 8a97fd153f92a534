"""Writing what was drawn over a still image as a picture."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from hotvid.atomic import atomic_output
from hotvid.errors import OutputError

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


def is_picture_name(path: str | os.PathLike) -> bool:
    """Whether a file is called as a picture is."""
    return Path(path).suffix.lower() in PICTURE_SUFFIXES


class PictureWriter:
    """Writes one picture where a `VideoWriter` writes many; see `picture_writer`."""

    def __init__(self, path: Path, temporary: Path) -> None:
        self.path = path
        self.warnings: list[str] = []  # as a `VideoWriter` has them: none
        self._temporary = temporary
        self._written = False

    def write(self, bgr: np.ndarray, pts_s: float) -> None:
        """Take the picture: (H, W, 3) uint8; its time does not matter."""
        if self._written:
            raise OutputError(
                f"'{self.path}' is a picture, which holds one frame", "name a video, as out.mp4"
            )
        done, coded = cv2.imencode(self.path.suffix, bgr)
        if not done:
            raise OutputError(
                f"a picture of {bgr.shape[1]}x{bgr.shape[0]} cannot be written as "
                f"'{self.path.suffix}'",
                "name a .png, or make the source smaller",
            )
        self._temporary.write_bytes(coded.tobytes())
        self._written = True


@contextlib.contextmanager
def picture_writer(path: str | os.PathLike, *, overwrite: bool = False) -> Iterator[PictureWriter]:
    """A writer of one picture, whose file appears whole when the `with` block ends well.

    path    one of PICTURE_SUFFIXES.
    raises  OutputError where the file cannot or must not be written, and for a second picture.
    """
    with atomic_output(path, overwrite) as temporary:
        yield PictureWriter(Path(path), temporary)
