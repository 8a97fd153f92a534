import os
import sys
from pathlib import Path

import pytest

from hotvid import extras
from hotvid.errors import HotvidError


def test_a_package_is_installed_where_hotvid_runs(monkeypatch, tmp_path):
    python = tmp_path / "a venv" / "python"
    python.parent.mkdir()
    python.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PATH", "/nowhere")
    assert extras.pip_install("a>=1") == f"'{python}' -m pip install 'a>=1'"
    monkeypatch.setenv("PATH", str(Path(python).parent))
    assert extras.pip_install("a") == "python -m pip install a", "the venv is active"
    other = tmp_path / "other" / "python"
    other.parent.mkdir()
    other.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    assert extras.pip_install("a") == f"'{python}' -m pip install a", "another venv is active"


def test_nobody_is_told_that_an_extra_is_used(monkeypatch):
    for name in extras._NO_TELEMETRY:
        monkeypatch.delenv(name, raising=False)
    extras.Extra("any", "json", "json").load()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")  # whoever wants it has it
    extras.Extra("any", "json", "json").load()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "1"


def test_on_windows_words_are_quoted_as_both_of_its_shells_know(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert extras.quoted("onnxruntime>=1.20") == '"onnxruntime>=1.20"'
    assert extras.quoted(r"C:\venv\Scripts\python.exe") == r"C:\venv\Scripts\python.exe"
    assert extras.quoted(r"C:\my venv\python.exe") == r'"C:\my venv\python.exe"'
    assert extras.MMPOSE.install.startswith("py -3.11 -m venv ")


def test_what_is_not_installed_is_told_from_what_is_broken(monkeypatch, tmp_path):
    missing = extras.Extra("any", "no_such_module", "no-such>=1,<2")
    for ask in (missing.load, missing.check_installed):
        with pytest.raises(HotvidError, match=r"no-such is not installed; .*'no-such>=1,<2'"):
            ask()
    assert missing.version is None and missing.package == "no-such"
    (tmp_path / "broken_module.py").write_text("import no_such_module_either")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(HotvidError, match=r"cannot be imported.*--force-reinstall"):
        extras.Extra("any", "broken_module", "broken").load()


def test_an_environment_of_its_own_is_found_where_it_is_said_to_be(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HOTVID_MMPOSE", "~/my pose")
    folder, own = tmp_path / "my pose", extras.MMPOSE
    assert own.folder == folder and not own.is_installed
    assert f"venv '{folder}' && '{own.executable}' -m pip install -r" in own.install
    own.executable.parent.mkdir(parents=True)
    own.executable.touch()
    assert not own.is_installed, "the package is not in it yet"
    with pytest.raises(HotvidError, match=r"mmpose is not in .*my pose; install it"):
        own.find()
    (folder / "lib" / "python3.11" / "site-packages" / "mmpose-1.3.2.dist-info").mkdir(parents=True)
    assert own.find() == own.executable and own.version == "1.3.2"
