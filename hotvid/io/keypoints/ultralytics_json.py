"""Ultralytics' results as JSON (`Results.to_json`, `Results.summary`).

A frame is a list of detections: `confidence`, `box` (x1 y1 x2 y2), `keypoints` (x, y and perhaps
`visible`, each a list), perhaps `track_id`. A video is a list of such lists, or a folder with one
file a frame, as they were saved. Places are pixels, or shares of the picture.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from hotvid.io.keypoints.alphapose import picture_numbers
from hotvid.io.keypoints.source import KeypointSource, parse
from hotvid.io.keypoints.table import KeypointTable, TableRows

NAME = "ultralytics-json"
ABOUT = "Ultralytics' results as JSON: a list of frames, or a folder of files"


def fits(source: KeypointSource) -> bool:
    if source.kind == "folder":
        files = (p for p in source.data if p.suffix.lower() == ".json")
        return any(_is_frame(parse(path, "json"), empty=False) for path in files)
    return source.kind == "json" and (_is_frame(source.data, empty=False) or _is_video(source.data))


def _is_frame(data: Any, *, empty: bool) -> bool:
    if not isinstance(data, list) or not data:
        return empty and data == []
    one = data[0]
    return isinstance(one, dict) and isinstance(one.get("keypoints"), dict) and "box" in one


def _is_video(data: Any) -> bool:
    if not isinstance(data, list) or not all(_is_frame(frame, empty=True) for frame in data):
        return False
    return any(data)


def read(source: KeypointSource) -> KeypointTable:
    frames = _frames(source)
    rows = TableRows()
    for number, detections in frames:
        for one in detections:
            if isinstance(one.get("keypoints"), dict):
                box = [one["box"][corner] for corner in ("x1", "y1", "x2", "y2")]
                rows.add(number, _points(one), box, one["confidence"], one.get("track_id"))
    numbers = [number for number, _ in frames]
    # Files are numbered as Ultralytics does, from 1; a list is counted here.
    first_number = 1 if source.kind == "folder" and min(numbers, default=0) >= 1 else 0
    return rows.table(
        NAME,
        source.joint_set,
        first_number=first_number,
        last_number=max(numbers, default=None),
    )


def _frames(source: KeypointSource) -> list[tuple[int, list[dict[str, Any]]]]:
    if source.kind == "folder":
        files = [path for path in source.data if path.suffix.lower() == ".json"]
        numbers = picture_numbers([path.name for path in files])
        return [(numbers[path.name], parse(path, "json")) for path in files]
    if _is_frame(source.data, empty=False):
        return [(0, source.data)]
    return list(enumerate(source.data))


def _points(one: dict[str, Any]) -> np.ndarray:
    given = one["keypoints"]
    score = given.get("visible") or [float(one["confidence"])] * len(given["x"])
    flat = list(chain.from_iterable(zip(given["x"], given["y"], score, strict=True)))
    return np.array(flat, np.float64).reshape(-1, 3)
