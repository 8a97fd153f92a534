"""NPZ: NumPy arrays over people, frames and joints, ready for computing.

Layout, schema "hotvid-arrays/1", P people, F frames (all that were read), J = 17 joints:
`joints` (J,) and `edges` (16, 2); `person` (P,) ids; `frame` and `pts_s` (F,); `present` and
`interpolated` (P, F); `box_px` (P, F, 4) and `person_score` (P, F); `xy_px` (P, F, J, 2) and
`score` (P, F, J); `xyz_m` (P, F, J, 3), metres in camera axes relative to the pelvis; `root_m`
(P, F, 3), the pelvis in the camera's frame; `world_m` (P, F, J, 3), metres, y up; `standing`
(P, F, 2), right and left foot; `angles` (A,) names and `angles_deg` (P, F, A); `confidence`
(P, F, J), the chance that `xyz_m` is right to 0.1 metres. NaN where unknown or not there. `head`
is JSON text: all that hotvid's JSON has besides people. Nothing is pickled.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hotvid.config import ExportConfig
from hotvid.export.dense import over_all_frames
from hotvid.export.json_export import head
from hotvid.export.names import as_unicode
from hotvid.joint_angles import ANGLES
from hotvid.skeleton import H36M17
from hotvid.types import Person, Poses

SCHEMA = "hotvid-arrays/1"


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the arrays that this module's own text lists."""
    people = [_person(poses, person) for person in poses.people]
    nothing = {name: v[None][:0] for name, v in _shapes(poses.n_frames).items()}
    arrays = {
        name: np.stack([p[name] for p in people]) if people else nothing[name] for name in nothing
    }
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            schema=np.array(SCHEMA),
            head=np.array(json.dumps(head(poses))),
            video=np.array(as_unicode(poses.video.path)),
            fps=np.array(poses.video.fps),
            joints=np.array(H36M17.joints),
            edges=np.array(H36M17.edges),
            angles=np.array(ANGLES),
            person=np.array([p.track_id for p in poses.people], np.int64),
            frame=np.arange(poses.first_frame, poses.first_frame + poses.n_frames),
            pts_s=poses.pts_s,
            **arrays,
        )


def _shapes(n_frames: int) -> dict[str, np.ndarray]:
    """What one person has, when nothing of it is known."""

    def unknown(*shape: int) -> np.ndarray:
        return np.full((n_frames, *shape), np.nan, np.float32)

    n_joints = len(H36M17)
    return {
        "present": np.zeros(n_frames, bool),
        "box_px": unknown(4),
        "person_score": unknown(),
        "standing": np.zeros((n_frames, 2), bool),
        "interpolated": np.zeros(n_frames, bool),
        "xy_px": unknown(n_joints, 2),
        "score": unknown(n_joints),
        "xyz_m": unknown(n_joints, 3),
        "root_m": unknown(3),
        "world_m": unknown(n_joints, 3),
        "angles_deg": unknown(len(ANGLES)),
        "confidence": unknown(n_joints),
    }


def _person(poses: Poses, person: Person) -> dict[str, np.ndarray]:
    track = person.keypoints
    known = {
        "present": np.ones(len(track), bool),
        "interpolated": track.interpolated,
        "xy_px": track.xy_px,
        "score": track.score,
        "box_px": track.box_px,
        "person_score": track.person_score,
    }
    if person.motion is not None:
        known |= {"xyz_m": person.motion.xyz_m, "root_m": person.motion.root_m}
    if person.world is not None:
        known["world_m"] = person.world.xyz_m
        if person.world.contact is not None:
            known["standing"] = person.world.contact
    if person.confidence is not None:
        known["confidence"] = person.confidence
    if person.angles is not None:
        known["angles_deg"] = person.angles.degrees
    missing = {"present": False, "interpolated": False, "standing": False}
    return _shapes(poses.n_frames) | {
        name: over_all_frames(poses, person, rows, missing.get(name, np.nan))
        for name, rows in known.items()
    }
