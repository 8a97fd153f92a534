"""USD: everyone as an animated body, for Omniverse, Houdini, Maya, Blender and Unreal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hotvid import __version__
from hotvid.atomic import written_by_library
from hotvid.config import ExportConfig
from hotvid.export.body_mesh import body_mesh
from hotvid.export.colours import person_colour
from hotvid.file_names import unicode_path
from hotvid.humanoid import BONES, NAMINGS, fit_error_mm, rest_places
from hotvid.types import BoneMotion, Person, Poses

_AT_ONCE = 0.001  # of a frame: sizes go in straight lines from sample to sample


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write everyone as a skinned mesh on a skeleton (UsdSkel), y up, metres.

    A time code is a frame of the video's nominal rate; samples are at the video's own stamps, so
    a variable frame rate stays. Somebody who is not there is invisible, and scaled to nothing for
    Blender, whose importer leaves out visibility that changes. Each person's `customData` says how
    far the bones put the joints from where they were, in millimetres.
    """
    with unicode_path(path) as plain:
        _write(poses, plain, NAMINGS[config.bone_names])


def _write(poses: Poses, path: Path, names: tuple[str, ...]) -> None:
    from pxr import Usd, UsdGeom

    with written_by_library("USD"):
        stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetTimeCodesPerSecond(poses.video.fps)
    stage.SetFramesPerSecond(poses.video.fps)
    stage.GetRootLayer().comment = f"hotvid {__version__}"
    start_s = float(poses.pts_s[0]) if poses.n_frames else 0.0
    # Rounded, so that at an even rate codes are whole and frame 9 is not just before its sample.
    codes = np.round((poses.pts_s - start_s) * poses.video.fps, 4)
    if poses.n_frames:
        stage.SetStartTimeCode(float(codes[0]))
        stage.SetEndTimeCode(float(codes[-1]))
    stage.SetDefaultPrim(UsdGeom.Xform.Define(stage, "/people").GetPrim())
    paths = _joint_paths(names)
    for person in poses.people:
        _add_person(stage, poses, person, paths, codes)
    with written_by_library("USD"):
        stage.GetRootLayer().Save()


def _joint_paths(names: tuple[str, ...]) -> list[str]:
    """Each bone's name behind those of its parents; USD's names have no colons."""
    paths: list[str] = []
    for each, name in zip(BONES, names, strict=True):
        above = "" if each.parent < 0 else paths[each.parent] + "/"
        paths.append(above + name.replace(":", "_"))
    return paths


def _add_person(
    stage: Any, poses: Poses, person: Person, paths: list[str], codes: np.ndarray
) -> None:
    from pxr import UsdSkel

    root = UsdSkel.Root.Define(stage, f"/people/person{person.track_id}")
    for name, value in fit_error_mm(person.bones).items():
        root.GetPrim().SetCustomDataByKey(name, value)
    skeleton = _add_skeleton(stage, f"{root.GetPath()}/skeleton", person.bones, paths)
    rows = person.keypoints.frame_index - poses.first_frame
    animation = _add_animation(stage, f"{skeleton.GetPath()}/motion", person, paths, codes[rows])
    binding = UsdSkel.BindingAPI.Apply(skeleton.GetPrim())
    binding.CreateAnimationSourceRel().SetTargets([animation.GetPath()])
    _add_body(stage, f"{root.GetPath()}/body", person, skeleton)
    _add_presence(root, codes, int(rows[0]), int(rows[-1]))


def _add_presence(root: Any, codes: np.ndarray, first: int, last: int) -> None:
    """Let somebody be seen from the row `first` to `last` of the clip."""
    from pxr import Gf, UsdGeom

    visibility = root.CreateVisibilityAttr()
    visibility.Set(UsdGeom.Tokens.inherited, float(codes[first]))
    if first == 0 and last + 1 == len(codes):
        return
    nothing, whole = Gf.Vec3f(0), Gf.Vec3f(1)
    size = root.AddScaleOp()
    size.Set(whole, float(codes[first]))
    if first > 0:
        visibility.Set(UsdGeom.Tokens.invisible, float(codes[0]))
        size.Set(nothing, float(codes[first]) - _AT_ONCE)
    if last + 1 < len(codes):
        gone = float(codes[last + 1])
        visibility.Set(UsdGeom.Tokens.invisible, gone)
        size.Set(whole, gone - _AT_ONCE)
        size.Set(nothing, gone)


def _add_skeleton(stage: Any, path: str, motion: BoneMotion, paths: list[str]) -> Any:
    from pxr import UsdSkel

    skeleton = UsdSkel.Skeleton.Define(stage, path)
    skeleton.CreateJointsAttr(paths)
    skeleton.CreateBindTransformsAttr(_moves(rest_places(motion)))
    skeleton.CreateRestTransformsAttr(_moves(motion.offset_m))
    return skeleton


def _moves(places_m: np.ndarray) -> Any:
    """(B, 3) places as USD's matrices, which move row vectors."""
    from pxr import Vt

    matrices = np.tile(np.eye(4), (len(places_m), 1, 1))
    matrices[:, 3, :3] = places_m
    return Vt.Matrix4dArray.FromNumpy(matrices)


def _add_animation(
    stage: Any, path: str, person: Person, paths: list[str], codes: np.ndarray
) -> Any:
    from pxr import UsdSkel, Vt

    motion = person.bones
    animation = UsdSkel.Animation.Define(stage, path)
    animation.CreateJointsAttr(paths)
    animation.CreateScalesAttr(Vt.Vec3hArray.FromNumpy(np.ones((len(BONES), 3), np.float16)))
    places, turns = animation.CreateTranslationsAttr(), animation.CreateRotationsAttr()
    moved = np.array(motion.offset_m, np.float32)
    for code, root_m, rotation in zip(codes, motion.root_m, motion.rotation, strict=True):
        moved[0] = root_m
        places.Set(Vt.Vec3fArray.FromNumpy(moved), float(code))
        # In memory USD's quaternions are x, y, z, w, as ours are.
        turns.Set(Vt.QuatfArray.FromNumpy(rotation.astype(np.float32)), float(code))
    return animation


def _add_body(stage: Any, path: str, person: Person, skeleton: Any) -> None:
    from pxr import Sdf, UsdGeom, UsdShade, UsdSkel, Vt

    mesh = body_mesh(person.bones)
    body = UsdGeom.Mesh.Define(stage, path)
    body.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(mesh.xyz_m.astype(np.float32)))
    body.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(mesh.normal.astype(np.float32)))
    body.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    triangles = np.ascontiguousarray(mesh.triangles, np.int32)
    body.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(triangles), 3, np.int32)))
    body.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(triangles.ravel()))
    body.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    extent = np.stack([mesh.xyz_m.min(0), mesh.xyz_m.max(0)]).astype(np.float32)
    body.CreateExtentAttr(Vt.Vec3fArray.FromNumpy(extent))
    binding = UsdSkel.BindingAPI.Apply(body.GetPrim())
    binding.CreateSkeletonRel().SetTargets([skeleton.GetPath()])
    influences = mesh.bones.shape[1]
    binding.CreateJointIndicesPrimvar(False, influences).Set(
        Vt.IntArray.FromNumpy(mesh.bones.astype(np.int32).ravel())
    )
    binding.CreateJointWeightsPrimvar(False, influences).Set(
        Vt.FloatArray.FromNumpy(mesh.weight.astype(np.float32).ravel())
    )
    material = UsdShade.Material.Define(stage, f"{path}_material")
    shader = UsdShade.Shader.Define(stage, f"{path}_material/surface")
    shader.CreateIdAttr("UsdPreviewSurface")
    colour = tuple(person_colour(person.track_id))
    shader.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f).Set(colour)
    shader.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(0.7)
    material.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")
    UsdShade.MaterialBindingAPI.Apply(body.GetPrim()).Bind(material)
