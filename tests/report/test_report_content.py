"""What the page is told, unpacked again; and that no name can break out of it."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from stick_people import FIRST, FPS, N_FRAMES, two_people, uneven

from hotvid.joint_angles import ANGLES
from hotvid.pipeline import settle
from hotvid.report import content as module
from hotvid.report.content import content, leaps
from hotvid.report.report import page
from hotvid.skeleton import H36M17


def unpacked(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


@pytest.fixture(scope="module")
def poses():
    return settle(two_people())


def test_times_and_places_are_those_of_the_poses(poses):
    poses = uneven(poses)
    told = content(poses)
    times = unpacked(told["times"])
    np.testing.assert_allclose(times, poses.pts_s - poses.pts_s[0], atol=1e-6)
    late = told["people"][1]
    assert (late["id"], late["first"], late["count"]) == (3, 3, 6)
    assert late["frames"] == [FIRST + 3, FIRST + 8]
    xyz = unpacked(late["xyz"]).reshape(6, 17, 3)
    truth = poses.people[1].world.xyz_m
    assert np.isnan(truth[1, H36M17.index("right_wrist")]).all()
    np.testing.assert_array_equal(xyz, truth)
    degrees = unpacked(late["degrees"]).reshape(6, len(ANGLES))
    np.testing.assert_array_equal(degrees, poses.people[1].angles.degrees)
    assert np.isnan(degrees).any()


def test_the_first_frame_is_at_the_videos_own_time(poses):
    told = content(poses)
    assert (told["start"], told["firstFrame"]) == (FIRST / FPS, FIRST)
    assert unpacked(told["times"])[0] == 0, "the film within begins at 0"


def test_angles_of_someone_who_turns_many_times_are_whole(poses):
    person = poses.people[0]
    degrees = person.angles.degrees.copy()
    degrees[:, ANGLES.index("pelvis_heading")] = np.linspace(0, 20 * 360, N_FRAMES)
    spun = replace(person, angles=replace(person.angles, degrees=degrees))
    (told,) = content(replace(poses, people=(spun,)))["people"]
    np.testing.assert_array_equal(unpacked(told["degrees"]).reshape(degrees.shape), degrees)


def test_places_far_from_the_camera_are_right(poses):
    person = poses.people[0]
    far = person.world.xyz_m - np.float32([0, 0, 40])
    person = replace(person, world=replace(person.world, xyz_m=far))
    (told,) = content(replace(poses, people=(person,)))["people"]
    np.testing.assert_array_equal(unpacked(told["xyz"]).reshape(far.shape), far)


def test_who_is_hidden_for_long_is_not_in_the_scene(poses):
    """As in the picture: a bridge in which no joint is sure shows nobody."""
    person = poses.people[0]
    track, row = person.keypoints, 4
    bridged, score = track.interpolated.copy(), track.score.copy()
    bridged[row : row + 2], score[row] = True, 0.05
    hidden = replace(person, keypoints=replace(track, interpolated=bridged, score=score))
    (told,) = content(replace(poses, people=(hidden,)))["people"]
    xyz = unpacked(told["xyz"]).reshape(len(track), 17, 3)
    assert np.isnan(xyz[row]).all()
    np.testing.assert_array_equal(xyz[row + 1], person.world.xyz_m[row + 1])


def test_bones_and_jitter_are_told_of_the_motion_as_it_was_lifted(poses):
    cleaned = [person["quality"] for person in content(poses)["people"]]
    shaken = []
    for person in poses.people:
        noise = np.random.default_rng(0).normal(0, 0.05, person.motion.xyz_m.shape)
        shaken.append(replace(person.motion, xyz_m=person.motion.xyz_m + noise))
    lifted = [person["quality"] for person in content(poses, shaken)["people"]]
    for before, after in zip(lifted, cleaned, strict=True):
        assert before["bone_variation"] > after["bone_variation"] + 0.05
        assert before["acceleration_m_s2"] > 2 * after["acceleration_m_s2"]
        assert before["foot_skate_m_s"] == after["foot_skate_m_s"]


def test_of_motion_that_was_cleaned_before_bones_and_jitter_are_unknown(poses):
    told = content(poses, was_cleaned=True)
    assert told["unknown"] == ["bone_variation", "acceleration_m_s2"]
    for person, plain in zip(told["people"], content(poses)["people"], strict=True):
        assert [person["quality"][name] for name in told["unknown"]] == [None, None]
        assert person["quality"]["foot_skate_m_s"] == plain["quality"]["foot_skate_m_s"]
        assert plain["quality"]["bone_variation"] is not None
    lifted = [person.motion for person in poses.people]
    assert content(poses, lifted, was_cleaned=True)["unknown"] == content(poses)["unknown"] == []


def test_speed_is_that_of_the_pelvis(poses):
    person = poses.people[0]
    walking = person.world.xyz_m.copy()
    walking[:, 0] = np.arange(N_FRAMES)[:, None] / FPS * [1.5, 0, 0]
    person = replace(person, world=replace(person.world, xyz_m=walking))
    told = content(replace(poses, people=(person,)))
    np.testing.assert_allclose(unpacked(told["people"][0]["speed"]), 1.5, atol=2e-3)


def test_someone_who_is_suddenly_elsewhere_is_suspected(poses):
    person = poses.people[0]
    pts_s = poses.pts_s
    assert leaps(person, pts_s) == 0
    jumping = person.world.xyz_m.copy()
    jumping[4:8] += [3, 0, 0]  # there and back
    jumper = replace(person, world=replace(person.world, xyz_m=jumping))
    assert leaps(jumper, pts_s) == 2
    said = content(replace(poses, people=(jumper,)))["warnings"]
    assert "person 0: moves faster than anyone can 2 times" in said


def test_long_clips_are_thinned_for_everyone_alike(poses, monkeypatch):
    monkeypatch.setattr(module, "MOST_FRAMES", 5)
    told = content(poses)
    assert told["step"] == 3
    np.testing.assert_allclose(unpacked(told["times"]), np.arange(0, 12, 3) / FPS, atol=1e-6)
    late = told["people"][1]  # in rows 3 to 8: of the thinned ones 1 and 2, which were 3 and 6
    assert (late["first"], late["count"]) == (1, 2)
    xyz = unpacked(late["xyz"]).reshape(2, 17, 3)
    np.testing.assert_array_equal(xyz, poses.people[1].world.xyz_m[[0, 3]])


def test_few_frames_a_second_are_worth_a_warning(poses):
    slow = replace(
        poses, pts_s=poses.pts_s * 5, video=replace(poses.video, fps=5.0, duration_s=20.0)
    )
    assert any(text.startswith("5 frames a second are few") for text in content(slow)["warnings"])
    assert not any("are few" in text for text in content(poses)["warnings"])


def test_nobody_and_no_3d_are_told_too(poses):
    assert content(replace(poses, people=()))["people"] == []
    flat = replace(poses.people[0], motion=None, world=None, angles=None, confidence=None)
    (told,) = content(replace(poses, people=(flat,)))["people"]
    assert "xyz" not in told and told["quality"]["bone_variation"] is None


class Elements(HTMLParser):
    """The page's tags, attributes and scripts, as a browser parses them."""

    def __init__(self):
        super().__init__()
        self.tags, self.scripts, self._inside = [], {}, None

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = dict(attrs).get("id", "code") if tag == "script" else None

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside:
            self.scripts[self._inside] = self.scripts.get(self._inside, "") + data


def test_no_name_breaks_out_of_the_page(poses):
    name = "</script><img src=x onerror=alert(1)>{{CODE}}<!--.mp4"
    evil = replace(poses, video=replace(poses.video, path=name))
    parsed = Elements()
    parsed.feed("".join(page(evil, b"", "no film")))
    assert "img" not in [tag for tag, _ in parsed.tags]
    assert [tag for tag, _ in parsed.tags].count("script") == 4
    assert json.loads(parsed.scripts["data"])["name"] == name.rpartition("/")[2]


def test_names_that_are_no_unicode_are_written_with_their_bytes(poses):
    name = "caf\udce9.mp4"
    odd = replace(
        poses,
        video=replace(poses.video, path=f"clips/{name}"),
        models=replace(poses.models, pose2d=f"yolo:{name}"),
        warnings=(f"{name} breaks off",),
    )
    parsed = Elements()
    text = "".join(page(odd, b"", f"no {name}"))
    parsed.feed(text.encode("utf-8").decode("utf-8"))
    told, shown = json.loads(parsed.scripts["data"]), r"caf\udce9.mp4"
    assert f"<title>{shown} - hotvid report</title>" in text
    assert (told["name"], told["missing"]) == (shown, f"no {shown}")
    assert told["models"]["2D"] == f"yolo:{shown}"
    assert told["warnings"][0] == f"{shown} breaks off"


def test_the_page_asks_the_network_for_nothing(poses):
    text = "".join(page(poses, b"film", ""))
    parsed = Elements()
    parsed.feed(text)
    assert not [a for _, a in parsed.tags if a.keys() & {"src", "href", "data", "action"}]
    (policy,) = [a["content"] for _, a in parsed.tags if "content" in a and "http-equiv" in a]
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"""url\(['"]?https?:|@import""", text.partition("<body>")[0])
    assert base64.b64decode(parsed.scripts["mp4"]) == b"film"
