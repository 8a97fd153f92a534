"""Poses in a file: a .npz of plain arrays, written and read back exactly.

Layout, schema "hotvid-poses/1": `schema` (text), `meta` (JSON text: the video, the models, the
warnings, the cuts, of each person the ids and joint sets, and perhaps a key), `pts_s`, and for each
person N and each array of its `Track2D`s and `Motion3D` one array `personN.detected.xy_px` and so
on, float32 as in `hotvid.types`. Nothing is pickled.
"""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
from pathlib import Path

import numpy as np

from hotvid.atomic import atomic_output
from hotvid.errors import InputError
from hotvid.skeleton import H36M17, joint_set_named
from hotvid.stored.checks import (
    UNREADABLE,
    WRONG,
    check_people,
    check_times,
    checked_cuts,
    checked_models,
    checked_video,
    checked_warnings,
)
from hotvid.stored.npz import read_array, read_text
from hotvid.types import Motion3D, Person, Poses, Track2D, check_shape

SCHEMA = "hotvid-poses/1"
SUFFIX = ".npz"

_TRACK = {
    "frame_index": np.int64,
    "xy_px": np.float32,
    "score": np.float32,
    "box_px": np.float32,
    "person_score": np.float32,
    "interpolated": np.bool_,
}
_MOTION = {"xyz_m": np.float32, "root_m": np.float32, "apart_m": np.float32}
_OPTIONAL = {"apart_m"}  # None is not stored


def save_poses(
    poses: Poses, path: str | os.PathLike, overwrite: bool = False, key: str | None = None
) -> None:
    """Write `poses` to a pose store; OutputError where that cannot or must not be.

    key  tells what the poses were made from and how, for `stored_key` to find.
    """
    meta = {
        "video": dataclasses.asdict(poses.video),
        "models": dataclasses.asdict(poses.models),
        "warnings": list(poses.warnings),
        "first_frame": int(poses.first_frame),
        "cuts": [int(frame) for frame in poses.cuts],
        "people": [_person_meta(person) for person in poses.people],
        "key": key,
    }
    arrays = {
        "schema": np.array(SCHEMA),
        "meta": np.array(json.dumps(meta)),
        "pts_s": np.asarray(poses.pts_s, np.float64),
    }
    for number, person in enumerate(poses.people):
        for part, value in _parts(person):
            for name, dtype in (_MOTION if part == "motion" else _TRACK).items():
                if (array := getattr(value, name)) is not None:
                    arrays[f"person{number}.{part}.{name}"] = np.asarray(array, dtype)
    with atomic_output(path, overwrite) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def load_poses(path: str | os.PathLike) -> Poses:
    """Read a pose store; InputError where it is missing, damaged, foreign or too new."""
    path = Path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise InputError("is not a regular file", "save it to a file first")
        with zipfile.ZipFile(path) as archive:
            return _load(archive)
    except InputError as error:
        raise InputError(f"the pose store '{path}' {error.message}", error.hint) from error
    except FileNotFoundError as error:
        raise InputError(f"'{path}' does not exist", "is its name spelled right?") from error
    except IsADirectoryError as error:
        raise InputError(f"'{path}' is a folder", "name a pose store") from error
    except PermissionError as error:
        raise InputError(f"'{path}' cannot be read", "you lack the permission to") from error
    except UNREADABLE as error:
        raise InputError(
            f"'{path}' is no pose store, or a damaged one", "make it again with --save-poses"
        ) from error
    except WRONG as error:
        raise InputError(
            f"the pose store '{path}' is damaged: {error}", "make it again with --save-poses"
        ) from error


def stored_key(path: str | os.PathLike) -> str | None:
    """The key that a pose store was saved with; None without one, or without a store."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_schema(archive)
            key = json.loads(read_text(archive, "meta")).get("key")
    except (*UNREADABLE, *WRONG, InputError):
        return None
    return key if isinstance(key, str) else None


def is_pose_store(path: str | os.PathLike) -> bool:
    """Whether a source is meant as a pose store: by its suffix, or by what it holds."""
    path = Path(path)
    if path.suffix.lower() == SUFFIX:
        return True
    try:
        if not path.is_file():  # a pipe would be waited for, a device be read without end
            return False
        with zipfile.ZipFile(path) as archive:
            return "schema.npy" in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _person_meta(person: Person) -> dict:
    tracks = {part: value for part, value in _parts(person) if part != "motion"}
    meta: dict = {
        part: {"track_id": int(track.track_id), "joint_set": track.joint_set}
        for part, track in tracks.items()
    }
    meta["has_motion"] = person.motion is not None
    return meta


def _parts(person: Person) -> list[tuple[str, Track2D | Motion3D]]:
    parts: list[tuple[str, Track2D | Motion3D]] = [
        ("detected", person.detected),
        ("keypoints", person.keypoints),
    ]
    if person.motion is not None:
        parts.append(("motion", person.motion))
    return parts


def _load(archive: zipfile.ZipFile) -> Poses:
    _check_schema(archive)
    meta = json.loads(read_text(archive, "meta"))
    pts_s = _array(archive, "pts_s", np.float64)
    check_shape("pts_s", pts_s, (None,))
    video = checked_video(meta["video"])
    first = meta["first_frame"]
    check_times(pts_s, first)
    people = tuple(_person(archive, number, each) for number, each in enumerate(meta["people"]))
    check_people(people, first, len(pts_s))
    models, notes = checked_models(meta["models"]), checked_warnings(meta["warnings"])
    cuts = checked_cuts(meta.get("cuts", []), first, len(pts_s))
    return Poses(video, first, pts_s, people, models, notes, cuts=cuts)


def _check_schema(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if "schema.npy" not in names:
        raise InputError("was not made by hotvid", "make one with --save-poses")
    schema = read_text(archive, "schema")
    if schema == SCHEMA:
        return
    kind, _, version = schema.partition("/")
    if kind == SCHEMA.partition("/")[0] and version.isdigit():
        raise InputError(f"has the schema '{schema}', {SCHEMA} is known here", "update hotvid")
    raise InputError("was not made by hotvid", "make one with --save-poses")


def _person(archive: zipfile.ZipFile, number: int, meta: dict) -> Person:
    stored = set(archive.namelist())

    def arrays(part: str, kinds: dict) -> dict[str, np.ndarray]:
        return {
            name: _array(archive, f"person{number}.{part}.{name}", dtype)
            for name, dtype in kinds.items()
            if name not in _OPTIONAL or f"person{number}.{part}.{name}.npy" in stored
        }

    tracks = {
        part: Track2D(meta[part]["track_id"], meta[part]["joint_set"], **arrays(part, _TRACK))
        for part in ("detected", "keypoints")
    }
    _check_joints(tracks["detected"], tracks["keypoints"])
    motion = Motion3D(**arrays("motion", _MOTION)) if meta["has_motion"] else None
    if motion is not None:
        check_shape("xyz_m", motion.xyz_m, (len(tracks["keypoints"]), 17, 3))
    return Person(motion=motion, **tracks)


def _check_joints(detected: Track2D, keypoints: Track2D) -> None:
    try:
        joint_set_named(detected.joint_set)
    except KeyError as error:
        raise InputError(f"has the joint set '{detected.joint_set}'", "update hotvid") from error
    if keypoints.joint_set != H36M17.name:
        raise InputError(f"is damaged: its keypoints are '{keypoints.joint_set}'")
    n_rows = len(keypoints)
    for track in (detected, keypoints):
        check_shape("xy_px", track.xy_px, (n_rows, len(joint_set_named(track.joint_set)), 2))


def _array(archive: zipfile.ZipFile, name: str, dtype: type) -> np.ndarray:
    array = read_array(archive, name)
    if array.dtype != dtype:
        raise InputError(f"is damaged: {name} is {array.dtype}, expected {np.dtype(dtype)}")
    return array
