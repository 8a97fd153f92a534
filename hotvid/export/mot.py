"""MOT: one person's joint angles as a motion of OpenSim's models of the whole body.

Coordinates have the names and signs of the model of Rajagopal et al. (2016). Those that gait2392
has as well mean the same there, but for the knees: it counts their flexion below 0. As in these
models, pelvis, hips, trunk and shoulders turn about z (to the right), then x (ahead), then y (up).
What 17 points do not show is left out, and stays as the model has it: how limbs turn about their
own length, ankles, toes, forearms and wrists.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hotvid.config import ExportConfig
from hotvid.export.even_rate import even_frames
from hotvid.file_names import as_unicode
from hotvid.joint_angles import ANGLES
from hotvid.rotations import about_axis, continuous_zxy_degrees, unit, without_whole_turns
from hotvid.series import bridged
from hotvid.skeleton import H36M17
from hotvid.types import Person, Poses

# OpenSim's name, ours, and the sign between the two.
_SAME = (
    *(
        (f"{theirs}_{side[0]}", f"{side}_{ours}", 1.0)
        for side in ("right", "left")
        for theirs, ours in (
            ("hip_flexion", "hip_flexion"),
            ("hip_adduction", "hip_adduction"),
            ("knee_angle", "knee_flexion"),
            ("elbow_flex", "elbow_flexion"),
        )
    ),
    ("lumbar_extension", "trunk_flexion", -1.0),
    ("lumbar_bending", "trunk_side_bend", 1.0),
    ("lumbar_rotation", "trunk_rotation", 1.0),
)
COLUMNS = (
    *("pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz"),
    *(name for name, _, _ in _SAME),
    *("arm_flex_r", "arm_add_r", "arm_flex_l", "arm_add_l"),
)


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the only person of `poses`: degrees, and the pelvis's place in metres, world, y up.

    The pelvis turns about the world's axes, in OpenSim's order: somebody who faces +x and leans
    ahead has a `pelvis_tilt` below 0; of somebody who faces the camera's side, +z, the same is a
    `pelvis_list`. Its place is the middle of the hips. Rows are the frames of the person's track at
    an even rate. The format has no word for what is unknown, and OpenSim's Storage ends at the
    first row with a nan: gaps of a column are bridged by straight lines, and a column of which
    nothing is known is left out.
    """
    (person,) = poses.people
    track = person.keypoints
    frames = even_frames(poses.pts_s[track.frame_index - poses.first_frame], poses.video.fps)
    values = frames.take(_coordinates(person))
    known = np.isfinite(values).any(0)
    rows = np.column_stack([frames.pts_s, bridged(values[:, known], frames.pts_s)])
    head = [
        " ".join(as_unicode(poses.video.stem).split()) or "motion",
        "version=1",
        f"nRows={len(rows)}",
        f"nColumns={rows.shape[1]}",
        "inDegrees=yes",
        "endheader",
        "\t".join(["time", *np.array(COLUMNS)[known]]),
    ]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(head) + "\n")
        np.savetxt(file, rows, fmt="%.6f", delimiter="\t")


def _coordinates(person: Person) -> np.ndarray:
    """(F, C) the `COLUMNS`; NaN where unknown."""
    xyz_m = person.world.xyz_m.astype(np.float64)
    out = np.full((len(xyz_m), len(COLUMNS)), np.nan)
    out[:, 3:6] = xyz_m[:, H36M17.index("pelvis")]
    if person.angles is None:
        return out
    degrees = dict(zip(ANGLES, person.angles.degrees.astype(np.float64).T, strict=True))
    for name, ours, sign in _SAME:
        out[:, COLUMNS.index(name)] = sign * degrees[ours]
    pelvis = _pelvis_axes(degrees)
    known = np.isfinite(pelvis).all((1, 2))
    if known.any():
        out[known, :3] = continuous_zxy_degrees(pelvis[known])
    chest = pelvis @ _turned(
        -degrees["trunk_flexion"], degrees["trunk_side_bend"], degrees["trunk_rotation"]
    )
    for side, outwards in (("right", 1.0), ("left", -1.0)):
        arm = xyz_m[:, H36M17.index(f"{side}_elbow")] - xyz_m[:, H36M17.index(f"{side}_shoulder")]
        ahead, up, aside = np.einsum("fij,fi->jf", chest, unit(arm))
        flexion, adduction = (
            COLUMNS.index(f"arm_flex_{side[0]}"),
            COLUMNS.index(f"arm_add_{side[0]}"),
        )
        out[:, flexion] = without_whole_turns(np.degrees(np.arctan2(ahead, -up)))
        out[:, adduction] = np.degrees(np.arcsin(np.clip(-outwards * aside, -1, 1)))
    return out


def _pelvis_axes(degrees: dict[str, np.ndarray]) -> np.ndarray:
    """(F, 3, 3) columns ahead, up, to the right, in the world, from hotvid's angles of the pelvis.

    Those turn axes right, ahead, up of somebody who faces +z: heading first, then tilt and list.
    """
    facing = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]]).T
    turn = _turned(degrees["pelvis_heading"], -degrees["pelvis_tilt"], -degrees["pelvis_list"])
    return (facing @ turn)[..., [1, 2, 0]]


def _turned(z: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(F, 3, 3) turns about z, then the turned x, then the turned y, of degrees (F,)."""
    axis_x, axis_y, axis_z = np.eye(3)
    about = [about_axis(a, np.radians(d)) for a, d in ((axis_z, z), (axis_x, x), (axis_y, y))]
    return about[0] @ about[1] @ about[2]
