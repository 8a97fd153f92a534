"""One floor for several people, of whom one is a child, stands on a box, or is nobody."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from stick_people import STANDING_M
from walking_people import FPS, UP, camera, degrees_between, filmed, stands, walker

from hotvid.post.contacts import FEET
from hotvid.post.floor import ANKLE_M, fit_floor
from hotvid.post.stature import standing_height_m
from hotvid.post.world import place_in_world
from hotvid.types import Motion3D

NO_FEET = np.zeros((0, 2, 3))


def seen_as(person, size):
    """The same person where one `size` times as large would look the same."""
    motion = person.motion
    large = Motion3D(motion.xyz_m * np.float32(size), motion.root_m * np.float32(size))
    return replace(person, motion=large)


def lower_foot(person):
    return np.nanmedian(person.world.xyz_m[:, FEET, 1].min(1))


def test_a_child_among_adults_stands_on_their_floor():
    rotation, place = camera(pitch=15, roll=0, height=2.5)
    people = [walker(start=(x, -1.0 + x), speed=0.9)[0] for x in (-1.0, 0.3)]
    child, _ = walker(start=(1.2, -1.5), speed=0.5, size=0.65)
    poses = filmed([*people, child], rotation, place)
    one, two, small = poses.people
    placed = place_in_world(replace(poses, people=(one, two, seen_as(small, 1 / 0.65))))
    tall = [standing_height_m(p.world.xyz_m) for p in placed.people]
    assert tall[2] / tall[0] == pytest.approx(0.65, abs=0.07)
    assert tall[1] / tall[0] == pytest.approx(1, abs=0.05)
    assert [lower_foot(p) for p in placed.people] == pytest.approx([ANKLE_M] * 3, abs=0.06)
    assert placed.world.camera_m[1] == pytest.approx(2.5, abs=0.2)


def test_a_short_and_a_tall_adult_whose_bodies_show_up_wrongly_share_a_floor():
    rotation, place = camera(pitch=18, roll=0, height=2.4)
    tall, _ = walker(start=(-0.8, -2.0), speed=0.3)
    short, _ = walker(start=(0.8, -0.5), speed=0.3, size=0.83)
    poses = filmed([tall, short], rotation, place)
    one, two = poses.people
    lean = Rotation.from_euler("x", 5, degrees=True).as_matrix().astype(np.float32)

    def leant(person, size):
        motion = person.motion
        turned = Motion3D(motion.xyz_m @ lean.T, motion.root_m)
        return seen_as(replace(person, motion=turned), size)

    placed = place_in_world(replace(poses, people=(leant(one, 0.95), leant(two, 1.14))))
    assert [lower_foot(p) for p in placed.people] == pytest.approx([ANKLE_M] * 2, abs=0.06)
    heights = [standing_height_m(p.world.xyz_m) for p in placed.people]
    assert heights[1] / heights[0] == pytest.approx(0.83, abs=0.08)


def test_many_who_walk_about_show_a_floor_that_their_bodies_do_not():
    """As from a camera on a roof: what the bodies show is off by 13 degrees."""
    rng = np.random.default_rng(0)
    true_up = Rotation.from_euler("x", -27, degrees=True).as_matrix() @ UP
    shown = Rotation.from_euler("x", -14, degrees=True).as_matrix() @ UP
    ahead, right = np.cross(true_up, [1.0, 0, 0]), np.array([1.0, 0, 0])
    ahead *= np.sign(ahead[2])
    height, people = 6.5, []
    for _ in range(12):
        start, way = [rng.uniform(-4, 4), rng.uniform(9, 18)], rng.normal(size=2)
        ground = np.array(start) + np.linspace(0, 4, 20)[:, None] * way / np.linalg.norm(way)
        feet = ground[:, :1] * right + ground[:, 1:] * ahead - (height - ANKLE_M) * true_up
        people.append(feet * rng.normal(1, 0.05) * rng.normal(1, 0.01, (20, 1)))
    floor = fit_floor(people, [NO_FEET] * 12, shown)
    assert degrees_between(floor.up, true_up) < 2
    assert floor.height_m == pytest.approx(height, abs=0.3)
    assert np.mean(floor.size) == pytest.approx(1)
    for feet, size in zip(people, floor.size, strict=True):
        assert np.median(size * feet @ floor.up) + floor.height_m == pytest.approx(0.08, abs=0.1)


def test_the_sizes_are_those_of_adults_in_the_mean():
    """Shrinking everybody brings all feet nearer to the floor, and says nothing."""
    rng = np.random.default_rng(1)
    people = [stands(0.08, 6.0) * rng.normal(1, 0.03, (25, 1)) for _ in range(8)]
    floor = fit_floor(people, [NO_FEET] * 8, UP)
    assert np.mean(floor.size) == pytest.approx(1)
    assert floor.height_m == pytest.approx(6.0, abs=0.15)


def test_of_two_the_one_on_a_box_stays_there_and_at_full_size():
    floor = fit_floor([stands(0.08, 1.4), stands(1.28, 1.4)], [NO_FEET] * 2, UP)
    assert floor.height_m == pytest.approx(1.4, abs=0.02)
    assert floor.size == pytest.approx((1, 1), abs=0.01)


@pytest.mark.parametrize("over_m", [1.5, -4.0], ids=["under the ceiling", "far below"])
def test_what_lies_does_not_tilt_the_floor_of_those_who_stand(over_m):
    """Cameras under a ceiling, and a jacket on the lawn, have been taken for people."""
    rotation, place = camera(pitch=20, roll=0, height=2.5)
    people = [walker(start=(x, -1.0), speed=0.5)[0] for x in (-1.0, 1.0)]
    alone = place_in_world(filmed(people, rotation, place))
    lying = STANDING_M @ Rotation.from_euler("z", 90, degrees=True).as_matrix()
    nobody = np.tile(lying * [1, -1, -1] + [2.0, over_m, 4.0], (len(people[0]), 1, 1))
    placed = place_in_world(filmed([*people, nobody], rotation, place))
    assert degrees_between(placed.world.rotation[1], alone.world.rotation[1]) < 1
    assert placed.world.camera_m[1] == pytest.approx(alone.world.camera_m[1], abs=0.05)
    size = standing_height_m(placed.people[2].motion.xyz_m) / standing_height_m(nobody)
    if over_m < 0:  # nobody is below the floor
        assert 0.35 <= size < 0.6
        assert placed.people[2].world.xyz_m[0, FEET, 1].max() > -0.3
    else:
        assert size == pytest.approx(1)


def test_whose_feet_are_never_seen_keeps_the_size_also_below_the_floor():
    """As somebody whom the picture's lower edge cuts off, beside one who stands on a roof."""
    rotation, place = camera(pitch=0, roll=0, height=1.5)
    high, _ = walker(start=(-1.0, -1.0), speed=0.0)
    low, _ = walker(start=(1.0, -1.0), speed=0.5)
    one, two = (poses := filmed([high + [0, 2.0, 0], low], rotation, place)).people
    score = two.keypoints.score.copy()
    score[:, FEET] = 0.1
    cut_off = replace(two, keypoints=replace(two.keypoints, score=score))
    placed = place_in_world(replace(poses, people=(one, cut_off)))
    before, after = (standing_height_m(p.motion.xyz_m) for p in (two, placed.people[1]))
    assert after == pytest.approx(before, rel=1e-4)


def test_feet_count_where_the_body_is_above_them():
    rotation, place = camera(pitch=20, roll=0, height=2.5)
    xyz, _ = walker(n=int(2 * FPS), speed=0.0)
    low = xyz.copy()
    low[:, :, 1] -= low[:, :1, 1] - 0.15  # sits on the ground, the feet where they were
    low[:, FEET] = xyz[:, FEET]
    placed = place_in_world(filmed([xyz], rotation, place))
    sitting = place_in_world(filmed([low], rotation, place))
    assert placed.world.n_stands > 0 and sitting.world.n_stands == 0


def test_nobody_walks_under_the_floor_that_they_stand_on_later():
    """From the ground onto a stage, on which somebody else is all the time."""
    goes = np.concatenate([stands(0.08, 2.5), stands(1.08, 2.5)])
    floor = fit_floor([goes, stands(1.08, 2.5)], [NO_FEET] * 2, UP)
    assert floor.height_m == pytest.approx(2.5, abs=0.05)
    assert floor.size == pytest.approx((1, 1), abs=0.02)


@pytest.mark.parametrize("height_m", [-1.0, 0.0, 0.2])
def test_before_a_camera_at_the_floor_nobody_is_made_small(height_m):
    """By no size could they stand higher."""
    low = stands(-0.5, height_m)
    floor = fit_floor([stands(0.08, height_m)] * 3 + [low], [NO_FEET] * 4, UP)
    assert floor.size == pytest.approx([1] * 4, abs=0.1)
    below = np.zeros((30, 2, 3)) + low[0]
    floor = fit_floor([stands(0.08, height_m)] * 3 + [low[:0]], [NO_FEET] * 3 + [below], UP)
    assert floor.size[3] == pytest.approx(1, abs=0.1)


def test_a_child_that_climbs_on_something_is_as_small_as_on_the_floor():
    climbs = np.concatenate([stands(0.08, 4.0), stands(0.78, 4.0)])
    floor = fit_floor([stands(0.08, 2.0)] * 4 + [climbs], [NO_FEET] * 5, UP)
    assert floor.height_m == pytest.approx(2.0, abs=0.05)
    assert floor.size[4] == pytest.approx(0.5, abs=0.03)


def test_in_a_still_picture_people_of_different_sizes_share_a_floor():
    rotation, place = camera(pitch=15, roll=0, height=2.5)
    tall, _ = walker(n=1, start=(-0.8, -2.0))
    short, _ = walker(n=1, start=(0.8, -0.5), size=0.85)
    one, two = (poses := filmed([tall, short], rotation, place)).people
    placed = place_in_world(replace(poses, people=(seen_as(one, 0.94), seen_as(two, 1.1))))
    assert placed.world.n_stands == 0
    assert [lower_foot(p) for p in placed.people] == pytest.approx([ANKLE_M] * 2, abs=0.08)
    heights = [standing_height_m(p.world.xyz_m) for p in placed.people]
    assert heights[1] / heights[0] == pytest.approx(0.85, abs=0.08)
