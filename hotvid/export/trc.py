"""TRC: one person's joints as markers, in the layout that OpenSim reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hotvid.config import ExportConfig
from hotvid.export.even_rate import even_frames
from hotvid.file_names import as_unicode
from hotvid.skeleton import H36M17
from hotvid.types import Poses


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the only person of `poses`: world axes, y up as in OpenSim, metres.

    Rows are the frames of the person's track at an even rate; a joint that is unknown is left
    empty. Only the last cell of a row never is: OpenSim 4.6 sees no cell in an empty one at a
    line's end, and refuses the file.
    """
    (person,) = poses.people
    track = person.keypoints
    frames = even_frames(poses.pts_s[track.frame_index - poses.first_frame], poses.video.fps)
    xyz_m = frames.take(person.world.xyz_m)
    n_frames, n_markers = xyz_m.shape[:2]
    rate = f"{frames.rate_hz:.6g}"
    axes = "\t".join(f"X{n}\tY{n}\tZ{n}" for n in range(1, n_markers + 1))
    head = [
        f"PathFileType\t4\t(X/Y/Z)\t{_in_a_field(poses.video.stem)}.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame"
        "\tOrigNumFrames",
        f"{rate}\t{rate}\t{n_frames}\t{n_markers}\tm\t{rate}\t1\t{n_frames}",
        "Frame#\tTime\t" + "".join(f"{name}\t\t\t" for name in H36M17.joints),
        f"\t\t{axes}",
        "",
    ]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(head) + "\n")
        for number, (time_s, row) in enumerate(zip(frames.pts_s, xyz_m, strict=True), 1):
            cells = [f"{v:.6f}" if np.isfinite(v) else "" for v in row.ravel().tolist()]
            cells[-1] = cells[-1] or "NaN"
            file.write(f"{number}\t{time_s:.6f}\t" + "\t".join(cells) + "\n")


def _in_a_field(name: str) -> str:
    """A name without what ends a field or a line."""
    return as_unicode(name).translate(dict.fromkeys(map(ord, "\t\r\n"), " "))
