"""AlphaPose's JSON: a flat list with an entry for each person and frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.config import ExportConfig
from hotvid.export.keypoint_rows import (
    as_in_picture,
    own_or_coco,
    people_by_frame,
    rounded,
    write_list,
)
from hotvid.skeleton import COCO17, COCO_WHOLEBODY133, HALPE26, HALPE136, JointSet
from hotvid.types import Poses

_PERSON = 1  # COCO's category


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write everyone's 2D keypoints: COCO's 17, or the 2D model's own where AlphaPose knows them.

    A frame is called "0.jpg", "1.jpg" and so on, as AlphaPose calls a video's; `idx` is the person,
    `box` is x, y, width, height. An unknown joint is (0, 0) with score 0.
    """
    joints = own_or_coco(poses, COCO17, HALPE26, HALPE136, COCO_WHOLEBODY133)
    write_list(path, _entries(poses, joints))


def _entries(poses: Poses, joints: JointSet) -> Iterator[dict[str, Any]]:
    keypoints = {p.track_id: as_in_picture(p, joints) for p in poses.people}
    for frame, there in people_by_frame(poses):
        for person, row in ((r.person, r.row) for r in there):
            left, top, right, bottom = person.detected.box_px[row]
            yield {
                "image_id": f"{frame}.jpg",
                "category_id": _PERSON,
                "keypoints": rounded(keypoints[person.track_id][row].ravel(), 3),
                "score": rounded(person.detected.person_score[row], 4),
                "box": rounded(np.array([left, top, right - left, bottom - top]), 2),
                "idx": int(person.track_id),
            }
