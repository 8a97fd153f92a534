"""MOT: the bodies that OpenSim's joints make of it, and the signs of its coordinates."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from moving_body import moving_body, places
from scipy.spatial.transform import Rotation
from stick_people import FPS, only, two_people, uneven

from hotvid.config import ExportConfig
from hotvid.export import mot
from hotvid.joint_angles import ANGLES
from hotvid.pipeline import settle
from hotvid.post.joint_angles import joint_angles
from hotvid.skeleton import H36M17
from hotvid.types import WorldMotion

J = {name: i for i, name in enumerate(H36M17.joints)}


def one_who_is(xyz_m):
    """Poses of one person with joints (F, 17, 3) in the world."""
    base = only(two_people(), 0)
    n, track = len(xyz_m), base.people[0].keypoints
    rows = {
        name: np.repeat(getattr(track, name)[:1], n, 0)
        for name in ("xy_px", "score", "box_px", "person_score", "interpolated")
    }
    track = replace(track, frame_index=np.arange(n), **rows)
    xyz_m = np.asarray(xyz_m, np.float32)
    person = replace(
        base.people[0],
        detected=track,
        keypoints=track,
        motion=None,
        world=WorldMotion(xyz_m),
        angles=joint_angles(xyz_m),
    )
    return replace(base, first_frame=0, pts_s=np.arange(n) / FPS, people=(person,))


def read(path):
    """(head's lines, name -> (F,) column)."""
    lines = path.read_text(encoding="utf-8").split("\n")
    end = lines.index("endheader")
    names = lines[end + 1].split("\t")
    rows = np.array([[float(v) for v in line.split("\t")] for line in lines[end + 2 : -1]])
    return lines[:end], dict(zip(names, rows.T, strict=True))


def written(poses, path):
    mot.write(poses, path, ExportConfig())
    return read(path)


def euler(*degrees):
    """About z, then x, then y, each with the body: as the joints of OpenSim's models turn."""
    return Rotation.from_euler("ZXY", np.stack(degrees, -1), degrees=True).as_matrix()


DOWN = np.array([0.0, -1.0, 0.0])


def unit(v):
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def test_opensims_joints_make_the_same_body_of_it(tmp_path):
    """Directions of thighs and arms, and bends of knees and elbows, of a body that does it all."""
    xyz = places(moving_body())
    _, told = written(one_who_is(xyz), tmp_path / "a.mot")
    pelvis = euler(told["pelvis_tilt"], told["pelvis_list"], told["pelvis_rotation"])
    chest = pelvis @ euler(
        told["lumbar_extension"], told["lumbar_bending"], told["lumbar_rotation"]
    )
    across_hips = unit(xyz[:, J["right_hip"]] - xyz[:, J["left_hip"]])
    np.testing.assert_allclose(pelvis[..., 2], across_hips, atol=1e-5)
    trunk = unit(xyz[:, J["thorax"]] - xyz[:, J["spine"]])
    np.testing.assert_allclose(chest[..., 1], trunk, atol=1e-5)
    for side, sign in (("right", 1), ("left", -1)):
        for above, upper, lower, bend, parent, ball in (
            ("hip", "knee", "ankle", "knee_angle", pelvis, ("hip_flexion", "hip_adduction")),
            ("shoulder", "elbow", "wrist", "elbow_flex", chest, ("arm_flex", "arm_add")),
        ):
            flexion, adduction = (told[f"{name}_{side[0]}"] for name in ball)
            limb = parent @ euler(flexion, sign * adduction, np.zeros(len(xyz)))
            first = unit(xyz[:, J[f"{side}_{upper}"]] - xyz[:, J[f"{side}_{above}"]])
            second = unit(xyz[:, J[f"{side}_{lower}"]] - xyz[:, J[f"{side}_{upper}"]])
            np.testing.assert_allclose(limb @ DOWN, first, atol=1e-5)
            cosine = (first * second).sum(-1)
            np.testing.assert_allclose(
                np.cos(np.radians(told[f"{bend}_{side[0]}"])), cosine, atol=1e-5
            )
    np.testing.assert_allclose(
        np.stack([told[f"pelvis_t{axis}"] for axis in "xyz"], -1), xyz[:, 0], atol=1e-6
    )
    turns = np.stack([told[name] for name in mot.COLUMNS if not name.startswith("pelvis_t")], -1)
    assert np.abs(np.diff(turns, axis=0)).max() < 60, "nothing jumps"


# Upright and straight, facing +x as OpenSim's models do, right at +z, metres.
UPRIGHT = np.zeros((17, 3))
for _name, _y in (("spine", 0.25), ("thorax", 0.5), ("nose", 0.62), ("head", 0.77)):
    UPRIGHT[J[_name]] = 0, _y, 0
for _side, _z in (("right", 1), ("left", -1)):
    for _name, _y, _out in (
        ("hip", 0, 0.1), ("knee", -0.42, 0.1), ("ankle", -0.84, 0.1),
        ("shoulder", 0.5, 0.17), ("elbow", 0.22, 0.17), ("wrist", -0.04, 0.17),
    ):  # fmt: skip
        UPRIGHT[J[f"{_side}_{_name}"]] = 0, _y, _out * _z
UPRIGHT += [0, 0.9, 0]
TRUNK = ("thorax", "nose", "head", *(f"{s}_{n}" for s in ("left", "right")
         for n in ("shoulder", "elbow", "wrist")))  # fmt: skip
X, Y, Z = np.eye(3)


def bent(about, axis, degrees, joints):
    out = UPRIGHT.copy()
    rows, centre = [J[name] for name in joints], UPRIGHT[J[about]]
    turn = Rotation.from_rotvec(np.radians(degrees) * axis).as_matrix()
    out[rows] = (out[rows] - centre) @ turn.T + centre
    return out


@pytest.mark.parametrize(
    ("body", "moved"),
    [
        (UPRIGHT, {}),
        (bent("pelvis", Z, -20, H36M17.joints), {"pelvis_tilt": -20}),  # leans ahead
        (bent("pelvis", X, 10, H36M17.joints), {"pelvis_list": 10}),  # the right side down
        (bent("pelvis", Y, 30, H36M17.joints), {"pelvis_rotation": 30}),  # to the left
        (bent("spine", Z, -25, TRUNK), {"lumbar_extension": -25}),  # bends ahead
        (bent("spine", X, 15, TRUNK), {"lumbar_bending": 15}),  # to the right
        (bent("right_hip", Z, 40, ("right_knee", "right_ankle")), {"hip_flexion_r": 40}),
        (bent("left_hip", Z, 40, ("left_knee", "left_ankle")), {"hip_flexion_l": 40}),
        (bent("right_hip", X, 12, ("right_knee", "right_ankle")), {"hip_adduction_r": 12}),
        (bent("left_hip", X, -12, ("left_knee", "left_ankle")), {"hip_adduction_l": 12}),
        (bent("right_knee", Z, -60, ("right_ankle",)), {"knee_angle_r": 60}),  # the heel back
        (bent("left_knee", Z, -60, ("left_ankle",)), {"knee_angle_l": 60}),
        (bent("right_shoulder", Z, 70, ("right_elbow", "right_wrist")), {"arm_flex_r": 70}),
        (bent("left_shoulder", X, 50, ("left_elbow", "left_wrist")), {"arm_add_l": -50}),
        (bent("left_elbow", Z, 90, ("left_wrist",)), {"elbow_flex_l": 90}),
    ],
)
def test_signs_are_opensims(tmp_path, body, moved):
    _, told = written(one_who_is(body[None]), tmp_path / "a.mot")
    places = {"pelvis_tx": 0, "pelvis_ty": 0.9, "pelvis_tz": 0}
    wanted = dict.fromkeys(mot.COLUMNS, 0) | places | moved | {"time": 0}
    assert {name: column[0] for name, column in told.items()} == pytest.approx(wanted, abs=2e-3)


def test_the_head_says_how_much_there_is(tmp_path):
    poses = settle(uneven(only(two_people(), 0)))
    head, told = written(poses, tmp_path / "a.mot")
    assert head == ["a walk", "version=1", "nRows=12", "nColumns=22", "inDegrees=yes"]
    assert list(told) == ["time", *mot.COLUMNS]
    np.testing.assert_allclose(np.diff(told["time"]), 1 / FPS, atol=2e-6)
    assert told["time"][0] == pytest.approx(poses.pts_s[0])


def test_what_is_unknown_for_a_while_is_bridged(tmp_path):
    poses = settle(only(two_people(), 3))  # whose right wrist is unknown in the second frame
    elbow = poses.people[0].angles.degrees[:, ANGLES.index("right_elbow_flexion")]
    assert np.isnan(elbow).tolist() == [False, True, False, False, False, False]
    _, told = written(poses, tmp_path / "a.mot")
    wanted = [elbow[0], (elbow[0] + elbow[2]) / 2, *elbow[2:]]
    np.testing.assert_allclose(told["elbow_flex_r"], wanted, atol=1e-4)


def test_a_joint_that_nobody_ever_saw_is_left_out(tmp_path):
    xyz = places(moving_body())
    xyz[:, J["left_wrist"]] = np.nan
    xyz[[0, 1, 40, 89], J["right_knee"]] = np.nan
    head, told = written(one_who_is(xyz), tmp_path / "a.mot")
    assert [name for name in mot.COLUMNS if name not in told] == ["elbow_flex_l"]
    assert head[3] == f"nColumns={len(told)}"
    assert all(np.isfinite(column).all() for column in told.values())
    hip = told["hip_flexion_r"]
    assert hip[0] == hip[1] == hip[2] and hip[88] == hip[89]
    assert hip[40] == pytest.approx((hip[39] + hip[41]) / 2, abs=2e-6)


def test_of_nameless_poses_without_angles_the_place_is_written_under_a_name(tmp_path):
    poses = one_who_is(places(moving_body(20)))
    (person,) = poses.people
    unknown = replace(person.angles, degrees=np.full_like(person.angles.degrees, np.nan))
    poses = replace(
        poses,
        video=replace(poses.video, path=" .mp4"),
        people=(replace(person, angles=unknown),),
    )
    head, columns = written(poses, tmp_path / "a.mot")
    assert head[0] == "motion" and list(columns) == ["time", "pelvis_tx", "pelvis_ty", "pelvis_tz"]


@pytest.mark.skipif(importlib.util.find_spec("opensim") is None, reason="needs opensim")
def test_opensim_reads_it(tmp_path):
    import opensim

    _, told = written(one_who_is(places(moving_body())), tmp_path / "a.mot")
    table = opensim.TimeSeriesTable(str(tmp_path / "a.mot"))
    assert list(table.getColumnLabels()) == list(mot.COLUMNS)
    assert table.getTableMetaDataAsString("inDegrees") == "yes"
    for name in mot.COLUMNS:
        np.testing.assert_allclose(table.getDependentColumn(name).to_numpy(), told[name])
    storage = opensim.Storage(str(tmp_path / "a.mot"))
    assert storage.getSize() == 90 and storage.isInDegrees()
