"""The measure of calibrated cameras, on a folder made up here."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from hotvid import pipeline
from hotvid.config import PipelineConfig, TrackConfig
from hotvid.errors import InputError, ShapeError
from hotvid.evaluate.real import COUNTED, check_real, evaluate_real, pipeline_estimate
from hotvid.skeleton import H36M17, to_h36m17

N = 20
QUARTER_TURN = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
FORWARD = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
CAMERAS = {"left": QUARTER_TURN, "right": FORWARD}


@pytest.fixture
def landmarks():
    return np.random.default_rng(0).normal(0, 0.4, (N, 33, 3)).astype(np.float32) + [3, 1, 2]


@pytest.fixture
def folder(tmp_path, landmarks):
    np.savez(tmp_path / "reference_3d.npz", landmarks_world_m=landmarks)
    cameras = [{"name": name, "R": r, "t": [0, 0, 5]} for name, r in CAMERAS.items()]
    (tmp_path / "cameras.json").write_text(json.dumps(cameras))
    return tmp_path


def truth(landmarks, camera):
    """(N, 17, 3) as that camera sees it."""
    joints, _ = to_h36m17(landmarks, np.ones((N, 33)), "blazepose33")
    return (joints - joints[:, :1]) @ np.array(CAMERAS[camera], float).T


def test_the_truth_has_no_error_and_each_view_is_asked_for(folder, landmarks):
    asked = []

    def estimate(video):
        asked.append(video)
        return np.arange(N), truth(landmarks, video.stem)

    report = evaluate_real(folder, estimate)
    assert asked == [folder / "left.mp4", folder / "right.mp4"]
    assert report.n_mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert report.pa_mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert report.pa_sequence_mm == pytest.approx(0, abs=1e-3)
    assert [view.n_found for view in report.views] == [N, N]


def test_pelvis_and_thorax_are_the_middles_of_hips_and_shoulders(folder, landmarks):
    def estimate(video):
        xyz = truth(landmarks, video.stem)
        middle = (landmarks[:, 11] + landmarks[:, 12] - landmarks[:, 23] - landmarks[:, 24]) / 2
        np.testing.assert_allclose(
            xyz[:, 8], middle @ np.array(CAMERAS[video.stem]).T, rtol=1e-5, atol=1e-5
        )
        xyz[:, 8] = middle @ np.array(CAMERAS[video.stem]).T
        return np.arange(N), xyz

    assert evaluate_real(folder, estimate).joint_mm["thorax"] == pytest.approx(0, abs=1e-3)


def test_scale_is_free_and_a_wrong_camera_is_not(folder, landmarks):
    half = evaluate_real(folder, lambda v: (np.arange(N), 0.5 * truth(landmarks, v.stem)))
    assert half.n_mpjpe_mm == pytest.approx(0, abs=1e-3)
    wrong = evaluate_real(folder, lambda v: (np.arange(N), truth(landmarks, "left")))
    left, right = wrong.views
    assert left.n_mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert right.n_mpjpe_mm > 200
    assert right.pa_sequence_mm == pytest.approx(0, abs=1e-3)
    assert wrong.n_mpjpe_mm == pytest.approx(right.n_mpjpe_mm / 2, rel=1e-3)


def test_nose_and_head_do_not_count_and_the_rest_does(folder, landmarks):
    def off_by(joint):
        def estimate(video):
            xyz = truth(landmarks, video.stem)
            xyz[:, joint] += 0.5
            return np.arange(N), xyz

        return evaluate_real(folder, estimate)

    assert off_by([9, 10]).n_mpjpe_mm == pytest.approx(0, abs=1e-3)
    knee = off_by([2]).joint_mm
    assert max(knee, key=knee.get) == "right_knee"
    assert len(knee) == len(COUNTED) == 15


def test_frames_are_matched_by_number_and_those_not_found_are_counted(folder, landmarks):
    some = np.array([19, 3, 4, 11])
    report = evaluate_real(folder, lambda v: (some, truth(landmarks, v.stem)[some]))
    assert [view.n_found for view in report.views] == [4, 4]
    assert report.n_mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert "4/20" in report.text()
    beyond = evaluate_real(folder, lambda v: (np.arange(N) + 15, truth(landmarks, v.stem)))
    assert beyond.views[0].n_found == 5


def test_a_view_in_which_nobody_is_found_is_nan_not_zero(folder, landmarks):
    def estimate(video):
        n = 0 if video.stem == "left" else N
        return np.arange(n), truth(landmarks, video.stem)[:n]

    report = evaluate_real(folder, estimate)
    assert report.views[0].n_found == 0
    assert np.isnan(report.n_mpjpe_mm)
    assert report.views[1].n_mpjpe_mm == pytest.approx(0, abs=1e-3)


def test_the_table_has_a_line_a_view_the_mean_and_the_joints(folder, landmarks):
    report = evaluate_real(folder, lambda v: (np.arange(N), truth(landmarks, "left")))
    lines = report.text().splitlines()
    assert lines[1].split() == ["left", "20/20", "0.0", "0.0", "0.0"]
    assert lines[3].split() == [
        "mean",
        f"{report.n_mpjpe_mm:.1f}",
        f"{report.pa_mpjpe_mm:.1f}",
        f"{report.pa_sequence_mm:.1f}",
    ]
    assert any(line.split()[:1] == ["left_wrist"] for line in lines)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cameras.json", b""),
        ("cameras.json", b'[{"name": "left"}]'),
        ("cameras.json", b"[]"),
        ("reference_3d.npz", b"no zip"),
        ("reference_3d.npz", b"PK\x03\x04 cut off"),
    ],
)
def test_a_folder_that_is_something_else_is_an_input_error(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        evaluate_real(folder, lambda v: (np.arange(0), np.zeros((0, 17, 3))))
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"^there is no {name} in '.*'; name the folder that"):
        evaluate_real(folder, lambda v: (np.arange(0), np.zeros((0, 17, 3))))


def test_a_folder_is_checked_before_the_work_of_which_it_measures_the_result(folder):
    with pytest.raises(InputError, match=r"no video left\.mp4"):
        check_real(folder)
    for name in CAMERAS:
        (folder / f"{name}.mp4").touch()
    check_real(folder)
    (folder / "cameras.json").unlink()
    with pytest.raises(InputError, match=r"cameras\.json"):
        check_real(folder)
    with pytest.raises(InputError, match=r"reference_3d\.npz"):
        check_real(folder / "not there")


def test_an_estimate_of_another_shape_is_refused(folder):
    with pytest.raises(ShapeError, match="xyz_m"):
        evaluate_real(folder, lambda v: (np.arange(3), np.zeros((2, 17, 3))))
    with pytest.raises(ShapeError, match="once"):
        evaluate_real(folder, lambda v: (np.zeros(3, int), np.zeros((3, 17, 3))))


def test_the_chain_is_asked_for_the_largest_and_bridged_frames_do_not_count(monkeypatch, tmp_path):
    asked = []
    keypoints = SimpleNamespace(
        frame_index=np.arange(3, 7), interpolated=np.array([False, True, False, False])
    )
    xyz = np.arange(4)[:, None, None] * np.ones((4, len(H36M17), 3))
    person = SimpleNamespace(keypoints=keypoints, motion=SimpleNamespace(xyz_m=xyz))

    def analyze(video, config):
        asked.append((video, config))
        return SimpleNamespace(people=(person,) if video.name == "a.mp4" else ())

    monkeypatch.setattr(pipeline, "analyze", analyze)
    monkeypatch.setattr(pipeline, "settle", lambda poses, config: settled.append(config) or poses)
    settled = []
    estimate = pipeline_estimate(PipelineConfig(track=TrackConfig(max_gap_s=0.7)))
    rows, found = estimate(tmp_path / "a.mp4")
    np.testing.assert_array_equal(rows, [3, 5, 6])
    np.testing.assert_array_equal(found[:, 0, 0], [0, 2, 3])
    assert asked[0][1].track == TrackConfig(max_gap_s=0.7, person="largest")
    rows, found = estimate(tmp_path / "b.mp4")
    assert rows.shape == (0,)
    assert found.shape == (0, 17, 3)


def test_a_frame_that_was_not_triangulated_does_not_count(folder, landmarks):
    gaps = landmarks.copy()
    gaps[3, 15] = np.nan  # a wrist
    gaps[4, 0] = np.nan  # the nose, which does not count anyway
    np.savez(folder / "reference_3d.npz", landmarks_world_m=gaps)
    report = evaluate_real(folder, lambda video: (np.arange(N), truth(landmarks, video.stem)))
    assert report.n_mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert [(view.n_found, view.n_frames) for view in report.views] == [(N - 1, N - 1)] * 2


def test_a_reference_that_knows_nothing_is_refused(folder, landmarks):
    np.savez(folder / "reference_3d.npz", landmarks_world_m=landmarks * np.nan)
    with pytest.raises(InputError, match="no frame"):
        check_real(folder)
