"""Details of exports that no other program's reader would miss: each against a known number."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from stick_people import FIRST, FPS, only, two_people, with_bones
from test_export_bvh import written as written_bvh
from test_export_glb import Read
from test_export_glb import written as written_glb
from test_export_keypoint_json import openpose_frames, place
from test_export_markers import read_c3d

from hotvid.config import ExportConfig
from hotvid.export import angles_csv, c3d
from hotvid.humanoid import tips
from hotvid.pipeline import settle
from hotvid.post.world import place_in_world
from hotvid.skeleton import H36M17, HALPE136
from hotvid.stored.poses_json import load_poses_json, to_dict


def test_openpose_has_each_hand_in_its_own_list(tmp_path):
    person = openpose_frames(two_people(HALPE136.name), tmp_path / "o")[0][0]
    for side in ("left", "right"):
        hand = np.array(person[f"hand_{side}_keypoints_2d"]).reshape(21, 3)
        for at, joint in ((4, "thumb4"), (8, "forefinger4"), (20, "pinky_finger4")):
            wanted = place(f"{side}_{joint}", FIRST, HALPE136)
            np.testing.assert_allclose(hand[at], wanted, atol=0.001)


def test_angles_of_who_comes_later_have_the_videos_times(tmp_path):
    poses = settle(two_people())
    angles_csv.write(poses, tmp_path / "a.csv", ExportConfig())
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for person, first in (("0", 5), ("3", 8)):
        told = [float(r["time_s"]) for r in rows if r["person"] == person]
        assert told == pytest.approx([(first + k) / 25 for k in range(len(told))])


def test_who_is_not_there_vanishes_at_once(tmp_path):
    read = Read(written_glb(with_bones(two_people()), tmp_path / "a.glb"))
    (animation,) = read.file.animations
    kinds = {
        (channel.target.node, channel.target.path): animation.samplers[channel.sampler]
        for channel in animation.channels
    }
    assert kinds[read.node("person3"), "scale"].interpolation == "STEP"
    moves = [s.interpolation for (_, path), s in kinds.items() if path != "scale"]
    assert len(moves) > 10 and set(moves) <= {None, "LINEAR"}


def lines_after(text, word):
    """The numbers of the first OFFSET after each line that has the word."""
    lines = [line.split() for line in text.splitlines()]
    starts = [i for i, line in enumerate(lines) if line[:2] == word.split()]
    return [
        [float(v) for v in next(li for li in lines[i:] if li[0] == "OFFSET")[1:]] for i in starts
    ]


def test_ends_of_limbs_are_in_centimetres_too(dancer, tmp_path):
    ends = tips(dancer.people[0].bones)
    metres = lines_after(written_bvh(dancer, tmp_path / "a.bvh").read_text(), "End Site")
    text = written_bvh(dancer, tmp_path / "b.bvh", units="cm").read_text()
    centimetres = lines_after(text, "End Site")
    assert len(metres) == len(ends) and np.abs(metres).max() > 0.05
    np.testing.assert_allclose(centimetres, 100 * np.array(metres), atol=1e-3)


def test_a_frame_of_bvh_takes_as_long_as_it_did_in_the_video(dancer, tmp_path):
    # The container says 24 frames a second, and there were 25.
    said = replace(dancer, video=replace(dancer.video, fps=24.0))
    text = written_bvh(said, tmp_path / "a.bvh").read_text()
    (line,) = [li for li in text.splitlines() if li.startswith("Frame Time")]
    assert FPS == 25 and float(line.split()[2]) == pytest.approx(0.04, abs=1e-6)


@pytest.mark.parametrize(("given", "focal_px"), [(None, 554.256), (700.0, 700.0)])
def test_the_json_says_whether_the_lens_was_known(given, focal_px):
    poses = two_people()
    poses = place_in_world(replace(poses, video=replace(poses.video, focal_px=given)))
    said = json.loads(json.dumps(to_dict(poses)))
    # 320 / tan 30 degrees is what is assumed of a picture of 640 pixels.
    assert said["world"]["focal_px"] == pytest.approx(focal_px, abs=0.001)
    assert said["world"]["focal_assumed"] is (given is None)
    assert said["video"]["focal_px"] == given


def test_confidence_is_read_back(tmp_path):
    poses = settle(only(two_people("h36m17"), 3))
    told = np.linspace(0.01, 0.99, 6 * 17, dtype=np.float32).reshape(6, 17)
    poses = replace(poses, people=(replace(poses.people[0], confidence=told),))
    (tmp_path / "a.json").write_text(json.dumps(to_dict(poses)))
    (found,) = load_poses_json(tmp_path / "a.json").people
    np.testing.assert_allclose(found.confidence, told, atol=1e-4)


def test_c3d_says_which_way_is_up_and_which_markers_are_missing(tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    c3d.write(only(two_people(), 3), tmp_path / "a.c3d", ExportConfig())
    reader, _ = read_c3d(tmp_path / "a.c3d")
    screen = [reader.get(f"POINT:{axis}_SCREEN").string_value.strip() for axis in "XY"]
    assert screen == ["+X", "+Y"]
    residual = ezc3d.c3d(str(tmp_path / "a.c3d"))["data"]["meta_points"]["residuals"][0]
    # Person 3 is there from the fourth frame to the ninth, in the second of them without a wrist.
    there = np.zeros((17, 12), bool)
    there[:, 3:9] = True
    there[H36M17.index("right_wrist"), 4] = False
    np.testing.assert_array_equal(residual < 0, ~there)
