"""What JSON, arrays and Parquet say besides people: the same text in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hotvid import __version__
from hotvid.file_names import as_unicode
from hotvid.joint_angles import ANGLES, CONVENTION
from hotvid.skeleton import H36M17, feet_and_hands, joint_set_named, own_set, with_feet_and_hands
from hotvid.stored.checks import (
    check_people,
    check_span,
    check_times,
    check_world,
    checked_cuts,
    checked_models,
    checked_video,
    checked_warnings,
)
from hotvid.stored.columns import Columns, Extremities, person_from
from hotvid.types import Poses, WorldFrame, check_shape

SCHEMA = "hotvid/1"
# The name of an array, and of a key of a Parquet file's metadata, that holds the head.
HEAD = "head"
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


def head_of(poses: Poses) -> dict[str, Any]:
    """Everything but the people, as plain lists, numbers, strings and None."""
    video, times = poses.video, poses.pts_s
    return {
        "schema": SCHEMA,
        "generator": {"name": "hotvid", "version": __version__},
        "video": {
            "path": as_unicode(video.path),
            "width": video.width,
            "height": video.height,
            "fps": _number(video.fps, 6),
            "frame_count": video.n_frames,
            "duration_s": _number(video.duration_s, 6),
            "focal_px": _number(video.focal_px, 3),
            "shown_px": video.shown_px,
            "fps_given": video.fps_given,
        },
        "analysed": {
            "first_frame": int(poses.first_frame),
            "frame_count": poses.n_frames,
            "start_s": _number(times[0], 6) if len(times) else None,
            "end_s": _number(times[-1], 6) if len(times) else None,
            "cuts": [int(frame) for frame in poses.cuts],
        },
        "models": {
            "pose2d": as_unicode(poses.models.pose2d),
            "lifter": poses.models.lifter,
            "weights_sha256": poses.models.weights_sha256,
            **({} if poses.models.sizes is None else {"sizes": poses.models.sizes}),
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


def poses_from(
    head: dict[str, Any],
    people: Sequence[tuple[int, Columns]],
    pts_s: np.ndarray | None = None,
) -> Poses:
    """The poses of a file.

    people  ids, and what the file holds of each.
    pts_s   (F,) seconds of all frames read, where the file has them. None: frames in which nobody
            is get theirs from their neighbours and the span that the head tells.
    raises  InputError, whose message goes on after a file's name, where it makes no sense;
            `checks.WRONG` where it is otherwise.
    """
    video, analysed, models = head["video"], head["analysed"], head["models"]
    info = checked_video(
        {
            "path": video["path"],
            "width": video["width"],
            "height": video["height"],
            "fps": video["fps"],
            "n_frames": video["frame_count"],
            "duration_s": video["duration_s"],
            "focal_px": video.get("focal_px"),
            "shown_px": video.get("shown_px"),
            "fps_given": video.get("fps_given", False),
        }
    )
    first, n_frames = analysed["first_frame"], analysed["frame_count"]
    check_span(first, n_frames)
    if pts_s is None:
        pts_s = _times(analysed, [columns for _, columns in people])
    check_shape("pts_s", pts_s, (n_frames,))
    check_times(pts_s, first)
    extremities = _extremities_from(head.get("feet_and_hands"))
    found = tuple(person_from(track_id, columns, extremities) for track_id, columns in people)
    check_people(found, first, n_frames)
    names = {name: models[name] for name in ("pose2d", "lifter", "weights_sha256")}
    names["sizes"] = models.get("sizes")
    return Poses(
        video=info,
        first_frame=first,
        pts_s=np.asarray(pts_s, np.float64),
        people=found,
        models=checked_models(names),
        warnings=checked_warnings(head.get("warnings", [])),
        world=_world_from(head.get("world")),
        cuts=checked_cuts(analysed.get("cuts", []), first, n_frames),
    )


def _times(analysed: dict[str, Any], people: Sequence[Columns]) -> np.ndarray:
    """(F,) seconds of all frames read, straight lines between those that are known."""
    first, n_frames = analysed["first_frame"], analysed["frame_count"]
    pts_s, known = np.zeros(n_frames), np.zeros(n_frames, bool)
    for columns in people:
        row = np.asarray(columns.frame, np.int64) - first
        if ((row < 0) | (row >= n_frames)).any():
            raise ValueError("somebody is in a frame outside of what was read")
        pts_s[row], known[row] = columns.time_s, True
    if n_frames:
        for row, name in ((0, "start_s"), (-1, "end_s")):
            pts_s[row], known[row] = analysed[name], True
    at = np.flatnonzero(known)
    return np.interp(np.arange(n_frames), at, pts_s[at]) if n_frames else pts_s


def _world(frame: WorldFrame | None) -> dict[str, Any] | None:
    """The camera in the world; None where nobody was placed in one."""
    if frame is None:
        return None
    return {
        "estimated": True,
        "camera_rotation": rounded(frame.rotation, 6).tolist(),
        "camera": rounded(frame.camera_m, 4).tolist(),
        "focal_px": _number(frame.focal_px, 3),
        "focal_assumed": bool(frame.focal_assumed),
        "floor_from_stands": int(frame.n_stands),
    }


def _world_from(found: dict[str, Any] | None) -> WorldFrame | None:
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


def _feet_and_hands(poses: Poses) -> dict[str, Any] | None:
    """The names of what `feet_and_hands_2d` holds; None where the 2D model finds none of it."""
    for joint_set in (person.detected.joint_set for person in poses.people):
        if extremities := feet_and_hands(joint_set):
            names = joint_set_named(joint_set).joints
            return {"source": own_set(joint_set), "joints": [names[i] for i in extremities]}
    return None


def _extremities_from(found: dict[str, Any] | None) -> Extremities | None:
    """None also where they are of a joint set that is not known here."""
    if found is None:
        return None
    try:
        joint_set = with_feet_and_hands(found["source"])
    except KeyError:
        return None
    at = {name: i for i, name in enumerate(joint_set.joints)}
    return Extremities(joint_set, tuple(at.get(name) for name in found["joints"]))


def rounded(values: np.ndarray, digits: int) -> np.ndarray:
    """Values as they are written in decimal digits, float64."""
    # Adding 0.0 turns -0.0, which rounding makes of tiny negatives, into 0.0.
    return np.round(values.astype(np.float64), digits) + 0.0


def _number(value: float | None, digits: int) -> float | None:
    if value is None or not np.isfinite(value):
        return None
    return round(float(value), digits)
