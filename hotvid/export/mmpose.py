"""MMPose's JSON of a video: what its inferencer saves and its tools read.

The layout: `meta_info` names the joints, `instance_info` holds for each frame the instances with
keypoints, scores and box. Frames count from 0; all are listed from the video's first on, as MMPose
does, whose own demo counts from 1: readers tell by the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.config import ExportConfig
from hotvid.export.keypoint_rows import (
    as_in_picture,
    dumps,
    own_or_coco,
    people_by_frame,
    rounded,
    write_list,
)
from hotvid.skeleton import COCO17, COCO_WHOLEBODY133, HALPE26, JointSet
from hotvid.types import Poses, Track2D

_DATASETS = {"coco17": "coco", "coco_wholebody133": "coco_wholebody", "halpe26": "halpe26"}


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write everyone's 2D keypoints: COCO's 17, or the 2D model's own where MMPose knows them.

    An unknown joint is (0, 0) with score 0.
    """
    joints = own_or_coco(poses, COCO17, COCO_WHOLEBODY133, HALPE26)
    before = f'{{"meta_info":{dumps(_meta_info(joints))},"instance_info":'
    write_list(path, _frames(poses, joints), before, after="}")


def _frames(poses: Poses, joints: JointSet) -> Iterator[dict[str, Any]]:
    keypoints = {p.track_id: as_in_picture(p, joints) for p in poses.people}
    for frame in range(poses.first_frame):
        yield {"frame_id": frame, "instances": []}
    for frame, there in people_by_frame(poses):
        instances = [
            _instance(r.person.detected, r.row, keypoints[r.person.track_id][r.row]) for r in there
        ]
        yield {"frame_id": frame, "instances": instances}


def _instance(track: Track2D, row: int, points: np.ndarray) -> dict[str, Any]:
    return {
        "keypoints": rounded(points[:, :2], 2),
        "keypoint_scores": rounded(points[:, 2], 4),
        "bbox": [rounded(track.box_px[row], 2)],
        "bbox_score": rounded(track.person_score[row], 4),
        "track_id": int(track.track_id),
    }


def _meta_info(joints: JointSet) -> dict[str, Any]:
    return {
        "dataset_name": _DATASETS[joints.name],
        "num_keypoints": len(joints),
        "keypoint_id2name": {str(i): name for i, name in enumerate(joints.joints)},
        "keypoint_name2id": {name: i for i, name in enumerate(joints.joints)},
        "skeleton_links": [list(edge) for edge in joints.edges],
    }
