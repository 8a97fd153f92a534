"""The poses as a tidy table: a row for each frame, person and joint; a column for each quantity."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hotvid.chunks import chunks
from hotvid.joint_angles import JOINT_ROWS, KINDS
from hotvid.joint_angles import TABLE as ANGLE_TABLE
from hotvid.skeleton import H36M17
from hotvid.stored.columns import columns_of
from hotvid.types import Person, Poses

PIXELS = ("x_px", "y_px")
BODY = ("x_m", "y_m", "z_m")
WORLD = ("world_x_m", "world_y_m", "world_z_m")
CONFIDENCE = "confidence_3d"
# What each column holds, in order; the formats that can carry it along do.
COLUMNS = {
    "frame": "number of the frame, from 0, in decoded order",
    "time_s": "seconds, by the container's timestamps",
    "person": "who: the person's id",
    "joint": "the joint's name",
    "x_px": "pixels from the picture's left edge",
    "y_px": "pixels from the picture's upper edge",
    "score": "0..1, how sure the 2D model is of the joint",
    "interpolated": "whether nobody was seen in this frame and the gap was bridged",
    "x_m": "metres to the camera's right, relative to the pelvis",
    "y_m": "metres downwards in the camera's axes, relative to the pelvis",
    "z_m": "metres away from the camera, relative to the pelvis",
    "world_x_m": "metres in the world, y up, right-handed, estimated",
    "world_y_m": "metres in the world, y up, right-handed, estimated",
    "world_z_m": "metres in the world, y up, right-handed, estimated",
    CONFIDENCE: "0..1, the chance that x_m, y_m, z_m are right to 0.1 metres, estimated",
    **{f"{kind}_deg": meaning for kind, meaning in KINDS.items()},
}

_FRAMES_AT_ONCE = 512  # memory stays flat on an hour of video


def table_blocks(poses: Poses) -> Iterator[dict[str, np.ndarray]]:
    """The table, some hundreds of frames of one person at a time: a column name -> (N,) values.

    Rows go by person, frame and joint. What is unknown is NaN.
    """
    for person in poses.people:
        for part in chunks(len(person.keypoints), _FRAMES_AT_ONCE):
            yield _block(poses, person, part)


def _block(poses: Poses, person: Person, part: slice) -> dict[str, np.ndarray]:
    columns = columns_of(poses, person, part)
    n_frames, n_joints = len(columns.frame), len(H36M17)
    unknown = np.full((n_frames, n_joints, 3), np.nan, np.float32)
    values = {
        "frame": np.repeat(columns.frame, n_joints),
        "time_s": np.repeat(columns.time_s, n_joints),
        "person": np.full(n_frames * n_joints, person.track_id),
        "joint": np.tile(np.array(H36M17.joints), n_frames),
        "score": columns.score.ravel(),
        "interpolated": np.repeat(columns.interpolated, n_joints),
    }
    for names, points in (
        (PIXELS, columns.xy_px),
        (BODY, unknown if columns.xyz_m is None else columns.xyz_m),
        (WORLD, unknown if columns.world_m is None else columns.world_m),
    ):
        values |= {name: points[..., axis].ravel() for axis, name in enumerate(names)}
    sure = unknown[..., 0] if columns.confidence is None else columns.confidence
    values[CONFIDENCE] = sure.ravel()
    for kind, of_joints in _angles(columns.angles_deg, n_frames).items():
        values[f"{kind}_deg"] = of_joints.ravel()
    return {name: values[name] for name in COLUMNS}


def _angles(degrees: np.ndarray | None, n_frames: int) -> dict[str, np.ndarray]:
    """For each kind of angle (F, J) degrees, in the row of its joint; NaN in all others."""
    out = {kind: np.full((n_frames, len(H36M17)), np.nan, np.float32) for kind in KINDS}
    if degrees is not None:
        for angle, joint, column in zip(ANGLE_TABLE, JOINT_ROWS, degrees.T, strict=True):
            out[angle.kind][:, joint] = column
    return out
