"""Ultralytics' folder of labels (save_txt=True): one text file for each frame with somebody in it.

A line is a detection: class, box (centre x y, width, height), the keypoints (x, y and perhaps
visibility), then the confidence (save_conf=True) and the track's id, each where it was asked for;
a detection that belongs to no track has no id. All places are shares of the picture. A video's
files are numbered from 1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hotvid.errors import InputError
from hotvid.io.keypoints.alphapose import picture_numbers
from hotvid.io.keypoints.source import KeypointSource, parse
from hotvid.io.keypoints.table import KeypointTable, TableRows
from hotvid.skeleton import BY_COUNT, JOINT_SETS

NAME = "ultralytics-txt"
ABOUT = "Ultralytics' folder of labels (save_txt)"
_BEFORE = 5  # class and box


def fits(source: KeypointSource) -> bool:
    if source.kind == "folder":
        first = next((p for p in source.data if p.suffix.lower() == ".txt"), None)
        return first is not None and _is_label(parse(first, "txt"))
    return source.kind == "txt" and _is_label(source.data)


def _is_label(lines: list[list[str]]) -> bool:
    if not lines:
        return False
    try:
        values = [float(field) for field in lines[0]]
    except ValueError:
        return False
    return len(values) > _BEFORE + 2 * 17 - 1 and all(0 <= v <= 1 for v in values[1:_BEFORE])


def read(source: KeypointSource) -> KeypointTable:
    files = _files(source)
    lines = _of_one_width([(number, line) for number, found in files for line in found])
    values = np.array([line for _, line in lines], np.float64)
    n_points, n_dims = _layout(values.shape[1], source.joint_set)
    points = values[:, _BEFORE : _BEFORE + n_points * n_dims].reshape(-1, n_points, n_dims)
    confidence, person = _after(values[:, _BEFORE + n_points * n_dims :])
    if n_dims == 2:
        score = np.ones(len(values)) if confidence is None else confidence
        score = np.broadcast_to(score[:, None, None], (*points.shape[:2], 1))
        points = np.concatenate([points, score], -1)
    half = values[:, 3:5] / 2
    boxes = np.concatenate([values[:, 1:3] - half, values[:, 1:3] + half], 1)
    rows = TableRows()
    for row, (number, _) in enumerate(lines):
        rows.add(
            number,
            points[row],
            boxes[row],
            None if confidence is None else float(confidence[row]),
            None if person is None else int(person[row]),
        )
    first_number = 0 if min(number for number, _ in files) < 1 else 1
    return rows.table(NAME, source.joint_set, first_number=first_number)


def _files(source: KeypointSource) -> list[tuple[int, list[list[str]]]]:
    if source.kind == "txt":
        return [(0, source.data)]
    files: list[Path] = [path for path in source.data if path.suffix.lower() == ".txt"]
    numbers = picture_numbers([path.name for path in files])
    return [(numbers[path.name], parse(path, "txt")) for path in files]


def _of_one_width(lines: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The lines with -1 where an id is missing, the last field."""
    widths = sorted({len(line) for _, line in lines})
    if len(widths) == 2 and widths[1] == widths[0] + 1:
        ids = [line[-1] for _, line in lines if len(line) == widths[1]]
        if all(text.isdigit() for text in ids):
            return [(n, line if len(line) == widths[1] else [*line, "-1"]) for n, line in lines]
    if len(widths) != 1:
        raise InputError(f"its lines differ in length: {widths}", "take one run's labels")
    return lines


def _layout(width: int, joint_set: str | None) -> tuple[int, int]:
    """How many keypoints a line of so many fields has, and how many numbers each."""
    counts = [len(JOINT_SETS[joint_set])] if joint_set else list(BY_COUNT)
    for n_points in counts:
        for n_dims in (3, 2):
            if 0 <= width - _BEFORE - n_points * n_dims <= 2:
                return n_points, n_dims
    raise InputError(f"lines of {width} fields hold no body known here", "say which with --joints")


def _after(rest: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Confidence and ids: of a single column, whole numbers are ids."""
    if rest.shape[1] == 2:
        return rest[:, 0], rest[:, 1]
    if rest.shape[1] == 0:
        return None, None
    is_id = (rest == np.rint(rest)).all() and rest.max() >= 1
    return (None, rest[:, 0]) if is_id else (rest[:, 0], None)
