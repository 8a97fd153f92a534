"""ONNX estimators and detectors find painted people where they are, by each kind of head."""

import json
import zipfile

import numpy as np
import pytest
from painted_people import (
    JOINT_RGB,
    SIZE_PX,
    Graph,
    frame,
    heatmap_file,
    joints_px,
    paint,
    rtmdet_file,
    rtmo_file,
    simcc_file,
    yolox_file,
)

from hotvid.config import Pose2DConfig
from hotvid.errors import UsageError, WeightsError
from hotvid.pose2d import load_backend
from hotvid.pose2d.onnx_detectors import rtmdet, yolox
from hotvid.pose2d.onnx_pose import OnnxPose

A, B = (40, 30, 120, 220), (190, 60, 270, 230)
CONFIG = Pose2DConfig(threads=1)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    return {
        "simcc": simcc_file(folder / "simcc.onnx"),
        "one-by-one": simcc_file(folder / "one.onnx", batch=1),
        "heatmaps": heatmap_file(folder / "hrnet.onnx", unbiased=False),
        "udp": heatmap_file(folder / "vitpose.onnx", unbiased=True),
        "rtmdet": rtmdet_file(folder / "rtmdet.onnx"),
        "yolox": yolox_file(folder / "yolox.onnx"),
        "rtmo": rtmo_file(folder / "rtmo.onnx"),
    }


# The boxes are a little off, so that a crop's place and size are put to the test.
BOXES = np.array([(45, 28, 118, 226), (180, 50, 272, 233)], np.float32)


@pytest.mark.parametrize(
    ("file", "unbiased", "within_px"),
    [
        ("simcc", False, 1.2),
        ("one-by-one", False, 1.2),
        ("heatmaps", False, 2.0),
        ("udp", True, 1.0),
    ],
)
def test_joints_are_where_they_were_painted(files, file, unbiased, within_px):
    estimator = OnnxPose("x", str(files[file]), CONFIG, unbiased)
    xy, score = estimator.estimate(paint(A, B), BOXES)
    assert xy.shape == (2, 17, 2) and xy.dtype == np.float32 and score.shape == (2, 17)
    assert estimator.joint_set == "coco17"
    for person, box in enumerate((A, B)):
        off = np.linalg.norm(xy[person] - joints_px(box), axis=-1)
        assert off.max() < within_px, (file, off.round(1))
    assert ((score > 0.2) & (score <= 1)).all()


def test_heatmaps_of_one_kind_read_as_the_other_are_off(files):
    """What `unbiased` is for: HRNet's maps, read as UDP's, shrink towards the crop's top left."""
    right = OnnxPose("x", str(files["udp"]), CONFIG, unbiased=True)
    wrong = OnnxPose("x", str(files["udp"]), CONFIG, unbiased=False)
    at = joints_px(A)
    off = [
        np.linalg.norm(e.estimate(paint(A), BOXES[:1])[0][0] - at, axis=-1).mean()
        for e in (right, wrong)
    ]
    assert off[0] < 0.5 * off[1]


@pytest.mark.parametrize(
    ("config", "n_threads"), [(Pose2DConfig(), 5), (Pose2DConfig(threads=3), 3)]
)
def test_a_network_has_all_threads_that_the_process_may_use(files, monkeypatch, config, n_threads):
    monkeypatch.setenv("HOTVID_THREADS", "5")
    estimator = OnnxPose("x", str(files["simcc"]), config, False)
    options = estimator._network._session.get_session_options()
    assert options.intra_op_num_threads == n_threads


def test_a_joint_that_is_not_there_has_a_low_score(files):
    picture = paint(A)
    x, y = joints_px(A)[9].round().astype(int)
    picture[y - 7 : y + 8, x - 7 : x + 8] = (20, 20, 70)
    _, score = OnnxPose("x", str(files["simcc"]), CONFIG, False).estimate(picture, BOXES[:1])
    assert score[0, 9] < 0.05 and np.delete(score[0], 9).min() > 0.5


def test_a_body_at_the_pictures_edge(files):
    box = (-30, 40, 50, 235)
    xy, score = OnnxPose("x", str(files["simcc"]), CONFIG, False).estimate(
        paint(box), np.array([box], np.float32)
    )
    inside, outside = joints_px(box)[:, 0] > 8, joints_px(box)[:, 0] < -6
    off = np.linalg.norm(xy[0] - joints_px(box), axis=-1)
    assert off[inside].max() < 1.2 and outside.any()
    assert score[0, outside].max() < 0.1 and score[0, inside].min() > 0.3


@pytest.mark.parametrize(("file", "load"), [("rtmdet", rtmdet), ("yolox", yolox)])
def test_detectors_find_people_and_no_chairs(files, file, load):
    detector = load(str(files[file]), CONFIG)
    chair = (130, 100, 180, 150)
    found = detector.detect(frame(0, A, B, chair))
    assert len(found) == 2 and found.score == pytest.approx(0.9, abs=0.02)
    order = np.argsort(found.box_px[:, 0])
    np.testing.assert_allclose(found.box_px[order], [A, B], atol=3)
    assert len(detector.detect(frame(1, None, None, chair))) == 0
    assert len(load(str(files[file]), Pose2DConfig(bbox_thr=0.95)).detect(frame(0, A))) == 0
    assert detector.name == f"{file}:{file}.onnx"


def test_rtmo_finds_boxes_and_joints_in_one_go(files):
    backend = load_backend(Pose2DConfig(backend=f"rtmo:{files['rtmo']}", threads=1))
    seen, empty, alone = backend.estimate([frame(0, A, B), frame(1), frame(2, None, B)])
    assert (len(seen), len(empty), len(alone)) == (2, 0, 1)
    assert seen.joint_set == backend.joint_set == "coco17"
    order = np.argsort(seen.box_px[:, 0])
    np.testing.assert_allclose(seen.box_px[order], [A, B], atol=3)
    for person, box in zip(order, (A, B), strict=True):
        off = np.linalg.norm(seen.xy_px[person] - joints_px(box), axis=-1)
        assert off.max() < 2.5, off.round(1)
    assert seen.person_score == pytest.approx(0.9, abs=0.02)
    backend.close()


def test_joints_are_told_by_their_number(tmp_path):
    more = np.concatenate([JOINT_RGB, JOINT_RGB[:9] / 2])
    assert OnnxPose(
        "x", str(simcc_file(tmp_path / "a.onnx", colours=more)), CONFIG, False
    ).joint_set == ("halpe26")
    with pytest.raises(WeightsError, match=r"a body of 5 keypoints; known are 17 \(coco17\)"):
        OnnxPose("x", str(simcc_file(tmp_path / "b.onnx", colours=more[:5])), CONFIG, False)


def test_openmmlabs_zip_is_opened(files, tmp_path):
    with zipfile.ZipFile(tmp_path / "rtmpose.zip", "w") as archive:
        archive.write(files["simcc"], "20230831/rtmpose_onnx/x/end2end.onnx")
        archive.writestr("20230831/rtmpose_onnx/x/detail.json", json.dumps({}))
    estimator = OnnxPose("rtmpose", str(tmp_path / "rtmpose.zip"), CONFIG, False)
    xy, _ = estimator.estimate(paint(A), BOXES[:1])
    assert np.linalg.norm(xy[0] - joints_px(A), axis=-1).max() < 1.2
    assert estimator.name == "rtmpose:rtmpose.zip"
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(WeightsError, match=r"holds no end2end\.onnx"):
        OnnxPose("rtmpose", str(tmp_path / "other.zip"), CONFIG, False)


def _not_pictures(path):
    graph = Graph()
    return graph.save(path, {"out": graph.add("Relu", "input")}, ("N", 7))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("rtmpose:missing.onnx", "missing.onnx' does not exist"),
        ("rtmpose:text.onnx", "no network that ONNX Runtime can load"),
        ("rtmpose:table.onnx", "does not take pictures"),
        ("rtmpose:rtmdet.onnx", "neither SimCC nor heatmaps.*rtmo"),
        ("rtmo:simcc.onnx", "not boxes .*rtmpose"),
        ("vitpose:simcc.onnx", "two outputs, not heatmaps; SimCC models go by rtmpose"),
    ],
)
def test_files_of_another_kind_are_one_line(files, tmp_path, monkeypatch, spec, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.onnx").write_text("not a network")
    _not_pictures(tmp_path / "table.onnx")
    for name in ("rtmdet", "simcc"):
        (tmp_path / f"{name}.onnx").symlink_to(files[name])
    with pytest.raises(WeightsError, match=says):
        load_backend(Pose2DConfig(backend=spec, threads=1))


@pytest.mark.parametrize("name", ["simcc", "rtmo", "yolox"])
def test_a_model_of_another_kind_is_no_detector(files, name):
    detector = rtmdet(str(files[name]), CONFIG)
    with pytest.raises(WeightsError, match="no boxes known here"):
        detector.detect(frame(0, A))


@pytest.mark.parametrize(
    ("layer", "kind", "other"),
    [
        ("bbox_head.rtm_cls.0.weight", rtmdet, yolox),
        ("bbox_head.multi_level_conv_cls.2.bias", yolox, rtmdet),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_rtmdet_and_yolox_are_told_apart_by_their_layers(tmp_path, layer, kind, other, packed):
    file = rtmdet_file(tmp_path / "end2end.onnx", layer=layer)
    if packed:
        with zipfile.ZipFile(tmp_path / "det.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(file, "work/end2end.onnx")
        file = tmp_path / "det.zip"
    kind(str(file), CONFIG).detect(frame(0, A))
    with pytest.raises(WeightsError, match=f"give it as --detector {kind.__name__}:{file}"):
        other(str(file), CONFIG)


@pytest.mark.parametrize(
    ("backend", "detector", "says"),
    [
        ("rtmpose", None, "give it as --pose2d rtmpose:FILE.onnx"),
        ("blazepose:x", None, "give it as --pose2d blazepose"),
        ("openpose:x", None, "unknown 2D backend 'openpose'; choose one of: blazepose"),
        ("rtmo:x", "rtmdet:x", "rtmo:x finds people itself; leave out --detector"),
        ("rtmpose:x", "rtmdet", "give it as --detector rtmdet:FILE.onnx"),
        ("rtmpose:x", "dog", "unknown person detector 'dog'"),
    ],
)
def test_a_name_that_is_not_whole_says_how_it_is_given(backend, detector, says):
    with pytest.raises(UsageError, match=says):
        load_backend(Pose2DConfig(backend=backend, detector=detector))


def test_cuda_is_not_promised_where_the_runtime_has_none(files):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA")
    with pytest.raises(UsageError, match="onnxruntime-gpu"):
        OnnxPose("x", str(files["simcc"]), Pose2DConfig(device="cuda"), False)


def test_the_picture_is_larger_than_the_networks(files):
    """A picture of three times the size: boxes and joints come back in its pixels."""
    big = tuple(3 * v for v in A)
    one = frame(0, big, size_px=(3 * SIZE_PX[0], 3 * SIZE_PX[1]))
    found = rtmdet(str(files["rtmdet"]), CONFIG).detect(one)
    np.testing.assert_allclose(found.box_px, [big], atol=9)
