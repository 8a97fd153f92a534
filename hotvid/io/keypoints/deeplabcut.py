"""DeepLabCut's CSV, of one body or several, and of the tools that write the same (SLEAP, Lightning
Pose): rows of headings (`scorer`, `individuals` where there are several, `bodyparts`, `coords`),
then a row for each frame, its first field the frame's number or picture; x, y and likelihood each.
Joints are told by their names.
"""

from __future__ import annotations

import numpy as np

from hotvid.errors import InputError
from hotvid.io.keypoints.naming import match_joints
from hotvid.io.keypoints.source import KeypointSource, last_number
from hotvid.io.keypoints.table import KeypointTable, TableRows
from hotvid.skeleton import JOINT_SETS

NAME = "deeplabcut"
ABOUT = "DeepLabCut's CSV: headings bodyparts and coords, perhaps individuals"
_HEADINGS = ("scorer", "individuals", "bodyparts", "coords")
_COORDS = {"x": 0, "y": 1, "likelihood": 2}


def fits(source: KeypointSource) -> bool:
    if source.kind != "csv":
        return False
    heads = {row[0].strip().lower() for row in source.data[:4] if row}
    return {"bodyparts", "coords"} <= heads


def read(source: KeypointSource) -> KeypointTable:
    heads, body = {}, list(source.data)
    while body and body[0][0].strip().lower() in _HEADINGS:
        row = body.pop(0)
        heads[row[0].strip().lower()] = [field.strip() for field in row[1:]]
    parts, coords = heads["bodyparts"], [c.lower() for c in heads["coords"]]
    individuals = heads.get("individuals", [""] * len(parts))
    joint_set, where = match_joints(list(dict.fromkeys(parts)), source.joint_set)
    place = dict(zip(dict.fromkeys(parts), where, strict=True))
    values = _numbers(body, len(parts))
    frames = _frames([row[0] for row in body])
    rows = TableRows()
    people = list(dict.fromkeys(individuals))
    for person in people:
        points = np.full((len(body), len(JOINT_SETS[joint_set]), 3), np.nan)
        points[..., 2] = 1
        for column, (part, coord, who) in enumerate(zip(parts, coords, individuals, strict=True)):
            if who == person and place[part] is not None and coord in _COORDS:
                points[:, place[part], _COORDS[coord]] = values[:, column]
        for frame, one in zip(frames, points, strict=True):
            rows.add(frame, one, person=person if len(people) > 1 else 0)
    left_out = [part for part, at in place.items() if at is None]
    notes = (f"not joints of {joint_set}, left out: {', '.join(left_out)}",) if left_out else ()
    return rows.table(NAME, joint_set, last_number=max(frames, default=None), notes=notes)


def _numbers(body: list[list[str]], n_columns: int) -> np.ndarray:
    """(F, C) float64, NaN for empty fields."""
    for row in body:
        if len(row) != n_columns + 1:
            raise InputError(
                f"the row that begins '{row[0]}' has {len(row)} fields, the headings "
                f"{n_columns + 1}"
            )
    cells = [[float(field) if field.strip() else np.nan for field in row[1:]] for row in body]
    return np.array(cells, np.float64).reshape(len(body), n_columns)


def _frames(names: list[str]) -> list[int]:
    numbers = [last_number(name.split(".")[0] if _is_number(name) else name) for name in names]
    if None in numbers or len(set(numbers)) < len(numbers):
        return list(range(len(names)))
    return [number for number in numbers if number is not None]


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).isdigit()
