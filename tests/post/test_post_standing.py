"""What carries a body, and where: every number here is worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from stick_people import STANDING_M
from walking_people import (
    FPS,
    SIZE_PX,
    UP,
    J,
    camera,
    degrees_between,
    filmed,
    on_one_leg,
    standing,
    stands,
    walker,
)

from hotvid.config import WorldConfig
from hotvid.post.confidence import joint_confidence
from hotvid.post.contacts import foot_contacts
from hotvid.post.floor import Floor, fit_floor
from hotvid.post.gravity import centre_of_mass, up_direction
from hotvid.post.stature import standing_height_m
from hotvid.post.world import _frame, place_in_world
from hotvid.types import VideoInfo

RIGHT, LEFT = 0, 1


def test_with_a_person_what_answers_are_apart_is_resized():
    rotation, place = camera()
    poses = filmed([walker()[0]], rotation, place)
    (person,) = poses.people
    apart = np.linspace(0, 0.2, 120 * 17, dtype=np.float32).reshape(120, 17)
    known = replace(person, motion=replace(person.motion, apart_m=apart))
    small = WorldConfig(height_m=0.9)
    (placed,) = place_in_world(replace(poses, people=(known,)), small).people
    size = 0.9 / standing_height_m(person.motion.xyz_m)
    assert 0.4 < size < 0.6
    np.testing.assert_allclose(placed.motion.xyz_m, person.motion.xyz_m * size, rtol=1e-5)
    np.testing.assert_allclose(placed.motion.apart_m, apart * size, rtol=1e-5)
    assert placed.motion.apart_m.dtype == np.float32
    # In a body half as large the same answers are nearer to each other, and surer.
    score = person.keypoints.score
    before, after = joint_confidence(score, apart), joint_confidence(score, placed.motion.apart_m)
    assert (after[10:, 1:] > before[10:, 1:]).all()
    assert place_in_world(poses, small).people[0].motion.apart_m is None


@pytest.mark.parametrize(
    ("joint", "share"),
    [
        # 0.068 of the mass lies 0.6 of the way from thorax to head, 0.430 of it 0.45 of the way
        # to the pelvis, and so on: what moves with a joint by a metre moves the whole by so much.
        ("head", 0.0408),
        ("thorax", 0.2637),
        ("pelvis", 0.1935),
        ("left_shoulder", 0.01092),
        ("right_elbow", 0.02278),
        ("left_wrist", 0.0143),
        ("right_hip", 0.08845),
        ("left_knee", 0.08265),
        ("right_ankle", 0.0319),
        ("nose", 0.0),
    ],
)
def test_what_a_joint_moves_of_the_centre_of_mass(joint, share):
    xyz = np.zeros((17, 3))
    xyz[J[joint]] = [0, 1, 0]
    np.testing.assert_allclose(centre_of_mass(xyz), [0, share, 0], atol=1e-6)


def test_who_stands_on_one_leg_has_the_weight_above_its_foot():
    assert degrees_between(up_direction([on_one_leg()]), UP) < 1.5


def test_a_foot_that_is_held_up_does_not_stand_however_still():
    xyz = np.tile(STANDING_M, (30, 1, 1))
    xyz[:, J["right_ankle"], 1] -= 0.2
    sight = (xyz + [0, 0, 4])[..., :2] / (xyz + [0, 0, 4])[..., 2:]
    depth, score = np.full(30, 4.0), np.ones((30, 17))
    found = foot_contacts(xyz, depth, sight, score, UP, FPS)
    assert not found[:, RIGHT].any() and found[:, LEFT].all()
    xyz[:, J["right_ankle"], 1] += 0.12
    assert foot_contacts(xyz, depth, sight, score, UP, FPS).all()


def test_a_foot_that_is_nowhere_stands_nowhere():
    rotation, place = camera()
    poses = filmed([standing(40)], rotation, place)
    (person,) = poses.people
    xyz = person.motion.xyz_m.copy()
    xyz[20:22, J["right_ankle"]] = np.nan  # too short for a break in the stand
    lost = replace(person, motion=replace(person.motion, xyz_m=xyz))
    contact = place_in_world(replace(poses, people=(lost,))).people[0].world.contact
    assert np.flatnonzero(~contact[:, RIGHT]).tolist() == [20, 21]
    assert contact[:, LEFT].all()


def test_without_a_stand_the_floor_is_a_sole_below_the_lowest_ankles():
    # Ankles between 0.08 and 0.5 m over the floor, the camera 2 m over it.
    over = np.linspace(0.08, 0.5, 200)
    feet = np.zeros((200, 2, 3)) + [0, 0, 4]
    feet[:, 0, 1], feet[:, 1, 1] = 2.0 - over, 2.0 - 0.5
    floor = fit_floor([np.zeros((0, 3))], [feet], UP)
    assert floor.n_stands == 0 and floor.up.tolist() == UP.tolist()
    # One in twenty may be lower by mistake: 0.021 m of the range.
    assert floor.height_m == pytest.approx(2.0 - 0.021, abs=1e-3)


def test_some_stands_that_are_wild_hardly_move_the_floor():
    over = np.full((5, 5), 0.08)
    over[1::2, 1::2] = 0.43  # four of 25: their mean would raise it by 0.056
    floor = fit_floor([stands(over, 2.0)], [np.zeros((0, 2, 3))], UP)
    assert floor.height_m == pytest.approx(2.0, abs=0.035)
    assert degrees_between(floor.up, UP) < 0.5


def test_the_rungs_that_somebody_climbs_are_not_the_floor():
    ground, rung = stands(0.08, 2.0), stands(0.38, 2.0)[10:20]
    rung[:, 2] = 5.3
    floor = fit_floor([np.concatenate([ground, rung])], [np.zeros((0, 2, 3))], UP)
    assert floor.height_m == pytest.approx(2.0, abs=1e-6) and floor.n_stands == 25
    assert degrees_between(floor.up, UP) < 1e-4


def test_nobody_is_resized_for_what_a_camera_at_their_knees_cannot_tell():
    # 25 stands are 0.32 m below the camera, four of somebody else 0.22 m. Stands are known to
    # 0.06 m and sizes, whose mean is 1, to 0.07.
    high = stands(0.18, 0.4)[[6, 8, 16, 18]]
    floor = fit_floor([stands(0.08, 0.4), high], [np.zeros((0, 2, 3))] * 2, UP)
    of_stands = np.diag([5, 2]) @ [[1, -0.32, 0, 0], [1, 0, -0.22, -0.1]]
    held = 0.06 / 0.07 * np.eye(3, 4, k=1)[:2]
    rows = np.concatenate([of_stands, held, [[0, 1e4, 1e4, 0]]])
    _, *sizes = np.linalg.lstsq(rows[:, :3], rows[:, 3])[0]
    assert 0.04 < sizes[1] < 0.08
    np.testing.assert_allclose(floor.size, 1 + np.array(sizes), atol=0.005)


def test_no_floor_is_steeper_than_fifteen_degrees_against_the_bodies():
    slope = np.tan(np.radians(30))
    hill = stands(0.08, 2.0, n=41)
    hill[:, 1] -= slope * (hill[:, 2] - 5)
    hill = hill[np.abs(hill[:, 2] - 5) < 0.7]  # what is further is another level
    floor = fit_floor([hill], [np.zeros((0, 2, 3))], UP)
    assert 12 < degrees_between(floor.up, UP) < 15.1


@pytest.mark.parametrize(("up_z", "ahead_y"), [(-1.0, -1.0), (1.0, 1.0)], ids=["down", "up"])
def test_a_camera_that_looks_straight_down_or_up_looks_ahead_at_its_pictures_top(up_z, ahead_y):
    floor = Floor(np.array([0, 0, up_z]), 3.0, (1.0,), 4)
    frame = _frame(floor, 1.0, VideoInfo("v.mp4", *SIZE_PX, FPS))
    # Who is carried forward sees the ground come in at the top looking down, at the bottom looking
    # up.
    np.testing.assert_allclose(frame.rotation @ [0, ahead_y, 0], [0, 0, -1], atol=1e-9)
    np.testing.assert_allclose(frame.rotation @ [0, 0, up_z], [0, 1, 0], atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(frame.rotation), 1)


def test_the_height_given_is_that_of_the_one_seen_longest():
    rotation, place = camera()
    short, _ = walker(n=60, start=(-1, -1), size=1.1)
    long, _ = walker(n=120, start=(1, -1), size=0.95)
    placed = place_in_world(filmed([short, long], rotation, place), WorldConfig(height_m=1.5))
    first, second = (standing_height_m(p.motion.xyz_m) for p in placed.people)
    assert second == pytest.approx(1.5, abs=1e-3) and first > 1.55


def test_a_height_is_from_sole_to_crown():
    xyz = np.zeros((1, 17, 3))
    for name, y in (("spine", 0.25), ("thorax", 0.5), ("head", 0.8)):
        xyz[0, J[name], 1] = y
    for side in ("right", "left"):
        xyz[0, J[f"{side}_knee"], 1], xyz[0, J[f"{side}_ankle"], 1] = -0.4, -0.82
    # 0.8 + 0.82 m from ankle to crown are 95.3 per cent of it (Drillis and Contini: 0.039 to the
    # ankle, and the lifter's head is no crown).
    assert standing_height_m(xyz) == pytest.approx(1.62 / 0.953, abs=1e-6)
