"""hotvid's own JSON, schema "hotvid/1": its 2D keypoints, to be lifted by another model."""

from __future__ import annotations

from typing import Any

import numpy as np

from hotvid.io.keypoints.source import KeypointSource
from hotvid.io.keypoints.table import KeypointTable, TableRows
from hotvid.skeleton import H36M17
from hotvid.stored.head import SCHEMA

NAME = "hotvid"
ABOUT = "hotvid's own JSON"
_ANY_VERSION = SCHEMA.partition("/")[0] + "/"


def fits(source: KeypointSource) -> bool:
    return (
        source.kind == "json"
        and isinstance(source.data, dict)
        and str(source.data.get("schema", "")).startswith(_ANY_VERSION)
    )


def read(source: KeypointSource) -> KeypointTable:
    data = source.data
    rows = TableRows()
    for person in data["people"]:
        for row in person["frames"]:
            if not row["interpolated"]:
                points = [[np.nan if v is None else v for v in xys] for xys in row["keypoints_2d"]]
                rows.add(row["frame"], points, row.get("box"), row["score"], person["id"])
    video = data["video"]
    times = _times(data)
    return rows.table(
        NAME,
        H36M17.name,
        size_px=(int(video["width"]), int(video["height"])),
        fps=None if video["fps"] is None else float(video["fps"]),
        n_frames=None if video["frame_count"] is None else int(video["frame_count"]),
        times=times,
    )


def _times(data: dict[str, Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """The frames that have a time in the file, bridged ones too, and those times in seconds."""
    seen = [row for person in data["people"] for row in person["frames"]]
    known = {row["frame"]: row["time_s"] for row in seen if row.get("time_s") is not None}
    analysed = data.get("analysed") or {}
    if analysed.get("start_s") is not None and analysed.get("end_s") is not None:
        first = analysed["first_frame"]
        known |= {first: analysed["start_s"]}
        known |= {first + analysed["frame_count"] - 1: analysed["end_s"]}
    if not known:
        return None
    return np.array([*known], np.int64), np.array([*known.values()], np.float64)
