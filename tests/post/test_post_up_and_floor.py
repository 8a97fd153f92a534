"""Up and the floor where some of what is seen says something else."""

import numpy as np
from stick_people import STANDING_M
from test_post_standing import UP, J, on_one_leg, stands
from test_post_world import degrees_between, rolled, sitting

from hotvid.post.floor import fit_floor, lowest_floor, standing_places
from hotvid.post.gravity import centre_of_mass, up_direction

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
