"""MPI-INF-3DHP (Mehta et al. 2017) in P-STMO's files, as clips of one camera each.

data_test_3dhp.npz   data: sequence (TS1 .. TS6) -> data_2d (F, 17, 2) pixels, data_3d (F, 17, 3)
                     millimetres in camera axes, valid (F,): whether the frame counts
data_train_3dhp.npz  data: "S1 Seq1" -> [camera -> data_2d, data_3d; frames a second]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.errors import InputError
from hotvid.evaluate.clips import Clip
from hotvid.evaluate.plain_npz import read_npz
from hotvid.skeleton import JointSet

TEST_FILE, TRAIN_FILE = "data_test_3dhp.npz", "data_train_3dhp.npz"
MM = 1000.0

MPI17 = JointSet(
    name="mpi17",
    joints=(
        "head",
        "thorax",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_hip",
        "right_knee",
        "right_ankle",
        "left_hip",
        "left_knee",
        "left_ankle",
        "pelvis",
        "spine",
        "nose",  # its makers' "head", which is where Human3.6M's neck/nose is
    ),
    edges=(
        (14, 8),
        (8, 9),
        (9, 10),
        (14, 11),
        (11, 12),
        (12, 13),
        (14, 15),
        (15, 1),
        (1, 16),
        (16, 0),
        (1, 5),
        (5, 6),
        (6, 7),
        (1, 2),
        (2, 3),
        (3, 4),
    ),
)

# PCK and AUC are of the 14 joints that its makers group; MPJPE is of all 17.
NOT_IN_PCK = ("pelvis", "spine", "nose")
# Outdoors another camera was used.
_SIZES_PX = {"TS5": (1920, 1080), "TS6": (1920, 1080)}
_SIZE_PX = (2048, 2048)


def load_mpi_inf_3dhp(folder: str | Path, order: JointSet = MPI17) -> list[Clip]:
    """The test sequences, each a clip and a group of its own.

    order   MPI17, in which the file has its joints, for models that were trained on this set;
            H36M17 for models that were trained on Human3.6M.
    raises  InputError where the file is missing, or its content does not fit.
    """
    path = Path(folder) / TEST_FILE
    data = _sequences(path)
    return [
        _clip(path, str(name), data[name], order, _valid(path, str(name), data[name]))
        for name in sorted(data)
    ]


def load_mpi_inf_3dhp_training(folder: str | Path, order: JointSet = MPI17) -> list[Clip]:
    """The sequences to train on, in each of their cameras; `order` and errors as above."""
    path = Path(folder) / TRAIN_FILE
    return list(_training(path, _sequences(path), order))


def counted_in_pck(order: JointSet) -> np.ndarray:
    """Indices of the joints that PCK and AUC are of."""
    return np.array([i for i, name in enumerate(order.joints) if name not in NOT_IN_PCK])


def _sequences(path: Path) -> dict:
    (data,) = read_npz(path, "data")
    if not isinstance(data, dict) or not data:
        raise InputError(f"{path}: expected a table of sequences", "is it another data set?")
    return data


def _training(path: Path, data: dict, order: JointSet) -> Iterator[Clip]:
    for name in sorted(data):
        try:
            views = dict(data[name][0])
        except (LookupError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: {name}: expected a table of cameras", "is it another data set?"
            ) from error
        for camera, view in views.items():
            yield _clip(path, f"{name}/{camera}", view, order)


def _valid(path: Path, name: str, sequence: Mapping[str, Any]) -> np.ndarray:
    """(F,) bool: the frames that count."""
    return _arrays(path, name, sequence, "valid")[0].reshape(-1) == 1


def _arrays(path: Path, name: str, sequence: Mapping[str, Any], *keys: str) -> list[np.ndarray]:
    try:
        return [np.asarray(sequence[key]) for key in keys]
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: {name} lacks {error}", "is it another data set?") from error


def _clip(
    path: Path,
    name: str,
    sequence: Mapping[str, Any],
    order: JointSet,
    valid: np.ndarray | None = None,
) -> Clip:
    xy_px, xyz = _arrays(path, name, sequence, "data_2d", "data_3d")
    if xy_px.shape[1:] != (17, 2) or xyz.shape[1:] != (17, 3) or len(xy_px) != len(xyz):
        raise InputError(
            f"{path}: {name}: expected (F, 17, 2) and (F, 17, 3), got {xy_px.shape}, {xyz.shape}"
        )
    if valid is not None and len(valid) != len(xyz):
        raise InputError(f"{path}: {name}: {len(xyz)} frames, but 'valid' has {len(valid)}")
    joints = [MPI17.index(joint) for joint in order.joints]
    xyz_m = xyz[:, joints].astype(np.float64) / MM
    root = order.index("pelvis")
    return Clip(
        name=name,
        group=name,
        size_px=_SIZES_PX.get(name, _SIZE_PX),
        xy_px=xy_px[:, joints].astype(np.float32),
        score=np.ones(xy_px.shape[:2], np.float32),
        xyz_m=(xyz_m - xyz_m[:, root, None]).astype(np.float32),
        root=root,
        valid=valid,
    )
