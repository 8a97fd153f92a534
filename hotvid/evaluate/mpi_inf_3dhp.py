"""The test set of MPI-INF-3DHP (Mehta et al. 2017) in P-STMO's file, data_test_3dhp.npz.

data: sequence (TS1 .. TS6) -> data_2d (F, 17, 2) pixels, data_3d (F, 17, 3) millimetres in
      camera axes, valid (F,): whether the frame counts
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hotvid.errors import InputError
from hotvid.evaluate.clips import Clip
from hotvid.evaluate.plain_npz import read_npz
from hotvid.skeleton import JointSet

TEST_FILE = "data_test_3dhp.npz"
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
    (data,) = read_npz(path, "data")
    if not isinstance(data, dict) or not data:
        raise InputError(f"{path}: expected a table of sequences", "is it another data set?")
    return [_clip(path, str(name), data[name], order) for name in sorted(data)]


def counted_in_pck(order: JointSet) -> np.ndarray:
    """Indices of the joints that PCK and AUC are of."""
    return np.array([i for i, name in enumerate(order.joints) if name not in NOT_IN_PCK])


def _clip(path: Path, name: str, sequence: dict, order: JointSet) -> Clip:
    try:
        xy_px, xyz, valid = (np.asarray(sequence[k]) for k in ("data_2d", "data_3d", "valid"))
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: {name} lacks {error}", "is it another data set?") from error
    if xy_px.shape[1:] != (17, 2) or xyz.shape[1:] != (17, 3) or len(xy_px) != len(xyz):
        raise InputError(
            f"{path}: {name}: expected (F, 17, 2) and (F, 17, 3), got {xy_px.shape}, {xyz.shape}"
        )
    valid = valid.reshape(-1)
    if len(valid) != len(xyz):
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
        valid=valid == 1,
    )
