"""Human3.6M in MotionBERT's file, h36m_NAME.pkl: its own 2D keypoints, in its own picture space.

What its published errors are of (NAME sh_conf_cam_source_final: Stacked Hourglass, fine-tuned).

train, test:  joint_2d (N, 17, 2) pixels, confidence (N, 17), joint3d_image (N, 17, 3) pixels, and
              for each frame source ("s_09_act_02_subact_01_ca_01"), camera_name
test:         joints_2.5d_image (N, 17, 3) and 2.5d_factor (N,), millimetres a pixel; action
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.errors import InputError, UsageError
from hotvid.evaluate.clips import Clip
from hotvid.evaluate.h36m_cameras import LENSES
from hotvid.evaluate.plain_npz import read_pickle

# Those of `human36m.DISPLACED`, by their numbers.
_DISPLACED = ("s_09_act_05_subact_02", "s_09_act_10_subact_02", "s_09_act_13_subact_01")
_OF_CAMERA = len("_ca_01")
_MM = 1000.0


def motionbert_file(folder: str | Path, keypoints: str) -> Path | None:
    """The file, if there is one in the folder."""
    path = Path(folder) / f"h36m_{keypoints}.pkl"
    return path if path.is_file() else None


def load_motionbert_h36m(path: Path, split: str, *, in_picture: bool = True) -> list[Clip]:
    """Every take in each of its cameras, but for the displaced ones of the test subjects.

    split       train or test.
    in_picture  whether the model that is to have them answers in picture space; UsageError if not:
                there is no other truth in the file.
    returns  clips with `image_px` and `m_per_px`; those of train have no scale, and xyz_m of 0.
    raises   InputError where the file is missing, or its content does not fit.
    """
    if not in_picture:
        raise UsageError(
            f"{path} holds poses in MotionBERT's picture space, and no others",
            "give VideoPose3D's files, or a MotionBERT model",
        )
    content = read_pickle(path)
    if not isinstance(content, Mapping) or not isinstance(content.get(split), Mapping):
        raise InputError(f"{path}: expected a table '{split}' in it", "is it another data set?")
    return list(_clips(path, split, content[split]))


def _clips(path: Path, split: str, table: Mapping[str, Any]) -> Iterator[Clip]:
    source = _of_frames(path, table, "source")
    n = len(source)
    xy_px = _of_frames(path, table, "joint_2d", (n, 17, 2), (n, 17, 3))[..., :2]
    image_px = _of_frames(path, table, "joint3d_image", (n, 17, 3))
    score = np.ones((n, 17), np.float32)
    if "confidence" in table:
        score = _of_frames(path, table, "confidence", (n, 17), (n, 17, 1)).reshape(n, 17)
    camera = _of_frames(path, table, "camera_name", (n,))
    xyz_mm, scale, group = np.zeros((n, 17, 3), np.float32), np.full(n, np.nan), source
    if split == "test":
        xyz_mm = _of_frames(path, table, "joints_2.5d_image", (n, 17, 3))
        scale = _of_frames(path, table, "2.5d_factor", (n,)) / _MM
        group = _of_frames(path, table, "action", (n,))
    begins = np.flatnonzero(np.append(True, source[1:] != source[:-1]))
    for first, end in zip(begins, [*begins[1:], n], strict=True):
        name, part = str(source[first]), slice(first, end)
        if str(camera[first]) not in LENSES:
            raise InputError(f"{path}: {name} is of the unknown camera '{camera[first]}'")
        if name[:-_OF_CAMERA] in _DISPLACED:
            continue
        yield Clip(
            name=name,
            group=str(group[first]),
            size_px=LENSES[str(camera[first])].size_px,
            xy_px=xy_px[part].astype(np.float32),
            score=score[part].astype(np.float32),
            xyz_m=((xyz_mm[part] - xyz_mm[part, :1]) / _MM).astype(np.float32),
            image_px=image_px[part].astype(np.float64),
            m_per_px=scale[part].astype(np.float64),
        )


def _of_frames(
    path: Path, table: Mapping[str, Any], name: str, *shapes: tuple[int, ...]
) -> np.ndarray:
    """A column, of one of the given shapes."""
    if name not in table:
        there = ", ".join(map(str, table))
        raise InputError(f"{path}: expected '{name}' in it, got {there}", "is it another data set?")
    column = np.asarray(table[name])
    if (shapes and column.shape not in shapes) or not len(column):
        wanted = " or ".join(map(str, shapes))
        raise InputError(f"{path}: {name}: expected {wanted}, got {column.shape}")
    return column
