"""hotvid's JSON read back: what it holds comes back, and what is no such file is said so."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from small_poses import some_poses
from stick_people import two_people

from hotvid.errors import InputError
from hotvid.pipeline import settle
from hotvid.stored import poses_json
from hotvid.stored.poses_json import holds_poses, load_poses_json, to_dict, write_json


def test_what_was_written_comes_back(tmp_path):
    poses = two_people("h36m17")
    write_json(poses, tmp_path / "a.json")
    found = load_poses_json(tmp_path / "a.json")
    assert found.video == replace(poses.video, has_audio=False)
    assert (found.models, found.warnings) == (poses.models, poses.warnings)
    np.testing.assert_allclose(found.pts_s, poses.pts_s, atol=1e-6)
    for ours, theirs in zip(found.people, poses.people, strict=True):
        assert ours.keypoints.joint_set == ours.detected.joint_set == "h36m17"
        np.testing.assert_array_equal(ours.keypoints.frame_index, theirs.keypoints.frame_index)
        np.testing.assert_array_equal(ours.keypoints.interpolated, theirs.keypoints.interpolated)
        np.testing.assert_allclose(ours.keypoints.xy_px, theirs.keypoints.xy_px, atol=0.01)
        np.testing.assert_allclose(ours.keypoints.box_px, theirs.keypoints.box_px, atol=0.01)
        np.testing.assert_allclose(ours.motion.root_m, theirs.motion.root_m, atol=1e-4)
        known = np.isfinite(ours.motion.xyz_m)
        np.testing.assert_allclose(ours.motion.xyz_m[known], theirs.motion.xyz_m[known], atol=1e-4)
    assert (~np.isfinite(found.people[1].motion.xyz_m)).any((1, 2)).tolist() == [0, 1, 0, 0, 0, 0]


def test_written_again_it_is_the_same(tmp_path):
    write_json(settle(two_people("h36m17")), tmp_path / "a.json")
    again = to_dict(settle(load_poses_json(tmp_path / "a.json")))
    first = json.loads((tmp_path / "a.json").read_text())
    for one, other in zip(first["people"], again["people"], strict=True):
        for row, row_again in zip(one["frames"], other["frames"], strict=True):
            assert row == row_again
    assert first == again


def test_frames_without_anyone_get_their_times(tmp_path):
    poses = two_people("h36m17")
    write_json(replace(poses, people=poses.people[1:]), tmp_path / "a.json")
    np.testing.assert_allclose(load_poses_json(tmp_path / "a.json").pts_s, poses.pts_s, atol=1e-6)
    write_json(replace(poses, people=()), tmp_path / "b.json")
    np.testing.assert_allclose(load_poses_json(tmp_path / "b.json").pts_s, poses.pts_s, atol=1e-6)


def test_people_without_3d_stay_so(tmp_path):
    poses = two_people("h36m17")
    flat = replace(poses, people=(replace(poses.people[0], motion=None, world=None),))
    write_json(flat, tmp_path / "a.json")
    assert load_poses_json(tmp_path / "a.json").people[0].motion is None


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda d: "{", "no JSON"),
        (lambda d: "[1, 2]", "hotvid export-json"),
        (lambda d: json.dumps({**d, "schema": "other/1"}), "hotvid export-json"),
        (lambda d: json.dumps({**d, "video": {}}), "damaged"),
        (lambda d: json.dumps({**d, "people": [{"id": 0}]}), "damaged"),
        (lambda d: json.dumps({**d, "people": 7}), "damaged"),
        (lambda d: json.dumps({**d, "analysed": {**d["analysed"], "frame_count": 3}}), "damaged"),
        (lambda d: d["people"][0]["frames"][2]["keypoints_2d"].pop() and json.dumps(d), "damaged"),
        (lambda d: d["people"][0]["frames"].pop(4) and json.dumps(d), "damaged"),
    ],
)
def test_what_is_no_such_file_is_said_so(tmp_path, spoil, says):
    (tmp_path / "a.json").write_text(spoil(to_dict(two_people())))
    with pytest.raises(InputError, match=says):
        load_poses_json(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("analysed", "frame_count"), 10**12, "frame_count"),
        (("analysed", "start_s"), 1e6, "times do not grow"),
        (("video", "width"), -1, "width"),
        (("video", "fps"), 0, "fps"),
        (("video", "fps"), float("nan"), "fps"),
        (("people", 1, "id"), 0, "same id"),
        (("people", 0, "frames"), [], "in no frame"),
        (("people", 0, "frames", 3, "keypoints_world", 2), [1e300, 0, 0], "beyond everything"),
        (("world", "camera_rotation"), [[2, 0, 0]] * 3, "rotation"),
        (("world", "camera"), [float("nan"), 0, 0], "nowhere"),
    ],
)
def test_what_makes_no_sense_is_said_so(tmp_path, place, value, says):
    held = to_dict(two_people())
    inner = held
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    (tmp_path / "a.json").write_text(json.dumps(held))
    with pytest.raises(InputError, match=rf"a\.json' is damaged.*{says}"):
        load_poses_json(tmp_path / "a.json")


def test_a_missing_file_is_said_so(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_poses_json(tmp_path / "a.json")
    with pytest.raises(InputError, match="folder"):
        load_poses_json(tmp_path)


def test_any_order_of_keys_is_read(tmp_path):
    """As other programs write it again: sorted, indented, with a mark of UTF-8 before it."""
    poses = settle(two_people("h36m17"))
    write_json(poses, tmp_path / "a.json")
    held = json.loads((tmp_path / "a.json").read_text())
    backwards = dict(reversed(held.items()))
    backwards["people"] = [dict(reversed(person.items())) for person in held["people"]]
    assert next(iter(backwards)) == "people" and list(backwards)[-1] == "schema"
    (tmp_path / "b.json").write_text(json.dumps(backwards, indent=1), encoding="utf-8-sig")
    assert holds_poses(tmp_path / "b.json")
    one, other = (load_poses_json(tmp_path / name) for name in ("a.json", "b.json"))
    assert to_dict(one) == to_dict(other)


def test_the_first_kilobytes_tell_what_it_is(tmp_path):
    write_json(two_people(), tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    (tmp_path / "b.json").write_text(text[:1000])
    assert holds_poses(tmp_path / "a.json") and holds_poses(tmp_path / "b.json")
    (tmp_path / "c.json").write_text(text.replace("hotvid/1", "other/1"))
    assert not holds_poses(tmp_path / "c.json") and not holds_poses(tmp_path / "missing.json")


def test_other_programs_json_is_not_parsed_to_see_that_it_is_theirs(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text(json.dumps({"images": [], "annotations": [{"id": 1}]}))
    (tmp_path / "b.json").write_text(json.dumps([{"image_id": 3}]))
    parsed = []
    value = poses_json.JsonStream.value
    monkeypatch.setattr(
        poses_json.JsonStream, "value", lambda s: parsed.append(value(s)) or parsed[-1]
    )
    assert not holds_poses(tmp_path / "a.json") and not holds_poses(tmp_path / "b.json")
    assert parsed == ["images"]


@pytest.mark.parametrize("frames", [poses_json._ROWS_READ_AT_ONCE * k + 1 for k in (1, 2)])
def test_long_tracks_come_back_whole(tmp_path, monkeypatch, frames):
    poses = some_poses(frames, 2)
    write_json(poses, tmp_path / "a.json")
    found = load_poses_json(tmp_path / "a.json")
    for ours, theirs in zip(found.people, poses.people, strict=True):
        np.testing.assert_array_equal(ours.keypoints.frame_index, np.arange(frames))
        np.testing.assert_allclose(ours.keypoints.xy_px, theirs.keypoints.xy_px, atol=0.01)
        np.testing.assert_allclose(ours.motion.xyz_m, theirs.motion.xyz_m, atol=1e-4)


def test_reading_takes_little_more_memory_than_what_is_read(tmp_path):
    write_json(some_poses(10_000), tmp_path / "a.json")
    tracemalloc.start()
    found = load_poses_json(tmp_path / "a.json")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    person = found.people[0]
    held = person.keypoints.xy_px.nbytes * 1.5 + person.motion.xyz_m.nbytes * 20 / 17
    assert peak < 3 * held  # as lists of numbers it is some twenty times as large
