"""hotvid's own processes are out of reach of a terminal's Ctrl-C."""

import subprocess
import sys

import pytest

from hotvid import systems
from hotvid.systems import apart


@pytest.mark.skipif(systems.ON_WINDOWS, reason="sessions of Unix")
def test_they_have_a_session_of_their_own():
    code = "import os; print(os.getsid(0) == os.getpid())"
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, **apart()) == b"True\n"


def test_on_windows_they_have_a_group_and_no_window(monkeypatch):
    monkeypatch.setattr(systems, "ON_WINDOWS", True)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x8000000, raising=False)
    assert apart() == {"creationflags": 0x8000200}
