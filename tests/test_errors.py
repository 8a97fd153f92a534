"""An error is one line that does nothing to a terminal."""

import errno

import pytest

from hotvid.errors import InputError, in_one_line, printable


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\nlines  and\ta tab", "two lines and a tab"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\u202egpm.4pm", "\\u202egpm.4pm"),
        ("\udcff", "\\udcff"),
        ("Größe 视频 💃🏽\u200d♀️ e\u0301", "Größe 视频 💃🏽\u200d♀️ e\u0301"),
    ],
)
def test_printable(text, line):
    assert printable(text) == line


def test_of_a_line_without_end_the_middle_is_left_out():
    line = printable("begin " + "x" * 10_000 + " end")
    assert len(line) < 2100 and line.startswith("begin xxx") and line.endswith("xxx end")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("'a' is empty", "is it complete?"), "'a' is empty; is it complete?"),
        (OSError(errno.ENOSPC, "No space left on device", "a"), "the disk is full (a); make room"),
        (PermissionError(13, "Permission denied", "a"), "Permission denied (a); check that"),
        (MemoryError(), "out of memory; close other programs"),
        (OutOfMemoryError("CUDA out of memory. Tried to"), "out of memory; give --device cpu"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you"), "out of memory; close"),
        (OSError("libcudart.so: cannot open"), "libcudart.so: cannot open; check that"),
        (
            ImportError("libGL.so.1: cannot open shared object file", name="cv2"),
            "the package cv2 cannot be loaded (libGL.so.1: cannot open shared object file); "
            "install the libraries that it wants: apt-get install libgl1 libglib2.0-0",
        ),
        (
            ImportError("DLL load failed", name="torch._C"),
            "the package torch cannot be loaded (DLL load failed); see what `hotvid doctor` says",
        ),
        (ModuleNotFoundError("No module named 'scipy'", name="scipy"), "the package scipy cannot"),
        (ImportError("numpy.core failed"), "a package cannot be loaded (numpy.core failed); see"),
        (ImportError("no name 'x'", name="hotvid.io"), "this is a bug in hotvid: ImportError: no"),
        (KeyError("x"), "this is a bug in hotvid: KeyError: 'x'"),
        (ZeroDivisionError(), "this is a bug in hotvid: ZeroDivisionError"),
    ],
)
def test_each_kind_says_what_to_do(error, line):
    assert in_one_line(error).startswith(line)
