"""Names of files that need not be Unicode, for what knows nothing else; and names that are URLs.

Linux allows any bytes in a name; Python has those that are no UTF-8 as half characters.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PathLike = str | Path

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/+", re.IGNORECASE)


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
    return f"{found[1]}:{slashes}{str(path)[found.end() :]}"


@contextmanager
def unicode_path(path: Path) -> Iterator[Path]:
    """`path`, for a library that writes to Unicode only, or another one that is moved there."""
    if as_unicode(str(path)) == str(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="hotvid-") as folder:
        plain = Path(folder) / f"file{path.suffix}"
        yield plain
        shutil.move(plain, path)
