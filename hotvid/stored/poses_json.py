"""Poses as JSON, schema "hotvid/1": the format other programs read, and its reader.

The schema itself (JSON Schema, draft 2020-12) lies beside this file. Missing is null, never NaN.
Pixels are rounded to 0.01, metres and scores to 0.0001, seconds to 0.000001: finer than any
estimate, and a tenth of the digits.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from hotvid.chunks import chunks
from hotvid.config import ExportConfig
from hotvid.errors import InputError
from hotvid.mended_sides import with_mended_sides
from hotvid.skeleton import feet_and_hands
from hotvid.stored.checks import WRONG
from hotvid.stored.columns import SHAPES, Columns, columns_of, joined
from hotvid.stored.head import SCHEMA, head_of, poses_from, rounded
from hotvid.stored.json_stream import JsonStream, NotJsonError
from hotvid.types import Person, Poses

SUFFIX = ".json"
_SCHEMA_FILE = "hotvid-1.schema.json"
_ROWS_AT_ONCE = 512  # turned to text together
_ROWS_READ_AT_ONCE = 128  # of lists and numbers, each thirty times as large as in a column
_NO_JSON = (NotJsonError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class _Key:
    """A key of a person's frame, and the column that it holds a row of.

    digits    so many are written after the point; None: what is no fraction.
    whole     where one number is unknown, null stands for the whole row.
    optional  it is not there where there is no such column.
    """

    name: str
    column: str
    digits: int | None = None
    whole: bool = False
    optional: bool = False


_BOX = "box"  # null also where there is no such key
_POINTS = "keypoints_2d"  # x, y and score of each joint: two columns
_FEET_AND_HANDS = "feet_and_hands_2d"
_KEYS = (
    _Key("frame", "frame"),
    _Key("time_s", "time_s", 6),
    _Key("score", "person_score", 4),
    _Key("interpolated", "interpolated"),
    _Key(_BOX, "box_px", 2),
    _Key(_POINTS, "xy_px", 2),
    _Key("keypoints_3d", "xyz_m", 4, whole=True),
    _Key("root", "root_m", 4, whole=True),
    _Key("keypoints_world", "world_m", 4, whole=True, optional=True),
    _Key("standing", "standing", optional=True),
    _Key("confidence_3d", "confidence", 4, optional=True),
    _Key("joint_angles", "angles_deg", 2, optional=True),
)
# What is no fraction.
_KINDS = {"frame": np.int64, "interpolated": bool, "standing": bool}


def schema() -> dict[str, Any]:
    """The JSON Schema that every file written here obeys."""
    text = resources.files("hotvid.stored").joinpath(_SCHEMA_FILE).read_text(encoding="utf-8")
    return json.loads(text)


def to_dict(poses: Poses) -> dict[str, Any]:
    """`poses` as plain lists, numbers, strings and None, in the order in which it is written."""
    people = [
        {"id": p.track_id, "frames": [row for rows in _frames(poses, p) for row in rows]}
        for p in poses.people
    ]
    return {**head_of(poses), "people": people}


def write_json(poses: Poses, path: str | Path) -> None:
    """Write `poses` to `path`, person by person; the file is compact and ends in a newline."""
    with Path(path).open("w", encoding="utf-8", newline="\n") as stream:
        start = _dump(head_of(poses))
        stream.write(start[:-1] + ',"people":[')
        for number, person in enumerate(poses.people):
            stream.write("," if number else "")
            _write_person(stream, poses, person)
        stream.write("]}\n")


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """`write_json`, as `hotvid.export.formats` calls every format."""
    write_json(poses, path)


def is_poses_json(path: str | os.PathLike) -> bool:
    """Whether a source is meant as JSON, by its suffix."""
    return Path(path).suffix.lower() == SUFFIX


def holds_poses(path: str | os.PathLike) -> bool:
    """Whether a file is JSON of the schema "hotvid/1", and not another program's.

    The first kilobytes tell it where the schema comes first, as in what is written here.
    """
    try:
        return _schema_of(Path(path)) == SCHEMA
    except (OSError, *_NO_JSON):
        return False


def load_poses_json(path: str | os.PathLike) -> Poses:
    """Read a file of schema "hotvid/1"; InputError where it is missing, damaged or foreign.

    Frames in which nobody is get their times from their neighbours and the video's span.
    """
    path = Path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # read twice, it would hang
            raise InputError(f"'{path}' is not a regular file", "save it to a file first")
        if _schema_of(path) != SCHEMA:
            raise InputError(
                f"'{path}' is not JSON of the schema {SCHEMA}",
                "make one with hotvid export-json, or use hotvid lift",
            )
        with _opened(path) as stream, _without_collection():
            head, people = _parsed(stream)
    except FileNotFoundError as error:
        raise InputError(f"'{path}' does not exist", "is its name spelled right?") from error
    except IsADirectoryError as error:
        raise InputError(f"'{path}' is a folder", "name a JSON file") from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}") from error
    except _NO_JSON as error:
        raise InputError(f"'{path}' is no JSON: {error}", "make it again") from error
    except WRONG as error:
        raise InputError(f"'{path}' is damaged: {error!r}", "make it again") from error
    try:
        return poses_from(head, people)
    except InputError as error:
        raise InputError(f"'{path}' {error.message}", error.hint) from error
    except WRONG as error:
        raise InputError(f"'{path}' is damaged: {error!r}", "make it again") from error


def _write_person(stream: TextIO, poses: Poses, person: Person) -> None:
    stream.write(f'{{"id":{int(person.track_id)},"frames":[')
    separator = "\n"
    for rows in _frames(poses, person):
        for row in rows:
            stream.write(separator + _dump(row))
            separator = ",\n"
    stream.write("]}")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _frames(poses: Poses, person: Person) -> Iterator[list[dict[str, Any]]]:
    """The frames of the person's track, some hundreds at a time."""
    for part in chunks(len(person.keypoints), _ROWS_AT_ONCE):
        yield _rows(poses, person, part)


def _rows(poses: Poses, person: Person, part: slice) -> list[dict[str, Any]]:
    columns = columns_of(poses, person, part)
    told = {}
    for key in _KEYS:
        values = getattr(columns, key.column)
        if key.name == _POINTS:
            told[key.name] = _nested(_points_2d(columns.xy_px, columns.score))
        elif values is None:
            if not key.optional:
                told[key.name] = [None] * len(columns.frame)
        elif key.digits is None:
            told[key.name] = values.tolist()
        else:
            as_lists = _whole if key.whole else _nested
            told[key.name] = as_lists(rounded(values, key.digits))
    if extremities := feet_and_hands(person.detected.joint_set):
        points = _points_2d(*with_mended_sides(person, part))
        told[_FEET_AND_HANDS] = _nested(points[:, extremities])
    return [dict(zip(told, row, strict=True)) for row in zip(*told.values(), strict=True)]


def _points_2d(xy_px: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(F, K, 3): x, y, score."""
    return np.concatenate([rounded(xy_px, 2), rounded(score[..., None], 4)], -1)


def _nested(values: np.ndarray) -> list[Any]:
    """Nested lists; null for each number that is not finite."""
    if np.isfinite(values).all():
        return values.tolist()
    return np.where(np.isfinite(values), values.astype(object), None).tolist()


def _whole(values: np.ndarray) -> list[Any]:
    """Nested lists along the first axis; null for a row of which any number is not finite."""
    fine = np.isfinite(values).reshape(len(values), -1).all(-1)
    return [row if ok else None for row, ok in zip(values.tolist(), fine, strict=True)]


@contextmanager
def _opened(path: Path) -> Iterator[JsonStream]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield JsonStream(file)


@contextmanager
def _without_collection() -> Iterator[None]:
    """No search for cycles, of which JSON has none: among so many lists it takes a fifth longer."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _schema_of(path: Path) -> str | None:
    """What a file of JSON says that it is, read no farther than it must be."""
    with _opened(path) as stream:
        if stream.peek() != "{":
            return None
        for number, key in enumerate(stream.entries()):
            if key == "schema":
                return stream.value()
            if not number and not _mentions(path, b'"schema"'):
                return None
            stream.value()
    return None


def _mentions(path: Path, word: bytes) -> bool:
    """Whether a word is anywhere in a file: far quicker than to parse it."""
    with path.open("rb") as file:
        last = b""
        while block := file.read(1 << 20):
            if word in last + block:
                return True
            last = block[-len(word) :]
    return False


def _parsed(stream: JsonStream) -> tuple[dict[str, Any], list[tuple[int, Columns]]]:
    """The head, and everyone's id and columns."""
    head: dict[str, Any] = {}
    people: list[tuple[int, Columns]] = []
    for key in stream.entries():
        if key == "people":
            people = [_person(stream) for _ in stream.items()]
        else:
            head[key] = stream.value()
    stream.end()
    return head, people


def _person(stream: JsonStream) -> tuple[int, Columns]:
    found: dict[str, Any] = {}
    for key in stream.entries():
        found[key] = _columns(stream) if key == "frames" else stream.value()
    return int(found["id"]), found["frames"]


def _columns(stream: JsonStream) -> Columns:
    """The list of frames that lies ahead, some at a time turned from objects into columns."""
    rows = (stream.value() for _ in stream.items())
    parts: list[Columns] = []
    first: dict[str, Any] = {}
    while some := list(islice(rows, _ROWS_READ_AT_ONCE)):
        first = first or some[0]
        parts.append(_part(some, first))
    return joined(parts) if parts else _part([], {})


def _part(rows: list[dict[str, Any]], first: dict[str, Any]) -> Columns:
    """first  the person's first frame, whose keys all others must have."""
    told: dict[str, np.ndarray | None] = {}
    for key in _KEYS:
        if key.optional and key.name not in first:
            continue
        values = [row.get(_BOX) if key.name == _BOX else row[key.name] for row in rows]
        if key.name == _POINTS:
            points = _numbers(values, (*SHAPES["score"], 3))
            told |= {"xy_px": points[..., :2], "score": points[..., 2]}
        elif kind := _KINDS.get(key.column):
            told[key.column] = np.array(values, kind)
        elif key.column == "time_s":
            told[key.column] = np.array(values, np.float64)
        elif key.column == "angles_deg" and any(len(v) != SHAPES["angles_deg"][0] for v in values):
            told[key.column] = None  # other angles than are known here
        else:
            told[key.column] = _numbers(values, SHAPES.get(key.column, ()))
    if _FEET_AND_HANDS in first:
        shape = (len(first[_FEET_AND_HANDS]), 3)
        told["feet_and_hands"] = _numbers([row[_FEET_AND_HANDS] for row in rows], shape)
    return Columns(**told)


def _numbers(rows: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    """(F, *shape) float32; NaN for null, in place of a number or of a whole row."""
    nothing = np.full(shape, np.nan).tolist()
    filled = [nothing if row is None else row for row in rows]
    numbers = np.array(filled, np.float64).reshape(len(rows), *shape)
    with np.errstate(over="ignore"):  # infinite is beyond everything, which is checked
        return numbers.astype(np.float32)
