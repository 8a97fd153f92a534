"""Names of files, which need not be Unicode, for formats and libraries that know nothing else.

Linux allows any bytes in a name; Python has those that are no UTF-8 as half characters.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PathLike = str | Path


def as_unicode(text: str) -> str:
    r"""Text with the bytes of names of files that are no Unicode as \udcXX."""
    return text.encode("utf-8", "backslashreplace").decode()


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
