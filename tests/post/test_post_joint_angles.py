"""Joint angles of bodies that are bent by known ones."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from stick_people import STANDING_M

from hotvid.chunks import chunks
from hotvid.joint_angles import ANGLES, JOINT_ROWS, KINDS, TABLE
from hotvid.post.joint_angles import joint_angles
from hotvid.skeleton import H36M17

J = {name: i for i, name in enumerate(H36M17.joints)}
# Straight and hanging, facing +z, the left at +x, metres.
STRAIGHT = STANDING_M * [1.0, -1, -1]
for _side, _x in (("right", -1), ("left", 1)):
    for _name, _y in (("knee", -0.42), ("ankle", -0.84)):
        STRAIGHT[J[f"{_side}_{_name}"]] = 0.1 * _x, _y, 0
    for _name, _y in (("shoulder", 0.5), ("elbow", 0.22), ("wrist", -0.04)):
        STRAIGHT[J[f"{_side}_{_name}"]] = 0.17 * _x, _y, 0
STRAIGHT[[J["spine"], J["thorax"], J["head"]]] = [[0, 0.25, 0], [0, 0.5, 0], [0, 0.77, 0]]

PARTS = {
    "right_hip": ("right_knee", "right_ankle"),
    "right_knee": ("right_ankle",),
    "left_hip": ("left_knee", "left_ankle"),
    "right_shoulder": ("right_elbow", "right_wrist"),
    "left_shoulder": ("left_elbow", "left_wrist"),
    "left_elbow": ("left_wrist",),
    "thorax_turn": ("left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow",
                    "right_wrist", "nose", "head"),
}  # fmt: skip


def turned(joint, axis, degrees, xyz=STRAIGHT, parts=None):
    """The body with what hangs on a joint turned about an axis through it: (..., 17, 3)."""
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array(axis, float)).as_matrix()
    rows = [J[name] for name in parts or PARTS[joint]]
    out = xyz.copy()
    out[rows] = (out[rows] - xyz[J[joint]]) @ turn.T + xyz[J[joint]]
    return out


def angle(name, *bodies):
    return joint_angles(np.stack(bodies)).degrees[:, ANGLES.index(name)]


def all_of(body):
    return dict(zip(ANGLES, joint_angles(body[None]).degrees[0], strict=True))


def test_straight_and_hanging_is_0():
    found = all_of(STRAIGHT)
    assert np.isnan(found.pop("right_shoulder_plane"))
    assert np.isnan(found.pop("left_shoulder_plane"))
    assert {name: round(float(v), 3) for name, v in found.items() if abs(v) > 1e-3} == {}


@pytest.mark.parametrize(
    ("name", "joint", "axis", "degrees"),
    [
        # Facing +z: about -x something below comes ahead, about +x it goes back.
        ("right_hip_flexion", "right_hip", (-1, 0, 0), 35),
        ("left_hip_flexion", "left_hip", (-1, 0, 0), -20),
        ("right_hip_adduction", "right_hip", (0, 0, 1), 15),
        ("left_hip_adduction", "left_hip", (0, 0, -1), 15),
        ("right_knee_flexion", "right_knee", (1, 0, 0), 70),
        ("left_elbow_flexion", "left_elbow", (-1, 0, 0), 110),
        ("right_shoulder_elevation", "right_shoulder", (0, 0, -1), 80),
        ("left_shoulder_elevation", "left_shoulder", (-1, 0, 0), 150),
    ],
)
def test_one_joint_bent_is_one_angle(name, joint, axis, degrees):
    before, after = all_of(STRAIGHT), all_of(turned(joint, axis, degrees))
    assert after[name] == pytest.approx(degrees, abs=1e-3)
    others = [a for a in ANGLES if a != name and not a.endswith("plane")]
    assert [a for a in others if abs(after[a] - before[a]) > 1e-3] == []


def test_the_plane_in_which_an_arm_is_raised():
    assert angle("right_shoulder_plane", turned("right_shoulder", (0, 0, -1), 60)) == pytest.approx(
        0, abs=1e-3
    )
    assert angle("left_shoulder_plane", turned("left_shoulder", (0, 0, 1), 60)) == pytest.approx(
        0, abs=1e-3
    )
    for side in ("right", "left"):
        ahead = turned(f"{side}_shoulder", (-1, 0, 0), 60)
        assert angle(f"{side}_shoulder_plane", ahead) == pytest.approx(90, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "axis"),
    [("trunk_flexion", (1, 0, 0)), ("trunk_side_bend", (0, 0, 1)), ("trunk_rotation", (0, 1, 0))],
)
def test_the_chest_bent_and_turned(name, axis):
    parts = PARTS["thorax_turn"]
    body = turned("thorax", axis, 25, parts=parts)
    if name != "trunk_rotation":  # the thorax itself leans with it
        body = turned("spine", axis, 25, parts=(*parts, "thorax"))
    assert angle(name, body)[0] == pytest.approx(25, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "axis"),
    [("pelvis_tilt", (1, 0, 0)), ("pelvis_list", (0, 0, -1)), ("pelvis_heading", (0, 1, 0))],
)
def test_the_pelvis_in_the_world(name, axis):
    turn = Rotation.from_rotvec(np.radians(20) * np.array(axis, float)).as_matrix()
    found = all_of(STRAIGHT @ turn.T)
    assert found[name] == pytest.approx(20, abs=1e-3)
    assert found["trunk_flexion"] == pytest.approx(0, abs=1e-3)
    assert found["trunk_inclination"] == pytest.approx(
        0 if name == "pelvis_heading" else 20, abs=1e-3
    )


def test_nothing_jumps_on_the_way_round():
    degrees = np.arange(0, 800, 7)
    turns = Rotation.from_euler("y", degrees[:, None], degrees=True).as_matrix()
    heading = angle("pelvis_heading", *(STRAIGHT @ np.swapaxes(turns, 1, 2)))
    np.testing.assert_allclose(heading, degrees, atol=0.01)
    turns = Rotation.from_euler("x", degrees[:, None], degrees=True).as_matrix()
    tumble = angle("pelvis_tilt", *(STRAIGHT @ np.swapaxes(turns, 1, 2)))
    np.testing.assert_allclose(tumble, degrees, atol=0.01)
    swing = [turned("right_hip", (-1, 0, 0), d) for d in range(120, 240, 10)]
    np.testing.assert_allclose(angle("right_hip_flexion", *swing), range(120, 240, 10), atol=0.01)


def test_after_a_somersault_a_body_leans_as_it_does():
    """Forward over a shoulder, the pelvis past a right angle of list, and upright again."""
    over = Rotation.from_rotvec(np.linspace(0, 2 * np.pi, 60)[:, None] * [0.75, 0, 0.66])
    standing = Rotation.from_rotvec(np.radians([5, 0, 0])).as_matrix()
    turns = np.concatenate([over.as_matrix(), np.repeat(standing[None], 20, 0)])
    xyz = STRAIGHT @ np.swapaxes(turns, 1, 2)
    list_, tilt, heading = (angle(f"pelvis_{kind}", *xyz) for kind in ("list", "tilt", "heading"))
    assert max(np.abs(np.diff(values[:60])).max() for values in (list_, tilt, heading)) < 60
    np.testing.assert_allclose((list_[-20:] + 180) % 360 - 180, 0, atol=0.1)
    np.testing.assert_allclose(np.cos(np.radians(heading[-20:])), 1, atol=1e-3)
    np.testing.assert_allclose((tilt[-20:] + 180) % 360 - 180, 5, atol=0.1)


def pelvis_of(turns):
    """(F, 3) heading, tilt, list of somebody straight who is turned by rotations (F)."""
    found = joint_angles(STRAIGHT @ np.swapaxes(turns.as_matrix(), 1, 2)).degrees
    return found[:, [ANGLES.index(f"pelvis_{kind}") for kind in ("heading", "tilt", "list")]]


def shaking(frames, degrees, seed=0):
    return Rotation.from_rotvec(
        np.random.default_rng(seed).normal(0, np.radians(degrees), (frames, 3))
    )


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("begins_upright", [True, False])
@pytest.mark.parametrize("ends_upright", [True, False])
def test_somebody_on_their_side_is_not_turned_about(side, begins_upright, ends_upright):
    lying = np.full(100, 90.0)
    down, up = np.arange(0, 90, 3.0)[: 30 * begins_upright], np.arange(90, -1, -3.0)
    list_ = np.concatenate([down, lying, up[: 31 * ends_upright]]) * side
    for seed in range(5):
        turns = Rotation.from_euler("z", -list_[:, None], degrees=True)
        found = pelvis_of(turns * shaking(len(list_), 1.0, seed))
        assert np.abs(np.diff(found, axis=0)).max() < 15
        if begins_upright or ends_upright:
            off = (found - np.stack([0 * list_, 0 * list_, list_], 1) + 180) % 360 - 180
            assert np.abs(off).max() < 15


@pytest.mark.parametrize("step", [5, 30])
@pytest.mark.parametrize("side", [1, -1])
def test_a_cartwheel_lists_all_the_way_round(step, side):
    list_ = side * np.arange(0, 721, step)
    found = pelvis_of(Rotation.from_euler("z", -list_[:, None], degrees=True))
    np.testing.assert_allclose(found[:, 2], list_, atol=0.01)
    np.testing.assert_allclose(found[:, :2], 0, atol=0.01)


def test_a_cartwheel_goes_on_where_frames_are_missing():
    list_ = np.arange(0, 361, 10)
    turns = Rotation.from_euler("z", -list_[:, None], degrees=True).as_matrix()
    xyz = STRAIGHT @ np.swapaxes(turns, 1, 2)
    missing = (list_ > 70) & (list_ < 130)
    xyz[missing] = np.nan
    found = angle("pelvis_list", *xyz)
    assert np.isnan(found[missing]).all()
    np.testing.assert_allclose(found[~missing], list_[~missing], atol=0.01)


def test_whoever_tumbles_somehow_turns_about_only_where_heading_and_list_are_one():
    rng = np.random.default_rng(1)
    for seed in range(60):
        axis = rng.normal(size=3) * ([1, 0.15, 0.15] if seed % 2 else 1)
        way = np.pad(np.linspace(0, 2 * np.pi, 60), 10, "edge")[:, None]
        turns = Rotation.from_rotvec(way * axis / np.linalg.norm(axis)) * shaking(80, 1.5, seed)
        found = pelvis_of(turns)
        lock = np.abs(np.sin(np.radians(found[:, 1]))) > np.sin(np.radians(70))
        jumps = np.abs(np.diff(found, axis=0)).max(1)
        assert jumps[~(lock[1:] & lock[:-1])].max() < 60
        assert np.abs((found[-10:] + 180) % 360 - 180).max() < 12, "stands as before"


def test_whoever_is_upright_is_written_frame_by_frame():
    rng = np.random.default_rng(2)
    walk = np.stack([rng.uniform(-180, 180, 200), *rng.uniform(-40, 40, (2, 200))], 1)
    found = pelvis_of(Rotation.from_euler("YXZ", walk * [1, 1, -1], degrees=True))
    np.testing.assert_allclose((found - walk + 180) % 360 - 180, 0, atol=0.01)
    assert np.abs(found[:, 1:]).max() < 41


def test_nothing_jumps_where_rows_are_worked_on_in_parts(monkeypatch):
    # Facing away and bent beyond the horizontal: of the two ways to say so, the one that began.
    ways = [[175.0, min(tilt, 110.0)] for tilt in range(0, 160, 2)]
    bends = Rotation.from_euler("YX", ways, degrees=True)
    bodies = STRAIGHT @ np.swapaxes(bends.as_matrix(), 1, 2)
    whole = joint_angles(bodies).degrees
    monkeypatch.setattr(chunks, "__defaults__", (16,))
    np.testing.assert_allclose(joint_angles(bodies).degrees, whole, atol=1e-3)
    assert np.nanmax(np.abs(np.diff(whole, axis=0))) < 10


def test_what_is_unknown_is_unknown_and_the_rest_is_not():
    bodies = np.stack([STRAIGHT] * 5)
    bodies[2, J["right_wrist"]] = np.nan
    bodies[3] = np.nan
    found = joint_angles(bodies).degrees
    plane = [i for i, a in enumerate(ANGLES) if a.endswith("plane")]
    missing = np.isnan(np.delete(found, plane, 1))
    assert missing.sum(1).tolist() == [0, 0, 1, missing.shape[1], 0]
    assert np.isnan(found[2, ANGLES.index("right_elbow_flexion")])
    assert joint_angles(np.zeros((0, 17, 3))).degrees.shape == (0, len(ANGLES))


def test_each_angle_has_a_place_of_its_own_in_a_table():
    places = list(zip(JOINT_ROWS, (a.kind for a in TABLE), strict=True))
    assert len(set(places)) == len(places)
    assert {kind for _, kind in places} == set(KINDS)
