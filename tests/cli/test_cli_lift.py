"""`hotvid lift`: keypoints of every format to every output, with and without the video."""

import json

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from keypoint_files import (
    EMPTY_FRAME,
    FILES,
    N_FRAMES,
    alphapose,
    body,
    coco,
    mmpose_inferencer,
    plain_csv,
    ultralytics_json,
)
from stand_ins import StandInLifter, read_drawn_code, write_coded_clip
from typer.testing import CliRunner

from hotvid.cli.main import app
from hotvid.io.keypoints import READERS
from hotvid.io.reader import VideoReader
from hotvid.skeleton import H36M17, JOINT_SETS, to_h36m17
from hotvid.stored.pose_store import load_poses
from hotvid.stored.poses_json import schema

CANVAS = ("--size", "640x480", "--fps", "30")


@pytest.fixture(autouse=True)
def lifter(monkeypatch):
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())


def call(*words, expect=0):
    result = CliRunner().invoke(app, ["lift", *map(str, words)])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def read(path):
    found = json.loads(path.read_text())
    Draft202012Validator(schema()).validate(found)
    return found


@pytest.mark.parametrize("make", FILES, ids=lambda make: make.__name__)
def test_every_format_becomes_two_people_in_3d(make, tmp_path):
    joint_set = FILES[make][1]
    to_json = tmp_path / "new" / "o.json"
    call(make(tmp_path), "--json", to_json, *CANVAS, "--quiet")
    found = read(to_json)
    assert found["analysed"]["frame_count"] == N_FRAMES
    assert found["models"]["pose2d"].startswith(FILES[make][0] + ": ")
    people = sorted(found["people"], key=lambda p: p["frames"][0]["frame"])
    assert [p["frames"][0]["frame"] for p in people] == [0, 1]
    for number, person in enumerate(people):
        frames = {row["frame"]: row for row in person["frames"]}
        assert frames[EMPTY_FRAME]["interpolated"] and not frames[3]["interpolated"]
        assert frames[7]["keypoints_3d"] is not None and frames[7]["root"] is not None
        points = body(joint_set, 7, number)
        xy, score = to_h36m17(points[:, :2], points[:, 2], joint_set)
        got = np.array(frames[7]["keypoints_2d"])
        np.testing.assert_allclose(got[:, :2], xy, atol=0.02)
        np.testing.assert_allclose(got[:, 2], score, atol=1e-3)


def test_all_outputs_on_a_plain_canvas(tmp_path):
    out, to_json, store = (tmp_path / f"o.{s}" for s in ("mp4", "json", "npz"))
    words = (alphapose(tmp_path), "--out", out, "--json", to_json, "--save-poses", store, *CANVAS)
    said = call(*words).stdout.splitlines()
    assert said[0].startswith("2 people in 30 frames, 1.0 s of video")
    assert said[-3:] == [f"wrote {path}" for path in (store, to_json, out)]
    assert read(to_json)["feet_and_hands"]["joints"][0] == "left_big_toe"
    poses = load_poses(store)
    assert poses.video.path == "" and [p.track_id for p in poses.people] == [1, 2]
    assert poses.people[0].detected.joint_set == "halpe26"
    with VideoReader(out) as reader:
        pictures = [frame.bgr for frame in reader]
    assert len(pictures) == N_FRAMES and pictures[0].shape[0] == 480
    background = pictures[5][460:, 300:340]
    assert np.ptp(background) <= 4 and 30 < background.mean() < 50
    around = pictures[5][100:200, 60:100].astype(int)
    assert np.ptp(around) > 100, "a skeleton is drawn there"
    # The store of keypoints alone is drawn on a canvas, too.
    again = tmp_path / "again.mp4"
    result = CliRunner().invoke(app, ["run", str(store), "--out", str(again)])
    assert result.exit_code == 0, result.output
    with VideoReader(again) as reader:
        assert all((a == b.bgr).all() for a, b in zip(pictures, reader, strict=True))


def test_the_video_is_drawn_over_frame_by_frame(tmp_path):
    video = write_coded_clip(tmp_path / "coded.mp4", N_FRAMES + 4)
    points = np.round(body("coco17", 0, 0)[:, :2] / 2 + 40, 1)
    rows = [
        {"image_id": f, "keypoints": [v for p in points for v in (*p, 0.9)], "score": 0.9}
        for f in range(5, 20)
    ]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    out, to_json = tmp_path / "o.mp4", tmp_path / "o.json"
    call(tmp_path / "a.json", "--video", video, "--out", out, "--json", to_json)
    with VideoReader(out) as reader:
        assert [read_drawn_code(f.bgr) for f in reader] == list(range(N_FRAMES + 4))
    found = read(to_json)
    assert found["video"]["path"] == str(video) and found["video"]["width"] == 320
    assert [row["frame"] for row in found["people"][0]["frames"]] == list(range(5, 20))


def test_ids_are_kept_or_made_anew(tmp_path):
    path = plain_csv(tmp_path)
    text = path.read_text().splitlines()
    # In the second half the ids are exchanged.
    changed = [
        ",".join([f, str(1 - int(p)) if int(f) > 15 else p, *rest])
        for f, p, *rest in (line.split(",") for line in text[1:])
    ]
    path.write_text("\n".join([text[0], *changed]))
    leaps = []
    for number, more in enumerate(((), ("--retrack",))):
        to_json = tmp_path / f"{number}.json"
        call(path, "--json", to_json, *CANVAS, *more)
        people = read(to_json)["people"]
        x = [row["keypoints_2d"][0][0] for row in people[0]["frames"]]
        leaps.append(np.abs(np.diff(x)).max() > 100)
    assert leaps == [True, False]


def test_person_time_range_joints_and_format_are_heeded(tmp_path):
    path, to_json = mmpose_inferencer(tmp_path), tmp_path / "o.json"
    words = ("--person", "longest", "--time-range", 0.2, 0.5, "--joints", "h36m17")
    call(path, "--json", to_json, *CANVAS, *words, "--from", "mmpose")
    found = read(to_json)
    assert len(found["people"]) == 1 and found["analysed"]["first_frame"] == 6
    row = found["people"][0]["frames"][0]["keypoints_2d"]
    assert row[H36M17.index("head")][:2] == pytest.approx(body("h36m17", 6, 0)[10, :2], abs=0.01)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "nothing is to be written"),
        (("--json", "o.json"), "--size WxH and --fps"),
        (("--json", "o.json", "--size", "wide", "--fps", "30"), "as in 1920x1080"),
        (("--json", "o.json", "--size", "640x480", "--fps", "0"), "fps"),
        (("--json", "o.json", "--size", "640x480", "--video", "a.mp4"), "its own size"),
        (("--json", "o.json", *CANVAS, "--from", "posenet"), "choose one of: hotvid, alphapose"),
        (("--json", "o.json", *CANVAS, "--joints", "hand21"), "unknown joint set"),
        (("--json", "o.json", *CANVAS, "--model", "nothing"), "nothing"),
    ],
)
def test_a_wrong_command_line_is_one_line(tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    lines = call(coco(tmp_path), *words, "--quiet", expect=2).stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ") and says in lines[0]
    assert [p.name for p in tmp_path.iterdir()] == ["coco.json"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("missing.json", "--json", "o.json"), "does not exist"),
        (("coco.json", "--json", "coco.json", "--overwrite"), "is an input too"),
        (("coco.json", "--out", "o.avi"), "must end in"),
        (("coco.json", "--json", "o.json", "--first-frame", "9"), "before the first, 9"),
        (("coco.json", "--json", "o.json", "--from", "openpose"), "not as openpose has it"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    coco(tmp_path)
    lines = call(*words, *CANVAS, "--quiet", expect=1).stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ") and says in lines[0]
    assert [p.name for p in tmp_path.iterdir()] == ["coco.json"]


def test_the_wrong_video_is_said_so(tmp_path):
    video = write_coded_clip(tmp_path / "short.mp4", 5)
    words = (coco(tmp_path), "--video", video, "--json", tmp_path / "o.json", "--quiet")
    assert "is it the right video" in call(*words, expect=1).stderr


@pytest.mark.parametrize("format", ["alphapose", "openpose", "mmpose", "json"])
def test_what_hotvid_writes_for_others_it_reads(tmp_path, format):
    store, written, back = tmp_path / "a.npz", tmp_path / "w", tmp_path / "back.json"
    call(coco(tmp_path), "--save-poses", store, "--json", tmp_path / "a.json", *CANVAS)
    words = ["export", store, "--format", f"{format},trc", "--out", written]
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code == 0, result.output
    (made,) = (p for p in tmp_path.iterdir() if p.name.startswith("w.") and p.suffix != ".trc")
    call(made, "--json", back, *CANVAS)
    assert len(read(back)["people"]) == 2
    first, again = (
        [
            {row["frame"]: row["keypoints_2d"] for row in one["frames"] if not row["interpolated"]}
            for one in sorted(read(file)["people"], key=lambda p: p["frames"][0]["frame"])
        ]
        for file in (tmp_path / "a.json", back)
    )
    for one, other in zip(first, again, strict=True):
        # Other programs' files do not say which rows are bridged.
        assert one.keys() <= other.keys()
        for frame, points in one.items():
            np.testing.assert_allclose(points, other[frame], atol=0.02)


def test_the_help_names_every_format_and_joint_set():
    said = CliRunner().invoke(app, ["lift", "--help"], env={"COLUMNS": "400"}).stdout
    for name in (*READERS, *JOINT_SETS):
        assert name in said, name


def test_people_of_whom_another_program_is_little_sure_stay(tmp_path):
    """Small in the picture, joints at 0.4 throughout: --bbox-thr says who is nobody."""
    path = mmpose_inferencer(tmp_path)
    frames = json.loads(path.read_text())
    for frame in frames:
        for one in frame["instances"]:
            one["keypoint_scores"] = [0.4] * len(one["keypoint_scores"])
            one.pop("bbox_score")
    path.write_text(json.dumps(frames))
    far = ("--size", "4000x3000", "--fps", "30", "--overwrite", "--quiet")
    call(path, "--json", tmp_path / "o.json", *far)
    assert len(read(tmp_path / "o.json")["people"]) == 2
    call(path, "--json", tmp_path / "o.json", "--bbox-thr", "0.5", *far)
    assert read(tmp_path / "o.json")["people"] == []
    said = call(path, "--json", tmp_path / "o.json", "--bbox-thr", "7", *far, expect=2)
    assert "bbox-thr" in said.output


def test_ids_of_which_another_program_is_unsure_are_nobody_unless_large(tmp_path):
    path = ultralytics_json(tmp_path)
    frames = json.loads(path.read_text())
    for number, frame in enumerate(frames):
        for one in frame:
            if one["track_id"] == 2 and number % 3:
                one["confidence"] = 0.2
    path.write_text(json.dumps(frames))

    def lifted(*words):
        said = call(path, "--json", tmp_path / "o.json", "--fps", "30", "--overwrite", *words)
        return [p["id"] for p in read(tmp_path / "o.json")["people"]], said.stderr

    people, said = lifted("--size", "640x480")
    assert people == [1]
    assert "1 of 2 ids are less sure than 0.3, and are left out (bbox-thr)" in said
    people, said = lifted("--size", "640x480", "--bbox-thr", "0.1")
    assert people == [1, 2] and "less sure" not in said
    people, said = lifted("--size", "640x240")  # so it is longer than a third of that
    assert people == [1, 2] and "less sure" not in said
    people, said = lifted("--size", "640x480", "--retrack")
    assert len(people) == 1 and "less sure" not in said


def test_detections_that_belong_to_no_track_are_left_out_and_said(tmp_path):
    path = ultralytics_json(tmp_path)
    frames = json.loads(path.read_text())
    n = sum(map(len, frames))
    del frames[3][0]["track_id"]
    path.write_text(json.dumps(frames))
    said = call(path, "--json", tmp_path / "o.json", *CANVAS)
    assert f"1 of {n} detections have no id, and are left out" in said.stderr
    people = read(tmp_path / "o.json")["people"]
    assert sorted(sum(row["interpolated"] for row in p["frames"]) for p in people) == [1, 2]
    again = call(path, "--json", tmp_path / "o.json", "--retrack", "--overwrite", *CANVAS)
    assert "no id" not in again.stderr, "where ids do not count, nobody is left out"
    people = read(tmp_path / "o.json")["people"]
    assert [sum(row["interpolated"] for row in p["frames"]) for p in people] == [1, 1]
