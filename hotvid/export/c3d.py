"""C3D: everyone's joints as markers, for biomechanics software."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hotvid import __version__
from hotvid.config import ExportConfig
from hotvid.export.dense import over_all_frames
from hotvid.export.even_rate import even_frames
from hotvid.export.formats import FORMATS
from hotvid.export.names import unicode_path
from hotvid.skeleton import H36M17
from hotvid.types import Poses

_MM = 1000.0
_FORMAT = FORMATS["c3d"]
_MISSING = -1.0  # the residual that marks a point as not measured


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write everyone over all frames, at an even rate: world axes, y up, millimetres.

    Of several people each is a subject, and a marker is called `person0:pelvis` and so on. Where
    somebody is not there, the points are marked as missing. OutputError where there are more frames
    than the format can count.
    """
    import ezc3d

    _FORMAT.check_length(poses.n_frames)
    frames = even_frames(poses.pts_s, poses.video.fps, _FORMAT.most_frames)
    n_joints = len(H36M17)
    points = np.ones((4, n_joints * len(poses.people), len(frames.pts_s)))
    for i, person in enumerate(poses.people):
        xyz_m = frames.take(over_all_frames(poses, person, person.world.xyz_m))
        points[:3, i * n_joints : (i + 1) * n_joints] = _MM * xyz_m.transpose(2, 1, 0)
    missing = ~np.isfinite(points[:3]).all(0)
    points[:3, missing] = np.nan
    names = [f"person{p.track_id}" for p in poses.people]
    prefixes = [f"{name}:" for name in names] if len(names) > 1 else [""] * len(names)

    file = ezc3d.c3d()
    file["header"]["points"]["first_frame"] = 0
    file["parameters"]["POINT"]["RATE"]["value"] = [frames.rate_hz]
    file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    labels = [prefix + joint for prefix in prefixes for joint in H36M17.joints]
    file["parameters"]["POINT"]["LABELS"]["value"] = labels
    file.add_parameter("POINT", "X_SCREEN", ["+X"])
    file.add_parameter("POINT", "Y_SCREEN", ["+Y"])
    file.add_parameter("SUBJECTS", "USED", len(names))
    file.add_parameter("SUBJECTS", "NAMES", names)
    file.add_parameter("SUBJECTS", "LABEL_PREFIXES", prefixes)
    file.add_parameter("MANUFACTURER", "COMPANY", ["hotvid"])
    file.add_parameter("MANUFACTURER", "SOFTWARE", ["hotvid"])
    file.add_parameter("MANUFACTURER", "VERSION_LABEL", [__version__])
    file["data"]["points"] = points
    file["data"]["meta_points"]["residuals"] = np.where(missing, _MISSING, 0.0)[None]
    with unicode_path(path) as plain:
        file.write(str(plain))
