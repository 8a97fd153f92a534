"""hotvid's own JSON, schema "hotvid/1": its 2D keypoints, to be lifted by another model."""

from __future__ import annotations

import numpy as np

from hotvid.io.keypoints.source import KeypointSource
from hotvid.io.keypoints.table import KeypointTable, Sightings
from hotvid.skeleton import H36M17

NAME = "hotvid"
ABOUT = "hotvid's own JSON"


def fits(source: KeypointSource) -> bool:
    return (
        source.kind == "json"
        and isinstance(source.data, dict)
        and str(source.data.get("schema", "")).startswith("hotvid/")
    )


def read(source: KeypointSource) -> KeypointTable:
    data = source.data
    rows = Sightings()
    for person in data["people"]:
        for row in person["frames"]:
            if not row["interpolated"]:
                points = [[np.nan if v is None else v for v in xys] for xys in row["keypoints_2d"]]
                rows.add(row["frame"], points, row.get("box"), row["score"], person["id"])
    video = data["video"]
    return rows.table(
        NAME,
        H36M17.name,
        size_px=(int(video["width"]), int(video["height"])),
        fps=None if video["fps"] is None else float(video["fps"]),
        n_frames=None if video["frame_count"] is None else int(video["frame_count"]),
    )
