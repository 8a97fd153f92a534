"""Poses as JSON, schema "hotvid/1": the format other programs read.

The schema itself (JSON Schema, draft 2020-12) lies beside this file. Missing is null, never NaN.
Pixels are rounded to 0.01, metres and scores to 0.0001, seconds to 0.000001: finer than any
estimate, and a tenth of the digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from hotvid import __version__
from hotvid.chunks import chunks
from hotvid.config import ExportConfig
from hotvid.file_names import as_unicode
from hotvid.joint_angles import ANGLES, CONVENTION
from hotvid.mended_sides import with_mended_sides
from hotvid.skeleton import H36M17, JOINT_SETS, feet_and_hands
from hotvid.types import Person, Poses, WorldFrame

SCHEMA_NAME = "hotvid/1"
_SCHEMA_FILE = "hotvid-1.schema.json"
_ROWS_AT_ONCE = 512  # turned to text together
_COORDINATES = {
    "keypoints_2d": "pixels [x right, y down] from the top-left corner, score 0..1",
    "keypoints_3d": "metres, camera axes [x right, y down, z forward], relative to the pelvis",
    "root": "metres, camera axes [x right, y down, z forward], the pelvis seen from the camera, "
    "estimated",
    "keypoints_world": "metres, y up, right-handed, one world for everyone, the floor at y = 0, "
    "estimated",
    "confidence_3d": "for each joint the chance, 0..1, that keypoints_3d is right to 0.1 metres, "
    "estimated",
    "standing": "whether the right and the left foot stand, estimated",
    "box": "pixels [x0, y0, x1, y1]",
    "feet_and_hands_2d": "pixels [x right, y down] from the top-left corner, score 0..1",
}


def schema() -> dict[str, Any]:
    """The JSON Schema that every file written here obeys."""
    text = resources.files("hotvid.export").joinpath(_SCHEMA_FILE).read_text(encoding="utf-8")
    return json.loads(text)


def to_dict(poses: Poses) -> dict[str, Any]:
    """`poses` as plain lists, numbers, strings and None, in the order in which it is written."""
    people = [
        {"id": p.track_id, "frames": [row for rows in _frames(poses, p) for row in rows]}
        for p in poses.people
    ]
    return {**head(poses), "people": people}


def write_json(poses: Poses, path: str | Path) -> None:
    """Write `poses` to `path`, person by person; the file is compact and ends in a newline."""
    with Path(path).open("w", encoding="utf-8", newline="\n") as stream:
        start = _dump(head(poses))
        stream.write(start[:-1] + ',"people":[')
        for number, person in enumerate(poses.people):
            stream.write("," if number else "")
            _write_person(stream, poses, person)
        stream.write("]}\n")


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """`write_json`, as `hotvid.export.formats` calls every format."""
    write_json(poses, path)


def _write_person(stream: TextIO, poses: Poses, person: Person) -> None:
    stream.write(f'{{"id":{int(person.track_id)},"frames":[')
    separator = "\n"
    for rows in _frames(poses, person):
        for row in rows:
            stream.write(separator + _dump(row))
            separator = ",\n"
    stream.write("]}")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def head(poses: Poses) -> dict[str, Any]:
    """Everything but the people."""
    video, times = poses.video, poses.pts_s
    return {
        "schema": SCHEMA_NAME,
        "generator": {"name": "hotvid", "version": __version__},
        "video": {
            "path": as_unicode(video.path),
            "width": video.width,
            "height": video.height,
            "fps": _number(video.fps, 6),
            "frame_count": video.n_frames,
            "duration_s": _number(video.duration_s, 6),
            "focal_px": _number(video.focal_px, 3),
        },
        "analysed": {
            "first_frame": int(poses.first_frame),
            "frame_count": poses.n_frames,
            "start_s": _number(times[0], 6) if len(times) else None,
            "end_s": _number(times[-1], 6) if len(times) else None,
        },
        "models": {
            "pose2d": as_unicode(poses.models.pose2d),
            "lifter": poses.models.lifter,
            "weights_sha256": poses.models.weights_sha256,
        },
        "skeleton": {
            "name": H36M17.name,
            "joints": list(H36M17.joints),
            "edges": [list(edge) for edge in H36M17.edges],
        },
        "feet_and_hands": _feet_and_hands(poses),
        "coordinates": _COORDINATES,
        "world": _world(poses.world),
        "joint_angles": {"names": list(ANGLES), "convention": CONVENTION},
        "warnings": [as_unicode(note) for note in poses.warnings],
    }


def _world(frame: WorldFrame | None) -> dict[str, Any] | None:
    """The camera in the world; None where nobody was placed in one."""
    if frame is None:
        return None
    return {
        "estimated": True,
        "camera_rotation": _nested(_rounded(frame.rotation, 6)),
        "camera": _nested(_rounded(frame.camera_m, 4)),
        "focal_px": _number(frame.focal_px, 3),
        "focal_assumed": bool(frame.focal_assumed),
        "floor_from_stands": int(frame.n_stands),
    }


def _feet_and_hands(poses: Poses) -> dict[str, Any] | None:
    """The names of what `feet_and_hands_2d` holds; None where the 2D model finds none of it."""
    for joint_set in (person.detected.joint_set for person in poses.people):
        if extremities := feet_and_hands(joint_set):
            names = JOINT_SETS[joint_set].joints
            return {"source": joint_set, "joints": [names[i] for i in extremities]}
    return None


def _frames(poses: Poses, person: Person) -> Iterator[list[dict[str, Any]]]:
    """The frames of the person's track, some hundreds at a time."""
    for part in chunks(len(person.keypoints), _ROWS_AT_ONCE):
        yield _rows(poses, person, part)


def _rows(poses: Poses, person: Person, part: slice) -> list[dict[str, Any]]:
    track, motion = person.keypoints, person.motion
    index = track.frame_index[part]
    nothing = [None] * len(index)
    columns = {
        "frame": index.tolist(),
        "time_s": _nested(_rounded(poses.pts_s[index - poses.first_frame], 6)),
        "score": _nested(_rounded(track.person_score[part], 4)),
        "interpolated": track.interpolated[part].tolist(),
        "box": _nested(_rounded(track.box_px[part], 2)),
        "keypoints_2d": _nested(_points_2d(track.xy_px[part], track.score[part])),
        "keypoints_3d": _whole(_rounded(motion.xyz_m[part], 4)) if motion else nothing,
        "root": _whole(_rounded(motion.root_m[part], 4)) if motion else nothing,
    }
    if person.world is not None:
        columns["keypoints_world"] = _whole(_rounded(person.world.xyz_m[part], 4))
        if person.world.contact is not None:
            columns["standing"] = person.world.contact[part].tolist()
    if person.confidence is not None:
        columns["confidence_3d"] = _nested(_rounded(person.confidence[part], 4))
    if person.angles is not None:
        columns["joint_angles"] = _nested(_rounded(person.angles.degrees[part], 2))
    if extremities := feet_and_hands(person.detected.joint_set):
        points = _points_2d(*with_mended_sides(person, part))
        columns["feet_and_hands_2d"] = _nested(points[:, extremities])
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _points_2d(xy_px: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(F, K, 3): x, y, score."""
    return np.concatenate([_rounded(xy_px, 2), _rounded(score[..., None], 4)], -1)


def _rounded(values: np.ndarray, digits: int) -> np.ndarray:
    # Adding 0.0 turns -0.0, which rounding makes of tiny negatives, into 0.0.
    return np.round(values.astype(np.float64), digits) + 0.0


def _nested(values: np.ndarray) -> list[Any]:
    """Nested lists; null for each number that is not finite."""
    if np.isfinite(values).all():
        return values.tolist()
    return np.where(np.isfinite(values), values.astype(object), None).tolist()


def _whole(values: np.ndarray) -> list[Any]:
    """Nested lists along the first axis; null for a row of which any number is not finite."""
    fine = np.isfinite(values).reshape(len(values), -1).all(-1)
    return [row if ok else None for row, ok in zip(values.tolist(), fine, strict=True)]


def _number(value: float | None, digits: int) -> float | None:
    if value is None or not np.isfinite(value):
        return None
    return round(float(value), digits)
