"""hotvid's own JSON read back as poses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.errors import InputError, ShapeError
from hotvid.io.stored_checks import (
    check_n_frames,
    check_people,
    check_times,
    check_world,
    checked_models,
    checked_video,
    checked_warnings,
)
from hotvid.joint_angles import ANGLES
from hotvid.skeleton import H36M17
from hotvid.types import (
    JointAngles,
    Motion3D,
    Person,
    Poses,
    Track2D,
    WorldFrame,
    WorldMotion,
)

SCHEMA = "hotvid/1"
SUFFIX = ".json"


def is_poses_json(path: str | os.PathLike) -> bool:
    """Whether a source is meant as JSON, by its suffix."""
    return Path(path).suffix.lower() == SUFFIX


def holds_poses(path: str | os.PathLike) -> bool:
    """Whether a file is JSON of the schema "hotvid/1", and not another program's."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("schema") == SCHEMA


def load_poses_json(path: str | os.PathLike) -> Poses:
    """Read a file of schema "hotvid/1"; InputError where it is missing, damaged or foreign.

    The 2D model's own joints are not in it: the skeleton's stand for them. Frames in which nobody
    is get their times from their neighbours and the video's span.
    """
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"'{path}' does not exist", "is its name spelled right?") from error
    except IsADirectoryError as error:
        raise InputError(f"'{path}' is a folder", "name a JSON file") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is no JSON: {error}", "make it again") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise InputError(
            f"'{path}' is not JSON of the schema {SCHEMA}",
            "make one with hotvid export-json, or use hotvid lift",
        )
    try:
        return poses_from(found)
    except InputError as error:
        raise InputError(f"'{path}' {error.message}", error.hint) from error
    except (LookupError, ValueError, TypeError, AttributeError, ShapeError) as error:
        raise InputError(f"'{path}' is damaged: {error!r}", "make it again") from error


def poses_from(found: dict[str, Any]) -> Poses:
    """What the JSON holds, parsed.

    raises  InputError, whose message goes on after a file's name, where it makes no sense;
            LookupError, ValueError, TypeError, AttributeError, ShapeError where it is otherwise.
    """
    video, analysed, models = found["video"], found["analysed"], found["models"]
    info = checked_video(
        {
            "path": video["path"],
            "width": video["width"],
            "height": video["height"],
            "fps": video["fps"],
            "n_frames": video["frame_count"],
            "duration_s": video["duration_s"],
            "focal_px": video.get("focal_px"),
        }
    )
    check_n_frames(analysed["frame_count"])
    pts_s = _times(found)
    check_times(pts_s, analysed["first_frame"])
    people = tuple(_person(person) for person in found["people"])
    check_people(people, analysed["first_frame"], len(pts_s))
    names = {name: models[name] for name in ("pose2d", "lifter", "weights_sha256")}
    return Poses(
        video=info,
        first_frame=analysed["first_frame"],
        pts_s=pts_s,
        people=people,
        models=checked_models(names),
        warnings=checked_warnings(found.get("warnings", [])),
        world=_world(found.get("world")),
    )


def _world(found: dict[str, Any] | None) -> WorldFrame | None:
    if found is None:
        return None
    frame = WorldFrame(
        rotation=np.array(found["camera_rotation"], np.float64),
        camera_m=np.array(found["camera"], np.float64),
        focal_px=float(found["focal_px"]),
        focal_assumed=bool(found["focal_assumed"]),
        n_stands=int(found["floor_from_stands"]),
    )
    check_world(frame)
    return frame


def _times(found: dict[str, Any]) -> np.ndarray:
    """(F,) seconds of all frames read, straight lines between those that are known."""
    analysed = found["analysed"]
    first, n_frames = int(analysed["first_frame"]), int(analysed["frame_count"])
    known = {row["frame"]: row["time_s"] for p in found["people"] for row in p["frames"]}
    if n_frames:
        known |= {first: analysed["start_s"], first + n_frames - 1: analysed["end_s"]}
    outside = [f for f in known if not first <= f < first + n_frames]
    if outside:
        raise ValueError(f"frame {outside[0]} is outside of what was read")
    at = np.array(sorted(known), np.int64)
    times_s = np.array([known[f] for f in at.tolist()], np.float64)
    return np.interp(np.arange(first, first + n_frames), at, times_s)


def _person(person: dict[str, Any]) -> Person:
    rows = person["frames"]
    if not rows:
        raise InputError("is damaged: somebody is in no frame")
    n_joints = len(H36M17)
    keypoints = _numbers([row["keypoints_2d"] for row in rows], (n_joints, 3))
    track = Track2D(
        track_id=int(person["id"]),
        joint_set=H36M17.name,
        frame_index=np.array([row["frame"] for row in rows], np.int64),
        xy_px=keypoints[..., :2],
        score=np.nan_to_num(keypoints[..., 2]),
        box_px=_numbers([row.get("box") for row in rows], (4,)),
        person_score=np.nan_to_num(_numbers([row["score"] for row in rows], ())),
        interpolated=np.array([bool(row["interpolated"]) for row in rows]),
    )
    if all(row["keypoints_3d"] is None for row in rows):
        return Person(track, track)
    motion = Motion3D(
        _numbers([row["keypoints_3d"] for row in rows], (n_joints, 3)),
        _numbers([row["root"] for row in rows], (3,)),
    )
    return Person(
        track,
        track,
        motion,
        _world_motion(rows),
        angles=_angles(rows),
        confidence=_confidence(rows),
    )


def _confidence(rows: list[dict[str, Any]]) -> np.ndarray | None:
    if "confidence_3d" not in rows[0]:
        return None
    return np.nan_to_num(_numbers([row["confidence_3d"] for row in rows], (len(H36M17),)))


def _angles(rows: list[dict[str, Any]]) -> JointAngles | None:
    if any(len(row.get("joint_angles", ())) != len(ANGLES) for row in rows):
        return None
    return JointAngles(_numbers([row["joint_angles"] for row in rows], (len(ANGLES),)))


def _world_motion(rows: list[dict[str, Any]]) -> WorldMotion | None:
    if "keypoints_world" not in rows[0]:
        return None
    xyz_m = _numbers([row["keypoints_world"] for row in rows], (len(H36M17), 3))
    if "standing" not in rows[0]:
        return WorldMotion(xyz_m)
    return WorldMotion(xyz_m, np.array([row["standing"] for row in rows], bool))


def _numbers(rows: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    """(F, *shape) float32; NaN for null, in place of a number or of a whole row."""
    missing = np.full(shape, None, dtype=object).tolist()
    filled = [missing if row is None else row for row in rows]
    return np.array(filled, np.float64).reshape(len(rows), *shape).astype(np.float32)
