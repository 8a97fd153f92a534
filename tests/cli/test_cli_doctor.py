"""`hotvid doctor` says what is here, takes a video through every stage, and fails where it must."""

import json

import pytest
from typer.testing import CliRunner

from hotvid import doctor, weights
from hotvid.cli.main import app


def call(*words):
    return CliRunner().invoke(app, ["doctor", *words])


def test_everything_is_here_and_works():
    result = call("--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    checks = {check["name"]: check for check in found["checks"]}
    assert found["ok"] and all(check["ok"] for check in checks.values())
    assert {name for name, _ in doctor.DEPENDENCIES} <= set(checks)
    assert {f"weights {name}" for name in weights.SHIPPED} <= set(checks)
    assert checks["ffmpeg"]["detail"].startswith("ffmpeg version")
    assert checks["self-test"]["detail"].startswith("30 frames read, searched, lifted by hot-")
    assert result.stderr == ""


@pytest.fixture
def no_self_test(monkeypatch):
    monkeypatch.setattr(doctor, "_self_test", lambda: "left out")


def test_damaged_weights_fail(no_self_test, monkeypatch, tmp_path):
    (tmp_path / weights.SHIPPED["blazepose-lite"].file).write_bytes(b"not these")
    monkeypatch.setenv("HOTVID_WEIGHTS", str(tmp_path))
    result = call()
    assert result.exit_code == 1
    (failed,) = [line for line in result.stdout.splitlines() if line.startswith("FAILED")]
    assert "weights blazepose-lite" in failed and "sha256" in failed
    assert result.stdout.splitlines()[-1].endswith("checks failed: weights blazepose-lite")


def test_a_missing_dependency_fails(no_self_test, monkeypatch):
    monkeypatch.setattr(doctor, "DEPENDENCIES", (("no-such-package", "no_such_module"),))
    result = call("--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    (check,) = [c for c in found["checks"] if not c["ok"]]
    assert check["name"] == "no-such-package" and "no_such_module" in check["detail"]


def test_a_self_test_that_breaks_fails(monkeypatch):
    def fail():
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(doctor, "_self_test", fail)
    result = call()
    assert result.exit_code == 1
    assert "FAILED self-test: RuntimeError: two lines" in result.stdout
