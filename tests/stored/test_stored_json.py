"""JSON: what is in it, that it validates, that it streams the same as it stands."""

import json
from dataclasses import replace

import numpy as np
import pytest
from jsonschema import Draft202012Validator, ValidationError

from hotvid.pipeline import settle
from hotvid.post.world import place_in_world
from hotvid.skeleton import H36M17, HALPE26
from hotvid.stored import poses_json
from hotvid.stored.poses_json import schema, to_dict, write_json
from hotvid.types import ModelsUsed, Motion3D, Person, Poses, Track2D, VideoInfo

VIDEO = VideoInfo("Zoë's walk.mp4", 640, 480, 30000 / 1001, 100, 3.3366667, True)
FIRST = 5


def track(track_id: int, start: int, n: int) -> Track2D:
    index = np.arange(start, start + n)
    joints = np.arange(17)
    xy = np.stack([index[:, None] + joints / 3, 100.0 + 0 * index[:, None] + joints], -1)
    return Track2D(
        track_id=track_id,
        joint_set=H36M17.name,
        frame_index=index,
        xy_px=xy.astype(np.float32),
        score=np.full((n, 17), 0.87654321, np.float32),
        box_px=np.tile(np.array([1.234, 2, 300, 400], np.float32), (n, 1)),
        person_score=np.full(n, 0.97, np.float32),
        interpolated=index % 4 == 0,
    )


def motion(n: int) -> Motion3D:
    xyz = np.arange(n)[:, None, None] / 100 + np.arange(17)[:, None] / 1000 + np.zeros(3)
    root = np.stack([np.arange(n) / 10, np.full(n, -1e-9), np.full(n, 4.123456)], -1)
    return Motion3D(xyz.astype(np.float32), root.astype(np.float32))


@pytest.fixture
def poses() -> Poses:
    first, second = track(0, FIRST, 6), track(3, FIRST + 2, 3)
    return Poses(
        video=VIDEO,
        first_frame=FIRST,
        pts_s=np.arange(FIRST, FIRST + 8) * 1001 / 30000,
        people=(Person(first, first, motion(6)), Person(second, second, None)),
        models=ModelsUsed("blazepose-full", "hot-mixste-s", "0123456789abcdef" * 4),
        warnings=("it breaks off",),
    )


def read(path) -> dict:
    def refuse(name):
        raise AssertionError(f"{name} in JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def check(found: dict) -> None:
    Draft202012Validator(schema()).validate(found)


def test_the_schema_is_one():
    Draft202012Validator.check_schema(schema())
    assert schema()["properties"]["schema"]["const"] == poses_json.SCHEMA


def test_what_is_written_is_what_to_dict_says(poses, tmp_path):
    write_json(poses, tmp_path / "p.json")
    found = read(tmp_path / "p.json")
    assert found == to_dict(poses)
    assert list(found) == list(to_dict(poses))
    check(found)


def test_head(poses):
    found = to_dict(poses)
    assert found["video"] == {
        "path": "Zoë's walk.mp4",
        "width": 640,
        "height": 480,
        "fps": 29.97003,
        "frame_count": 100,
        "duration_s": 3.336667,
        "focal_px": None,
        "shown_px": None,
        "fps_given": False,
    }
    assert found["models"] == {
        "pose2d": "blazepose-full",
        "lifter": "hot-mixste-s",
        "weights_sha256": "0123456789abcdef" * 4,
    }
    assert found["skeleton"]["joints"] == list(H36M17.joints)
    assert [14, 15] in found["skeleton"]["edges"] and len(found["skeleton"]["edges"]) == 16
    assert found["warnings"] == ["it breaks off"]
    assert found["analysed"]["first_frame"] == FIRST
    assert found["analysed"]["frame_count"] == 8
    assert found["analysed"]["start_s"] == round(5 * 1001 / 30000, 6)


def test_a_person_has_the_frames_of_its_track(poses):
    first, second = to_dict(poses)["people"]
    assert (first["id"], second["id"]) == (0, 3)
    assert [f["frame"] for f in first["frames"]] == [5, 6, 7, 8, 9, 10]
    assert [f["frame"] for f in second["frames"]] == [7, 8, 9]
    assert [f["interpolated"] for f in second["frames"]] == [False, True, False]
    assert second["frames"][0]["time_s"] == round(7 * 1001 / 30000, 6)


def test_numbers_are_rounded_and_in_place(poses):
    row = to_dict(poses)["people"][0]["frames"][2]
    assert row["keypoints_2d"][4] == [8.33, 104.0, 0.8765]
    assert row["keypoints_3d"][5] == [0.025, 0.025, 0.025]
    assert row["root"] == [0.2, 0.0, 4.1235]
    assert str(row["root"][1]) == "0.0"
    assert row["score"] == 0.97
    assert row["box"] == [1.23, 2.0, 300.0, 400.0]


def test_without_motion_there_is_null(poses):
    row = to_dict(poses)["people"][1]["frames"][0]
    assert row["keypoints_3d"] is None and row["root"] is None


def test_missing_is_null_and_never_nan(poses, tmp_path):
    person = poses.people[0]
    xy, xyz = person.keypoints.xy_px.copy(), person.motion.xyz_m.copy()
    root, box = person.motion.root_m.copy(), person.keypoints.box_px.copy()
    xy[1, 4], xyz[2, 3, 1], root[3, 2], box[0] = np.nan, np.nan, np.inf, np.nan
    holed = Person(
        person.detected,
        replace(person.keypoints, xy_px=xy, box_px=box),
        Motion3D(xyz, root),
    )
    write_json(replace(poses, people=(holed,)), tmp_path / "p.json")
    found = read(tmp_path / "p.json")
    check(found)
    rows = found["people"][0]["frames"]
    assert rows[1]["keypoints_2d"][4] == [None, None, 0.8765]
    assert rows[1]["keypoints_2d"][5] == [7.67, 105.0, 0.8765]
    assert rows[2]["keypoints_3d"] is None and rows[2]["root"] is not None
    assert rows[3]["root"] is None and rows[3]["keypoints_3d"] is not None
    assert rows[0]["box"] == [None] * 4


def test_feet_and_hands_are_exported_where_the_2d_model_finds_them(poses, tmp_path):
    person = poses.people[0]
    xy = np.arange(6 * 26 * 2, dtype=np.float32).reshape(6, 26, 2)
    xy[2, HALPE26.index("right_heel")] = np.nan
    halpe = replace(
        person.detected,
        joint_set=HALPE26.name,
        xy_px=xy,
        score=np.linspace(0, 1, 6 * 26, dtype=np.float32).reshape(6, 26),
    )
    write_json(replace(poses, people=(replace(person, detected=halpe),)), tmp_path / "p.json")
    found = read(tmp_path / "p.json")
    check(found)
    assert found["feet_and_hands"]["source"] == "halpe26"
    names = found["feet_and_hands"]["joints"]
    assert names[0] == "left_big_toe" and names[-1] == "right_heel" and len(names) == 6
    row = found["people"][0]["frames"][2]
    assert row["feet_and_hands_2d"][0] == [144.0, 145.0, round(72 / 155, 4)]
    assert row["feet_and_hands_2d"][5] == [None, None, round(77 / 155, 4)]


def test_without_feet_and_hands_there_is_null(poses):
    found = to_dict(poses)
    check(found)
    assert found["feet_and_hands"] is None
    assert "feet_and_hands_2d" not in found["people"][0]["frames"][0]


def test_nobody(poses, tmp_path):
    write_json(replace(poses, people=(), models=ModelsUsed("blazepose-full")), tmp_path / "p.json")
    found = read(tmp_path / "p.json")
    check(found)
    assert found["people"] == []
    assert found["models"]["lifter"] is None


def test_unknown_length_is_null(poses):
    video = replace(VIDEO, n_frames=None, duration_s=None)
    found = to_dict(replace(poses, video=video))
    check(found)
    assert found["video"]["frame_count"] is None and found["video"]["duration_s"] is None


def test_long_tracks_are_whole_across_the_parts_they_are_written_in(poses, tmp_path):
    n = 2 * poses_json._ROWS_AT_ONCE + 3
    long = track(0, 0, n)
    many = Poses(VIDEO, 0, np.arange(n) / 30, (Person(long, long, motion(n)),), poses.models)
    many = settle(place_in_world(many))
    write_json(many, tmp_path / "p.json")
    found = read(tmp_path / "p.json")
    assert [row["frame"] for row in found["people"][0]["frames"]] == list(range(n))
    assert found == to_dict(many)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(schema="hotvid/2"),
        lambda d: d.pop("people"),
        lambda d: d["people"][0].pop("id"),
        lambda d: d["people"][0]["frames"][0]["keypoints_2d"].pop(),
        lambda d: d["people"][0]["frames"][0]["keypoints_3d"][0].pop(),
        lambda d: d["people"][0]["frames"][0].update(score=1.5),
        lambda d: d["people"][0]["frames"][0].update(root=[1, 2]),
        lambda d: d["skeleton"]["joints"].pop(),
    ],
)
def test_the_schema_refuses_what_is_wrong(poses, spoil):
    found = to_dict(poses)
    spoil(found)
    with pytest.raises(ValidationError):
        check(found)
