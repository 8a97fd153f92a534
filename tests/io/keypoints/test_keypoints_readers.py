"""Every format gives the same people in the same frames, and what is broken is said in one line."""

import csv
import json

import numpy as np
import pytest
from keypoint_files import (
    EMPTY_FRAME,
    FILES,
    N_FRAMES,
    SIZE_PX,
    alphapose,
    body,
    box,
    coco,
    flat,
    mmpose_demo,
    mmpose_inferencer,
    openpose,
    plain_csv,
    seen,
    ultralytics_json,
    ultralytics_txt,
)

from hotvid.errors import InputError, UsageError
from hotvid.io.keypoints import READERS, read_keypoints
from hotvid.io.keypoints.clip import lay_out
from hotvid.skeleton import COCO17, H36M17, OPENPOSE25

MAKERS = pytest.mark.parametrize("make", FILES, ids=lambda make: make.__name__)


@MAKERS
def test_every_format_gives_the_same_people(make, tmp_path):
    format, joint_set, first_number, has_ids = FILES[make]
    table = read_keypoints(make(tmp_path))
    assert (table.format, table.joint_set) == (format, joint_set)
    assert table.first_number == first_number and table.has_ids == has_ids
    scale = np.array(SIZE_PX) if table.normalised else 1
    found = {
        (int(f), round(float(np.nanmean(xy[:, 0])) > 250)): (xy, score)
        for f, xy, score in zip(
            table.frame - first_number, table.xy * scale, table.score, strict=True
        )
    }
    wanted = {(frame, person): points for frame, person, points in seen(joint_set)}
    assert found.keys() == wanted.keys() and len(table) == len(wanted)
    for key, points in wanted.items():
        np.testing.assert_allclose(found[key][0], points[:, :2], atol=0.01)
        np.testing.assert_allclose(found[key][1], points[:, 2], atol=1e-4)


@MAKERS
def test_people_have_ids_where_the_file_has_them_and_a_box_around_them(make, tmp_path):
    has_ids = FILES[make][3]
    table = read_keypoints(make(tmp_path))
    low, high = np.nanmin(table.xy, 1), np.nanmax(table.xy, 1)
    assert (table.box[:, :2] < low).all() and (table.box[:, 2:] > high).all()
    assert (table.box[:, 2:] - table.box[:, :2] < 1.6 * (high - low) + 20).all()
    if not has_ids:
        assert (table.person == -1).all()
        return
    left = np.nanmean(table.xy[..., 0], 1) < np.nanmean(table.xy[..., 0])
    assert len(set(table.person[left])) == len(set(table.person[~left])) == 1
    assert table.person[left][0] != table.person[~left][0]


def test_a_score_that_is_no_probability_is_replaced_by_the_joints_mean(tmp_path):
    table = read_keypoints(alphapose(tmp_path))
    np.testing.assert_allclose(table.person_score, table.score.mean(1), rtol=1e-5)
    (tmp_path / "b").mkdir()
    assert (read_keypoints(coco(tmp_path / "b")).person_score == 0.75).all()


def test_boxes_given_by_size_become_corners(tmp_path):
    table = read_keypoints(alphapose(tmp_path))
    np.testing.assert_allclose(table.box[0], box(body("halpe26", 0, 0)), rtol=1e-5)
    table = read_keypoints(mmpose_inferencer(tmp_path))
    np.testing.assert_allclose(table.box[0], box(body("coco17", 0, 0)), rtol=1e-5)


def test_alphapose_without_a_tracker_has_no_ids(tmp_path):
    assert not read_keypoints(alphapose(tmp_path, tracked=False)).has_ids


@pytest.mark.parametrize("joint_set", ["coco17", "halpe26", "coco_wholebody133", "halpe136"])
def test_alphapose_of_other_joint_sets(joint_set, tmp_path):
    assert read_keypoints(alphapose(tmp_path, joint_set)).joint_set == joint_set


def test_pictures_without_numbers_are_frames_in_order(tmp_path):
    path = alphapose(tmp_path)
    names = dict(enumerate(["one", "two", "three"]))
    results = [
        r for r in json.loads(path.read_text()) if r["image_id"] in ("0.jpg", "1.jpg", "3.jpg")
    ]
    for result in results:
        result["image_id"] = names[min(int(result["image_id"][0]), 2)] + ".png"
    path.write_text(json.dumps(results))
    assert read_keypoints(path).frame.tolist() == [0, 1, 1, 2, 2]


def test_openpose_hands_are_read_and_their_absence_is_missing(tmp_path):
    folder = openpose(tmp_path, hands=True)
    first = sorted(folder.iterdir())[0]
    data = json.loads(first.read_text())
    data["people"][0]["hand_left_keypoints_2d"] = []
    first.write_text(json.dumps(data))
    table = read_keypoints(folder)
    assert table.joint_set == "openpose67"
    assert np.isnan(table.xy[0, 25:46]).all() and (table.score[0, 25:46] == 0).all()
    np.testing.assert_allclose(table.xy[0, 46:], body("openpose67", 0, 0)[46:, :2], atol=1e-3)


def test_openpose_counts_the_frames_in_which_nobody_is(tmp_path):
    table = read_keypoints(openpose(tmp_path))
    assert table.last_number == N_FRAMES - 1 and EMPTY_FRAME not in table.frame


def test_openpose_scaled_to_shares_of_the_picture(tmp_path):
    table = read_keypoints(openpose(tmp_path, scale=(1 / SIZE_PX[0], 1 / SIZE_PX[1])))
    assert table.normalised
    xy = table.xy[0] * np.array(SIZE_PX)
    np.testing.assert_allclose(xy, body("openpose25", 0, 0)[:, :2], atol=0.01)


def test_openpose_scaled_from_minus_1_to_1(tmp_path):
    """As `--keypoint_scale 4` has it; what was not seen stays unseen, and is not the centre."""
    folder = openpose(tmp_path, scale=(2 / SIZE_PX[0], 2 / SIZE_PX[1]))
    for path in folder.iterdir():
        data = json.loads(path.read_text())
        for person in data["people"]:
            points = np.array(person["pose_keypoints_2d"]).reshape(-1, 3)
            points[:, :2] -= 1
            points[3] = 0
            person["pose_keypoints_2d"] = points.ravel().tolist()
        path.write_text(json.dumps(data))
    table = read_keypoints(folder)
    assert table.normalised and np.isnan(table.xy[:, 3]).all()
    seen = np.arange(25) != 3
    xy = table.xy[0, seen] * np.array(SIZE_PX)
    np.testing.assert_allclose(xy, body("openpose25", 0, 0)[seen, :2], atol=0.01)


def test_openposes_older_model_is_coco_with_a_neck(tmp_path):
    # The order of its 18 joints, as its documentation lists them.
    order = "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist "
    order += "right_hip right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye "
    order = (order + "right_ear left_ear").split()
    points = [v for n, _ in enumerate(order) for v in (10 * n + 5, 7 * n + 3, 0.5)]
    (tmp_path / "a_0_keypoints.json").write_text(
        json.dumps({"people": [{"pose_keypoints_2d": points}]})
    )
    table = read_keypoints(tmp_path)
    assert table.joint_set == "coco17"
    for joint in COCO17.joints:
        n = order.index(joint)
        assert table.xy[0, COCO17.index(joint)].tolist() == [10 * n + 5, 7 * n + 3]


def test_zeros_are_missing_and_not_the_corner_of_the_picture(tmp_path):
    folder = openpose(tmp_path)
    first = sorted(folder.iterdir())[0]
    data = json.loads(first.read_text())
    data["people"][0]["pose_keypoints_2d"][3 * 11 : 3 * 12] = [0, 0, 0]
    first.write_text(json.dumps(data))
    table = read_keypoints(folder)
    ankle = OPENPOSE25.index("right_ankle")
    assert np.isnan(table.xy[0, ankle]).all() and table.score[0, ankle] == 0
    assert table.box[0, 0] > 10, "the box is around what was seen"


def test_mmpose_names_tell_human36m_from_coco(tmp_path):
    table = read_keypoints(mmpose_demo(tmp_path, "h36m17"))
    assert table.joint_set == H36M17.name
    assert read_keypoints(mmpose_inferencer(tmp_path), joint_set="h36m17").joint_set == "h36m17"


def test_mmpose_of_one_picture(tmp_path):
    path = mmpose_inferencer(tmp_path)
    instances = json.loads(path.read_text())[5]["instances"]
    path.write_text(json.dumps(instances))
    table = read_keypoints(path)
    assert table.frame.tolist() == [0, 0] and table.last_number == 0


def test_coco_annotations_have_flags_sizes_and_file_names(tmp_path):
    points = body("coco17", 0, 0)
    points[:, 2] = 2
    points[3, 2], points[4] = 1, 0
    data = {
        "images": [{"id": 77, "file_name": "a/0012.jpg", "width": 640, "height": 480}],
        "annotations": [{"image_id": 77, "keypoints": flat(points), "bbox": [1, 2, 30, 40]}],
    }
    (tmp_path / "a.json").write_text(json.dumps(data))
    table = read_keypoints(tmp_path / "a.json")
    assert table.frame.tolist() == [12] and table.size_px == (640, 480)
    assert table.score[0, [0, 3, 4]].tolist() == [1.0, 0.5, 0.0]
    assert np.isnan(table.xy[0, 4]).all()
    assert table.box[0].tolist() == [1, 2, 31, 42]


@pytest.mark.parametrize("first", [0, 1])
def test_coco_pictures_are_listed_where_nobody_is_and_numbered_from_0_or_1(tmp_path, first):
    numbers = range(first, first + 5)
    data = {
        "images": [{"id": 900 + n, "file_name": f"f_{n:04d}.png"} for n in numbers],
        "annotations": [
            {"image_id": 900 + n, "keypoints": flat(body("coco17", 0, 0))} for n in numbers[1:3]
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps(data))
    table = read_keypoints(tmp_path / "a.json")
    assert table.first_number == first and table.last_number == first + 4
    assert (table.frame - table.first_number).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("conf", "ids"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_ultralytics_labels_with_and_without_confidence_and_ids(tmp_path, conf, ids):
    table = read_keypoints(ultralytics_txt(tmp_path, conf, ids))
    assert table.has_ids == ids and table.normalised
    assert ((table.person_score == 0.75).all()) == conf
    if ids:
        assert table.person[table.frame == 2].tolist() == [2, 1]


@pytest.mark.parametrize("make", [ultralytics_txt, ultralytics_json])
def test_detections_that_belong_to_no_track_have_no_id(tmp_path, make):
    path = make(tmp_path)
    whole = read_keypoints(path)
    if path.is_dir():
        label = path / "walk_1.txt"
        lines = label.read_text().splitlines()
        label.write_text("\n".join([lines[0].rpartition(" ")[0], *lines[1:]]) + "\n")
    else:
        frames = json.loads(path.read_text())
        del frames[0][0]["track_id"]
        path.write_text(json.dumps(frames))
    table = read_keypoints(path)
    assert table.has_ids and table.person.tolist() == [-1, *whole.person[1:].tolist()]


def test_lines_that_differ_by_more_than_an_id_are_refused(tmp_path):
    path = ultralytics_txt(tmp_path)
    label = path / "walk_1.txt"
    label.write_text(label.read_text() + "0 0.5 0.5 0.1 0.1 0.3\n")
    with pytest.raises(InputError, match="differ in length"):
        read_keypoints(path)


def test_deeplabcut_of_one_body_by_other_names_and_with_a_tail(tmp_path):
    joints = ["LShoulder", "right shoulder", "Hip_L", "R_hip", "tail", "LeftKnee", "RAnkle"]
    parts = [joint for joint in joints for _ in range(3)]
    rows = [
        ["scorer", *["net"] * 21],
        ["bodyparts", *parts],
        ["coords", *["x", "y", "likelihood"] * 7],
    ]
    rows += [[f"labeled/img{n:03d}.png", *[v for j in range(7) for v in (50 + j, 60 + n, 0.9)]]
             for n in (4, 5)]  # fmt: skip
    (tmp_path / "a.csv").write_text("\n".join(",".join(map(str, row)) for row in rows))
    table = read_keypoints(tmp_path / "a.csv")
    assert table.joint_set == "coco17" and table.frame.tolist() == [4, 5]
    where = {"left_shoulder": 50, "right_shoulder": 51, "left_hip": 52, "right_hip": 53}
    where |= {"left_knee": 55, "right_ankle": 56}
    for joint, x in where.items():
        assert table.xy[1, COCO17.index(joint)].tolist() == [x, 65]
    assert np.isnan(table.xy[:, COCO17.index("nose")]).all()
    assert table.notes == ("not joints of coco17, left out: tail",)


@pytest.mark.parametrize("joint_set", ["halpe26", "blazepose33", "h36m17", "openpose25"])
def test_plain_csv_tells_the_joint_set_by_its_names(tmp_path, joint_set):
    def camel(name):
        return "".join(word.capitalize() for word in name.split("_"))

    table = read_keypoints(plain_csv(tmp_path, joint_set, camel))
    assert table.joint_set == joint_set
    np.testing.assert_allclose(table.xy[0], body(joint_set, 0, 0)[:, :2], atol=1e-3)


def shares_of(path, far=None):
    """The rows of a plain CSV as shares of the picture; `far`: x of the last row."""
    rows = list(csv.DictReader(path.open(newline="")))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for row in rows:
            x, y = float(row["x"]) / SIZE_PX[0], float(row["y"]) / SIZE_PX[1]
            x = far if far is not None and row is rows[-1] else x
            writer.writerow(row | {"x": x, "y": y})
    return read_keypoints(path)


def test_a_joint_far_outside_of_the_picture_leaves_the_others_where_they_are(tmp_path):
    near, far = shares_of(plain_csv(tmp_path)), shares_of(plain_csv(tmp_path), far=-0.7)
    moved = ~np.isclose(near.xy, far.xy, equal_nan=True)
    assert far.normalised and moved.sum() == 1 and far.xy[moved] == np.float32(-0.7)


def test_hotvids_own_table_keeps_its_times_and_has_no_bridged_frames(tmp_path):
    lines = [
        f"{frame},{time_s},0,{joint},{10 + frame},{20 + i},0.9,{bridged}"
        for frame, time_s, bridged in ((3, 0.1, 0), (4, 0.15, 1), (5, 0.3, 0), (6, 0.4, 0))
        for i, joint in enumerate(COCO17.joints)
    ]
    head = "frame,time_s,person,joint,x_px,y_px,score,interpolated"
    (tmp_path / "a.csv").write_text("\n".join([head, *lines]))
    table = read_keypoints(tmp_path / "a.csv")
    assert table.frame.tolist() == [3, 5, 6] and table.fps == pytest.approx(10)
    clip = lay_out(table, size_px=SIZE_PX)
    np.testing.assert_allclose(clip.pts_s[3:], [0.1, 0.15, 0.3, 0.4])


def test_shares_of_the_picture_are_told_by_their_size(tmp_path):
    """As MediaPipe has them: in pixels everyone would be smaller than one."""
    clip = lay_out(shares_of(plain_csv(tmp_path)), size_px=SIZE_PX, fps=30.0)
    want = body("coco17", 0, 0)[:, :2]
    np.testing.assert_allclose(clip.observations[0].xy_px[0], want, atol=0.01)


def test_plain_csv_without_person_and_score(tmp_path):
    lines = [f"{f},{x},{30 + f},{n}" for f in (0, 1) for x, n in enumerate(COCO17.joints, 20)]
    (tmp_path / "a.csv").write_text("frame,x,y,joint\n" + "\n".join(lines))
    table = read_keypoints(tmp_path / "a.csv")
    assert not table.has_ids and (table.score == 1).all() and len(table) == 2


def test_hotvids_own_json_comes_back(tmp_path):
    rows = [
        {
            "frame": frame,
            "score": 0.9,
            "interpolated": frame == 3,
            "box": [1, 2, 3, 4],
            "keypoints_2d": [[None, None, 0]] + body("h36m17", frame, 0)[1:].tolist(),
        }
        for frame in (2, 3, 4)
    ]
    video = {"path": "a.mp4", "width": 640, "height": 480, "fps": 25.0, "frame_count": 9}
    data = {"schema": "hotvid/1", "video": video, "people": [{"id": 4, "frames": rows}]}
    (tmp_path / "a.json").write_text(json.dumps(data))
    table = read_keypoints(tmp_path / "a.json")
    assert table.frame.tolist() == [2, 4] and table.person.tolist() == [4, 4]
    assert (table.size_px, table.fps, table.n_frames) == ((640, 480), 25.0, 9)
    assert np.isnan(table.xy[:, 0]).all() and np.isfinite(table.xy[:, 1:]).all()


@MAKERS
def test_a_format_is_recognised_by_one_reader_first_and_can_be_forced(make, tmp_path):
    path = make(tmp_path)
    format = FILES[make][0]
    assert len(read_keypoints(path, format)) == len(read_keypoints(path))
    with pytest.raises(UsageError, match="unknown keypoint format 'posenet'; choose one of"):
        read_keypoints(path, "posenet")


@pytest.mark.parametrize("format", READERS)
def test_a_wrong_format_is_one_line(tmp_path, format):
    for path, name in ((coco(tmp_path), "coco"), (plain_csv(tmp_path), "csv")):
        if format not in (name, "alphapose"):  # whose results COCO's are like
            with pytest.raises(InputError) as caught:
                read_keypoints(path, format)
            assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_joints_that_cannot_be_told_are_asked_for(tmp_path):
    results = [{"image_id": 0, "keypoints": [1.0, 2.0, 0.5] * 21, "score": 1.0}]
    (tmp_path / "hand.json").write_text(json.dumps(results))
    with pytest.raises(InputError, match=r"21 keypoints; known are 17 \(coco17\).*--joints"):
        read_keypoints(tmp_path / "hand.json")
    with pytest.raises(InputError, match="21 keypoints are not the 26 of halpe26"):
        read_keypoints(tmp_path / "hand.json", joint_set="halpe26")
    with pytest.raises(UsageError, match="unknown joint set 'hand21'"):
        read_keypoints(tmp_path / "hand.json", joint_set="hand21")
    (tmp_path / "a.csv").write_text("frame,joint,x,y\n0,nose,1,1\n0,left_eye,2,2\n")
    with pytest.raises(InputError, match="there is no left_hip"):
        read_keypoints(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "{}", "3", "null", "[1, 2]", "[[]]", "[null]", '{"people": 3}',
        "[" * 100_000,
        '[{"image_id": "0.jpg", "keypoints": null}]',
        '[{"image_id": "0.jpg", "keypoints": [1, 2]}]',
        '[{"image_id": "0.jpg", "keypoints": ["a", "b", "c"]}]',
        '[{"image_id": "0.jpg", "keypoints": []}]',
        '[{"image_id": 3, "keypoints": {"a": 1}}]',
        '[{"image_id": 3, "keypoints": [' + "1e999, 1, 1," * 16 + " 1e308, 1, 1]}]",
        '[{"image_id": 1' + "0" * 400 + ', "keypoints": [' + "1, 1, 1," * 16 + "1, 1, 1]}]",
        '{"instance_info": [{"frame_id": "x", "instances": []}]}',
        '{"instance_info": [{"frame_id": 0, "instances": [{"keypoints": [[1]]}]}]}',
        '{"annotations": [{"keypoints": [1, 1, 1]}]}',
        '{"schema": "hotvid/1"}', '{"schema": "hotvid/1", "people": [], "video": {}}',
        '[{"image_id": 0, "keypoints": [' + "0, 0, 0," * 16 + "0, 0, 0]}]",
    ],
)  # fmt: skip
def test_json_that_is_broken_is_one_line(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_keypoints(path)
    assert "broken.json" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "frame,joint,x,y\n0,nose\n"),
        ("a.csv", "frame,joint,x,y\n0.5,left_hip,1,1\n"),
        ("a.csv", "scorer,a\nbodyparts,nose\ncoords,x\n"),
        ("a.csv", "one,two\n1,2\n"),
        ("a.csv", ""),
        ("a.txt", "0 0.5 0.5 0.1 0.1 0.2\n"),
        ("a.txt", "hello\n"),
        ("a.xml", "<a/>"),
        ("a.json", b"\xff\xfe\x00garbage"),
    ],
)
def test_other_files_that_are_broken_are_one_line(tmp_path, name, text):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        read_keypoints(tmp_path / name)
    assert name in str(caught.value)


def test_folders_that_hold_nothing_and_files_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match="holds no keypoint files"):
        read_keypoints(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        read_keypoints(tmp_path / "a.json")
    (tmp_path / "b.json").write_text('{"people": []}')
    (tmp_path / "c.json").write_text('{"people": []}')
    with pytest.raises(InputError, match="not numbered"):
        read_keypoints(tmp_path)


@pytest.mark.parametrize(("numbers", "first"), [((0, 1, 2), 0), ((1, 2, 3), 1), ((7, 8, 9), 0)])
def test_mmposes_demo_counts_from_1_and_others_from_0(tmp_path, numbers, first):
    path = mmpose_demo(tmp_path)
    data = json.loads(path.read_text())
    seen = next(f["instances"] for f in data["instance_info"] if f["instances"])
    data["instance_info"] = [{"frame_id": number, "instances": seen} for number in numbers]
    path.write_text(json.dumps(data))
    table = read_keypoints(path)
    assert table.first_number == first and sorted(set(table.frame.tolist())) == list(numbers)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("", "holds a heading and no rows"),
        ("0,nose,oops,1\n", "line 2: 'oops' is no number"),
        ("0,nose,1,1\nx,nose,1,1\n", "line 3: 'x' is no number"),
        ("0.5,nose,1,1\n", "line 2: the frame is '0.5', no whole number"),
    ],
)
def test_what_is_wrong_in_a_csv_is_said_with_its_line(tmp_path, rows, says):
    names = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
    whole = "".join(f"0,{name},1,1\n" for name in names) if rows else ""
    (tmp_path / "a.csv").write_text(f"frame,joint,x,y\n{rows}{whole}")
    with pytest.raises(InputError, match=says):
        read_keypoints(tmp_path / "a.csv")


def test_a_forced_format_that_does_not_fit_names_no_python(tmp_path):
    with pytest.raises(InputError, match=r"is not as openpose has it; is the file whole\?"):
        read_keypoints(coco(tmp_path), "openpose")
