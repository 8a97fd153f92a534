"""OpenPose's JSON: a folder with a file for each frame.

Body joints are BODY_25; hands are filled where the 2D model finds them; 3D joints are in the
world's metres, y up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hotvid.config import ExportConfig
from hotvid.export.keypoint_rows import as_in_picture, dumps, people_by_frame, rounded
from hotvid.skeleton import H36M17, OPENPOSE25, OPENPOSE67, by_name
from hotvid.types import Person, Poses

_VERSION = 1.3
_N_BODY, _N_HAND = len(OPENPOSE25), 21


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Fill the folder `path` with `NAME_000000000000_keypoints.json` and so on, one a frame read.

    Each number triple or quadruple ends in the joint's score; an unknown joint is all 0.
    """
    flat = {p.track_id: as_in_picture(p, OPENPOSE67) for p in poses.people}
    solid = {p.track_id: _in_world(p) for p in poses.people}
    for frame, rows in people_by_frame(poses):
        people = [
            _person(r.person, flat[r.person.track_id][r.row], solid[r.person.track_id][r.row])
            for r in rows
        ]
        file = path / f"{poses.video.stem}_{frame:012d}_keypoints.json"
        file.write_text(dumps({"version": _VERSION, "people": people}) + "\n", encoding="utf-8")


def _in_world(person: Person) -> np.ndarray:
    """(F, 25, 4) metres and score."""
    score = person.keypoints.score
    unknown = np.full((*score.shape, 3), np.nan, np.float32)
    xyz = unknown if person.world is None else person.world.xyz_m
    xyz, score = by_name(xyz, score, H36M17, OPENPOSE25)
    return np.concatenate([xyz, score[..., None]], -1)


def _person(person: Person, flat: np.ndarray, solid: np.ndarray) -> dict[str, Any]:
    """flat (67, 3), solid (25, 4)."""

    def numbers(points: np.ndarray) -> list[float]:
        """Nothing where no joint is known, as where OpenPose did not look."""
        known = points[np.isfinite(points).all(-1)]
        return np.ravel(rounded(points, 5)).tolist() if len(known) else []

    left, right = flat[_N_BODY : _N_BODY + _N_HAND], flat[_N_BODY + _N_HAND :]
    return {
        "person_id": [int(person.track_id)],
        "pose_keypoints_2d": np.ravel(rounded(flat[:_N_BODY], 3)).tolist(),
        "face_keypoints_2d": [],
        "hand_left_keypoints_2d": numbers(left),
        "hand_right_keypoints_2d": numbers(right),
        "pose_keypoints_3d": numbers(solid),
        "face_keypoints_3d": [],
        "hand_left_keypoints_3d": [],
        "hand_right_keypoints_3d": [],
    }
