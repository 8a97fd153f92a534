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
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from hotvid.config import ExportConfig
from hotvid.export.dense import over_all_frames
from hotvid.export.json_export import head
from hotvid.file_names import as_unicode
from hotvid.joint_angles import ANGLES
from hotvid.skeleton import H36M17
from hotvid.types import Person, Poses

SCHEMA = "hotvid-arrays/1"


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the arrays that this module's own text lists."""
    of_clip = {
        "schema": np.array(SCHEMA),
        "head": np.array(json.dumps(head(poses))),
        "video": np.array(as_unicode(poses.video.path)),
        "fps": np.array(poses.video.fps),
        "joints": np.array(H36M17.joints),
        "edges": np.array(H36M17.edges),
        "angles": np.array(ANGLES),
        "person": np.array([p.track_id for p in poses.people], np.int64),
        "frame": np.arange(poses.first_frame, poses.first_frame + poses.n_frames),
        "pts_s": poses.pts_s,
    }
    known = [_known(person) for person in poses.people]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, values in of_clip.items():
            with file.open(f"{name}.npy", "w") as stream:
                npy.write_array(stream, values, allow_pickle=False)
        # One person's rows over all frames at a time: with everyone in a long clip, all at once
        # would be far more than what is known.
        for name, nothing in _NOTHING.items():
            shape = (len(known), poses.n_frames, *nothing.shape)
            described = npy.dtype_to_descr(nothing.dtype)
            with file.open(f"{name}.npy", "w", force_zip64=True) as stream:
                npy.write_array_header_1_0(
                    stream, {"descr": described, "fortran_order": False, "shape": shape}
                )
                for person, rows in zip(poses.people, known, strict=True):
                    stream.write(_over_all_frames(poses, person, rows.get(name), nothing))


def _unknown(*shape: int) -> np.ndarray:
    return np.full(shape, np.nan, np.float32)


# What one frame has where nothing of it is known.
_NOTHING = {
    "present": np.zeros((), bool),
    "box_px": _unknown(4),
    "person_score": _unknown(),
    "standing": np.zeros(2, bool),
    "interpolated": np.zeros((), bool),
    "xy_px": _unknown(len(H36M17), 2),
    "score": _unknown(len(H36M17)),
    "xyz_m": _unknown(len(H36M17), 3),
    "root_m": _unknown(3),
    "world_m": _unknown(len(H36M17), 3),
    "angles_deg": _unknown(len(ANGLES)),
    "confidence": _unknown(len(H36M17)),
}


def _over_all_frames(
    poses: Poses, person: Person, rows: np.ndarray | None, nothing: np.ndarray
) -> bytes:
    if rows is None:
        return np.broadcast_to(nothing, (poses.n_frames, *nothing.shape)).tobytes()
    missing = nothing.flat[0]
    return over_all_frames(poses, person, rows.astype(nothing.dtype, copy=False), missing).tobytes()


def _known(person: Person) -> dict[str, np.ndarray]:
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
    return known
