"""The world of people whose place on a floor is known, seen by cameras whose place is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from stick_people import STANDING_M

from hotvid.config import WorldConfig
from hotvid.geometry import assumed_focal_px, project
from hotvid.post.contacts import FEET, foot_contacts, runs, without_short
from hotvid.post.feet import plant_feet
from hotvid.post.floor import ANKLE_M, fit_floor, standing_places, touching_places
from hotvid.post.gravity import centre_of_mass, nobody_upright, up_direction
from hotvid.post.stature import standing_height_m
from hotvid.post.trajectory import over_ground, root_path
from hotvid.post.world import place_in_world
from hotvid.skeleton import H36M17
from hotvid.types import ModelsUsed, Motion3D, Person, Poses, Track2D, VideoInfo

FPS, SIZE_PX = 30.0, (1280, 720)
FOCAL_PX = assumed_focal_px(SIZE_PX)
LEGS = {
    side: [H36M17.index(f"{side}_{j}") for j in ("hip", "knee", "ankle")]
    for side in ("right", "left")
}


def bend(leg, ankle):
    """Hip, knee, ankle (3, 3) with the ankle where it should be, the knee towards +z."""
    hip, thigh, shank = leg[0], 0.42, 0.415
    way = ankle - hip
    far = min(np.linalg.norm(way), 0.999 * (thigh + shank))
    along = way / np.linalg.norm(way)
    ahead = (thigh**2 + far**2 - shank**2) / (2 * far)
    across = np.array([0, 0, 1.0]) - along[2] * along
    across /= np.linalg.norm(across)
    knee = hip + ahead * along + np.sqrt(max(thigh**2 - ahead**2, 0)) * across
    return np.stack([hip, knee, hip + far * along])


def walker(n=120, start=(0.0, 0.0), speed=1.2, size=1.0, jump=None):
    """(n, 17, 3) world, y up, and (n, 2) standing feet: steps along +z whose feet do not slide."""
    still = STANDING_M * [1, -1, -1]  # faces +z: its right is at -x
    xyz = np.tile(still, (n, 1, 1))
    t, period = np.arange(n) / FPS, 1.0
    standing = np.zeros((n, 2), bool)
    for row in range(n):
        xyz[row] += [start[0] / size, 0.86, start[1] / size + speed * t[row]]
        for side, (name, phase) in enumerate((("right", 0.0), ("left", 0.5))):
            cycle = t[row] / period + phase
            step, inside = divmod(cycle, 1.0)
            stance = inside < 0.6
            swing = np.clip((inside - 0.6) / 0.4, 0, 1)
            swung = swing - np.sin(2 * np.pi * swing) / (2 * np.pi)
            z = speed * period * (step - phase + 0.3 + swung)
            x = xyz[row, LEGS[name][0], 0]
            y = ANKLE_M + 0.12 * np.sin(np.pi * swing)
            standing[row, side] = stance
            leg = xyz[row, LEGS[name]]
            xyz[row, LEGS[name]] = bend(leg, np.array([x, y, z + start[1] / size]))
    if jump is not None:
        first, last, high = jump
        share = (np.arange(first, last) - first) / (last - first)
        xyz[first:last, :, 1] += (high * 4 * share * (1 - share))[:, None]
        standing[first:last] = False
    return xyz * size, standing


def camera(pitch=20.0, roll=12.0, height=2.0):
    """(3, 3) world to camera, and where it is: z = -6, looking towards +z and down."""
    level = np.diag([-1.0, -1.0, 1.0])
    turn = Rotation.from_euler("zx", [roll, pitch], degrees=True).as_matrix()
    return turn @ level, np.array([0.0, height, -6.0])


def filmed(people, rotation, place, first_id=0, noise=None):
    out = []
    for number, xyz in enumerate(people):
        seen = (xyz - place) @ rotation.T
        if noise is not None:
            seen = seen * (1 + noise[:, None, None])
        n = len(xyz)
        track = Track2D(
            track_id=first_id + number,
            joint_set="h36m17",
            frame_index=np.arange(n),
            xy_px=project(seen, FOCAL_PX, SIZE_PX).astype(np.float32),
            score=np.ones((n, 17), np.float32),
            box_px=np.zeros((n, 4), np.float32),
            person_score=np.ones(n, np.float32),
            interpolated=np.zeros(n, bool),
        )
        motion = Motion3D((seen - seen[:, :1]).astype(np.float32), seen[:, 0].astype(np.float32))
        out.append(Person(track, track, motion))
    n = max(len(p.keypoints) for p in out)
    video = VideoInfo("v.mp4", *SIZE_PX, FPS, n, n / FPS)
    return Poses(video, 0, np.arange(n) / FPS, tuple(out), ModelsUsed("x"))


def degrees_between(a, b):
    return np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


def slip_m_s(xyz, standing):
    """Mean speed on the ground of the ankles that stand."""
    speed = np.linalg.norm(np.diff(xyz[:, FEET][..., [0, 2]], axis=0), axis=-1) * FPS
    return speed[standing[1:] & standing[:-1]].mean()


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


def sitting():
    """(60, 17, 3) camera axes: thighs level, shanks upright, the trunk upright."""
    xyz = np.tile(STANDING_M, (60, 1, 1))
    for hip, knee, ankle in LEGS.values():
        xyz[:, knee] = xyz[:, hip] + [0, 0.05, -0.42]
        xyz[:, ankle] = xyz[:, knee] + [0, 0.42, 0]
    return xyz


def test_of_who_sits_the_trunk_is_up_and_of_who_lies_nothing():
    assert degrees_between(up_direction([sitting()]), [0, -1, 0]) < 5
    lying = STANDING_M[None] @ Rotation.from_euler("z", 90, degrees=True).as_matrix().T
    assert degrees_between(up_direction([np.tile(lying, (60, 1, 1))]), [0, -1, 0]) < 5
    rotation, place = camera(25, -15)
    xyz, _ = walker()
    standing = (xyz - place) @ rotation.T
    tilted = sitting() @ Rotation.from_euler("x", 40, degrees=True).as_matrix()
    assert degrees_between(up_direction([standing, tilted]), rotation[:, 1]) < 7


def rolled(xyz, degrees):
    """Camera axes: as seen by a camera that was held turned about its line of sight."""
    return xyz @ Rotation.from_euler("z", degrees, degrees=True).as_matrix().T


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


def test_runs_and_short_ones():
    when = np.array([1, 1, 0, 1, 1, 1, 0, 0, 0, 1], bool)
    assert runs(when) == [(0, 2), (3, 6), (9, 10)]
    assert runs(without_short(when, 2)) == [(0, 6)]


def test_standing_feet_are_told_from_swinging_ones_in_the_picture():
    rotation, place = camera()
    xyz, standing = walker()
    seen = (xyz - place) @ rotation.T
    sight = seen[..., :2] / seen[..., 2:]
    found = foot_contacts(seen, seen[:, 0, 2], sight, np.ones((120, 17)), rotation[:, 1], FPS)
    assert (found == standing)[4:-4].mean() > 0.85
    assert not foot_contacts(
        seen, seen[:, 0, 2], sight, np.zeros((120, 17)), rotation[:, 1], FPS
    ).any(), "feet that are not seen do not stand"


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


def test_places_come_back_in_the_world_and_feet_stand_still():
    rotation, place = camera()
    rng = np.random.default_rng(0)
    walk = np.exp(0.02 * np.cumsum(rng.normal(size=120)) / 5)  # the depth of one view wanders
    xyz, _ = walker(start=(0.5, -2.0), speed=0.9)
    poses = filmed([xyz], rotation, place, noise=walk - 1)
    placed = place_in_world(poses)
    (person,) = placed.people
    assert degrees_between(placed.world.rotation[1], rotation[:, 1]) < 4
    assert placed.world.camera_m == pytest.approx([0, 2, 0], abs=0.25)
    assert placed.world.focal_px == FOCAL_PX
    assert placed.world.focal_assumed
    lower = person.world.xyz_m[:, FEET, 1].min(1)
    np.testing.assert_allclose(lower, ANKLE_M, atol=0.04)
    # The camera looks along -z and stands 6 m before the walkers' origin.
    path = person.world.xyz_m[:, 0]
    np.testing.assert_allclose(path[:, 2], -(xyz[:, 0, 2] + 6), atol=0.4)
    loose = place_in_world(poses, WorldConfig(feet=False)).people[0].world
    held = person.world
    assert slip_m_s(held.xyz_m, held.contact) < 0.05 < 0.2 < slip_m_s(loose.xyz_m, held.contact)
    for a, b in H36M17.edges:
        bone = np.linalg.norm(held.xyz_m[:, a] - held.xyz_m[:, b], axis=-1)
        given = np.linalg.norm(person.motion.xyz_m[:, a] - person.motion.xyz_m[:, b], axis=-1)
        np.testing.assert_allclose(bone, given, atol=0.002)


def test_a_jump_stays_a_jump():
    rotation, place = camera(10, 0)
    xyz, _ = walker(speed=0.0, n=90, jump=(40, 55, 0.35))
    placed = place_in_world(filmed([xyz], rotation, place))
    height = placed.people[0].world.xyz_m[:, FEET, 1].min(1)
    assert height[47] - height[20] == pytest.approx(0.35, abs=0.05)


def jumping(pitch, height):
    """Who jumps 0.5 m up: the camera's rotation, and poses with a path as `root_path` has it."""
    rotation, place = camera(pitch, roll=0, height=height)
    xyz, _ = walker(speed=0.0, jump=(50, 68, 0.5))
    poses = filmed([xyz], rotation, place)
    (person,) = poses.people
    track, flat = person.keypoints, person.motion.xyz_m
    root = root_path(flat, track.xy_px, track.score, FOCAL_PX, SIZE_PX, FPS)
    lifted = replace(person, motion=replace(person.motion, root_m=root))
    return rotation, replace(poses, people=(lifted,))


def test_a_jump_before_a_camera_that_looks_down_is_as_high_and_stays_where_it_is():
    rotation, poses = jumping(pitch=40, height=5.5)
    flattened = poses.people[0].motion.root_m
    assert np.ptp(flattened @ rotation[:, 1]) < 0.38, "else there is nothing to mend"
    assert np.ptp(flattened @ rotation[:, 2]) > 0.15
    found = over_ground(flattened, rotation[:, 1], FPS)
    assert np.ptp(found @ rotation[:, 1]) == pytest.approx(0.5, abs=0.04)
    assert np.ptp(found @ rotation[:, 2]) < 0.05
    placed = place_in_world(poses).people[0]
    assert np.ptp(placed.world.xyz_m[:, 0, 1]) == pytest.approx(0.5, abs=0.08)


def test_before_a_level_camera_paths_stay_as_they_were_and_nowhere_are_they_changed_twice():
    rotation, poses = jumping(pitch=0, height=1.2)
    root = poses.people[0].motion.root_m
    np.testing.assert_allclose(over_ground(root, rotation[:, 1], FPS), root, atol=0.005)
    rotation, poses = jumping(pitch=40, height=5.5)
    once = place_in_world(poses)
    again = place_in_world(once)
    np.testing.assert_array_equal(once.people[0].motion.root_m, again.people[0].motion.root_m)


def test_a_path_is_left_alone_below_the_camera_and_where_it_is_unknown():
    rotation, poses = jumping(pitch=75, height=20)
    root, up = poses.people[0].motion.root_m, rotation[:, 1]
    np.testing.assert_array_equal(over_ground(root, up, FPS), root)
    nowhere = np.full((30, 3), np.nan, np.float32)
    np.testing.assert_array_equal(over_ground(nowhere, up, FPS), nowhere)
    rotation, poses = jumping(pitch=30, height=4)
    root = poses.people[0].motion.root_m.copy()
    root[20:30] = np.nan
    found = over_ground(root, rotation[:, 1], FPS)
    assert (np.isnan(found) == np.isnan(root)).all() and found.dtype == root.dtype


def test_people_share_a_floor_by_their_sizes():
    rotation, place = camera(pitch=15, roll=0, height=2.5)
    adult, _ = walker(start=(-0.7, -2.0), speed=0.9)
    other, _ = walker(start=(0.8, -1.0), speed=0.9)
    poses = filmed([adult, other], rotation, place)
    # The lifter takes everyone for as tall: it sees this one a tenth too large and too far away.
    one, two = poses.people
    large = Motion3D(two.motion.xyz_m * np.float32(1.1), two.motion.root_m * np.float32(1.1))
    placed = place_in_world(replace(poses, people=(one, replace(two, motion=large))))
    tall = [standing_height_m(p.world.xyz_m) for p in placed.people]
    assert tall[1] / tall[0] < 1.07
    lower = [np.median(p.world.xyz_m[:, FEET, 1].min(1)) for p in placed.people]
    np.testing.assert_allclose(lower, ANKLE_M, atol=0.03)


def test_each_shot_has_its_own_up_and_floor():
    """One walker, filmed from low and from high above and rolled, one after the other."""
    xyz, _ = walker(start=(0.5, -2.0), speed=0.9)
    views = [camera(5, 0, height=1.0), camera(35, 20, height=4.0)]
    alone = [filmed([xyz], *view, first_id=i) for i, view in enumerate(views)]
    later = alone[1].people[0]
    track = replace(later.keypoints, frame_index=later.keypoints.frame_index + len(xyz))
    people = (*alone[0].people, replace(later, detected=track, keypoints=track))
    pts_s = np.arange(2 * len(xyz)) / FPS
    poses = replace(alone[0], people=people, pts_s=pts_s, cuts=(len(xyz),))
    placed = place_in_world(poses)
    for person, by_itself in zip(placed.people, alone, strict=True):
        wanted = place_in_world(by_itself)
        np.testing.assert_array_equal(person.world.xyz_m, wanted.people[0].world.xyz_m)
        lower = person.world.xyz_m[:, FEET, 1].min(1)
        np.testing.assert_allclose(lower, ANKLE_M, atol=0.04)
    assert placed.world.camera_m[1] == pytest.approx(1.0, abs=0.25)
    as_one = place_in_world(replace(poses, cuts=())).people[1].world
    assert np.abs(as_one.xyz_m - placed.people[1].world.xyz_m).max() > 0.2
    tall = place_in_world(poses, WorldConfig(height_m=1.5)).people
    assert [standing_height_m(p.world.xyz_m) for p in tall] == pytest.approx([1.5, 1.5], abs=0.1)


def test_the_height_given_sets_the_scale():
    rotation, place = camera()
    xyz, _ = walker()
    poses = filmed([xyz], rotation, place)
    plain = place_in_world(poses)
    placed = place_in_world(poses, WorldConfig(height_m=1.5))
    person = placed.people[0]
    assert standing_height_m(person.motion.xyz_m) == pytest.approx(1.5, abs=1e-3)
    assert standing_height_m(person.world.xyz_m) == pytest.approx(1.5, abs=0.01)
    size = 1.5 / standing_height_m(plain.people[0].motion.xyz_m)
    assert placed.world.camera_m[1] == pytest.approx(plain.world.camera_m[1] * size)


def test_a_foot_is_brought_back_without_stretching_a_leg():
    xyz = np.repeat(walker(n=1)[0], 60, 0)
    drift = np.linspace(0, 0.1, 60)
    moved = xyz.copy()
    moved[..., 0] += drift[:, None]
    both = np.ones((60, 2), bool)
    out = plant_feet(moved, both, FPS)
    assert slip_m_s(out, both) < 1e-3
    np.testing.assert_allclose(plant_feet(moved, ~both, FPS), moved)


@pytest.mark.parametrize("step_m", [0.0, 0.05, 0.18, 0.5])
def test_who_goes_up_a_step_stands_higher_and_what_is_only_misjudged_does_not(step_m):
    xyz = np.repeat(walker(n=1)[0], 90, 0)
    xyz[45:, :, 1] += step_m
    stands = np.ones((90, 2), bool)
    stands[40:50] = False
    height = plant_feet(xyz, stands, FPS)[:, FEET, 1]
    np.testing.assert_allclose(height[:40], ANKLE_M, atol=0.01)
    higher = xyz[50:, FEET, 1] if step_m > 0.15 else ANKLE_M
    np.testing.assert_allclose(height[50:], higher, atol=0.01)


def knee_degrees(xyz):
    """(F, 2) right and left; 0 straight."""
    legs = xyz[:, [LEGS["right"], LEGS["left"]]]
    thigh, shank = legs[:, :, 1] - legs[:, :, 0], legs[:, :, 2] - legs[:, :, 1]
    cosine = (thigh * shank).sum(-1)
    cosine /= np.linalg.norm(thigh, axis=-1) * np.linalg.norm(shank, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def test_planting_hardly_bends_a_knee_otherwise_than_it_was_seen():
    """Feet that stand are seen to sink and rise by 6 cm: the body goes up and down instead."""
    xyz = np.repeat(walker(n=1)[0], 90, 0)
    wave = 0.06 * np.sin(np.linspace(0, 4 * np.pi, 90))
    for side in ("right", "left"):
        for row in range(90):
            goal = xyz[row, LEGS[side][2]] + [0, max(wave[row], 0), 0.03]
            xyz[row, LEGS[side]] = bend(xyz[row, LEGS[side]], goal)
    xyz[..., 1] -= wave[:, None]
    stands = np.ones((90, 2), bool)
    out = plant_feet(xyz, stands, FPS)
    assert np.abs(knee_degrees(out) - knee_degrees(xyz)).max() < 6
    assert slip_m_s(out, stands) < 0.02
    np.testing.assert_allclose(out[:, FEET, 1], ANKLE_M, atol=0.015)


def test_a_leg_that_is_straight_stays_straight_where_it_stands():
    xyz = np.repeat(walker(n=1)[0], 60, 0)
    for hip, knee, ankle in LEGS.values():
        xyz[:, knee] = xyz[:, hip] - [0, 0.42, 0]
        xyz[:, ankle] = xyz[:, hip] - [0, 0.835, 0]
    xyz[..., 1] += 0.03 * np.sin(np.linspace(0, 6, 60))[:, None]
    out = plant_feet(xyz, np.ones((60, 2), bool), FPS)
    assert knee_degrees(out).max() < 0.1
    np.testing.assert_allclose(out[:, FEET, 1], ANKLE_M, atol=0.005)


def test_a_heel_that_is_lifted_lets_the_ankle_go():
    rotation, place = camera()
    xyz, _ = walker(n=90, speed=0.0)
    xyz[:] = xyz[:1]
    ankle = LEGS["left"][2]
    rise = np.clip((np.arange(90) - 50) / 20, 0, 1)  # 2 frames a centimetre: slower than a step
    xyz[:, ankle] += rise[:, None] * [0, 0.1, 0.03]
    seen = (xyz - place) @ rotation.T
    sight, sure = seen[..., :2] / seen[..., 2:], np.ones((90, 17))
    found = foot_contacts(seen, seen[:, 0, 2], sight, sure, rotation[:, 1], FPS)
    assert found[:, 0].all()
    assert found[:52, 1].all()
    assert not found[58:75, 1].any()
    few = slice(2, None, 6)  # five frames a second
    found = foot_contacts(
        seen[few], seen[few, 0, 2], sight[few], sure[few], rotation[:, 1], FPS / 6
    )
    assert found[:9].all()


def test_nobody_and_nothing_known():
    video = VideoInfo("v.mp4", *SIZE_PX, FPS)
    empty = Poses(video, 0, np.arange(3) / FPS, (), ModelsUsed("x"))
    assert place_in_world(empty) == empty
    rotation, place = camera()
    poses = filmed([walker(n=5)[0]], rotation, place)
    person = poses.people[0]
    nowhere = Motion3D(person.motion.xyz_m, np.full((5, 3), np.nan, np.float32))
    placed = place_in_world(replace(poses, people=(replace(person, motion=nowhere),)))
    assert np.isfinite(placed.people[0].world.xyz_m).all()
