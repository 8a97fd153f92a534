"""hotvid's JSON read back: what it holds comes back, and what is no such file is said so."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from small_poses import some_poses
from stick_people import two_people

from hotvid.errors import InputError
from hotvid.export.keypoint_rows import as_in_picture, own_or_coco
from hotvid.pipeline import settle
from hotvid.post.world import place_in_world
from hotvid.skeleton import (
    H36M17,
    HALPE26,
    JOINT_SETS,
    feet_and_hands,
    joint_set_named,
    to_h36m17,
)
from hotvid.stored import poses_json
from hotvid.stored.pose_store import load_poses, save_poses
from hotvid.stored.poses_json import holds_poses, load_poses_json, to_dict, write_json


def test_what_was_written_comes_back(tmp_path):
    poses = two_people("h36m17")
    poses = replace(poses, video=replace(poses.video, shown_px=480))
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


def test_cuts_come_back(tmp_path):
    poses = replace(two_people(), cuts=(two_people().first_frame + 3,))
    write_json(poses, tmp_path / "a.json")
    assert load_poses_json(tmp_path / "a.json").cuts == poses.cuts


def test_written_again_it_is_the_same(tmp_path):
    write_json(settle(two_people("h36m17")), tmp_path / "a.json")
    again = to_dict(settle(load_poses_json(tmp_path / "a.json")))
    first = json.loads((tmp_path / "a.json").read_text())
    for one, other in zip(first["people"], again["people"], strict=True):
        for row, row_again in zip(one["frames"], other["frames"], strict=True):
            assert row == row_again
    assert first == again


@pytest.mark.parametrize("joint_set", ["blazepose33", "halpe26", "openpose25"])
def test_feet_and_hands_come_back(tmp_path, joint_set):
    poses = settle(two_people(joint_set))
    lost = poses.people[1].detected.xy_px
    lost[2, feet_and_hands(joint_set)[0]] = np.nan
    write_json(poses, tmp_path / "a.json")
    found = load_poses_json(tmp_path / "a.json")
    names = JOINT_SETS[joint_set].joints
    for ours, theirs in zip(found.people, poses.people, strict=True):
        mine = joint_set_named(ours.detected.joint_set)
        assert mine.joints[:17] == H36M17.joints
        for at in feet_and_hands(joint_set):
            column = mine.index(names[at])
            xy_px, score = ours.detected.xy_px[:, column], ours.detected.score[:, column]
            np.testing.assert_allclose(xy_px, theirs.detected.xy_px[:, at], atol=0.01)
            np.testing.assert_allclose(score, theirs.detected.score[:, at], atol=1e-4)
        np.testing.assert_array_equal(ours.detected.xy_px[:, :17], ours.keypoints.xy_px)
        xy, _ = to_h36m17(ours.detected.xy_px, ours.detected.score, ours.detected.joint_set)
        np.testing.assert_array_equal(xy, ours.keypoints.xy_px)
    assert to_dict(settle(found)) == json.loads((tmp_path / "a.json").read_text())
    save_poses(found, tmp_path / "a.npz")
    again = to_dict(settle(replace(load_poses(tmp_path / "a.npz"), world=found.world)))
    assert again["feet_and_hands"] == to_dict(found)["feet_and_hands"]


def test_the_lens_is_known_where_it_was(tmp_path):
    poses = two_people("h36m17")
    known = place_in_world(replace(poses, video=replace(poses.video, focal_px=700.0)))
    for each in (poses, known):
        write_json(each, tmp_path / "a.json")
        found = load_poses_json(tmp_path / "a.json")
        assert found.world.focal_assumed == (each is poses)
        assert found.world.focal_px == pytest.approx(each.world.focal_px, abs=1e-3)


def test_what_others_left_unknown_is_unsure_and_angles_of_theirs_are_left_out(
    tmp_path, monkeypatch
):
    held = to_dict(settle(two_people()))
    row = held["people"][0]["frames"][3]
    row["keypoints_2d"][2], row["score"] = [None, None, None], None
    row["feet_and_hands_2d"][1] = [None, None, None]
    row["confidence_3d"][2] = None
    held["people"][0]["frames"][-1]["joint_angles"] = [10.0, 20.0]
    (tmp_path / "a.json").write_text(json.dumps(held))
    monkeypatch.setattr(poses_json, "_ROWS_READ_AT_ONCE", 5)
    person, other = load_poses_json(tmp_path / "a.json").people
    assert np.isnan(person.keypoints.xy_px[3, 2]).all()
    assert person.keypoints.score[3, 2] == person.keypoints.person_score[3] == 0
    assert person.confidence[3, 2] == 0
    assert np.isfinite(person.detected.score).all()
    assert person.angles is None and other.angles is not None


def test_feet_of_an_unknown_joint_set_are_left_out(tmp_path):
    held = to_dict(two_people())
    held["feet_and_hands"]["source"] = "octopus8"
    (tmp_path / "a.json").write_text(json.dumps(held))
    assert load_poses_json(tmp_path / "a.json").people[0].detected.joint_set == "h36m17"
    held["feet_and_hands"] = {"source": "halpe26", "joints": ["left_heel", "third_heel"]}
    (tmp_path / "a.json").write_text(json.dumps(held))
    with pytest.raises(InputError, match="damaged"):
        load_poses_json(tmp_path / "a.json")


def test_feet_read_back_are_in_the_formats_of_other_programs(tmp_path):
    poses = settle(two_people("halpe26"))
    write_json(poses, tmp_path / "a.json")
    found = load_poses_json(tmp_path / "a.json")
    ours, theirs = (as_in_picture(p.people[0], HALPE26) for p in (found, poses))
    heel = HALPE26.index("left_heel")
    np.testing.assert_allclose(ours[:, heel], theirs[:, heel], atol=0.01)
    assert own_or_coco(found, HALPE26) is HALPE26


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
        (lambda d: d["people"][0]["frames"][2].pop("root") and json.dumps(d), "damaged"),
        (lambda d: json.dumps(d) + "]", "no JSON"),
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
        (("analysed", "cuts"), [8, 8], "cuts"),
        (("analysed", "cuts"), [10**9], "cuts"),
        (("analysed", "cuts"), ["8"], "cuts"),
        (("video", "width"), -1, "width"),
        (("video", "fps"), 0, "fps"),
        (("video", "fps"), float("nan"), "fps"),
        (("people", 1, "id"), 0, "same id"),
        (("people", 0, "frames"), [], "in no frame"),
        (("people", 0, "frames", 3, "keypoints_world", 2), [1e300, 0, 0], "beyond everything"),
        (("people", 0, "frames", 3, "root"), [1e7, 0, 0], "beyond everything"),
        (("people", 0, "frames", 3, "box"), [0, 0, 1e8, 1], "beyond everything"),
        (("people", 0, "frames", 3, "keypoints_2d", 2), [1, 2, 1.1], "score is not in"),
        (("people", 0, "frames", 3, "keypoints_2d", 2), [1, 2, -0.1], "score is not in"),
        (("people", 0, "frames", 3, "score"), 1.1, "person_score is not in"),
        (("people", 1, "frames", 0, "frame"), 0, ""),
        (("video", "width"), True, "width"),
        (("video", "shown_px"), 0, "shown_px"),
        (("world", "focal_px"), 0, "focal_px"),
        (("world", "camera"), [1e7, 0, 0], "beyond everything"),
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
    (tmp_path / "d.json").write_text('{"a": 1 "schema": "hotvid/1"}')
    assert not holds_poses(tmp_path / "d.json")
    # The word lies where one block of the file ends and the next one begins.
    (tmp_path / "e.json").write_text('{"a":"' + "x" * ((1 << 20) - 11) + '","schema":"hotvid/1"}')
    assert holds_poses(tmp_path / "e.json")


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
