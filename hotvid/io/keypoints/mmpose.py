"""MMPose's predictions, of its demo (--save-predictions) and of its inferencer (--pred-out-dir).

Both are lists of frames: `frame_id` and `instances`, each with `keypoints` (K pairs),
`keypoint_scores`, `bbox` (x0 y0 x1 y1, in a list of its own) and `bbox_score`. The demo puts that
beside `meta_info` and counts frames from 1, the inferencer from 0. Of a picture there are only
the instances.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hotvid.io.keypoints.source import KeypointSource
from hotvid.io.keypoints.table import KeypointTable, TableRows

NAME = "mmpose"
ABOUT = "MMPose's predictions: of its demo, or of its inferencer"


def fits(source: KeypointSource) -> bool:
    if source.kind != "json":
        return False
    if isinstance(source.data, dict):
        return "instance_info" in source.data
    first = source.data[0] if isinstance(source.data, list) and source.data else None
    return isinstance(first, dict) and ("instances" in first or "keypoint_scores" in first)


def read(source: KeypointSource) -> KeypointTable:
    of_demo = isinstance(source.data, dict)
    info = source.data["instance_info"] if of_demo else source.data
    is_video = bool(info) and "instances" in info[0]
    frames = [(int(f["frame_id"]), f["instances"]) for f in info] if is_video else [(0, info)]
    # Every frame is listed, by the demo from 1 on; other programs begin at 0, or later.
    lowest = min((number for number, _ in frames), default=0)
    first_number = 1 if of_demo and is_video and lowest == 1 else 0
    rows = TableRows()
    for number, instances in frames:
        for one in instances:
            rows.add(number, _points(one), _box(one), _score(one), one.get("track_id"))
    last = max((number for number, _ in frames), default=None)
    return rows.table(
        NAME,
        source.joint_set or (_joint_set(source.data["meta_info"]) if of_demo else None),
        first_number=first_number,
        last_number=last,
    )


def _points(one: dict[str, Any]) -> np.ndarray:
    xy = np.array(one["keypoints"], np.float64)[:, :2]
    score = np.array(one["keypoint_scores"], np.float64)
    return np.concatenate([xy, score[:, None]], -1)


def _box(one: dict[str, Any]) -> list[float] | None:
    box = one.get("bbox")
    return box[0] if box and isinstance(box[0], list) else box


def _score(one: dict[str, Any]) -> float | None:
    score = one.get("bbox_score")
    return score[0] if isinstance(score, list) else score


def _joint_set(meta: dict[str, Any]) -> str | None:
    """Human3.6M's 17 joints are not COCO's: the names tell."""
    names = meta.get("keypoint_id2name") or {}
    return "h36m17" if len(names) == 17 and "thorax" in names.values() else None
