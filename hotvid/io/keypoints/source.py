"""A keypoint file as readers get it: parsed once, so that each may look whether it is theirs."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotvid.errors import InputError

MAX_BYTES = 4 * 2**30  # of one file
_KINDS = {".json": "json", ".csv": "csv", ".txt": "txt"}


@dataclass(frozen=True)
class KeypointSource:
    """What lies at a path.

    kind  "json", "csv", "txt" or "folder".
    data  the parsed JSON; the rows of a CSV or the lines of a text, as lists of fields; for a
          folder the paths of its files that hold keypoints, by number and name.
    joint_set  what the user says the keypoints are; None: the file tells.
    """

    path: Path
    kind: str
    data: Any
    joint_set: str | None = None


def open_source(path: Path, joint_set: str | None = None) -> KeypointSource:
    """Read `path`; InputError where it is missing, or neither JSON, CSV, text nor a folder."""
    if path.is_dir():
        files = [p for p in path.iterdir() if p.is_file() and p.suffix.lower() in (".json", ".txt")]
        if not files:
            raise InputError(f"the folder '{path}' holds no keypoint files", "name another")
        return KeypointSource(path, "folder", sorted(files, key=_by_number), joint_set)
    kind = _KINDS.get(path.suffix.lower())
    if not path.exists():
        raise InputError(f"'{path}' does not exist", "is its name spelled right?")
    if kind is None or not path.is_file():
        raise InputError(
            f"'{path}' is no keypoint file",
            "give .json, .csv or .txt, or a folder of them; videos and pose stores: hotvid run",
        )
    return KeypointSource(path, kind, parse(path, kind), joint_set)


def parse(path: Path, kind: str) -> Any:
    """The contents of one file, as `KeypointSource.data`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"'{path}' is larger than {MAX_BYTES >> 30} GiB", "cut it in parts")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            if kind == "json":
                return json.load(stream)
            if kind == "csv":
                return [row for row in csv.reader(stream) if any(field.strip() for field in row)]
            return [line.split() for line in stream if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' cannot be read: {error}") from error
    except (ValueError, RecursionError, csv.Error) as error:
        raise InputError(f"'{path}' is no {kind.upper()}: {error}", "is the file whole?") from error


def last_number(name: str) -> int | None:
    """The last number in a file's name: 12 of 'walk_000012_keypoints.json'."""
    found = re.findall(r"\d{1,15}", Path(name).stem)
    return int(found[-1]) if found else None


def _by_number(path: Path) -> tuple[int, str]:
    number = last_number(path.name)
    return (-1 if number is None else number, path.name)
