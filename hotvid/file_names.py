"""Names of files that some libraries cannot take, that a system cannot have, or that are URLs.

Linux allows any bytes in a name; Python has those that are no UTF-8 as half characters. On Windows
many libraries open only what can be written in the system's code page.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotvid.systems import ON_WINDOWS

PathLike = str | Path

_URL = re.compile(r"([a-z][a-z0-9+.-]+):[\\/]+", re.IGNORECASE)
_NEVER_ON_WINDOWS = re.compile(r'[<>:"|?*\x00-\x1f]|[. ]$')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])[ ]*(\..*)?$", re.IGNORECASE)


def as_unicode(text: str) -> str:
    r"""Text with the bytes of names of files that are no Unicode as \udcXX."""
    return text.encode("utf-8", "backslashreplace").decode()


def url_meant(path: str | os.PathLike) -> str | None:
    """The URL that somebody gave for a path; None where it is none, or a folder is called so."""
    path = Path(path)
    found = _URL.match(str(path))
    if found is None or Path(path.parts[0]).exists():
        return None
    # A path has eaten all slashes but one.
    slashes = "///" if found[1].lower() == "file" else "//"
    return f"{found[1]}:{slashes}{path.as_posix()[found.end() :]}"


def cannot_be_made(path: Path) -> str | None:
    """The part of a path's names that no file or folder may have on this system; None: none."""
    if not ON_WINDOWS:
        return None
    for part in path.parts[1 if path.anchor else 0 :]:
        if part not in (".", "..") and (_NEVER_ON_WINDOWS.search(part) or _DEVICE.match(part)):
            return part
    return None


def is_same_file(path: Path, other: str | os.PathLike) -> bool:
    """Whether both lead to one file that is there: by a link, or where capitals do not count."""
    try:
        return path.samefile(other)
    except OSError:
        return False


def expanded(given: str) -> list[str]:
    """What a name with wildcards stands for; Windows leaves that to the program."""
    return (sorted(glob.glob(given)) if ON_WINDOWS else []) or [given]  # noqa: PTH207 as given


@contextmanager
def unicode_path(path: Path) -> Iterator[Path]:
    """`path`, for a library that writes to Unicode only, or another one that is moved there."""
    if _is_plain(str(path)):
        yield path
        return
    with plain_folder() as folder:
        plain = folder / f"file{path.suffix}"
        yield plain
        shutil.move(plain, path)


@contextmanager
def plain_folder() -> Iterator[Path]:
    """A folder for a while whose name every library can take, as far as there is a place for one.

    On Windows a user's own folder for such bears the user's name; that of all of them does not.
    """
    place = None if _is_plain(tempfile.gettempdir()) else os.environ.get("PUBLIC")
    with tempfile.TemporaryDirectory(prefix="hotvid-", dir=place) as folder:
        yield Path(folder)


def _is_plain(name: str) -> bool:
    return name.isascii() if ON_WINDOWS else as_unicode(name) == name
