"""Writing what was drawn over a still image as a picture."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from hotvid.errors import OutputError
from hotvid.io.atomic import atomic_output

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


def is_picture_name(path: str | os.PathLike) -> bool:
    """Whether a file is called as a picture is."""
    return Path(path).suffix.lower() in PICTURE_SUFFIXES


class PictureWriter:
    """Writes one picture to a file that appears whole when the `with` block ends well.

    path      one of PICTURE_SUFFIXES.
    warnings  as those of `io.writer.VideoWriter`, in whose place it stands: none.

    Raises OutputError where the file cannot or must not be written, and for a second picture.
    """

    def __init__(self, path: str | os.PathLike, *, overwrite: bool = False) -> None:
        self.path = Path(path)
        self.warnings: list[str] = []
        self._overwrite = overwrite
        self._stack = contextlib.ExitStack()
        self._written = False

    def __enter__(self) -> PictureWriter:
        self._temporary = self._stack.enter_context(atomic_output(self.path, self._overwrite))
        return self

    def write(self, bgr: np.ndarray, pts_s: float) -> None:
        """Take the picture: (H, W, 3) uint8; its time does not matter."""
        if self._written:
            raise OutputError(
                f"'{self.path}' is a picture, which holds one frame", "name a video, as out.mp4"
            )
        _, coded = cv2.imencode(self.path.suffix, bgr)
        self._temporary.write_bytes(coded.tobytes())
        self._written = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)
