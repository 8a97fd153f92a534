"""hotvid's plain CSV: a row for each joint seen, which any program can write.

    frame,person,joint,x,y,score
    0,0,left_shoulder,412.5,230.1,0.97

`frame` counts from 0; `x` and `y` are pixels from the top-left corner, or shares of the picture's
width and height; `joint` is a name, as the 2D models' joint sets have it (`left_shoulder`;
`LShoulder` is understood). `person` and `score` may be left out: then hotvid tells people apart,
one body a frame, and every joint counts as sure. Of hotvid's own tables the times are taken, too,
and not the rows of frames in which nobody was seen (`interpolated`).
"""

from __future__ import annotations

import numpy as np

from hotvid.errors import InputError
from hotvid.io.keypoints.naming import match_joints
from hotvid.io.keypoints.source import KeypointSource
from hotvid.io.keypoints.table import KeypointTable, TableRows
from hotvid.skeleton import JOINT_SETS

NAME = "csv"
ABOUT = "a CSV of frame, person, joint, x, y, score, a row for each joint"
_NEEDED = {"frame", "joint", "x", "y"}
_OPTIONAL = ("person", "score", "interpolated", "time_s")
_TRUE = ("1", "true")
_ALSO = {"x_px": "x", "y_px": "y"}  # as the tables that hotvid writes have it


def fits(source: KeypointSource) -> bool:
    return source.kind == "csv" and bool(source.data) and set(_header(source)) >= _NEEDED


def _header(source: KeypointSource) -> list[str]:
    names = [field.strip().lower() for field in source.data[0]]
    return [_ALSO.get(name, name) for name in names]


def read(source: KeypointSource) -> KeypointTable:
    header = _header(source)
    column = {name: header.index(name) for name in (*_NEEDED, *_OPTIONAL) if name in header}
    if len(source.data) < 2:
        raise InputError("holds a heading and no rows", "is the file whole?")
    names = list(dict.fromkeys(row[column["joint"]].strip() for row in source.data[1:]))
    joint_set, where = match_joints(names, source.joint_set)
    place = dict(zip(names, where, strict=True))
    unseen = [(np.nan, np.nan, np.nan)] * len(JOINT_SETS[joint_set])
    bodies: dict[tuple[int, str], list[tuple[float, ...]]] = {}
    for line, row in enumerate(source.data[1:], 2):
        if len(row) < len(header):
            raise InputError(f"line {line} has {len(row)} fields, the heading {len(header)}")
        at = place[row[column["joint"]].strip()]
        person = row[column["person"]].strip() if "person" in column else ""
        if "interpolated" in column and row[column["interpolated"]].strip().lower() in _TRUE:
            continue
        key = _whole(row[column["frame"]], line), person
        body = bodies.get(key)
        if body is None:
            body = bodies[key] = unseen.copy()
        if at is not None:
            score = row[column["score"]] if "score" in column else "1"
            point = (row[column["x"]], row[column["y"]], score or "1")
            body[at] = tuple(_number(field, line) for field in point)
    rows = TableRows()
    for (frame, person), body in bodies.items():
        rows.add(frame, body, person=person or None)
    left_out = [name for name, at in place.items() if at is None]
    notes = (f"not joints of {joint_set}, left out: {', '.join(left_out)}",) if left_out else ()
    times = _times(source.data[1:], column) if "time_s" in column else None
    return rows.table(NAME, joint_set, notes=notes, times=times, fps=_mean_fps(times))


def _times(rows: list[list[str]], column: dict[str, int]) -> tuple[np.ndarray, np.ndarray] | None:
    """The frames that have a time, bridged ones too, ascending, and those times in seconds."""
    known = {}
    for line, row in enumerate(rows, 2):
        if row[column["time_s"]].strip():
            frame = _whole(row[column["frame"]], line)
            known[frame] = _number(row[column["time_s"]], line)
    if not known:
        return None
    frames = sorted(known)
    return np.array(frames, np.int64), np.array([known[frame] for frame in frames])


def _mean_fps(times: tuple[np.ndarray, np.ndarray] | None) -> float | None:
    if times is None or len(times[0]) < 2:
        return None
    n_frames, span_s = (float(values[-1] - values[0]) for values in times)
    return n_frames / span_s if span_s > 0 else None


def _whole(field: str, line: int) -> int:
    number = _number(field, line)
    if not float(number).is_integer():
        raise InputError(f"line {line}: the frame is '{field}', no whole number")
    return int(number)


def _number(field: str, line: int) -> float:
    try:
        return float(field) if field.strip() else np.nan
    except ValueError:
        raise InputError(f"line {line}: '{field}' is no number") from None
