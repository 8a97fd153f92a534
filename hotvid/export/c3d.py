"""C3D: everyone's joints as markers, for biomechanics software."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np

from hotvid import __version__
from hotvid.config import ExportConfig
from hotvid.export.even_rate import EvenFrames, even_frames
from hotvid.export.formats import FORMATS
from hotvid.file_names import unicode_path
from hotvid.skeleton import H36M17
from hotvid.stored.dense import over_all_frames
from hotvid.types import Poses

_MM = 1000.0
_FORMAT = FORMATS["c3d"]
_BLOCK, _DATA_WORD = 512, 16  # bytes; where the header says in which block the points begin
_POINT_BYTES = 16  # x, y, z, and the word of residual and cameras
_MOST = 0xFFFF  # what the header's words for frames can count
# A point's residual: made without a measurement, or not there at all.
_BRIDGED, _MISSING = 0.0, -1.0
# A seen point's, and of the cameras that saw it the first. How far off it is nobody knows in such
# units; and programs differ in which byte of the word is which, so that two unlike numbers would be
# exchanged by some.
_SEEN = 1.0


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write everyone over all frames, at an even rate: world axes, y up, millimetres.

    Of several people each is a subject, and a marker is called `person0:pelvis` and so on. All
    points are estimates: those of frames in which the person was seen have the residual 1 and
    camera 1; those of bridged gaps 0 and no camera, as the format wants it of what is interpolated;
    those of somebody who is not there, and unknown ones, -1, which marks them as missing.
    Frames have the video's own numbers, from 1 as the format counts, or at another rate those that
    fit their time: in the header where its words of 16 bits can hold them, in
    TRIAL:ACTUAL_START_FIELD and ACTUAL_END_FIELD always. OutputError where there are more frames
    than the format can count.
    """
    import ezc3d

    _FORMAT.check_length(poses.n_frames)
    frames = even_frames(poses.pts_s, poses.video.fps, _FORMAT.most_frames)
    xyz_mm, seen = _points(poses, frames)
    missing = ~np.isfinite(xyz_mm).all(0)
    points = np.ones((4, *seen.shape))
    points[:3] = np.where(missing, np.nan, xyz_mm)
    cameras = np.zeros((7, *seen.shape), bool)
    cameras[0] = seen & ~missing
    names = [f"person{p.track_id}" for p in poses.people]
    prefixes = [f"{name}:" for name in names] if len(names) > 1 else []
    first = _first_number(poses, frames)
    last = first + max(len(frames.pts_s), 1) - 1

    file = ezc3d.c3d()
    # A header that ended at what it can count would have readers take what follows for no frames:
    # it then counts from 1. Here ezc3d wants it from 0.
    file["header"]["points"]["first_frame"] = first - 1 if last <= _MOST else 0
    _add_number(file, "ACTUAL_START_FIELD", first)
    _add_number(file, "ACTUAL_END_FIELD", last)
    file["parameters"]["POINT"]["RATE"]["value"] = [frames.rate_hz]
    file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    labels = [prefix + joint for prefix in prefixes or [""] for joint in H36M17.joints]
    file["parameters"]["POINT"]["LABELS"]["value"] = labels if names else []
    file.add_parameter("POINT", "X_SCREEN", ["+X"])
    file.add_parameter("POINT", "Y_SCREEN", ["+Y"])
    file.add_parameter("SUBJECTS", "USED", len(names))
    file.add_parameter("SUBJECTS", "NAMES", names)
    file.add_parameter("SUBJECTS", "USES_PREFIXES", int(bool(prefixes)))
    if prefixes:
        file.add_parameter("SUBJECTS", "LABEL_PREFIXES", prefixes)
    file.add_parameter("MANUFACTURER", "COMPANY", ["hotvid"])
    file.add_parameter("MANUFACTURER", "SOFTWARE", ["hotvid"])
    file.add_parameter("MANUFACTURER", "VERSION_LABEL", [__version__])
    file["data"]["points"] = points
    residual = np.where(missing, _MISSING, np.where(seen, _SEEN, _BRIDGED))
    file["data"]["meta_points"]["residuals"] = residual[None]
    file["data"]["meta_points"]["camera_masks"] = cameras
    with unicode_path(path) as plain:
        file.write(str(plain))
    _check_whole(path, points[0].size)


def _check_whole(path: Path, n_points: int) -> None:
    """OSError unless the file holds all its points: ezc3d says nothing of a disk that is full."""
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    first_block = int.from_bytes(head[_DATA_WORD : _DATA_WORD + 2], "little")
    wanted = max(first_block - 1, 1) * _BLOCK + n_points * _POINT_BYTES
    if path.stat().st_size < wanted:
        raise OSError(errno.EIO, "the disk took only a part of it")


def _points(poses: Poses, frames: EvenFrames) -> tuple[np.ndarray, np.ndarray]:
    """Everyone's joints (3, P * J, F') in millimetres, and whether they were seen (P * J, F')."""
    n_joints, n_frames = len(H36M17), len(frames.pts_s)
    xyz_mm = np.empty((3, len(poses.people) * n_joints, n_frames))
    seen = np.empty(xyz_mm.shape[1:], bool)
    for i, person in enumerate(poses.people):
        of_person = slice(i * n_joints, (i + 1) * n_joints)
        xyz_m = frames.take(over_all_frames(poses, person, person.world.xyz_m))
        xyz_mm[:, of_person] = _MM * xyz_m.transpose(2, 1, 0)
        bridged = over_all_frames(poses, person, person.keypoints.interpolated.astype(np.float32))
        # A frame between two of which one was seen is a guess as well.
        seen[of_person] = frames.take(bridged) == 0
    return xyz_mm, seen


def _first_number(poses: Poses, frames: EvenFrames) -> int:
    """The first frame's number, from 1, so that frame n is at (n - 1) / rate seconds."""
    if frames.kept:
        return poses.first_frame + 1
    return max(round(float(frames.pts_s[0]) * frames.rate_hz), 0) + 1


def _add_number(file: Any, name: str, number: int) -> None:
    """A number of 32 bits as the format has it: two words of 16 bits, the lower one first."""
    from ezc3d import ezc3d

    words = np.array([number & 0xFFFF, number >> 16], np.uint16).astype(np.int16)
    file.add_parameter("TRIAL", name, words.tolist())
    parameter = file["parameters"]["TRIAL"][name]
    # Of lists of numbers ezc3d makes floats, in which readers find no words.
    parameter["type"], parameter["value"] = ezc3d.INT, words.astype(int)
