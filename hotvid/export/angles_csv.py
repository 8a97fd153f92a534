"""CSV of joint angles: a row for each frame and person, a column for each angle."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from hotvid.config import ExportConfig
from hotvid.joint_angles import ANGLES
from hotvid.types import Poses


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the angles of `hotvid.joint_angles`, degrees; what is unknown is left empty.

    The last column, as in the tidy table, is 1 where nobody was seen and the gap was bridged.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(
            ["frame", "time_s", "person", *(f"{name}_deg" for name in ANGLES), "interpolated"]
        )
        for person in poses.people:
            if person.angles is None:
                continue
            track = person.keypoints
            rows_of = zip(
                track.frame_index.tolist(), person.angles.degrees, track.interpolated, strict=True
            )
            for frame, degrees, bridged in rows_of:
                time_s = f"{poses.pts_s[frame - poses.first_frame]:.6f}"
                numbers = (f"{v:.2f}" if np.isfinite(v) else "" for v in np.round(degrees, 2) + 0.0)
                rows.writerow([frame, time_s, person.track_id, *numbers, int(bridged)])
