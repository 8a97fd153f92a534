"""The world of people whose place on a floor is known, seen by cameras whose place is known."""

from dataclasses import replace

import numpy as np
import pytest
from walking_people import FOCAL_PX, FPS, SIZE_PX, camera, degrees_between, filmed, slip_m_s, walker

from hotvid.config import WorldConfig
from hotvid.post.contacts import FEET
from hotvid.post.floor import ANKLE_M
from hotvid.post.stature import standing_height_m
from hotvid.post.trajectory import over_ground, root_path
from hotvid.post.world import place_in_world
from hotvid.skeleton import H36M17
from hotvid.types import ModelsUsed, Motion3D, Poses, VideoInfo


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
    assert np.abs(as_one.xyz_m - placed.people[1].world.xyz_m).max() > 0.15
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


def test_nobody_and_nothing_known():
    video = VideoInfo("v.mp4", *SIZE_PX, FPS)
    empty = Poses(video, 0, np.arange(3) / FPS, (), ModelsUsed("x"))
    assert place_in_world(empty) == empty
    rotation, place = camera()
    poses = filmed([walker(n=5)[0]], rotation, place)
    person = poses.people[0]
    nowhere = Motion3D(person.motion.xyz_m, np.full((5, 3), np.nan, np.float32))
    placed = place_in_world(replace(poses, people=(replace(person, motion=nowhere),)))
    xyz_m = placed.people[0].world.xyz_m
    assert np.isfinite(xyz_m).all()
    assert xyz_m[..., 1].min() == pytest.approx(0, abs=1e-3), "in place, on the floor"
    assert np.ptp(xyz_m[:, 0], axis=0).max() < 0.05


def without(person, *names):
    """A person of whom some joints are never known."""
    xyz_m = person.motion.xyz_m.copy()
    xyz_m[:, [H36M17.index(name) for name in names]] = np.nan
    return replace(person, motion=replace(person.motion, xyz_m=xyz_m))


def test_a_height_is_told_by_one_leg_too_and_not_without_a_trunk():
    rotation, place = camera()
    (person,) = filmed([walker()[0]], rotation, place).people
    whole = standing_height_m(person.motion.xyz_m)
    one_leg = standing_height_m(without(person, "right_knee").motion.xyz_m)
    assert one_leg == pytest.approx(whole, abs=0.02)
    for names in (("spine",), ("right_knee", "left_ankle")):
        assert np.isnan(standing_height_m(without(person, *names).motion.xyz_m))


def test_a_joint_that_is_never_known_leaves_the_others_in_a_world_of_the_height_given():
    rotation, place = camera()
    walks = [walker(start=(-1, -1))[0], walker(start=(1, -1), n=100)[0]]
    poses = filmed(walks, rotation, place)
    longest, other = poses.people
    height = WorldConfig(height_m=1.5)

    placed = place_in_world(replace(poses, people=(without(longest, "spine"), other)), height)
    assert standing_height_m(placed.people[1].motion.xyz_m) == pytest.approx(1.5, abs=1e-3)
    known = np.isfinite(placed.people[0].world.xyz_m).all((0, 2))
    assert np.flatnonzero(~known).tolist() == [H36M17.index("spine")]

    nobody = replace(poses, people=(without(longest, "spine"), without(other, "head")))
    as_given, plain = place_in_world(nobody, height), place_in_world(nobody)
    assert np.isfinite(as_given.world.camera_m).all()
    for one, two in zip(as_given.people, plain.people, strict=True):
        np.testing.assert_array_equal(one.world.xyz_m, two.world.xyz_m)
