"""Ultralytics' models, built from their own YAML files, saved as .pt and loaded from there."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from hotvid import weights
from hotvid.config import Pose2DConfig
from hotvid.errors import HotvidError, HotvidWarning, UsageError, WeightsError
from hotvid.pose2d import load_backend
from hotvid.types import Frame

pytest.importorskip("ultralytics", reason="needs the extra yolo")

REACH, STRIDE = 3, 32  # of the boxes in cells, and of the coarsest grid in the network's pixels
NETWORK_SIDE = 640  # the longer side of every picture, as the network sees it
# Where the joints are about a person's centre, in cells, and their scores as logits.
OFFSETS = np.stack([np.linspace(-3, 3, 17), np.linspace(-4, 4, 17) ** 2 / 4 - 2], -1)
LOGITS = np.linspace(-2, 4, 17)


@pytest.fixture(scope="module", autouse=True)
def settings_elsewhere(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YOLO_CONFIG_DIR", str(tmp_path_factory.mktemp("yolo-settings")))
        patch.setenv("YOLO_OFFLINE", "true")
        yield


def build(yaml: str, path, names=None, sure_of=None):
    """A model with the weights that it is made with, in a file; sure of one class, everywhere."""
    from ultralytics import YOLO

    model = YOLO(yaml)
    if names:
        model.model.names = names
    if sure_of is not None:
        for part in model.model.model[-1].cv3:
            part[-1].weight.data.zero_()
            part[-1].bias.data.fill_(-20.0)
            part[-1].bias.data[sure_of] = 3.0
    model.save(str(path))
    return str(path)


def build_known(path):
    """YOLO11n-pose whose last layers ignore the picture: the same body at every coarse cell."""
    import torch
    from ultralytics import YOLO

    model = YOLO("yolo11n-pose.yaml")
    model.model.names = {0: "person", **{n: str(n) for n in range(1, 80)}}
    head = model.model.model[-1]
    with torch.no_grad():
        for level in range(3):
            for part in (head.cv2, head.cv3, head.cv4):
                part[level][-1].weight.zero_()
                part[level][-1].bias.zero_()
            sides = head.cv2[level][-1].bias.view(4, head.reg_max)
            sides[:, REACH] = 50.0
            head.cv3[level][-1].bias.fill_(-20.0)
            if level == 2:
                head.cv3[level][-1].bias[0] = 3.0
            joints = head.cv4[level][-1].bias.view(17, 3)
            joints[:, :2] = torch.tensor((OFFSETS + 0.5) / 2)
            joints[:, 2] = torch.tensor(LOGITS)
    model.save(str(path))
    return str(path)


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return build_known(tmp_path_factory.mktemp("known") / "known-pose.pt")


def load(named, **settings):
    with pytest.warns(HotvidWarning, match=r"AGPL-3\.0"):
        return load_backend(Pose2DConfig(backend=named, **settings))


def frames(n, size_px=(320, 240)):
    rng = np.random.default_rng(0)
    return [Frame(i, i / 30, rng.integers(0, 255, (*size_px[::-1], 3), np.uint8)) for i in range(n)]


@pytest.mark.parametrize("size_px", [(320, 240), (1280, 720), (300, 500)])
def test_people_come_back_in_the_pictures_pixels(known, size_px):
    backend = load(f"yolo:{known}")
    assert backend.joint_set == "coco17" and backend.name == "yolo:known-pose.pt"
    seen = backend.estimate(frames(1, size_px))[0]
    assert len(seen) >= 2
    zoom = max(size_px) / NETWORK_SIDE
    inside = (seen.box_px[:, :2] > 1).all(1) & (seen.box_px[:, 2:] < np.array(size_px) - 2).all(1)
    assert inside.any(), seen.box_px
    for box, xy, score in zip(
        seen.box_px[inside], seen.xy_px[inside], seen.score[inside], strict=True
    ):
        np.testing.assert_allclose(box[2:] - box[:2], 2 * REACH * STRIDE * zoom, rtol=0.01)
        centre = (box[:2] + box[2:]) / 2
        at = centre + OFFSETS * STRIDE * zoom
        visible = ((at > 1) & (at < np.array(size_px) - 2)).all(1)
        np.testing.assert_allclose(xy[visible], at[visible], atol=1.5 * zoom + 0.1)
        np.testing.assert_allclose(score, 1 / (1 + np.exp(-LOGITS)), atol=0.01)
    np.testing.assert_allclose(seen.person_score, 1 / (1 + np.exp(-3)), atol=0.01)
    backend.close()


def test_the_threshold_is_heeded(known):
    assert len(load(f"yolo:{known}", bbox_thr=0.96).estimate(frames(1))[0]) == 0


@pytest.mark.parametrize("yaml", ["yolov8n-pose.yaml", "yolo11n-pose.yaml", "yolo26n-pose.yaml"])
def test_each_generation_of_pose_models_is_loaded_and_asked(tmp_path, yaml):
    backend = load(f"yolo:{build(yaml, tmp_path / 'a.pt')}", bbox_thr=0.0001)
    both = backend.estimate(frames(2))
    alone = [backend.estimate([frame])[0] for frame in frames(2)]
    assert backend.joint_set == "coco17" and len(both) == 2
    for seen, again in zip(both, alone, strict=True):
        assert seen.xy_px.shape == (len(seen), 17, 2) and seen.xy_px.dtype == np.float32
        assert ((seen.score >= 0) & (seen.score <= 1)).all()
        np.testing.assert_array_equal(seen.box_px, again.box_px)
    assert sum(map(len, both)) > 0


def test_a_detector_goes_in_front_of_any_top_down_model(known, tmp_path):
    from painted_people import simcc_file

    # A pose model finds boxes, too: this one's are known.
    file = simcc_file(tmp_path / "pose.onnx")
    backend = load(f"rtmpose:{file}", detector=f"yolo:{known}")
    assert backend.name == "rtmpose:pose.onnx, people by yolo:known-pose.pt"
    direct = load(f"yolo:{known}")
    (through,), (alone,) = backend.estimate(frames(1)), direct.estimate(frames(1))
    np.testing.assert_array_equal(through.box_px, alone.box_px)
    assert through.xy_px.shape == (len(alone), 17, 2)


def test_a_detector_must_know_people(tmp_path):
    from hotvid.pose2d.yolo import YoloDetector

    dogs = build("yolo11n.yaml", tmp_path / "dogs.pt", {n: f"dog {n}" for n in range(80)})
    with (
        pytest.warns(HotvidWarning, match="AGPL"),
        pytest.raises(WeightsError, match="knows no 'person' but dog 0, dog 1"),
    ):
        YoloDetector(dogs, Pose2DConfig())
    found = []
    for person in (3, 4):
        names = {n: "person" if n == person else f"thing {n}" for n in range(80)}
        named = build("yolo11n.yaml", tmp_path / f"{person}.pt", names, sure_of=3)
        with pytest.warns(HotvidWarning):
            detector = YoloDetector(named, Pose2DConfig())
        found.append(detector.detect(frames(1)[0]))
    assert len(found[0]) > 0 and len(found[1]) == 0, "what it is sure of is a person, or a thing"
    assert found[0].score == pytest.approx(1 / (1 + np.exp(-3)), abs=0.01)
    assert (found[0].box_px <= [320, 240, 320, 240]).all() and (found[0].box_px >= 0).all()


def test_a_model_of_boxes_is_no_pose_model(tmp_path):
    file = build("yolo11n.yaml", tmp_path / "boxes.pt")
    with (
        pytest.warns(HotvidWarning),
        pytest.raises(WeightsError, match="for 'detect', not for poses"),
    ):
        load_backend(Pose2DConfig(backend=f"yolo:{file}"))


def test_an_onnx_that_is_not_theirs_is_no_pose_model(tmp_path):
    pytest.importorskip("onnxruntime", reason="needs the extra rtmpose")
    from painted_people import rtmdet_file, simcc_file

    for make in (simcc_file, rtmdet_file):
        file = tmp_path / f"{make.__name__}.onnx"
        make(file)
        with pytest.warns(HotvidWarning), pytest.raises(WeightsError):
            load_backend(Pose2DConfig(backend=f"yolo:{file}"))


class _Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("kind", ["empty", "text", "pickle", "cut", "payload"])
def test_a_damaged_or_hostile_file_is_one_line_and_runs_nothing(known, tmp_path, kind):
    import torch

    path, mark = tmp_path / "bad.pt", tmp_path / "was-run"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("not a model")
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"model": 1}))
    elif kind == "cut":
        path.write_bytes(Path(known).read_bytes()[:100_000])
    else:
        torch.save({"model": _Payload(mark)}, path)
    with (
        pytest.warns(HotvidWarning),
        pytest.raises(WeightsError, match=r"bad\.pt is no model that Ultralytics can load"),
    ):
        load_backend(Pose2DConfig(backend=f"yolo:{path}"))
    assert not mark.exists()


def test_a_name_is_looked_for_in_the_folders_of_weights(known, tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "yolo11n-pose.pt").symlink_to(known)
    monkeypatch.setenv("HOTVID_WEIGHTS", str(folder))
    assert len(load("yolo:yolo11n-pose.pt").estimate(frames(1))[0]) >= 2


def test_a_name_that_cannot_be_downloaded_says_where_to_put_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTVID_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("ultralytics.utils.downloads.safe_download", _no_network)
    with (
        pytest.warns(HotvidWarning),
        pytest.raises(
            HotvidError, match="could not be downloaded: no network; put the file into"
        ) as e,
    ):
        load_backend(Pose2DConfig(backend="yolo:yolo11n-pose.pt"))
    assert str(weights.own_folder()) in str(e.value)
    with pytest.warns(HotvidWarning), pytest.raises(WeightsError, match="neither a file here nor"):
        load_backend(Pose2DConfig(backend="yolo:mine-pose.pt"))


def _no_network(*given, **named):
    raise ConnectionError("no network")


@pytest.mark.parametrize(
    ("named", "error", "says"),
    [
        ("folder/missing.pt", WeightsError, "missing.pt' does not exist"),
        ("yolo11n-pose.yaml", UsageError, "is no model; give a file that ends in .pt"),
        ("", UsageError, "give it as --pose2d yolo:"),
    ],
)
def test_what_is_no_model_is_said_so(named, error, says):
    with pytest.raises(error, match=says):
        load_backend(Pose2DConfig(backend=f"yolo:{named}"))


def test_their_package_leaves_opencv_its_threads_and_sends_nothing(known):
    import cv2

    before = cv2.getNumThreads()
    load(f"yolo:{known}")
    from ultralytics.utils.events import events

    assert cv2.getNumThreads() == before and not events.enabled
