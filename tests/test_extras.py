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
