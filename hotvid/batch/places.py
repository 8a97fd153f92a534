"""Folders and files of a batch: on this machine, or behind a URL that fsspec understands.

A URL becomes a `upath.UPath`, which answers to the same methods as a `pathlib.Path`. What a store
needs to be reached (keys, end points) is fsspec's own configuration and environment.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hotvid.errors import HotvidError, InputError, printable
from hotvid.extras import REMOTE

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_UNKNOWN = ("Protocol not known", "Unsupported filesystem")  # fsspec's and upath's own words

Place = Any  # pathlib.Path or upath.UPath, which have no common class


def is_url(given: str | os.PathLike) -> bool:
    """Whether a place is behind a URL, as s3://bucket/videos."""
    return _URL.match(given) is not None if isinstance(given, str) else hasattr(given, "fs")


def place(given: str | os.PathLike) -> Place:
    """An absolute path, symbolic links left in, or what is behind a URL.

    Raises HotvidError where the package for such URLs is missing, InputError for an unknown kind.
    """
    if not is_url(given):
        return Path(os.path.abspath(given))  # noqa: PTH100 it keeps the links that resolve() follows
    if not isinstance(given, str):
        return given
    upath = REMOTE.load()
    with reaching(given):
        found = upath.UPath(given)
        found.fs  # noqa: B018 the file system's own package is wanted only now
    return found


def below(given: str | os.PathLike, name: str) -> str:
    """What lies below a place, as whoever gave the place would write it."""
    return f"{given.rstrip('/')}/{name}" if is_url(given) else str(Path(given) / name)


@contextlib.contextmanager
def reaching(url: Any) -> Iterator[None]:
    """Whatever a file system raises within, as one line that names the place."""
    try:
        yield
    except HotvidError:
        raise
    except ImportError as error:
        raise HotvidError(f"'{url}' needs another package", printable(str(error))) from error
    except Exception as error:  # each file system has errors of its own
        if isinstance(error, ValueError) and str(error).startswith(_UNKNOWN):
            kind = str(url).partition("://")[0]
            raise InputError(
                f"'{url}': no such kind of place is known as {kind}://",
                "name a folder, or a URL that fsspec knows",
            ) from error
        reason = printable(str(error) or type(error).__name__)
        raise InputError(
            f"'{url}' cannot be reached: {reason}", "is it spelled right, may you read it?"
        ) from error


def stamp(path: Place) -> tuple[int, int]:
    """(size, time of the last change in nanoseconds) of a file; zeros where there is none.

    Of a store that tags what it holds, the beginning of the tag stands for the time.
    """
    try:
        found = path.stat()
    except Exception:  # noqa: BLE001 a file system's own error for a file that is not there
        return 0, 0
    tag = found.as_info().get("ETag") if is_url(path) else None
    if isinstance(tag, str):
        return found.st_size, int.from_bytes(tag.strip('"').encode()[:7], "big")
    return found.st_size, found.st_mtime_ns
