"""OpenPose's folder of JSON files, one for each frame (--write_json).

Each file holds `people`, each with `pose_keypoints_2d` (x, y, score in turn; BODY_25, or COCO's 18)
and, where hands were asked for, `hand_left_keypoints_2d` and `hand_right_keypoints_2d`. Places are
pixels, or shares of the picture where OpenPose was told so. AlphaPose writes the same on request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hotvid.errors import InputError
from hotvid.io.keypoints.source import KeypointSource, last_number, parse
from hotvid.io.keypoints.table import KeypointTable, TableRows
from hotvid.skeleton import COCO17

NAME = "openpose"
ABOUT = "OpenPose's folder of *_keypoints.json"
_HANDS = ("hand_left_keypoints_2d", "hand_right_keypoints_2d")
_HAND_POINTS = 21
_OUTSIDE = 0.3  # share of the picture's size; OpenPose puts no joint so far beside it
# OpenPose's COCO model: its 18 joints, of which the neck is none of COCO's.
_COCO18 = [
    "nose",
    "neck",
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
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
]
_COCO17_FROM_18 = [_COCO18.index(joint) for joint in COCO17.joints]


def fits(source: KeypointSource) -> bool:
    if source.kind == "folder":
        first = next((p for p in source.data if p.suffix.lower() == ".json"), None)
        return first is not None and _is_frame(parse(first, "json"))
    return source.kind == "json" and _is_frame(source.data)


def _is_frame(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("people"), list)


def read(source: KeypointSource) -> KeypointTable:
    frames = _frames(source)
    people = [one for _, found in frames for one in found]
    hands = any(any(one.get(key) or ()) for one in people for key in _HANDS)
    rows = TableRows()
    for number, found in frames:
        for one in found:
            rows.add(number, _points(one, hands), person=_person(one))
    last = max((number for number, _ in frames), default=None)
    table = rows.table(NAME, source.joint_set, last_number=last)
    return _as_shares(table) if _is_signed(table) else table


def _frames(source: KeypointSource) -> list[tuple[int, list[dict[str, Any]]]]:
    if source.kind == "json":
        return [(0, source.data["people"])]
    files = [path for path in source.data if path.suffix.lower() == ".json"]
    numbers = [last_number(path.name) for path in files]
    if len(files) > 1 and (None in numbers or len(set(numbers)) < len(files)):
        raise InputError(f"the files in '{source.path}' are not numbered, each by its own number")
    frames = []
    for number, path in zip(numbers, files, strict=True):
        data = parse(path, "json")
        if not _is_frame(data):
            raise InputError(f"'{path}' holds no 'people'", "is it from OpenPose?")
        frames.append((number or 0, data["people"]))
    return frames


def _points(one: dict[str, Any], hands: bool) -> np.ndarray:
    body = np.array(one["pose_keypoints_2d"], np.float64).reshape(-1, 3)
    if len(body) == len(_COCO18):
        return body[_COCO17_FROM_18]
    if not hands:
        return body
    parts = [np.array(one.get(key) or (), np.float64).reshape(-1, 3) for key in _HANDS]
    none = np.zeros((_HAND_POINTS, 3))
    return np.concatenate([body, *(part if len(part) else none for part in parts)])


def _is_signed(table: KeypointTable) -> bool:
    """Whether places are OpenPose's other scale of the picture, -1 to 1, which it never leaves."""
    low, high = np.nanmin(table.xy, initial=0), np.nanmax(table.xy, initial=0)
    return table.normalised and -1 <= low < -_OUTSIDE and high <= 1


def _as_shares(table: KeypointTable) -> KeypointTable:
    return replace(table, xy=(table.xy + 1) / 2, box=(table.box + 1) / 2)


def _person(one: dict[str, Any]) -> int | None:
    given = one.get("person_id")
    number = given[0] if isinstance(given, list) and given else given
    return None if number in (None, -1) else number
