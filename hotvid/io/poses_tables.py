"""hotvid's NumPy arrays and Parquet tables read back as poses.

Both carry the head of hotvid's JSON as text; people are put into the rows that JSON has.
"""

from __future__ import annotations

import importlib.util
import json
import os
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.errors import InputError, ShapeError
from hotvid.geometry import extent
from hotvid.io.pose_store import read_array, read_text
from hotvid.io.poses_json import poses_from
from hotvid.io.stored_checks import check_times
from hotvid.skeleton import H36M17
from hotvid.types import Poses, check_shape

ARRAYS_SCHEMA = "hotvid-arrays/1"
PARQUET_SUFFIX = ".parquet"
# The name of an array, and of a key of a Parquet file's metadata, that holds JSON's head.
HEAD = "head"

_WRONG = (ShapeError, LookupError, ValueError, TypeError, AttributeError, RuntimeError)
_UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error)


def is_arrays(path: str | os.PathLike) -> bool:
    """Whether a file holds the arrays that `hotvid export --format npz` writes."""
    try:
        if not Path(path).is_file():
            return False
        with zipfile.ZipFile(path) as archive:
            return f"{HEAD}.npy" in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def is_parquet(path: str | os.PathLike) -> bool:
    """Whether a source is meant as Parquet, by its suffix."""
    return Path(path).suffix.lower() == PARQUET_SUFFIX


def load_arrays(path: str | os.PathLike) -> Poses:
    """Read what `hotvid.export.arrays` wrote; InputError where it is damaged.

    The 2D model's own joints are not in it: the skeleton's stand for them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _from_arrays(archive)
    except InputError as error:
        raise InputError(f"'{path}' {error.message}", error.hint) from error
    except (*_WRONG, *_UNREADABLE) as error:
        raise InputError(f"'{path}' is damaged: {error}", "make it again") from error


def _from_arrays(archive: zipfile.ZipFile) -> Poses:
    if (schema := read_text(archive, "schema")) != ARRAYS_SCHEMA:
        raise InputError(f"has the schema '{schema}', not {ARRAYS_SCHEMA}", "update hotvid")
    present, person, frame, pts_s = (
        read_array(archive, name) for name in ("present", "person", "frame", "pts_s")
    )
    check_shape("present", present, (len(person), len(frame)))
    check_shape("pts_s", pts_s, (len(frame),))
    columns = {name: read_array(archive, name) for name in _OF_ARRAYS}
    people = []
    for number, track_id in enumerate(person.tolist()):
        there = present[number].astype(bool)
        mine = {name: array[number][there] for name, array in columns.items()}
        people.append((track_id, mine | {"frame": frame[there], "time_s": pts_s[there]}))
    poses = _poses(json.loads(read_text(archive, HEAD)), people)
    check_shape("pts_s", pts_s, poses.pts_s.shape)
    check_times(pts_s, poses.first_frame)
    return replace(poses, pts_s=np.asarray(pts_s, np.float64))


def load_parquet(path: str | os.PathLike) -> Poses:
    """Read what `hotvid.export.parquet_table` wrote; InputError where it is damaged or foreign.

    Besides the 2D model's own joints, boxes and standing feet are not in it; a person is as sure
    as the joints are on average, and the pelvis is seen from the camera where the world has it.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise InputError(
            f"'{path}' is Parquet, which pyarrow reads, which is not installed",
            "install it: python -m pip install pyarrow",
        )
    from pyarrow import ArrowException, parquet

    try:
        # Opened here, as Arrow takes no path that is no Unicode.
        with Path(path).open("rb") as file:
            table = parquet.read_table(file)
    except FileNotFoundError as error:
        raise InputError(f"'{path}' does not exist", "is its name spelled right?") from error
    except (ArrowException, *_UNREADABLE) as error:
        raise InputError(f"'{path}' is no Parquet, or a damaged one", "make it again") from error
    head = (table.schema.metadata or {}).get(HEAD.encode())
    if head is None:
        raise InputError(f"'{path}' was not made by hotvid", "make one with hotvid export")
    try:
        return _from_columns(json.loads(head), table)
    except InputError as error:
        raise InputError(f"'{path}' {error.message}", error.hint) from error
    except (*_WRONG, ArrowException) as error:
        raise InputError(f"'{path}' is damaged: {error}", "make it again") from error


def _from_columns(head: dict[str, Any], table: Any) -> Poses:
    """`table`: pyarrow's, a row for each joint of each frame of each person."""
    n_joints = len(H36M17)

    def column(*names: str) -> np.ndarray:
        """(N frames of all people, 17[, len(names)])"""
        values = [table[name].to_numpy().reshape(-1, n_joints) for name in names]
        return values[0] if len(names) == 1 else np.stack(values, -1)

    if (column("joint") != np.array(H36M17.joints)).any():
        raise ValueError("its joints are not in their order")
    who = column("person")[:, 0]
    world_m = column("world_x_m", "world_y_m", "world_z_m")
    xy_px = column("x_px", "y_px")
    columns = {
        "frame": column("frame")[:, 0],
        "time_s": column("time_s")[:, 0],
        "interpolated": column("interpolated")[:, 0],
        "xy_px": xy_px,
        "box_px": _around(xy_px),
        "score": column("score"),
        "person_score": np.nan_to_num(column("score")).mean(1),
        "xyz_m": column("x_m", "y_m", "z_m"),
        "root_m": _seen_by_camera(world_m[:, 0], head),
        "world_m": world_m,
        "confidence": column("confidence_3d"),
    }
    people = dict.fromkeys(who.tolist())
    return _poses(head, [(i, {n: v[who == i] for n, v in columns.items()}) for i in people])


def _around(xy_px: np.ndarray) -> np.ndarray:
    """(N, 17, 2) -> (N, 4) boxes around the joints that are known: the table holds none."""
    known = np.isfinite(xy_px).all(-1)
    return np.where(known.any(1)[:, None], np.concatenate(extent(xy_px, known), -1), np.nan)


def _seen_by_camera(world_m: np.ndarray, head: dict[str, Any]) -> np.ndarray:
    """(F, 3) places in the world, in the camera's frame; NaN where there is no world."""
    if head["world"] is None:
        return np.full_like(world_m, np.nan)
    turn = np.array(head["world"]["camera_rotation"], np.float64)
    return (world_m - np.array(head["world"]["camera"], np.float64)) @ turn


def _poses(head: dict[str, Any], people: list[tuple[int, dict[str, np.ndarray]]]) -> Poses:
    found = [{"id": i, "frames": _rows(columns)} for i, columns in people]
    return poses_from({**head, "people": found})


# What the arrays and columns are called in the rows of JSON.
_NAMES = {
    "box_px": "box",
    "person_score": "score",
    "xyz_m": "keypoints_3d",
    "root_m": "root",
    "world_m": "keypoints_world",
    "standing": "standing",
    "confidence": "confidence_3d",
    "frame": "frame",
    "time_s": "time_s",
    "interpolated": "interpolated",
}
_OF_ARRAYS = (
    "interpolated",
    "xy_px",
    "score",
    "box_px",
    "person_score",
    "xyz_m",
    "root_m",
    "world_m",
    "standing",
    "confidence",
)
_LIFTED = ("keypoints_world", "standing", "confidence_3d")


def _rows(columns: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """One person's frames as JSON has them, from (F, ...) arrays."""
    rows = {_NAMES[name]: values.tolist() for name, values in columns.items() if name in _NAMES}
    keypoints = np.concatenate([columns["xy_px"], columns["score"][..., None]], -1)
    rows["keypoints_2d"] = keypoints.tolist()
    if not np.isfinite(columns["xyz_m"]).any():
        rows["keypoints_3d"] = [None] * len(keypoints)
    if not np.isfinite(columns["world_m"]).any():
        rows = {name: values for name, values in rows.items() if name not in _LIFTED}
    return [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]
