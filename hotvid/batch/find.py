"""The videos under the folders that are given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from hotvid.batch.manifest import is_results
from hotvid.batch.places import Place, is_url, place, reaching
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

    path   absolute, symbolic links left in; or behind a URL.
    error  "" for a video; else why this folder cannot be read.
    """

    path: Place
    error: str = ""


def find_videos(
    given: Sequence[str | os.PathLike],
    *,
    recursive: bool = False,
    patterns: Sequence[str] = (),
    leave_out: Sequence[Place] = (),
) -> list[Found]:
    """The videos in the folders `given`, each once, folder by folder in the order of their names.

    given      folders, and files, which are taken whatever their names; here or behind URLs.
    recursive  look into the folders within, too; through symbolic links, but never in circles.
    patterns   of the names to take, as in a shell; a pattern with a slash is for the path below
               the folder that was given. None: all that end as videos do.
    leave_out  folders that are not looked into.
    Names that begin with a dot are passed over (other systems leave such files beside videos), and
    so are folders within that hold the results of a batch.
    Raises InputError for something given that is not there.
    """
    barred = {_identity(f) for f in leave_out if not is_url(f) and f.is_dir()}
    found: dict[str, Found] = {}
    for each in given:
        start = place(each)
        if is_url(start):
            entries: Iterator[Found] = _behind_url(start, recursive, patterns, leave_out)
        elif start.is_dir():
            entries = _walk(start, recursive, patterns, set(barred))
        elif os.path.lexists(start):
            entries = iter([Found(start)])
        else:
            raise _missing(each)
        for entry in entries:
            found.setdefault(str(entry.path), entry)
    return list(found.values())


def _missing(given: object) -> InputError:
    return InputError(f"'{given}' does not exist", "is its name spelled right?")


def common_folder(given: Sequence[str | os.PathLike]) -> Place:
    """The innermost folder that holds everything that is given."""
    places = [place(each) for each in given]
    kinds = {one.protocol if is_url(one) else None for one in places}
    if len(kinds) > 1:
        raise InputError(
            "the folders are on several kinds of stores", "give those of one at a time"
        )
    if kinds != {None}:
        return _common_url(places)
    folders = [str(p if p.is_dir() else p.parent) for p in places]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:
        raise InputError(
            "the folders are on several drives", "give those of one drive at a time"
        ) from error


def _common_url(places: Sequence[Place]) -> Place:
    with reaching(places[0]):
        folders = [p if p.is_dir() else p.parent for p in places]
        common = folders[0]
        while not all(common == f or common in f.parents for f in folders):
            if common == common.parent:
                raise InputError("the URLs have no folder in common", "give one at a time")
            common = common.parent
    return common


def _behind_url(
    start: Place, recursive: bool, patterns: Sequence[str], leave_out: Sequence[Place]
) -> Iterator[Found]:
    """As `_walk`, where there are neither links nor folders that are hard to name."""
    with reaching(start):
        if start.is_file():
            yield Found(start)
            return
        if not start.is_dir():
            raise _missing(start)
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            if folder in leave_out or (folder != start and is_results(folder)):
                continue
            within = []
            for path in sorted(folder.iterdir(), key=lambda path: path.name):
                if not path.name or path.name.startswith("."):
                    continue
                if path.is_dir():
                    within.append(path)
                elif _is_wanted(path, start, patterns):
                    yield Found(path)
            waiting += reversed(within if recursive else [])


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


def _is_wanted(path: Place, start: Place, patterns: Sequence[str]) -> bool:
    if not patterns:
        return path.suffix.lower() in VIDEO_ENDINGS
    below = path.relative_to(start).as_posix()
    return any(fnmatch(below if "/" in pattern else path.name, pattern) for pattern in patterns)


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _identity(folder: Path) -> tuple[int, int] | str:
    found = folder.stat()
    # Some disks on a network have no numbers for what they hold.
    return (found.st_dev, found.st_ino) if found.st_ino else os.path.realpath(folder)
