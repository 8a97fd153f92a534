"""BVH, read back by two libraries that did not write it, and by Blender where it is installed."""

import numpy as np
import pytest
from blender import in_blender, needs_blender
from stick_people import FPS, in_json, only, two_people, uneven, with_bones

from hotvid.config import ExportConfig
from hotvid.export import bvh
from hotvid.humanoid import BONE_NAMES, JOINT_BONES, NAMINGS, bone_places
from hotvid.skeleton import H36M17

MM = 1e-3
# Joints in which a bone begins: nose and head are points further along the head.
JOINTS = [j for j in range(17) if H36M17.joints[j] not in ("nose", "head")]


def written(poses, path, **config):
    bvh.write(poses, path, ExportConfig(**config))
    return path


def by_pybvh(path):
    """(names, (F, B, 3)) of the joints, end sites left out."""
    pybvh = pytest.importorskip("pybvh")
    found = pybvh.read_bvh_file(path, world_up="+y")
    xyz = found.node_positions()
    names = [node.name for node in found.nodes]
    keep = [i for i, node in enumerate(found.nodes) if not node.is_end_site()]
    return [names[i] for i in keep], xyz[:, keep], found.frame_time


def by_bvhio(path, frames):
    """{name: (len(frames), 3)} of the joints."""
    bvhio = pytest.importorskip("bvhio")
    root = bvhio.readAsHierarchy(str(path))
    places = {}
    for frame in frames:
        root.loadPose(frame, recursive=True)
        for joint, _, _ in root.layout():
            places.setdefault(joint.Name, []).append(list(joint.PositionWorld))
    return {name: np.array(rows) for name, rows in places.items()}


def check_joints(xyz_m, poses):
    """Bones begin where the JSON has the joints, but for the fit's own error, frame by frame."""
    (person,) = poses.people
    off_mm = 1000 * np.linalg.norm(
        xyz_m[:, [JOINT_BONES[j] for j in JOINTS]] - in_json(poses, person.track_id)[:, JOINTS],
        axis=-1,
    )
    stated = person.bones.error_mm[:, JOINTS]
    known = np.isfinite(stated) & np.isfinite(off_mm)
    assert known.mean() > 0.8 and (np.abs(off_mm - stated)[known] < 1).all()


def test_pybvh_finds_the_joints_where_the_json_has_them(dancer, tmp_path):
    names, xyz, frame_time = by_pybvh(written(dancer, tmp_path / "a.bvh"))
    assert names == list(BONE_NAMES)
    assert frame_time == pytest.approx(1 / FPS)
    np.testing.assert_allclose(xyz, bone_places(dancer.people[0].bones)[0], atol=1e-4)
    check_joints(xyz, dancer)


def test_bvhio_finds_the_joints_where_the_json_has_them(dancer, tmp_path):
    frames = [0, 17, 44, 89]
    found = by_bvhio(written(dancer, tmp_path / "a.bvh"), frames)
    wanted = bone_places(dancer.people[0].bones)[0]
    for index, name in enumerate(BONE_NAMES):
        np.testing.assert_allclose(found[name], wanted[frames, index], atol=MM)


def test_someone_who_loses_a_joint_is_whole(tmp_path):
    poses = with_bones(only(two_people(), 3))
    _, xyz, _ = by_pybvh(written(poses, tmp_path / "a.bvh"))
    assert xyz.shape == (6, len(BONE_NAMES), 3)
    check_joints(xyz, poses)


def test_angles_do_not_jump(dancer, tmp_path):
    text = written(dancer, tmp_path / "a.bvh").read_text().partition("Frame Time:")[2]
    rows = np.array([line.split() for line in text.splitlines()[1:]], float)
    assert rows.shape == (90, 3 + 3 * len(BONE_NAMES))
    # Near the pole of z, x, y two of them change fast; none goes round, as a jump would.
    assert np.abs(np.diff(rows[:, 3:], axis=0)).max() < 100
    assert np.ptp(rows[:, 5]) > 190, "the hips turn by 200 degrees"


@pytest.mark.parametrize("naming", NAMINGS)
def test_bones_have_the_names_that_are_asked_for(dancer, tmp_path, naming):
    names, _, _ = by_pybvh(written(dancer, tmp_path / "a.bvh", bone_names=naming))
    assert names == list(NAMINGS[naming])


def test_centimetres(dancer, tmp_path):
    _, metres, _ = by_pybvh(written(dancer, tmp_path / "a.bvh"))
    _, centimetres, _ = by_pybvh(written(dancer, tmp_path / "b.bvh", units="cm"))
    np.testing.assert_allclose(centimetres, 100 * metres, atol=0.01)


def test_a_variable_frame_rate_is_made_even(dancer, tmp_path):
    _, xyz, frame_time = by_pybvh(written(uneven(dancer), tmp_path / "a.bvh"))
    assert len(xyz) == 90 and frame_time == pytest.approx(1 / FPS)
    _, given, _ = by_pybvh(written(dancer, tmp_path / "b.bvh"))
    np.testing.assert_allclose(xyz[10:], given[10:], atol=1e-4)
    # The late frame shows what was shown half a frame before.
    wanted = given[3, 0] + (given[4, 0] - given[3, 0]) / 1.5
    np.testing.assert_allclose(xyz[4, 0], wanted, atol=1e-3)


_IN_BLENDER = """
# Blender 3.4's importer opens files in a mode that Python 3.11, which Debian gives it, has dropped.
import builtins
_open = open
builtins.open = lambda file, mode="r", *a, **k: _open(file, mode.replace("U", ""), *a, **k)
bpy.ops.import_anim.bvh(filepath=given, axis_forward="-Z", axis_up="Y")
body = bpy.context.object
for frame in (1, 20, 60):
    bpy.context.scene.frame_set(frame)
    found.append({bone.name: list(body.matrix_world @ bone.head) for bone in body.pose.bones})
"""


@pytest.mark.slow
@needs_blender
def test_blender_imports_it(dancer, tmp_path):
    frames = in_blender(_IN_BLENDER, written(dancer, tmp_path / "a.bvh"))
    wanted = bone_places(dancer.people[0].bones)[0][[0, 19, 59]]
    for frame, places_there in zip(frames, wanted, strict=True):
        for index, name in enumerate(BONE_NAMES):
            x, y, z = places_there[index]
            np.testing.assert_allclose(frame[name], [x, -z, y], atol=MM)
