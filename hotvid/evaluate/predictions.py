"""A model's answers for a data set as a file, for measures of one's own.

NPZ, N clips, nothing pickled. For a clip NAME, "S9/Photo 1/54138969" (subject, action, camera) or
"TS1": `predicted/NAME` and `reference/NAME`, (F, 17, 3) float32, millimetres, camera axes (of
MotionBERT its picture's), the root at 0: what is compared, frame for frame; `valid/NAME`, (F,), the
frames that count, where not all do. `clips` (N,) has the names, `joints` (17,) those of the joints,
and `about`, JSON text, tells which model they are of.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.lib import format as npy

from hotvid.atomic import atomic_output
from hotvid.evaluate.clips import Clip
from hotvid.evaluate.protocols import Answer, Predict, Target
from hotvid.skeleton import JointSet


@contextmanager
def keeping_predictions(
    path: str | os.PathLike[str],
    predict: Callable[[Clip], Answer],
    target: Target,
    order: JointSet,
    about: Mapping[str, Any],
    overwrite: bool = False,
) -> Iterator[Predict]:
    """`predict`, whose answers are written into `path`, clip by clip, as they are given.

    The file appears whole or not at all.

    target  what is right for the model, (F, 17, 3) metres: `WindowPredictor.target`.
    order   the joints' order of the clips.
    """
    names: list[str] = []
    with atomic_output(path, overwrite) as temporary, zipfile.ZipFile(temporary, "w") as archive:

        def kept(clip: Clip) -> Answer:
            answer = predict(clip)
            _add(archive, f"predicted/{clip.name}", _in_mm(answer.xyz_m))
            _add(archive, f"reference/{clip.name}", _in_mm(target(clip)))
            if clip.valid is not None:
                _add(archive, f"valid/{clip.name}", clip.valid)
            names.append(clip.name)
            return answer

        yield kept
        _add(archive, "clips", np.array(names))
        _add(archive, "joints", np.array(order.joints))
        _add(archive, "about", np.array(json.dumps(dict(about))))


def _in_mm(xyz_m: np.ndarray) -> np.ndarray:
    return (np.asarray(xyz_m, np.float64) * 1000).astype(np.float32)


def _add(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    # Of a large member zipfile wants to know before.
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        npy.write_array(member, array, allow_pickle=False)
