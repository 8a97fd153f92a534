"""USD, read back by its own runtime: skeletons evaluated, bodies skinned, the stage checked."""

import numpy as np
import pytest
from stick_people import moved_to, two_people, with_bones

from hotvid.config import ExportConfig
from hotvid.export import usd
from hotvid.export.body_mesh import body_mesh
from hotvid.export.colours import person_colour
from hotvid.humanoid import NAMINGS, bone_places

pytest.importorskip("pxr", reason="needs usd-core")
from pxr import Usd, UsdGeom, UsdShade, UsdSkel, UsdValidation


def written(poses, path, **config):
    usd.write(poses, path, ExportConfig(**config))
    return Usd.Stage.Open(str(path))


def skeleton_query(stage, person):
    skeleton = UsdSkel.Skeleton(stage.GetPrimAtPath(f"/people/{person}/skeleton"))
    cache = UsdSkel.Cache()
    root = UsdSkel.Root(stage.GetPrimAtPath(f"/people/{person}"))
    cache.Populate(root, Usd.TraverseInstanceProxies())
    return cache, cache.GetSkelQuery(skeleton)


def test_bones_are_where_the_motion_has_them(dancer, tmp_path):
    stage = written(dancer, tmp_path / "a.usd")
    _, query = skeleton_query(stage, "person0")
    wanted = bone_places(dancer.people[0].bones)[0]
    for frame in (0, 17, 44, 89):
        moves = np.array(query.ComputeJointSkelTransforms(Usd.TimeCode(frame)))
        np.testing.assert_allclose(moves[:, 3, :3], wanted[frame], atol=1e-4)


def test_the_body_goes_with_the_bones(dancer, tmp_path):
    stage = written(dancer, tmp_path / "a.usd")
    cache, query = skeleton_query(stage, "person0")
    body = stage.GetPrimAtPath("/people/person0/body")
    skinning = cache.GetSkinningQuery(body)
    moves = query.ComputeSkinningTransforms(Usd.TimeCode(44))
    points = UsdGeom.Mesh(body).GetPointsAttr().Get()
    np.testing.assert_allclose(points, body_mesh(dancer.people[0].bones).xyz_m, atol=1e-6)
    assert skinning.ComputeSkinnedPoints(moves, points, Usd.TimeCode(44))
    bones = bone_places(dancer.people[0].bones)[0][44]
    away = np.linalg.norm(np.array(points)[None] - bones[:, None], axis=-1)
    assert away.min(1).max() < 0.2, "every bone begins within the body"
    assert away.min(0).max() < 0.45, "and no vertex is far from all of them"


def test_everyone_is_seen_while_they_are_there(tmp_path):
    stage = written(with_bones(two_people()), tmp_path / "a.usd")
    assert stage.GetTimeCodesPerSecond() == 25 and UsdGeom.GetStageMetersPerUnit(stage) == 1
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (0, 11)
    seen = {
        name: [
            frame
            for frame in range(12)
            if UsdGeom.Imageable(stage.GetPrimAtPath(f"/people/{name}")).ComputeVisibility(frame)
            != UsdGeom.Tokens.invisible
        ]
        for name in ("person0", "person3")
    }
    assert seen == {"person0": list(range(12)), "person3": list(range(3, 9))}


def test_who_is_not_there_is_nothing_in_programs_that_keep_no_visibility(tmp_path):
    stage = written(with_bones(two_people()), tmp_path / "a.usd")

    def sizes(name, frames):
        root = UsdGeom.Xformable(stage.GetPrimAtPath(f"/people/{name}"))
        return [np.diag(np.array(root.GetLocalTransformation(f)))[:3].tolist() for f in frames]

    assert sizes("person0", range(12)) == [[1, 1, 1]] * 12
    assert sizes("person3", range(12)) == [[0, 0, 0]] * 3 + [[1, 1, 1]] * 6 + [[0, 0, 0]] * 3
    assert sizes("person3", [2.9, 8.9]) == [[0, 0, 0], [1, 1, 1]], "between frames as well"


@pytest.mark.parametrize("first", [0, 5, 6])
def test_who_comes_or_goes_at_an_end_is_there_to_the_frame(tmp_path, first):
    stage = written(with_bones(moved_to(two_people(), 3, first)), tmp_path / "a.usd")
    person = stage.GetPrimAtPath("/people/person3")
    seen = [UsdGeom.Imageable(person).ComputeVisibility(f) == "inherited" for f in range(12)]
    large = [UsdGeom.Xformable(person).GetLocalTransformation(f)[0][0] for f in range(12)]
    assert seen == large == [first <= frame < first + 6 for frame in range(12)]


def test_the_skeleton_at_rest_is_that_to_which_the_body_is_bound(dancer, tmp_path):
    stage = written(dancer, tmp_path / "a.usd")
    _, query = skeleton_query(stage, "person0")
    rest = np.array(query.ComputeJointSkelTransforms(Usd.TimeCode(0), True))
    np.testing.assert_allclose(rest, query.GetJointWorldBindTransforms(), atol=1e-6)
    assert np.ptp(rest[:, 3, 1]) > 1.3, "a whole body's height"


def test_bodies_have_their_size_and_each_its_colour(tmp_path):
    stage = written(with_bones(two_people()), tmp_path / "a.usd")
    for number in (0, 3):
        body = UsdGeom.Mesh(stage.GetPrimAtPath(f"/people/person{number}/body"))
        extent = UsdGeom.PointBased.ComputeExtent(body.GetPointsAttr().Get())
        np.testing.assert_allclose(body.GetExtentAttr().Get(), extent, atol=1e-6)
        material, _ = UsdShade.MaterialBindingAPI(body).ComputeBoundMaterial()
        colour = material.ComputeSurfaceSource()[0].GetInput("diffuseColor").Get()
        np.testing.assert_allclose(colour, person_colour(number), atol=1e-6)


@pytest.mark.parametrize("naming", NAMINGS)
def test_bones_have_the_names_that_are_asked_for(dancer, tmp_path, naming):
    stage = written(dancer, tmp_path / "a.usda", bone_names=naming)
    joints = UsdSkel.Skeleton(stage.GetPrimAtPath("/people/person0/skeleton")).GetJointsAttr()
    names = [path.rpartition("/")[2] for path in joints.Get()]
    assert names == [name.replace(":", "_") for name in NAMINGS[naming]]


def test_the_stage_is_as_usd_wants_it(tmp_path):
    path = tmp_path / "a.usd"
    written(with_bones(two_people()), path)
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert len(validators) > 10
    found = UsdValidation.ValidationContext(validators).Validate(Usd.Stage.Open(str(path)))
    assert [error.GetMessage() for error in found] == []
