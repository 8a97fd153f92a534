"""Rerun: a recording with everyone in 3D and in the picture, on the video's timeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hotvid.atomic import written_by_library
from hotvid.config import ExportConfig
from hotvid.export.colours import N_COLOURS, person_colour_srgb
from hotvid.file_names import unicode_path
from hotvid.skeleton import H36M17
from hotvid.types import Person, Poses

_RADIUS_M = 0.02


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write `world/personN` (metres, y up) and `picture/personN` (pixels), by `frame` and `time`.

    Joints and bones carry H36M-17's names; where somebody is not there, there is nothing.
    """
    # Rerun writes in a thread of its own: any call may be the one that hears of a full disk.
    with unicode_path(path) as plain, written_by_library("Rerun"):
        _write(poses, plain)


def _write(poses: Poses, path: Path) -> None:
    import rerun as rr

    stream = rr.RecordingStream("hotvid")
    stream.save(path)
    with stream:
        stream.log("world", rr.ViewCoordinates.RIGHT_HAND_Y_UP, static=True)
        stream.log("/", rr.AnnotationContext([_class(i) for i in range(N_COLOURS)]), static=True)
        for person in poses.people:
            _send(stream, poses, person, person.track_id % N_COLOURS)
    stream.flush()
    stream.disconnect()


def _class(number: int):
    import rerun as rr

    return rr.ClassDescription(
        info=rr.AnnotationInfo(id=number, color=person_colour_srgb(number)),
        keypoint_annotations=[
            rr.AnnotationInfo(id=i, label=name, color=person_colour_srgb(number))
            for i, name in enumerate(H36M17.joints)
        ],
        keypoint_connections=list(H36M17.edges),
    )


def _send(stream, poses: Poses, person: Person, colour: int) -> None:
    import rerun as rr

    index = person.keypoints.frame_index
    frames = np.append(index, index[-1] + 1)
    pts_s = np.append(poses.pts_s, poses.pts_s[-1] + 1 / poses.video.fps)
    timeline = [
        rr.TimeColumn("frame", sequence=frames),
        rr.TimeColumn("time", duration=pts_s[frames - poses.first_frame]),
    ]
    places = [(f"picture/person{person.track_id}", rr.Points2D, person.keypoints.xy_px, None)]
    if person.world is not None:
        name = f"world/person{person.track_id}"
        places.append((name, rr.Points3D, person.world.xyz_m, _RADIUS_M))
    for name, kind, points, radius in places:
        known = np.isfinite(points).all(-1)
        # After the last frame come no points, so that nobody stays who has left.
        n_known = np.append(known.sum(1), 0)
        joints = np.broadcast_to(np.arange(len(H36M17)), known.shape)[known]
        columns = kind.columns(
            positions=points[known],
            keypoint_ids=joints,
            class_ids=np.full(len(joints), colour),
        ).partition(n_known)
        stream.send_columns(name, timeline, columns)
        if radius is not None:
            stream.log(name, kind.from_fields(radii=radius), static=True)
