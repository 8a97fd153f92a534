"""Other 2D models through the whole chain: a video in, JSON out."""

import json

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from painted_people import (
    joints_px,
    paint,
    rtmdet_file,
    rtmo_file,
    simcc_file,
    yolox_file,
)
from stand_ins import StandInLifter
from typer.testing import CliRunner

from hotvid.cli.main import app
from hotvid.extras import pip_install
from hotvid.io.writer import VideoWriter
from hotvid.skeleton import to_h36m17
from hotvid.stored.poses_json import schema

N_FRAMES, SIZE_PX = 24, (480, 240)


def box(person: int, frame: int) -> tuple[int, int, int, int]:
    """One walks to the right, the other stands and comes later."""
    x = 30 + 2 * frame if person == 0 else 350
    return (x, 30, x + 90, 225)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "painted.mp4"
    with VideoWriter(path, SIZE_PX, 30.0) as writer:
        for frame in range(N_FRAMES):
            second = box(1, frame) if frame >= 6 else None
            writer.write(paint(box(0, frame), second, size_px=SIZE_PX), frame / 30)
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    made = {"rtmpose": simcc_file, "rtmdet": rtmdet_file, "yolox": yolox_file, "rtmo": rtmo_file}
    return {name: f"{name}:{make(folder / (name + '.onnx'))}" for name, make in made.items()}


@pytest.mark.parametrize(
    ("pose2d", "detector", "named"),
    [
        ("rtmpose", "rtmdet", "rtmpose:rtmpose.onnx, people by rtmdet:rtmdet.onnx"),
        ("rtmpose", "yolox", "rtmpose:rtmpose.onnx, people by yolox:yolox.onnx"),
        ("rtmo", None, "rtmo:rtmo.onnx"),
    ],
)
def test_a_video_through_other_models(clip, models, tmp_path, monkeypatch, pose2d, detector, named):
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    out = tmp_path / "o.json"
    words = ["export-json", str(clip), "--out", str(out), "--pose2d", models[pose2d]]
    words += ["--detector", models[detector]] if detector else []
    result = CliRunner().invoke(app, [*words, "--det-frequency", "4"])
    assert result.exit_code == 0, result.output
    assert f"2D: {named}; 3D: stand-in-lifter" in result.stdout
    found = json.loads(out.read_text())
    Draft202012Validator(schema()).validate(found)
    assert found["models"]["pose2d"] == named
    assert [p["frames"][0]["frame"] for p in found["people"]] == [0, 8 if detector else 6]
    for number, person in enumerate(found["people"]):
        for row in person["frames"]:
            at = joints_px(box(number, row["frame"]))
            wanted, _ = to_h36m17(at, np.ones(17), "coco17")
            got = np.array(row["keypoints_2d"])[:, :2]
            assert np.linalg.norm(got - wanted, axis=-1).max() < 4, row["frame"]


def test_hotvids_own_search_goes_in_front_of_a_top_down_model(models, tmp_path, demo_clip):
    """A real video: BlazePose finds the man, the painted network is asked about his box."""
    out = tmp_path / "o.json"
    words = ["export-json", str(demo_clip), "--out", str(out), "--pose2d", models["rtmpose"]]
    words += ["--time-range", "0", "0.2", "--mode", "fast", "--kpt-thr", "0", "--quiet"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    found = json.loads(out.read_text())
    assert found["models"]["pose2d"] == "rtmpose:rtmpose.onnx, people by blazepose-lite"
    (person,) = found["people"]
    x0, y0, x1, y1 = person["frames"][0]["box"]
    assert 500 < x0 < x1 < 800 and y0 < 150 < 400 < y1 < 520


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--pose2d", "rtmpose"), "give it as --pose2d rtmpose:FILE.onnx"),
        (("--pose2d", "rtmo:b.onnx", "--detector", "rtmdet:a.onnx"), "rtmo:b.onnx finds people"),
        (("--pose2d", "rtmpose:a.onnx", "--detector", "dog"), "unknown person detector"),
    ],
)
def test_a_wrong_command_line_is_one_line(clip, tmp_path, words, says):
    out = tmp_path / "o.json"
    result = CliRunner().invoke(app, ["export-json", str(clip), "--out", str(out), *words])
    assert result.exit_code == 2 and says in result.stderr and len(result.stderr.splitlines()) == 1


def test_a_runtime_that_is_not_there_is_named_with_its_command(clip, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    out = tmp_path / "o.json"
    words = ["export-json", str(clip), "--out", str(out), "--pose2d", "rtmo:a.onnx"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: onnxruntime is not installed; install it: {pip_install('onnxruntime>=1.20')}\n"
    )


def test_a_video_through_yolo(clip, tmp_path, monkeypatch):
    pytest.importorskip("ultralytics", reason="needs the extra yolo")
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path / "settings"))
    monkeypatch.setenv("YOLO_OFFLINE", "true")
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    from ultralytics import YOLO

    YOLO("yolo11n-pose.yaml").save(str(tmp_path / "pose.pt"))
    out = tmp_path / "o.json"
    words = ["export-json", str(clip), "--out", str(out), "--pose2d", f"yolo:{tmp_path}/pose.pt"]
    result = CliRunner().invoke(app, [*words, "--bbox-thr", "0.0001", "--time-range", "0", "0.1"])
    assert result.exit_code == 0, result.output
    assert "warning: Ultralytics' code and models are under AGPL-3.0" in result.stderr
    assert "2D: yolo:pose.pt; 3D: " in result.stdout
    found = json.loads(out.read_text())
    Draft202012Validator(schema()).validate(found)
    assert found["models"]["pose2d"] == "yolo:pose.pt"
