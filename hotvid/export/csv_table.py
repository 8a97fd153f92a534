"""CSV: the tidy table as text."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from hotvid.config import ExportConfig
from hotvid.stored.table import COLUMNS, table_blocks
from hotvid.types import Poses

_DIGITS = {"time_s": 6, "x_px": 2, "y_px": 2, "score": 4, "confidence_3d": 4}
_DIGITS_M = 5  # a hundredth of a millimetre


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the columns of `hotvid.stored.table`; what is unknown is left empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for block in table_blocks(poses):
            rows.writerows(zip(*(_text(n, v) for n, v in block.items()), strict=True))


def _text(name: str, values: np.ndarray) -> list:
    if values.dtype.kind == "b":
        return values.astype(int).tolist()
    if values.dtype.kind != "f":
        return values.tolist()
    digits = 2 if name.endswith("_deg") else _DIGITS.get(name, _DIGITS_M)
    return [f"{v:.{digits}f}" if np.isfinite(v) else "" for v in values.tolist()]
