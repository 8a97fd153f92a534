"""Outputs that appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from hotvid.errors import OutputError
from hotvid.file_names import cannot_be_made, url_meant
from hotvid.systems import ON_WINDOWS

_TEMPORARY = ".hotvid-"
_HELD_S = 3.0
# Errors that the file system raises because of what is written, not of what is read.
WRITE_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


def check_output(path: str | os.PathLike, overwrite: bool = False) -> Path:
    """The path, or OutputError if it plainly cannot or must not be written.

    Meant to be called before the work starts; nothing that stays is made or changed.
    """
    path = Path(path)
    if path.is_dir():
        raise OutputError(f"'{path}' is a folder", "name a file as the output")
    if path.exists() and not path.is_file():
        raise OutputError(f"'{path}' is not a regular file", "name a file as the output")
    if path.exists() and not overwrite:
        raise OutputError(f"'{path}' exists", "choose another name, or pass --overwrite")
    _check_parent(path)
    if ON_WINDOWS and path.exists():
        with as_output_error(path), path.open("r+b"):  # else another program may have it open
            pass
    return path


def check_output_folder(path: str | os.PathLike, pattern: str, overwrite: bool = False) -> Path:
    """The path, or OutputError if the folder plainly cannot or must not be written.

    pattern  of the names of the files that an earlier run may have left, as in "*.json": only a
             folder that holds nothing else is replaced, so that nothing foreign is lost.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise OutputError(f"'{path}' is not a folder", "name a folder as the output")
    held = sorted(path.iterdir()) if path.is_dir() else []
    if held and not overwrite:
        raise OutputError(f"'{path}' exists", "choose another name, or pass --overwrite")
    foreign = [p.name for p in held if not (p.is_file() and p.match(pattern))]
    if foreign:
        raise OutputError(
            f"'{path}' holds '{foreign[0]}', which is none of its outputs",
            "name a folder of its own for the output",
        )
    _check_parent(path)
    return path


def _check_parent(path: Path) -> None:
    if (url := url_meant(path)) is not None:
        raise OutputError(f"'{url}' is a URL", "name a file, or use: hotvid batch")
    if (part := cannot_be_made(path)) is not None:
        raise OutputError(
            f"nothing can be called '{part}' on Windows", "choose another name for the output"
        )
    folder = _nearest_existing(path.parent)
    if not folder.is_dir():
        raise OutputError(f"'{folder}' is not a folder", "choose another place for the output")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"the folder '{folder}' cannot be written", "choose another place for the output"
        )
    # Some file systems (/proc) say that they can be written, but make no files.
    with as_output_error(path), tempfile.TemporaryFile(dir=folder):
        pass


@contextlib.contextmanager
def atomic_output(path: str | os.PathLike, overwrite: bool = False) -> Iterator[Path]:
    """A temporary path beside `path` with the same suffix, renamed to `path` on success.

    The parent folder is made. On any exception, KeyboardInterrupt included, the
    temporary and the folders made for it are removed and `path` is left as it was.
    Raises OutputError where `path` cannot or must not be written, and for a full disk.
    """
    path = check_output(path, overwrite)
    # Through a symbolic link the file behind it is replaced, not the link.
    target = Path(os.path.realpath(path))
    temporary = target.with_name(temporary_name(target.suffix))
    made: list[Path] = []
    try:
        with as_output_error(path):
            made = _make_folders(target.parent)
            temporary.open("xb").close()
        with as_output_error(path, WRITE_ERRNOS):
            yield temporary
        with as_output_error(path):
            check_output(path, overwrite)  # it may have been made while we worked
            _put(temporary, target)
    except BaseException:
        # Cleaning up must not hide the error that is on its way.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


@contextlib.contextmanager
def written_by_library(name: str) -> Iterator[None]:
    """Within `atomic_output`: a library's own error for what it cannot write as the system's.

    Only around what writes: elsewhere a RuntimeError is a mistake, and is to be seen.
    """
    try:
        yield
    except RuntimeError as error:
        full = os.strerror(errno.ENOSPC) in str(error)
        number = errno.ENOSPC if full else errno.EIO
        raise OSError(number, f"{name} could not write all of it") from error


def temporary_name(suffix: str = "") -> str:
    """A name that nobody else has, for what is renamed when it is whole; hidden on Unix."""
    return f"{_TEMPORARY}{uuid.uuid4().hex[:12]}{suffix}"


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove what `atomic_output` left in `folder` where its process was killed.

    Only for a folder in which nobody else is writing.
    """
    for path in Path(folder).glob(f"{_TEMPORARY}*"):
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike, pattern: str, overwrite: bool = False) -> Iterator[Path]:
    """A temporary folder beside `path`, renamed to `path` on success, as with `atomic_output`."""
    path = check_output_folder(path, pattern, overwrite)
    target = Path(os.path.realpath(path))
    temporary = target.with_name(temporary_name())
    made: list[Path] = []
    try:
        with as_output_error(path):
            made = _make_folders(target.parent)
            temporary.mkdir()
        with as_output_error(path, WRITE_ERRNOS):
            yield temporary
        with as_output_error(path):
            check_output_folder(path, pattern, overwrite)
            _replace_folder(target, temporary)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _replace_folder(target: Path, new: Path) -> None:
    """Put `new` where `target` is; the old one is put aside first, as folders are not replaced."""
    old = new.with_name(new.name + "-old")
    if target.exists():
        _put(target, old)
    try:
        _put(new, target)
    except OSError:
        if old.exists():
            _put(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _put(path: Path, target: Path) -> None:
    """Rename; on Windows, where virus scanners hold new files for a moment, until it goes."""
    until = time.monotonic() + _HELD_S
    while True:
        try:
            path.replace(target)
            return
        except PermissionError:
            if not ON_WINDOWS or time.monotonic() >= until:
                raise
        time.sleep(0.05)


def _nearest_existing(folder: Path) -> Path:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _make_folders(folder: Path) -> list[Path]:
    """Make `folder` and its parents; the ones that were made, outermost first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    missing.reverse()
    for each in missing:
        each.mkdir(exist_ok=True)
    return missing


@contextlib.contextmanager
def as_output_error(path: Path, only: frozenset[int] | None = None) -> Iterator[None]:
    """What the system refuses while `path` is written, as an OutputError that names it.

    only  the numbers of the errors meant; None: all.
    """
    try:
        yield
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        if error.errno == errno.ENOSPC:
            raise OutputError(
                f"cannot write '{path}': the disk is full", "make room, or write to another disk"
            ) from error
        reason = error.strerror or str(error)
        raise OutputError(
            f"cannot write '{path}': {reason}", "choose another place for the output"
        ) from error
