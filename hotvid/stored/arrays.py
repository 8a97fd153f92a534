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
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from hotvid.config import ExportConfig
from hotvid.errors import InputError
from hotvid.file_names import as_unicode
from hotvid.joint_angles import ANGLES
from hotvid.skeleton import H36M17
from hotvid.stored.checks import UNREADABLE, WRONG
from hotvid.stored.columns import SHAPES, Columns, columns_of
from hotvid.stored.dense import over_all_frames
from hotvid.stored.head import HEAD, head_of, poses_from
from hotvid.stored.npz import read_array, read_parts, read_text
from hotvid.types import Person, Poses, check_shape

SCHEMA = "hotvid-arrays/1"
_PRESENT = "present"


def _unknown(*names: str) -> dict[str, np.ndarray]:
    return {name: np.full(SHAPES.get(name, ()), np.nan, np.float32) for name in names}


# The columns that are arrays, in their order, and what one frame has where nothing of it is known.
_NOTHING = {
    **_unknown("box_px", "person_score"),
    "standing": np.zeros(SHAPES["standing"], bool),
    "interpolated": np.zeros((), bool),
    **_unknown("xy_px", "score", "xyz_m", "root_m", "world_m", "angles_deg", "confidence"),
}


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the arrays that this module's own text lists."""
    of_clip = {
        "schema": np.array(SCHEMA),
        HEAD: np.array(json.dumps(head_of(poses))),
        "video": np.array(as_unicode(poses.video.path)),
        "fps": np.array(poses.video.fps),
        "joints": np.array(H36M17.joints),
        "edges": np.array(H36M17.edges),
        "angles": np.array(ANGLES),
        "person": np.array([p.track_id for p in poses.people], np.int64),
        "frame": np.arange(poses.first_frame, poses.first_frame + poses.n_frames),
        "pts_s": poses.pts_s,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, values in of_clip.items():
            with file.open(f"{name}.npy", "w") as stream:
                npy.write_array(stream, values, allow_pickle=False)
        # One person's rows over all frames at a time: with everyone in a long clip, all at once
        # would be far more than what is known.
        for name, nothing in {_PRESENT: np.zeros((), bool), **_NOTHING}.items():
            shape = (len(poses.people), poses.n_frames, *nothing.shape)
            described = npy.dtype_to_descr(nothing.dtype)
            with file.open(f"{name}.npy", "w", force_zip64=True) as stream:
                npy.write_array_header_1_0(
                    stream, {"descr": described, "fortran_order": False, "shape": shape}
                )
                for person in poses.people:
                    stream.write(_over_all_frames(poses, person, name, nothing))


def _over_all_frames(poses: Poses, person: Person, name: str, nothing: np.ndarray) -> bytes:
    if name == _PRESENT:
        rows = np.ones(len(person.keypoints), bool)
    else:
        rows = getattr(columns_of(poses, person), name)
    if rows is None:
        return np.broadcast_to(nothing, (poses.n_frames, *nothing.shape)).tobytes()
    missing = nothing.flat[0]
    return over_all_frames(poses, person, rows.astype(nothing.dtype, copy=False), missing).tobytes()


def is_arrays(path: str | os.PathLike) -> bool:
    """Whether a file holds the arrays that are written here."""
    try:
        if not Path(path).is_file():
            return False
        with zipfile.ZipFile(path) as archive:
            return f"{HEAD}.npy" in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def load_arrays(path: str | os.PathLike) -> Poses:
    """Read such a file; InputError where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _load(archive)
    except InputError as error:
        raise InputError(f"'{path}' {error.message}", error.hint) from error
    except (*WRONG, *UNREADABLE) as error:
        raise InputError(f"'{path}' is damaged: {error}", "make it again") from error


def _load(archive: zipfile.ZipFile) -> Poses:
    if (schema := read_text(archive, "schema")) != SCHEMA:
        raise InputError(f"has the schema '{schema}', not {SCHEMA}", "update hotvid")
    present, person, frame, pts_s = (
        read_array(archive, name) for name in (_PRESENT, "person", "frame", "pts_s")
    )
    check_shape(_PRESENT, present, (len(person), len(frame)))
    check_shape("pts_s", pts_s, (len(frame),))
    present = present.astype(bool)
    found = {name: list(_rows(archive, name, present)) for name in _NOTHING}
    people = []
    for number, track_id in enumerate(person.tolist()):
        there = present[number]
        mine = {name: rows[number] for name, rows in found.items()}
        if not np.isfinite(mine["world_m"]).any():
            mine |= dict.fromkeys(("world_m", "standing", "confidence"))
        if mine["angles_deg"] is not None and not np.isfinite(mine["angles_deg"]).any():
            mine["angles_deg"] = None
        people.append((track_id, Columns(frame=frame[there], time_s=pts_s[there], **mine)))
    return poses_from(json.loads(read_text(archive, HEAD)), people, pts_s)


def _rows(archive: zipfile.ZipFile, name: str, present: np.ndarray) -> Iterator[np.ndarray | None]:
    """Each person's rows of one array, of the frames in which that person is.

    present  (P, F) bool.
    """
    if name == "angles_deg" and read_array(archive, "angles").tolist() != list(ANGLES):
        yield from [None] * len(present)  # other angles than are known here
        return
    shape = (*present.shape, *_NOTHING[name].shape)
    for rows, there in zip(read_parts(archive, name, shape), present, strict=True):
        yield rows[there]
