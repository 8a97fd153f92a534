"""Whether a source can be read at all, and if not, why not and what to give instead."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hotvid.errors import InputError
from hotvid.file_names import url_meant
from hotvid.io.capture import DAMAGED
from hotvid.io.folder_capture import frame_files
from hotvid.io.probe import Probe

# FFmpeg draws text as if on a terminal, and follows lists to files elsewhere.
NO_VIDEO_FILES = frozenset({"tty", "hls", "concat", "dash", "imf", "sdp", "rtsp"})
_STREAMS = frozenset({"rtsp", "rtmp", "rtp", "srt", "udp"})


def check_source(path: str | os.PathLike) -> Path:
    """The path of a file that can be opened and is not empty, or a folder of pictures.

    raises  InputError.
    """
    path = Path(path)
    if (url := url_meant(path)) is not None:
        if url.partition(":")[0].lower() in _STREAMS:
            raise InputError(f"'{url}' is a stream", "record it to a file first")
        raise InputError(f"'{url}' is a URL", "download it first, or use: hotvid batch")
    try:
        if path.is_dir():
            frame_files(path)
            return path
        if path.exists() and not path.is_file():
            # A pipe would be waited for without end, and cannot be read twice.
            raise InputError(f"'{path}' is not a regular file", "save the video to a file first")
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError as error:
        raise InputError(f"'{path}' does not exist", _instead(path)) from error
    except PermissionError as error:
        raise InputError(f"'{path}' cannot be read", "you lack the permission to") from error
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' cannot be read: {error}") from error
    if empty:
        raise InputError(f"'{path}' is empty", DAMAGED)
    return path


def _instead(path: Path) -> str:
    """What to give where other programs take more than files."""
    if path.name.isdecimal():
        return "cameras are not read: record a video first"
    if re.search(r"%\d*d|[*?]", path.name) and path.parent.is_dir():
        return "of frames as pictures, name their folder"
    return "is its name spelled right?"


def check_streams(path: Path, found: Probe) -> None:
    """Raise InputError where a file holds no moving pictures that may be read."""
    if found.kind in NO_VIDEO_FILES:
        raise InputError(f"'{path}' is not a video that can be read", DAMAGED)
    if found.has_video:
        return
    if found.audio_codec is not None:
        raise InputError(f"'{path}' holds only sound", "a video with pictures is needed")
    raise InputError(f"'{path}' holds no video", DAMAGED)
