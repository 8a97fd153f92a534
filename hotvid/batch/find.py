"""The videos under the folders that are given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from hotvid.batch.manifest import is_results
from hotvid.errors import InputError, in_one_line

# Files that end so are taken for videos where no pattern says what to take.
VIDEO_ENDINGS = frozenset(
    {
        ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".m1v", ".m2t", ".m2ts",
        ".m2v", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf",
        ".nut", ".ogm", ".ogv", ".qt", ".ts", ".vob", ".webm", ".wmv", ".y4m",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A video, or what could not be looked through.

    path   absolute, symbolic links left in.
    error  "" for a video; else why this folder cannot be read.
    """

    path: Path
    error: str = ""


def find_videos(
    given: Sequence[str | os.PathLike],
    *,
    recursive: bool = False,
    patterns: Sequence[str] = (),
    leave_out: Sequence[Path] = (),
) -> list[Found]:
    """The videos in the folders `given`, each once, folder by folder in the order of their names.

    given      folders, and files, which are taken whatever their names.
    recursive  look into the folders within, too; through symbolic links, but never in circles.
    patterns   of the names to take, as in a shell; a pattern with a slash is for the path below
               the folder that was given. None: all that end as videos do.
    leave_out  folders that are not looked into.
    Names that begin with a dot are passed over (other systems leave such files beside videos), and
    so are folders within that hold the results of a batch.
    Raises InputError for something given that is not there.
    """
    barred = {_identity(folder) for folder in leave_out if folder.is_dir()}
    found: dict[Path, Found] = {}
    for each in given:
        start = Path(os.path.abspath(each))  # noqa: PTH100 it keeps the links that resolve() follows
        if start.is_dir():
            entries: Iterator[Found] = _walk(start, recursive, patterns, set(barred))
        elif os.path.lexists(start):
            entries = iter([Found(start)])
        else:
            raise InputError(f"'{each}' does not exist", "is its name spelled right?")
        for entry in entries:
            found.setdefault(entry.path, entry)
    return list(found.values())


def common_folder(given: Sequence[str | os.PathLike]) -> Path:
    """The innermost folder that holds everything that is given."""
    folders = [os.path.abspath(p if Path(p).is_dir() else Path(p).parent) for p in given]  # noqa: PTH100
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:
        raise InputError(
            "the folders are on several drives", "give those of one drive at a time"
        ) from error


def _walk(
    start: Path, recursive: bool, patterns: Sequence[str], seen: set[tuple[int, int]]
) -> Iterator[Found]:
    # By hand and not by recursion: folders may be nested deeper than Python's stack. Links wait
    # until all real folders are done, so that a video is met under its own name.
    waiting, links = [start], []
    while waiting or links:
        folder = (waiting or links).pop()
        try:
            identity = _identity(folder)
            if identity in seen:
                continue
            seen.add(identity)
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield Found(folder, in_one_line(error))
            continue
        if folder != start and is_results(folder):
            continue
        within = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = folder / entry.name
            if _is_folder(entry):
                (links if entry.is_symlink() else within).append(path)
            elif _is_wanted(path, start, patterns):
                yield Found(path)
        if not recursive:
            return
        waiting += reversed(within)


def _is_wanted(path: Path, start: Path, patterns: Sequence[str]) -> bool:
    if not patterns:
        return path.suffix.lower() in VIDEO_ENDINGS
    below = path.relative_to(start).as_posix()
    return any(fnmatch(below if "/" in pattern else path.name, pattern) for pattern in patterns)


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino
