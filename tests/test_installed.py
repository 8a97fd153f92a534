"""What pip installed works from any folder, without the checkout."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def _python(code: str, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=cwd, capture_output=True, text=True
    )


def test_the_wheel_carries_its_weights_and_passes_its_self_test(tmp_path):
    found = _python("import hotvid; print(hotvid.__file__)", tmp_path)
    if found.returncode or Path(found.stdout.strip()).is_relative_to(CHECKOUT / "hotvid"):
        pytest.skip("hotvid is not installed as a wheel here")
    package = Path(found.stdout.strip()).parent
    shipped = {p.name for p in (CHECKOUT / "weights").iterdir()}
    assert shipped == {p.name for p in (package / "_weights").iterdir()}
    doctor = subprocess.run(
        [sys.executable, "-P", "-m", "hotvid", "doctor", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert str(CHECKOUT / "weights") not in json.dumps(json.loads(doctor.stdout))
