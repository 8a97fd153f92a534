"""MMPose's, OpenPose's and AlphaPose's JSON: what a reader of each finds."""

import json
from dataclasses import replace

import numpy as np
import pytest
from stick_people import FIRST, N_FRAMES, in_json, two_people

from hotvid.config import ExportConfig
from hotvid.export import alphapose, mmpose, openpose
from hotvid.skeleton import BLAZEPOSE33, COCO17, H36M17, HALPE136, OPENPOSE25

config = ExportConfig()


def place(joint: str, frame: int, joints=BLAZEPOSE33) -> list[float]:
    """Where `stick_people.track` puts a joint, and its score."""
    index = joints.index(joint)
    return [100 * index + frame, 10 * index, round(0.5 + index / 100, 4)]


def test_mmpose(tmp_path):
    mmpose.write(two_people(), tmp_path / "a.json", config)
    found = json.loads((tmp_path / "a.json").read_text())
    names = found["meta_info"]["keypoint_id2name"]
    assert [names[str(i)] for i in range(17)] == list(COCO17.joints)
    frames = found["instance_info"]
    assert [f["frame_id"] for f in frames] == list(range(FIRST + N_FRAMES))
    assert not any(f["instances"] for f in frames[:FIRST])
    frames = frames[FIRST:]
    assert [[i["track_id"] for i in f["instances"]] for f in frames[2:4]] == [[0], [0, 3]]
    instance = frames[3]["instances"][1]
    for index, joint in enumerate(COCO17.joints):
        point = [*instance["keypoints"][index], instance["keypoint_scores"][index]]
        assert point == pytest.approx(place(joint, FIRST + 3), abs=0.01)
    assert instance["bbox"] == [[10, 20, 110, 220]] and instance["bbox_score"] == 0.9


def test_alphapose(tmp_path):
    alphapose.write(two_people(), tmp_path / "a.json", config)
    found = json.loads((tmp_path / "a.json").read_text())
    assert len(found) == N_FRAMES + 6
    assert [(e["image_id"], e["idx"]) for e in found[2:5]] == [
        ("7.jpg", 0),
        ("8.jpg", 0),
        ("8.jpg", 3),
    ]
    entry = found[4]
    points = np.array(entry["keypoints"]).reshape(17, 3)
    wanted = [place(joint, 8) for joint in COCO17.joints]
    np.testing.assert_allclose(points, wanted, atol=0.01)
    assert entry["box"] == [10, 20, 100, 200] and entry["category_id"] == 1


def test_alphapose_keeps_joints_that_it_knows(tmp_path):
    alphapose.write(two_people(HALPE136.name), tmp_path / "a.json", config)
    found = json.loads((tmp_path / "a.json").read_text())
    points = np.array(found[0]["keypoints"]).reshape(136, 3)
    np.testing.assert_allclose(points[-1], place(HALPE136.joints[-1], FIRST, HALPE136), atol=0.01)


def openpose_frames(poses, folder):
    folder.mkdir()
    openpose.write(poses, folder, config)
    return [json.loads(path.read_text())["people"] for path in sorted(folder.iterdir())]


def test_openpose_2d(tmp_path):
    frames = openpose_frames(two_people(), tmp_path / "o")
    names = sorted(p.name for p in (tmp_path / "o").iterdir())
    assert names[0] == "a walk_000000000005_keypoints.json" and len(names) == N_FRAMES
    assert [[p["person_id"] for p in people] for people in frames[2:4]] == [[[0]], [[0], [3]]]
    points = np.array(frames[3][1]["pose_keypoints_2d"]).reshape(25, 3)
    for joint in ("nose", "right_ear", "left_wrist", "right_ankle", "left_heel"):
        index = OPENPOSE25.index(joint)
        np.testing.assert_allclose(points[index], place(joint, 8), atol=0.001)
    shoulders = np.array([place(f"{side}_shoulder", 8) for side in ("left", "right")])
    np.testing.assert_allclose(points[OPENPOSE25.index("neck"), :2], shoulders[:, :2].mean(0))
    toe = points[OPENPOSE25.index("left_big_toe")]
    np.testing.assert_allclose(toe, place("left_foot_index", 8), atol=0.001)
    assert not points[OPENPOSE25.index("left_small_toe")].any(), "BlazePose has none"
    assert frames[3][1]["hand_left_keypoints_2d"] == []


def test_openpose_3d_is_where_the_json_says(tmp_path):
    poses = two_people()
    frames = openpose_frames(poses, tmp_path / "o")
    found = np.array([people[0]["pose_keypoints_3d"] for people in frames]).reshape(-1, 25, 4)
    wanted = in_json(poses, 0)
    for ours, theirs in (("thorax", "neck"), ("pelvis", "pelvis"), ("left_knee", "left_knee")):
        at = found[:, OPENPOSE25.index(theirs), :3]
        np.testing.assert_allclose(at, wanted[:, H36M17.index(ours)], atol=1e-3)
    assert not found[:, OPENPOSE25.index("left_eye")].any()


def test_openpose_has_the_hands_that_were_found(tmp_path):
    frames = openpose_frames(two_people(HALPE136.name), tmp_path / "o")
    hand = np.array(frames[0][0]["hand_right_keypoints_2d"]).reshape(21, 3)
    np.testing.assert_allclose(hand[4], place("right_thumb4", FIRST, HALPE136), atol=0.001)


@pytest.mark.parametrize("writer", [mmpose, alphapose])
def test_an_unknown_joint_is_zero(tmp_path, writer):
    poses = two_people()
    person = poses.people[0]
    xy = person.detected.xy_px.copy()
    xy[0, BLAZEPOSE33.index("left_wrist")] = np.nan
    holed = replace(person, detected=replace(person.detected, xy_px=xy))
    writer.write(replace(poses, people=(holed,)), tmp_path / "a.json", config)
    found = json.loads((tmp_path / "a.json").read_text())
    wrist = COCO17.index("left_wrist")
    if writer is mmpose:
        instance = found["instance_info"][FIRST]["instances"][0]
        assert [*instance["keypoints"][wrist], instance["keypoint_scores"][wrist]] == [0, 0, 0]
    else:
        assert found[0]["keypoints"][3 * wrist : 3 * wrist + 3] == [0, 0, 0]


def test_nobody(tmp_path):
    nobody = replace(two_people(), people=())
    mmpose.write(nobody, tmp_path / "m.json", config)
    found = json.loads((tmp_path / "m.json").read_text())
    assert len(found["instance_info"]) == FIRST + N_FRAMES
    assert not any(f["instances"] for f in found["instance_info"])
    alphapose.write(nobody, tmp_path / "a.json", config)
    assert json.loads((tmp_path / "a.json").read_text()) == []
    assert openpose_frames(nobody, tmp_path / "o") == [[]] * N_FRAMES
