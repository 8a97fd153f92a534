import os
import sys
from pathlib import Path

from hotvid import extras


def test_a_package_is_installed_where_hotvid_runs(monkeypatch, tmp_path):
    python = tmp_path / "a venv" / "python"
    python.parent.mkdir()
    python.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PATH", "/nowhere")
    assert extras.pip_install("a>=1") == f"'{python}' -m pip install 'a>=1'"
    monkeypatch.setenv("PATH", str(Path(python).parent))
    assert extras.pip_install("a") == "python -m pip install a", "the venv is active"


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
    assert extras.quoted("onnxruntime>=1.18") == '"onnxruntime>=1.18"'
    assert extras.quoted(r"C:\venv\Scripts\python.exe") == r"C:\venv\Scripts\python.exe"
    assert extras.quoted(r"C:\my venv\python.exe") == r'"C:\my venv\python.exe"'
    assert extras.MMPOSE.install.startswith("py -3.11 -m venv ")
