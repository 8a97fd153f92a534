"""The whole chain on the shipped clip: who is where, and when, as a person sees it.

The places and frames were read off the pictures by eye, not off a result.
"""

import json
import subprocess

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from hotvid import job
from hotvid.io.probe import ffmpeg_exe
from hotvid.pipeline import analyze
from hotvid.skeleton import H36M17
from hotvid.stored.pose_store import load_poses
from hotvid.stored.poses_json import schema

N_FRAMES = 230
# Where the middle of the hips is, in pixels of the 1768x994 picture.
MAN_PX = {
    25: (627, 281),  # standing on the building
    38: (647, 278),
    155: (765, 275),  # crouched at the edge
    164: (792, 298),  # leaping off
    188: (1050, 618),  # coming down
    192: (1042, 745),  # landing
    196: (1095, 791),
    206: (1191, 770),  # getting up
    215: (1356, 745),  # running off
    220: (1444, 724),
}
WOMAN_PX = {46: (1513, 777), 155: (463, 749), 172: (286, 749), 190: (105, 758)}
NEAR_PX = 60  # people are some 400 pixels tall
SUN_PX = (1003, 240)
NEAR_SUN_PX = 130
# He turns over in the air before the sun, head down, where no 2D model of upright people sees him.
SOMERSAULT = range(166, 186)
# She steps out from behind the tree (an arm at 34, half of her at 38), and is cut by the
# picture's edge (half of her at 198, an arm at 206).
WOMAN_ENTERS, WOMAN_LEAVES = range(33, 48), range(194, 208)
# He is there from the start and vanishes behind the tree (half of him at 226).
MAN_LEAVES = range(222, 230)


@pytest.fixture(scope="session")
def demo_json(demo_clip, tmp_path_factory):
    """The JSON of the clip; beside it lies the pose store."""
    folder = tmp_path_factory.mktemp("demo")
    job.run(demo_clip, json=folder / "demo.json", save=folder / "demo.npz")
    return folder / "demo.json"


@pytest.fixture(scope="session")
def people(demo_json):
    return json.loads(demo_json.read_text())["people"]


def hips(frame):
    return np.array(frame["keypoints_2d"][0][:2], float)


def who_is_at(people, index, place_px):
    """The ids of those whose hips are there in that frame."""
    return [
        p["id"]
        for p in people
        for f in p["frames"]
        if f["frame"] == index and np.linalg.norm(hips(f) - place_px) < NEAR_PX
    ]


def frames_of(people, number):
    (person,) = [p for p in people if p["id"] == number]
    return {f["frame"]: f for f in person["frames"]}


@pytest.fixture(scope="session")
def man(people):
    (number,) = who_is_at(people, 25, MAN_PX[25])
    return number


@pytest.fixture(scope="session")
def woman(people):
    (number,) = who_is_at(people, 155, WOMAN_PX[155])
    return number


def test_the_json_is_valid_and_whole(demo_json):
    found = json.loads(demo_json.read_text())
    Draft202012Validator(schema()).validate(found)
    assert found["analysed"]["frame_count"] == N_FRAMES
    assert (found["video"]["width"], found["video"]["height"]) == (1768, 994)
    assert found["models"]["lifter"] == "hot-mixste-s"
    assert found["warnings"] == []


def test_both_people_are_found_and_nobody_else(people, man, woman):
    assert man != woman and {p["id"] for p in people} == {man, woman}


@pytest.mark.parametrize("index", WOMAN_PX)
def test_the_woman_is_where_she_is_seen(people, woman, index):
    assert who_is_at(people, index, WOMAN_PX[index]) == [woman]


@pytest.mark.parametrize("index", MAN_PX)
def test_the_man_is_followed_standing_leaping_and_landing(people, man, index):
    assert who_is_at(people, index, MAN_PX[index]) == [man]


def test_the_woman_is_one_id_from_where_she_enters_to_where_she_leaves(people, woman):
    frames = frames_of(people, woman)
    assert min(frames) in WOMAN_ENTERS and max(frames) in WOMAN_LEAVES
    seen = [index for index, f in frames.items() if not f["interpolated"]]
    assert len(seen) > 0.95 * len(frames)


def test_the_man_is_seen_from_the_start_to_the_tree_but_head_down(people, man):
    frames = frames_of(people, man)
    assert max(frames) in MAN_LEAVES
    seen = {index for index, f in frames.items() if not f["interpolated"]}
    assert set(range(MAN_LEAVES.start)) - seen <= set(SOMERSAULT)


def test_nobody_is_reported_at_the_sun(people, man):
    at_sun = {
        (p["id"], f["frame"])
        for p in people
        for f in p["frames"]
        if np.linalg.norm(hips(f) - SUN_PX) < NEAR_SUN_PX
    }
    assert {number for number, _ in at_sun} <= {man}
    assert {index for _, index in at_sun} <= set(SOMERSAULT)


def test_everyone_has_a_body_of_a_persons_size(people):
    for person in people:
        xyz = np.array([f["keypoints_3d"] for f in person["frames"]])
        root = np.array([f["root"] for f in person["frames"]])
        thigh = np.linalg.norm(xyz[:, 5] - xyz[:, 4], axis=-1)
        assert 0.3 < np.median(thigh) < 0.6
        assert np.allclose(xyz[:, 0], 0, atol=1e-3)
        assert (root[:, 2] > 2).all()


def test_heads_are_up_while_they_stand_and_walk(people, man, woman):
    for number, indices in ((man, range(40, 100)), (woman, range(60, 180))):
        frames = frames_of(people, number)
        xyz = np.array([frames[i]["keypoints_3d"] for i in indices])
        assert (xyz[:, 10, 1] < xyz[:, 8, 1]).all(), "y points down: the head is above the thorax"
        assert (xyz[:, 8, 1] < -0.3).all() and (xyz[:, [3, 6], 1] > 0.4).all()


def test_the_woman_walks_to_the_left_facing_left(people, woman):
    frames = frames_of(people, woman)
    root = np.array([frames[i]["root"] for i in range(60, 180)])
    assert root[-1, 0] - root[0, 0] < -2.5
    xyz = np.array([frames[i]["keypoints_3d"] for i in range(60, 180)])
    across = xyz[:, 11] - xyz[:, 14]  # from the right shoulder to the left
    assert np.median(across[:, 2]) < -0.15, "who faces left turns the left shoulder to the camera"


@pytest.fixture(scope="session")
def mirrored_pair(demo_clip, tmp_path_factory):
    """Half a second of walking, and the same in a mirror, each as (keypoints, motion)."""
    folder = tmp_path_factory.mktemp("mirror")
    results = []
    for name, turn in (("plain", "null"), ("mirrored", "hflip")):
        cut = folder / f"{name}.mp4"
        command = [ffmpeg_exe(), "-v", "error", "-ss", "3", "-t", "1.5", "-i", str(demo_clip)]
        command += ["-vf", turn, "-c:v", "libx264", "-crf", "12", "-an", str(cut)]
        subprocess.run(command, check=True)
        people = analyze(cut).people
        results.append(max(people, key=lambda p: p.keypoints.xy_px[..., 1].mean()))
    return results


def test_left_stays_left_in_a_mirror(mirrored_pair):
    plain, mirrored = (person.motion.xyz_m for person in mirrored_pair)
    n = min(len(plain), len(mirrored))
    back = mirrored[:n] * np.array([-1, 1, 1], np.float32)
    right = np.linalg.norm(plain[:n] - back[:, H36M17.mirror], axis=-1).mean()
    wrong = np.linalg.norm(plain[:n] - back, axis=-1).mean()
    assert right < 0.08, "metres"
    assert wrong > 2 * right, "exchanging left and right matters here"


def test_the_store_gives_the_same_json(demo_json, tmp_path):
    again = tmp_path / "again.json"
    job.run(demo_json.with_suffix(".npz"), json=again)
    assert again.read_bytes() == demo_json.read_bytes()
    assert load_poses(demo_json.with_suffix(".npz")).n_frames == N_FRAMES
