"""Human3.6M in VideoPose3D's files, as clips of one camera each.

data_3d_h36m.npz          positions_3d: subject -> action -> (F, 32, 3) metres, world axes
data_2d_h36m_NAME.npz     positions_2d: subject -> action -> one (F, 17, 2) or (F, 17, 3, with
                          the score) in pixels for each camera; metadata: keypoints_symmetry
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.errors import InputError
from hotvid.evaluate.clips import Clip
from hotvid.evaluate.h36m_cameras import LENSES, NAMES, POSES
from hotvid.evaluate.plain_npz import read_npz
from hotvid.skeleton import H36M17

POSITIONS_FILE = "data_3d_h36m.npz"
KEYPOINTS = "cpn_ft_h36m_dbb"  # CPN fine-tuned on Human3.6M: what published errors are of
TRAIN_SUBJECTS = ("S1", "S5", "S6", "S7", "S8")
TEST_SUBJECTS = ("S9", "S11")
# In the order in which papers list them.
ACTIONS = (
    "Directions",
    "Discussion",
    "Eating",
    "Greeting",
    "Phoning",
    "Photo",
    "Posing",
    "Purchases",
    "Sitting",
    "SittingDown",
    "Smoking",
    "Waiting",
    "WalkDog",
    "Walking",
    "WalkTogether",
)
# Takes whose captured body stands beside the one in the pictures. MotionBERT's evaluation, in the
# picture's own space, leaves them out (its train.py); those of MixSTE, MHFormer and HoT count them.
DISPLACED = ("S9/Greeting", "S9/SittingDown 1", "S9/Waiting 1")
# Of the 32 captured joints, those that are not doubles, ends of hands and feet, or still.
_MOVING = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)


def load_human36m(
    folder: str | Path,
    subjects: Sequence[str] = TEST_SUBJECTS,
    keypoints: str = KEYPOINTS,
) -> list[Clip]:
    """Every action of `subjects` in each of the four cameras.

    keypoints  NAME of the file data_2d_h36m_NAME.npz.
    returns    clips whose group is the action without its number ("Walking 1" -> "Walking").
    raises     InputError where files, subjects, actions or cameras are missing, or do not fit.
    """
    folder = Path(folder)
    (positions,) = read_npz(folder / POSITIONS_FILE, "positions_3d")
    keypoints_file = _keypoints_file(folder, keypoints)
    seen, metadata = read_npz(keypoints_file, "positions_2d", "metadata")
    _check_symmetry(keypoints_file, metadata)
    return [clip for subject in subjects for clip in _clips_of(subject, positions, seen)]


def counted(clips: Sequence[Clip], in_picture: bool) -> list[Clip]:
    """The clips that count by the protocol of a model.

    in_picture  whether the model answers in picture space, as `WindowPredictor.in_picture`.
    """
    return [c for c in clips if not (in_picture and c.name.rpartition("/")[0] in DISPLACED)]


def action_order(name: str) -> tuple[int, str]:
    """The key by which actions are sorted as in papers; others follow by name."""
    return (ACTIONS.index(name) if name in ACTIONS else len(ACTIONS), name)


def to_moving_joints(name: str, xyz: np.ndarray) -> np.ndarray:
    """(F, 32, 3) as captured, or already (F, 17, 3), in H36M-17's order."""
    if xyz.ndim == 3 and xyz.shape[1:] == (len(H36M17), 3):
        return xyz
    if xyz.ndim != 3 or xyz.shape[1:] != (32, 3):
        raise InputError(f"{name}: expected 3D of shape (any, 32, 3), got {xyz.shape}")
    return xyz[:, _MOVING]


def _clips_of(subject: str, positions: Any, seen: Any) -> Iterator[Clip]:
    if subject not in POSES:
        raise InputError(
            f"the cameras of subject '{subject}' are not known", f"choose among: {', '.join(POSES)}"
        )
    actions = _of(positions, subject, POSITIONS_FILE)
    views_of = _of(seen, subject, "the 2D keypoints")
    for action in actions:
        name = f"{subject}/{action}"
        world = np.asarray(_of(actions, action, f"{subject}'s 3D"), np.float64)
        xyz_m = to_moving_joints(name, world)
        views = _of(views_of, action, f"{subject}'s 2D keypoints")
        if len(views) != len(NAMES):
            raise InputError(f"{name}: expected 2D of {len(NAMES)} cameras, got {len(views)}")
        for camera, pose, view in zip(NAMES, POSES[subject], views, strict=True):
            yield _clip(f"{name}/{camera}", action, camera, pose.from_world(xyz_m), view)


def _clip(name: str, action: str, camera: str, xyz_m: np.ndarray, view: np.ndarray) -> Clip:
    lens = LENSES[camera]
    view = np.asarray(view, np.float32)
    if view.ndim != 3 or view.shape[1] != len(H36M17) or view.shape[2] not in (2, 3):
        raise InputError(
            f"{name}: expected 2D keypoints of shape (any, 17, 2 or 3), got {view.shape}",
            "give keypoints of 17 joints in Human3.6M's order, as CPN's are",
        )
    # Some videos go on for a few frames after the capture has ended.
    if len(view) < len(xyz_m):
        raise InputError(f"{name}: 3D has {len(xyz_m)} frames, but 2D only {len(view)}")
    view = view[: len(xyz_m)]
    return Clip(
        name=name,
        group=action.split(" ")[0],
        size_px=lens.size_px,
        xy_px=view[..., :2],
        score=view[..., 2] if view.shape[2] == 3 else np.ones(view.shape[:2], np.float32),
        xyz_m=(xyz_m - xyz_m[:, :1]).astype(np.float32),
        lens=lens,
        root_m=xyz_m[:, 0],
    )


def _keypoints_file(folder: Path, keypoints: str) -> Path:
    path = folder / f"data_2d_h36m_{keypoints}.npz"
    if not path.is_file():
        names = sorted(p.stem.removeprefix("data_2d_h36m_") for p in folder.glob("data_2d_h36m_*"))
        raise InputError(
            f"no 2D keypoints at {path}", f"there are: {', '.join(names) or 'none'} (--keypoints)"
        )
    return path


def _check_symmetry(path: Path, metadata: Any) -> None:
    """Raise InputError unless left and right are the joints that they are in H36M-17."""
    given = metadata.get("keypoints_symmetry") if isinstance(metadata, dict) else None
    if np.shape(given) != (2, 6) or set(map(tuple, np.transpose(given))) != set(H36M17.pairs):
        raise InputError(
            f"{path}: expected left and right joints as in Human3.6M, got {given}",
            "give keypoints of 17 joints in Human3.6M's order, as CPN's are",
        )


def _of(mapping: Any, key: str, where: str | Path) -> Any:
    if not isinstance(mapping, dict) or key not in mapping:
        there = ", ".join(map(str, mapping)) if isinstance(mapping, dict) else "no table"
        raise InputError(f"{where}: expected '{key}' in it, got {there}")
    return mapping[key]
