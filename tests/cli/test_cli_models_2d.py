"""`hotvid models` lists every 2D model and detector, and the command for what is not installed."""

import importlib.util
import json

import pytest
from typer.testing import CliRunner

from hotvid.cli.main import app
from hotvid.extras import RTMPOSE, YOLO, pip_install
from hotvid.pose2d import BACKENDS, DETECTORS


def call(*words):
    result = CliRunner().invoke(app, ["models", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def without_extras(monkeypatch, tmp_path):
    monkeypatch.setenv("HOTVID_MMPOSE", str(tmp_path / "nowhere"))
    real = importlib.util.find_spec
    gone = {RTMPOSE.module, YOLO.module}
    monkeypatch.setattr("importlib.util.find_spec", lambda n: None if n in gone else real(n))


def test_every_kind_is_listed_as_it_is_given():
    lines = call().splitlines()
    pose2d = lines[lines.index("2D models (--pose2d):") + 1 :]
    names = [line.split()[0].partition(":")[0] for line in pose2d[: 2 * len(BACKENDS) : 2]]
    assert names == list(BACKENDS)
    assert "blazepose" in pose2d[0] and "(default)" in pose2d[0] and " here " in pose2d[0]
    start = next(n for n, line in enumerate(lines) if line.startswith("person detectors"))
    found = [line.split()[0].partition(":")[0] for line in lines[start + 1 : start + 9 : 2]]
    assert found == list(DETECTORS)
    yolo = next(n for n, line in enumerate(pose2d) if line.startswith("  yolo:"))
    assert "AGPL-3.0" in pose2d[yolo] and "YOLO pose models" in pose2d[yolo + 1]


def test_what_is_not_installed_has_its_command(without_extras):
    lines = call().splitlines()
    assert f"  rtmpose  {pip_install('onnxruntime>=1.20')}" in lines
    (mmpose,) = [line for line in lines if line.startswith("  mmpose   ")]
    assert "nowhere" in mmpose and mmpose.endswith("--no-deps mmpose==1.3.2")
    assert f"  yolo     {pip_install('ultralytics>=8.4.190,<8.5')}" in lines
    rows = [line for line in lines if line.startswith("  ") and "not installed" in line]
    kinds = [*BACKENDS.values(), *DETECTORS.values()]
    assert len(rows) == sum(kind.extra is not None for kind in kinds) > 4


def test_what_is_installed_has_its_version():
    pytest.importorskip("onnxruntime")
    (line,) = [line for line in call().splitlines() if line.startswith("  rtmo:FILE.onnx")]
    assert f"onnxruntime {RTMPOSE.version}" in line and "not installed" not in line


def test_as_json(without_extras):
    found = json.loads(call("--json"))
    by_name = {one["name"]: one for one in found["pose2d"]}
    assert list(by_name) == list(BACKENDS)
    assert by_name["blazepose"]["default"] and by_name["blazepose"]["installed"]
    assert by_name["rtmpose"]["top_down"] and not by_name["rtmpose"]["installed"]
    assert by_name["yolo"]["licence"] == "AGPL-3.0"
    assert by_name["yolo"]["install"] == pip_install("ultralytics>=8.4.190,<8.5")
    assert [one["name"] for one in found["detectors"]] == list(DETECTORS)
