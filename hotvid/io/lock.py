"""A lock on a folder, held by a process: it ends with the process, however that ends."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from hotvid.errors import HotvidWarning, OutputError
from hotvid.systems import ON_WINDOWS

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

_RETRY_S = 0.05
_UNSTEADY_S = 10.0  # for so long a file was never the one of its name: the disk has no ids for them
# Where the lock lies on Windows: a byte far behind the text, which others may still read.
_BYTE = 1 << 30
# Network disks whose server keeps no locks.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


@contextlib.contextmanager
def locked(path: str | os.PathLike, what: str, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path`, whose folder must be there; it is gone afterwards.

    The operating system gives the lock back when the process ends, also when it is killed, so a
    file that was left behind holds nobody up.

    what    names what is locked, for the error.
    wait_s  how long to wait for another holder before giving up.
    raises  OutputError where another process holds it: which one, and since when.
    warns   HotvidWarning, and goes on without, where the disk knows no locks.
    """
    path = Path(path)
    file = _acquired(path, what, wait_s)
    try:
        yield
    finally:
        # First the name, then the lock: whoever opens the old file meets `_is_current`. Windows
        # removes no file that is open, and so none that somebody else has locked meanwhile.
        if ON_WINDOWS:
            file.close()
        with contextlib.suppress(OSError):
            path.unlink()
        file.close()


def _acquired(path: Path, what: str, wait_s: float) -> IO[bytes]:
    until = time.monotonic() + wait_s
    while True:
        file = _opened(path)
        try:
            fine = _try_lock(file)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                file.close()
                raise
            _warn_no_locks(what)
            return file
        if fine and (ON_WINDOWS or _is_current(file, path)):
            _write_holder(file)
            return file
        if fine and time.monotonic() >= until + _UNSTEADY_S:
            _warn_no_locks(what)
            return file
        file.close()
        if not fine and time.monotonic() >= until:
            raise OutputError(
                f"{what} is in use by another run{_holder(path)}",
                "wait for it to end, or choose another folder",
            )
        time.sleep(_RETRY_S)


def _opened(path: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"the folder '{path.parent}' cannot be written: {reason}",
            "choose another place for the output",
        ) from error


def _try_lock(file: IO[bytes]) -> bool:
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            file.seek(_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_current(file: IO[bytes], path: Path) -> bool:
    """Whether the file that is locked still bears the name: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _write_holder(file: IO[bytes]) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    holder = {"pid": os.getpid(), "host": platform.node(), "since": since}
    file.seek(0)
    file.truncate()
    file.write(json.dumps(holder).encode())
    file.flush()


def _holder(path: Path) -> str:
    """Who holds it, as the lock file tells; nothing where it does not."""
    try:
        holder = json.loads(path.read_bytes())
        return f" (process {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def _warn_no_locks(what: str) -> None:
    warnings.warn(
        f"the disk that {what} is on knows no locks: two runs at once would not notice",
        HotvidWarning,
        stacklevel=4,
    )
