"""Up and the floor, also where some of what is seen says something else."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from stick_people import STANDING_M
from walking_people import (
    FPS,
    LEGS,
    UP,
    J,
    bend,
    camera,
    degrees_between,
    filmed,
    on_one_leg,
    rolled,
    sitting,
    stands,
    walker,
)

from hotvid.post.contacts import FEET
from hotvid.post.floor import ANKLE_M, fit_floor, lowest_floor, standing_places, touching_places
from hotvid.post.gravity import centre_of_mass, nobody_upright, up_direction
from hotvid.post.world import place_in_world
from hotvid.skeleton import H36M17


def test_the_centre_of_mass_lies_in_the_belly():
    place = centre_of_mass(STANDING_M * [1, -1, -1])
    assert abs(place[0]) < 0.01
    assert 0.0 < place[1] < 0.2


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (30, 0), (10, -25), (60, 10)])
def test_up_is_found_however_the_camera_is_held(pitch, roll):
    rotation, place = camera(pitch, roll, height=3)
    xyz, _ = walker()
    seen = (xyz - place) @ rotation.T
    assert degrees_between(up_direction([seen]), rotation[:, 1]) < 7


def test_a_tumble_does_not_turn_the_world_over():
    rotation, place = camera(10, 0)
    xyz, _ = walker()
    pelvis = xyz[40:70, :1]
    turns = Rotation.from_euler("x", np.linspace(0, 360, 30)[:, None], degrees=True).as_matrix()
    xyz[40:70] = (xyz[40:70] - pelvis) @ np.swapaxes(turns, 1, 2) + pelvis
    assert degrees_between(up_direction([(xyz - place) @ rotation.T]), rotation[:, 1]) < 7


def test_of_who_sits_the_trunk_is_up_and_of_who_lies_nothing():
    assert degrees_between(up_direction([sitting()]), [0, -1, 0]) < 5
    lying = STANDING_M[None] @ Rotation.from_euler("z", 90, degrees=True).as_matrix().T
    assert degrees_between(up_direction([np.tile(lying, (60, 1, 1))]), [0, -1, 0]) < 5
    rotation, place = camera(25, -15)
    xyz, _ = walker()
    standing = (xyz - place) @ rotation.T
    tilted = sitting() @ Rotation.from_euler("x", 40, degrees=True).as_matrix()
    assert degrees_between(up_direction([standing, tilted]), rotation[:, 1]) < 7


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_turned_video_shows_nobody_upright_and_its_floor_is_below_everyone(degrees):
    rotation, place = camera(20, 0)
    xyz, _ = walker()
    poses = filmed([rolled((xyz - place) @ rotation.T, degrees)], np.eye(3), np.zeros(3))
    bodies = [p.motion.xyz_m for p in poses.people]
    assert nobody_upright(bodies)
    assert up_direction(bodies).tolist() == [0, -1, 0]
    placed = place_in_world(poses)
    (person,) = placed.people
    assert not person.world.contact.any()
    assert placed.world.n_stands == 0
    lowest = person.world.xyz_m[..., 1].min(1)
    assert np.percentile(lowest, 5) == pytest.approx(ANKLE_M, abs=0.01)


def test_who_stands_sits_bends_or_only_now_and_then_lies_is_upright():
    rotation, place = camera(30, 15)
    standing = (walker()[0] - place) @ rotation.T
    bent = standing.copy()
    upper = [i for i, name in enumerate(H36M17.joints) if name == "thorax" or i > 7]
    bent[:, upper] = bent[:, :1] + (bent[:, upper] - bent[:, :1]) @ np.array(
        Rotation.from_euler("x", 90, degrees=True).as_matrix()
    )
    lying = rolled(standing - standing[:, :1], 90)
    for bodies in ([standing], [sitting()], [bent], [standing[:20], lying], [standing, lying], []):
        assert not nobody_upright(bodies)
    assert nobody_upright([lying, standing[:5]])


def test_without_anyone_up_is_that_of_a_level_camera():
    assert up_direction([]).tolist() == [0, -1, 0]
    assert up_direction([np.full((5, 17, 3), np.nan)]).tolist() == [0, -1, 0]


def test_the_floor_corrects_what_the_bodies_say_of_up():
    rotation, place = camera()
    stands, feet = [], []
    for x in (-1.5, 0.0, 2.0):
        xyz, standing = walker(start=(x, -1.0 + x))
        seen = ((xyz - place) @ rotation.T)[:, FEET]
        stands.append(standing_places(seen, standing, FPS))
        feet.append(seen)
    wrong = Rotation.from_euler("x", 6, degrees=True).as_matrix() @ rotation[:, 1]
    floor = fit_floor(stands, feet, wrong)
    assert degrees_between(floor.up, rotation[:, 1]) < 3
    assert floor.height_m == pytest.approx(2.0, abs=0.2)
    assert floor.n_stands > 30


def runner(n=120, speed=4.0, lean_deg=8.0):
    """(n, 17, 3) world, y up: along +z, leaning; no ankle ever is still, where it is lowest."""
    xyz = np.tile(STANDING_M * [1, -1, -1], (n, 1, 1))
    t = np.arange(n) / FPS
    for leg, phase in ((LEGS["right"], 0.0), (LEGS["left"], np.pi)):
        turn = 3 * np.pi * t + phase  # a step in ten frames
        for row in range(n):
            ankle = xyz[row, leg[0]] + [0, -0.8 + 0.15 * (1 + np.cos(turn[row])), 0]
            ankle[2] += 0.35 * np.sin(turn[row])
            xyz[row, leg] = bend(xyz[row, leg], ankle)
    xyz = xyz @ Rotation.from_euler("x", lean_deg, degrees=True).as_matrix().T
    xyz[:, :, 2] += (speed * t)[:, None]
    xyz[..., 1] += ANKLE_M - xyz[:, FEET, 1].min()
    return xyz


def test_who_runs_goes_along_the_floor_though_no_foot_ever_stands():
    rotation, place = camera(pitch=5, roll=0, height=1.5)
    run = runner()
    poses = filmed([run], rotation, place)
    placed = place_in_world(poses)
    assert placed.world.n_stands == 0 and not placed.people[0].world.contact.any()
    assert degrees_between(placed.world.rotation[1], rotation[:, 1]) < 1.5
    # 16 m with the 8 degrees by which the body leans would rise by more than 2 m.
    assert np.ptp(run[:, 0, 1]) < 0.01 and np.ptp(placed.people[0].world.xyz_m[:, 0, 1]) < 0.3
    assert placed.world.camera_m[1] == pytest.approx(1.5, abs=0.15)


def test_feet_touch_the_floor_once_a_step_and_not_where_the_clip_begins_and_ends():
    feet = runner(n=64, lean_deg=0)[:, FEET]
    up = np.array([0.0, 1.0, 0.0])
    touches = touching_places(feet, up, FPS)
    # The right foot in the frames 10, 30 and 50, the left one in 20 and 40; 0 and 60 are too near.
    want = [feet[10, 0], feet[20, 1], feet[30, 0], feet[40, 1], feet[50, 0]]
    np.testing.assert_allclose(touches, want, atol=1e-9)
    assert touches[:, 1] == pytest.approx(ANKLE_M)
    assert not len(touching_places(np.full((64, 2, 3), np.nan), up, FPS))


@pytest.mark.parametrize("fps", [30.0, 120.0])
def test_a_foot_that_trembles_touches_once_a_step_at_any_frame_rate(fps):
    t = np.arange(int(3 * fps)) / fps
    step = 0.08 + 0.05 * (1 - np.cos(2 * np.pi * (t[:, None] - [0.0, 0.3]) / 0.6))
    feet = np.zeros((len(t), 2, 3))
    feet[..., 1] = step + 0.012 * np.sin(2 * np.pi * 9 * t)[:, None]
    touches = touching_places(feet, np.array([0.0, 1.0, 0.0]), fps)
    assert len(touches) == 9, "every 0.3 s, but for the clip's first and last 0.15"
    assert touches[:, 1].max() < 0.08


def test_a_foot_that_is_swung_in_the_air_touches_nothing():
    t = np.arange(90) / FPS
    feet = np.zeros((90, 2, 3))
    feet[:, 0, 1], feet[:, 1, 1] = 0.08 + 0.001 * np.cos(5 * t), 0.35 + 0.1 * np.cos(9 * t)
    touches = touching_places(feet, np.array([0.0, 1.0, 0.0]), FPS)
    assert len(touches) and touches[:, 1].max() < 0.1


def test_who_is_alone_keeps_the_size():
    rotation, place = camera()
    xyz, standing = walker()
    seen = ((xyz - place) @ rotation.T)[:, FEET]
    floor = fit_floor([standing_places(seen, standing, FPS)], [seen], rotation[:, 1])
    assert floor.size[0] == pytest.approx(1, abs=1e-6)


def test_who_stands_on_a_box_does_not_raise_the_floor():
    rotation, place = camera()
    low, low_stands = walker(start=(-1, -1))
    high, high_stands = walker(start=(1, -1))
    high = high + [0, 1.5, 0]
    seen = [((x - place) @ rotation.T)[:, FEET] for x in (low, high)]
    stands = [
        standing_places(s, c, FPS) for s, c in zip(seen, (low_stands, high_stands), strict=True)
    ]
    floor = fit_floor(stands, seen, rotation[:, 1])
    assert floor.height_m == pytest.approx(2.0, abs=0.1)


def test_who_is_never_seen_to_stand_does_not_hang_below_a_box():
    rotation, place = camera()
    walking, _ = walker(start=(-1, -1))
    high, high_stands = walker(start=(1, -1), speed=0.0)
    seen = [((x - place) @ rotation.T)[:, FEET] for x in (walking, high + [0, 1.5, 0])]
    stands = [np.zeros((0, 3)), standing_places(seen[1], high_stands, FPS)[:3]]
    floor = fit_floor(stands, seen, rotation[:, 1])
    assert floor.height_m == pytest.approx(2.0, abs=0.1)
    assert floor.n_stands == 0
    guessed = [np.zeros((120, 2), bool), np.ones((120, 2), bool)]
    box = fit_floor(stands, seen, rotation[:, 1], guessed)
    assert box.height_m == pytest.approx(0.5, abs=0.1)
    assert box.n_stands == 3


def test_the_lowest_place_of_feet_counts_less_than_stands():
    rotation, place = camera()
    people = [walker(start=(x, -1.0)) for x in (-1, 1)]
    seen = [((x - place) @ rotation.T)[:, FEET] for x, _ in people]
    stands = [standing_places(f, c, FPS) for f, (_, c) in zip(seen, people, strict=True)]
    stands[1] = stands[1][:0]
    seen[1] = seen[1] - 0.3 * rotation[:, 1]
    floor = fit_floor(stands, seen, rotation[:, 1])
    assert floor.height_m == pytest.approx(2.0, abs=0.12)
    assert floor.n_stands == len(stands[0])


STANDING = np.tile(STANDING_M, (60, 1, 1))
UPPER = [i for name, i in J.items() if not name.endswith(("hip", "knee", "ankle", "pelvis"))]


def above_its_feet(xyz):
    """The same body (17, 3) with its ankles below its weight, and its knees half-way."""
    for _ in range(20):  # legs have weight, too
        off = centre_of_mass(xyz) - xyz[[J["right_ankle"], J["left_ankle"]]].mean(0)
        for side in ("right", "left"):
            xyz[J[f"{side}_ankle"]] += off * [1, 0, 1] + [0, 0, 0.025]  # 5 cm before the ankle
            xyz[J[f"{side}_knee"]] = xyz[[J[f"{side}_hip"], J[f"{side}_ankle"]]].mean(0)
    return xyz


def test_the_weight_of_who_leans_aside_on_one_leg_is_above_its_foot():
    xyz = on_one_leg()[0]
    xyz[UPPER] = rolled(xyz[UPPER] - xyz[0], 20) + xyz[0]
    for _ in range(20):
        xyz[J["left_ankle"], 0] = centre_of_mass(xyz)[0]
        xyz[J["left_ankle"], 2] = centre_of_mass(xyz)[2] + 0.05
    assert degrees_between(up_direction([xyz[None]]), UP) < 2


def test_who_sits_and_leans_hardly_counts_beside_who_stands():
    found = up_direction([STANDING, rolled(sitting(), 30)])
    assert degrees_between(found, up_direction([STANDING])) < 2


def test_who_lies_does_not_count_beside_the_few_who_stand():
    lying = np.tile(rolled(STANDING, 90), (6, 1, 1))
    found = up_direction([STANDING, lying[:340]])  # three of twenty stand
    assert degrees_between(found, up_direction([STANDING])) < 2


def test_of_many_who_lie_one_who_seems_to_stand_says_nothing():
    lying = np.tile(rolled(STANDING, 90), (20, 1, 1))
    assert up_direction([lying, rolled(STANDING, 30)]).tolist() == UP.tolist()


def test_who_bends_down_all_the_time_is_above_the_feet():
    xyz = STANDING_M.copy()
    xyz[UPPER] = (xyz[UPPER] - xyz[0]) @ [[1, 0, 0], [0, 0, 1], [0, -1, 0]] + xyz[0]  # ahead
    assert xyz[J["head"], 2] < -0.6 and abs(xyz[J["head"], 1]) < 0.1
    assert degrees_between(up_direction([above_its_feet(xyz)[None]]), UP) < 6


def test_the_end_of_a_long_clip_counts_like_its_beginning():
    unknown = np.full((3500, 17, 3), np.nan)
    clip = np.concatenate([unknown, np.tile(rolled(STANDING, 10), (9, 1, 1))])
    alone = up_direction([rolled(STANDING, 10)])
    np.testing.assert_allclose(up_direction([clip]), alone, atol=1e-9)
    assert degrees_between(alone, UP) > 5


def test_a_wild_frame_does_not_move_the_place_where_a_foot_stood():
    feet = np.tile([0.1, 1.5, 4.0], (15, 2, 1))
    feet[4, :, 2] = 9.0
    found = standing_places(feet, np.ones((15, 2), bool), 30.0)
    np.testing.assert_allclose(found, [[0.1, 1.5, 4.0]] * 2)


def test_a_stand_below_the_floor_is_a_mistake_where_many_are_on_it():
    over = np.full((5, 5), 0.08)
    over[2, 3] = -1.0
    floor = fit_floor([stands(over, 2.0)], [np.zeros((0, 2, 3))], UP)
    assert abs(floor.height_m - 2.0) < 0.01 and floor.n_stands == 24


def test_the_floor_of_people_who_lie_is_below_the_lowest():
    beds = [np.zeros((40, 17, 3)) + [0, 2.0 - over, 4] for over in (0.6, 0.08)]
    assert abs(lowest_floor(beds, UP).height_m - 2.0) < 1e-6
