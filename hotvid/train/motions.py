"""A library of motions in H36M-17, in metres, from a folder of BVH files.

The mean adult: every motion is scaled to a leg (hip, knee, ankle) of `LEG_M`, since the units of
captured files cannot be trusted.
"""

from __future__ import annotations

import logging
import lzma
import re
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotvid.errors import InputError
from hotvid.skeleton import H36M17
from hotvid.train.bvh import BvhMotion, read_bvh

_WANTED = "give a folder or tar archive of BVH files"
# What Python's readers of archives raise for one that is cut short, damaged, or leads out.
_DAMAGED = (tarfile.TarError, EOFError, ValueError, OverflowError, zlib.error, lzma.LZMAError)

LEG_M = 0.88
VALIDATION_SUBJECTS = ("09", "13")

# Joints by the names that Poser-style and Mixamo-style hierarchies give them.
_SOURCES = {
    "right_hip": ("rThigh", "RightUpLeg"),
    "right_knee": ("rShin", "RightLeg"),
    "right_ankle": ("rFoot", "RightFoot"),
    "left_hip": ("lThigh", "LeftUpLeg"),
    "left_knee": ("lShin", "LeftLeg"),
    "left_ankle": ("lFoot", "LeftFoot"),
    "left_shoulder": ("lShldr", "LeftArm"),
    "left_elbow": ("lForeArm", "LeftForeArm"),
    "left_wrist": ("lHand", "LeftHand"),
    "right_shoulder": ("rShldr", "RightArm"),
    "right_elbow": ("rForeArm", "RightForeArm"),
    "right_wrist": ("rHand", "RightHand"),
}
_HEAD = ("head", "Head")
# In the head's own axes (left, up, forward), from the head joint at the skull's base, metres.
_NOSE_M = np.array([0.0, 0.05, 0.105], np.float32)
_CROWN_M = np.array([0.0, 0.195, -0.01], np.float32)


@dataclass(frozen=True)
class Motion:
    """One captured motion: name, (F, 17, 3) float32 metres, y up, and its frame rate."""

    name: str
    xyz_m: np.ndarray
    fps: float

    @property
    def subject(self) -> str:
        return self.name.split("_", 1)[0]


def to_motion(name: str, bvh: BvhMotion, skip: int = 2) -> Motion:
    """H36M-17 from a BVH file; the first `skip` frames (the converter's T-pose) are dropped.

    Raises InputError, which leaves naming the file to the caller, where it is no body's motion.
    """
    # Mixamo puts its own name before each: mixamorig:RightUpLeg.
    at = {joint.rpartition(":")[2]: i for i, joint in enumerate(bvh.names)}

    def find(names: Sequence[str]) -> int:
        for candidate in names:
            if candidate in at:
                return at[candidate]
        raise InputError(
            f"no joint called {' or '.join(names)}",
            "only BVH files with CMU (Poser) or Mixamo joint names can be trained on",
        )

    if len(bvh.xyz) <= skip:
        raise InputError(
            f"holds {len(bvh.xyz)} frames, of which the first {skip} are taken for a T-pose",
            "give longer motions, or take the file away",
        )
    out = np.zeros((len(bvh.xyz), len(H36M17), 3), np.float32)
    for joint, names in _SOURCES.items():
        out[:, H36M17.index(joint)] = bvh.xyz[:, find(names)]
    leg = _leg(out)
    if not leg > 0:
        raise InputError("the left leg has no length", "is the file damaged?")
    scale = LEG_M / leg
    out *= scale
    head = find(_HEAD)
    skull, axes = bvh.xyz[:, head] * scale, bvh.rotation[:, head]
    out[:, H36M17.index("nose")] = skull + axes @ _NOSE_M
    out[:, H36M17.index("head")] = skull + axes @ _CROWN_M
    out = fill_torso(out)[skip:]
    if not np.isfinite(out).all():
        raise InputError("beside its left leg the body is endless", "is the file damaged?")
    return Motion(name, out, 1 / bvh.frame_time_s)


def _leg(xyz: np.ndarray) -> float:
    hip, knee, ankle = (xyz[:, H36M17.index(f"left_{j}")] for j in ("hip", "knee", "ankle"))
    thigh = np.linalg.norm(knee - hip, axis=-1)
    return float(np.median(thigh + np.linalg.norm(ankle - knee, axis=-1)))


def fill_torso(xyz: np.ndarray) -> np.ndarray:
    """(..., 17, 3) with pelvis, thorax and spine at their places between hips and shoulders."""
    pelvis = (xyz[..., 1, :] + xyz[..., 4, :]) / 2
    thorax = (xyz[..., 11, :] + xyz[..., 14, :]) / 2
    xyz[..., 0, :], xyz[..., 8, :], xyz[..., 7, :] = pelvis, thorax, (pelvis + thorax) / 2
    return xyz


def read_motions(source: str | Path) -> list[Motion]:
    """Every BVH file of a folder (searched through) or a tar archive, in the order of names.

    Raises InputError, which names the file, for the first that cannot be trained on.
    """
    source = Path(source)
    if not source.is_file():
        return _motions_in(source, source)
    with tempfile.TemporaryDirectory() as folder:
        _unpack(source, folder)
        return _motions_in(Path(folder), source)


def _motions_in(folder: Path, given: Path) -> list[Motion]:
    """given  what the user knows the folder as: itself, or the archive that was unpacked there."""
    files = [file for file in sorted(folder.rglob("*.bvh")) if file.is_file()]
    if not files:
        raise InputError(f"no .bvh files in {given}", _WANTED)
    logging.getLogger(__name__).info("reading %d motions", len(files))
    return [_read(file, given / file.relative_to(folder)) for file in files]


def _read(file: Path, shown: Path) -> Motion:
    try:
        return to_motion(file.stem, read_bvh(file))
    except InputError as error:
        raise InputError(f"{shown}: {error.message}", error.hint) from error


def _unpack(archive: Path, folder: str) -> None:
    try:
        if not tarfile.is_tarfile(archive):
            raise InputError(f"{archive} is no tar archive", _WANTED)
        with tarfile.open(archive) as tar:
            files = [entry for entry in tar if entry.isfile()]  # no links, no pipes
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder, files, filter="data")
            elif all(map(_stays_below, files)):  # Python 3.10 before 3.10.12, 3.11 before 3.11.4
                tar.extractall(folder, files)
            else:
                raise InputError(f"{archive} would write outside of its folder", _WANTED)
    except _DAMAGED as error:
        raise _damaged(archive, error) from error
    except OSError as error:
        if error.errno is not None:
            raise
        # Of bzip2 and gzip, which call damage an error of the system.
        raise _damaged(archive, error) from error


def _stays_below(entry: tarfile.TarInfo) -> bool:
    """Whether a file of an archive lies in the folder that the archive is unpacked to."""
    parts = re.split(r"[/\\]", entry.name)
    return parts[0] != "" and ":" not in parts[0] and ".." not in parts


def _damaged(archive: Path, error: Exception) -> InputError:
    return InputError(
        f"{archive} cannot be unpacked ({error})", "the archive is truncated or damaged"
    )


def are_cmus(names: Sequence[str]) -> bool:
    """Whether all are called as the files of CMU's database are: subject_motion, 05_01 or 114_12.

    There are no other marks: converters name joints as they like.
    """
    return all(re.fullmatch(r"[0-9]{2,3}_[0-9]{2}", name) for name in names)


def split(motions: Sequence[Motion]) -> tuple[list[Motion], list[Motion]]:
    """(training, validation): the subjects of `VALIDATION_SUBJECTS` are never trained on.

    They are CMU's; of motions with other names all are trained on, and none is left to validate.
    """
    held_out = [m for m in motions if m.subject in VALIDATION_SUBJECTS]
    return [m for m in motions if m.subject not in VALIDATION_SUBJECTS], held_out
