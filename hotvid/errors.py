"""What can go wrong, as the user meets it: what happened, and what to do."""

from __future__ import annotations

import errno
import unicodedata

_LONGEST = 2000  # characters of a line
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


class HotvidError(Exception):
    """A failure that one line explains.

    message  what was expected and what came instead.
    hint     what the user can do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message}; {hint}" if hint else message)


class InputError(HotvidError):
    """A source that cannot be read or holds nothing usable."""


class OutputError(HotvidError):
    """An output that cannot or must not be written."""


class WeightsError(HotvidError):
    """A weights file that is missing, damaged, or belongs to another model."""


class UsageError(HotvidError):
    """A command line or argument that asks for something that does not exist."""


class ShapeError(HotvidError):
    """An array whose shape does not fit; a mistake in calling code."""


class HotvidWarning(UserWarning):
    """Something the user should know, that does not stop the work."""


def in_one_line(error: Exception) -> str:
    """What stopped the work and what to do, for a person to read: one line, no traceback."""
    if isinstance(error, HotvidError):
        text = str(error)
    elif is_short_of_memory(error):
        hint = "close other programs, or give a smaller video or a shorter --time-range"
        if "CUDA" in str(error):
            hint = "give --device cpu, or have fewer programs use the GPU at once"
        text = f"out of memory; {hint}"
    elif is_of_a_package(error):
        text = _import_error(error)
    elif isinstance(error, OSError):
        text = _os_error(error)
    else:
        kind = type(error).__name__
        text = f"this is a bug in hotvid: {kind}{f': {error}' if str(error) else ''}"
    return printable(text)


def is_short_of_memory(error: BaseException) -> bool:
    """Whether there was no more memory, the GPU's included: torch has errors of its own for it."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def is_of_a_package(error: BaseException) -> bool:
    """Whether a package of somebody else's is not there or cannot be loaded."""
    return isinstance(error, ImportError) and (error.name or "").partition(".")[0] != "hotvid"


def printable(text: str) -> str:
    """Text as one line that does nothing to a terminal, whatever names of files are in it.

    Control characters, those that turn the direction of writing and half characters are written
    as Python does (\\x1b); of a line that nobody would read to its end the middle is left out.
    """
    line = "".join(_escaped(c) if _is_unprintable(c) else c for c in " ".join(text.split()))
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"
    return line


def _is_unprintable(character: str) -> bool:
    kind = unicodedata.category(character)
    turns = unicodedata.bidirectional(character) in _TURNING
    return kind in ("Cc", "Cs", "Zl", "Zp") or turns


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _import_error(error: ImportError) -> str:
    package = (error.name or "").partition(".")[0]
    hint = "see what `hotvid doctor` says"
    if "libGL" in str(error) or "libgthread" in str(error):
        hint = "install the libraries that it wants: apt-get install libgl1 libglib2.0-0"
    what = f"the package {package}" if package else "a package"
    return f"{what} cannot be loaded ({error}); {hint}"


def _os_error(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"the disk is full{where}; make room, or write to another disk"
    reason = error.strerror or str(error) or type(error).__name__
    return f"{reason}{where}; check that the file or folder is there and may be used"
