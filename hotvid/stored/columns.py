"""What JSON, arrays and Parquet hold of a person: columns, with a row for each frame of the track.

The 2D model's own joints are in none of them but for feet and hands, which JSON has: the skeleton's
stand for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from hotvid.errors import InputError
from hotvid.joint_angles import ANGLES
from hotvid.skeleton import H36M17, JointSet
from hotvid.types import JointAngles, Motion3D, Person, Poses, Track2D, WorldMotion

_J = len(H36M17)
# The shape of one row; what is not here is one number.
SHAPES: dict[str, tuple[int, ...]] = {
    "xy_px": (_J, 2),
    "score": (_J,),
    "box_px": (4,),
    "xyz_m": (_J, 3),
    "root_m": (3,),
    "world_m": (_J, 3),
    "standing": (2,),
    "confidence": (_J,),
    "angles_deg": (len(ANGLES),),
}


@dataclass(frozen=True)
class Columns:
    """One person, or some rows of one; NaN where a number is unknown.

    frame         (F,) the numbers of the frames.
    time_s        (F,) seconds.
    interpolated  (F,) bool.
    xy_px, score, box_px, person_score  of the skeleton's joints, as `Track2D` has them.
    xyz_m, root_m  as `Motion3D` has them; None where nothing was lifted.
    world_m       (F, 17, 3) as `WorldMotion` has them; None where nobody was placed in the world.
    standing      (F, 2) bool: right and left foot.
    confidence    (F, 17), 0..1.
    angles_deg    (F, A), the angles of `hotvid.joint_angles.ANGLES`.
    feet_and_hands  (F, E, 3) x, y in pixels and score of joints that the head names.
    """

    frame: np.ndarray
    time_s: np.ndarray
    interpolated: np.ndarray
    xy_px: np.ndarray
    score: np.ndarray
    box_px: np.ndarray
    person_score: np.ndarray
    xyz_m: np.ndarray | None = None
    root_m: np.ndarray | None = None
    world_m: np.ndarray | None = None
    standing: np.ndarray | None = None
    confidence: np.ndarray | None = None
    angles_deg: np.ndarray | None = None
    feet_and_hands: np.ndarray | None = None


@dataclass(frozen=True)
class Extremities:
    """What the rows of `feet_and_hands` are.

    joint_set  the skeleton with the feet and hands of the 2D model's joint set.
    at         for each row the joint's index there; None where the set has no such joint.
    """

    joint_set: JointSet
    at: tuple[int | None, ...]


NAMES = tuple(field.name for field in fields(Columns))


def columns_of(poses: Poses, person: Person, part: slice = slice(None)) -> Columns:
    """The rows `part` of a person of `poses`, without feet and hands."""
    track, motion, world = person.keypoints, person.motion, person.world
    index = track.frame_index[part]

    def rows(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[part]

    return Columns(
        frame=index,
        time_s=poses.pts_s[index - poses.first_frame],
        interpolated=track.interpolated[part],
        xy_px=track.xy_px[part],
        score=track.score[part],
        box_px=track.box_px[part],
        person_score=track.person_score[part],
        xyz_m=None if motion is None else motion.xyz_m[part],
        root_m=None if motion is None else motion.root_m[part],
        world_m=None if world is None else world.xyz_m[part],
        standing=None if world is None else rows(world.contact),
        confidence=rows(person.confidence),
        angles_deg=None if person.angles is None else person.angles.degrees[part],
    )


def joined(parts: Sequence[Columns]) -> Columns:
    """The rows of several parts of one person; None in one of them is None in all."""

    def column(name: str) -> np.ndarray | None:
        values = [getattr(part, name) for part in parts]
        return None if any(v is None for v in values) else np.concatenate(values)

    return parts[0] if len(parts) == 1 else Columns(**{name: column(name) for name in NAMES})


def person_from(track_id: int, columns: Columns, extremities: Extremities | None = None) -> Person:
    """The person that a file holds; ShapeError, ValueError where the columns do not fit."""
    if not len(columns.frame):
        raise InputError("is damaged: somebody is in no frame")
    track = Track2D(
        track_id=track_id,
        joint_set=H36M17.name,
        frame_index=np.asarray(columns.frame, np.int64),
        xy_px=_float32(columns.xy_px),
        score=np.nan_to_num(_float32(columns.score)),
        box_px=_float32(columns.box_px),
        person_score=np.nan_to_num(_float32(columns.person_score)),
        interpolated=np.asarray(columns.interpolated, bool),
    )
    detected = track
    if extremities is not None and columns.feet_and_hands is not None:
        detected = _with_extremities(track, columns.feet_and_hands, extremities)
    if columns.xyz_m is None or not np.isfinite(columns.xyz_m).any():
        return Person(detected, track)
    world, angles, sure = columns.world_m, columns.angles_deg, columns.confidence
    stands = columns.standing
    return Person(
        detected,
        track,
        Motion3D(_float32(columns.xyz_m), _float32(columns.root_m)),
        None
        if world is None
        else WorldMotion(_float32(world), None if stands is None else np.asarray(stands, bool)),
        angles=None if angles is None else JointAngles(_float32(angles)),
        confidence=None if sure is None else np.nan_to_num(_float32(sure)),
    )


def _with_extremities(
    track: Track2D, feet_and_hands: np.ndarray, extremities: Extremities
) -> Track2D:
    """The track, in the skeleton's joints, with joints of feet and hands after them."""
    n_rows, joint_set = len(track), extremities.joint_set
    if feet_and_hands.shape != (n_rows, len(extremities.at), 3):
        raise ValueError(f"feet and hands: {feet_and_hands.shape} are not as the head names them")
    points = np.full((n_rows, len(joint_set), 3), np.nan, np.float32)
    points[:, :_J, :2], points[:, :_J, 2] = track.xy_px, track.score
    for row, joint in enumerate(extremities.at):
        if joint is not None:
            points[:, joint] = feet_and_hands[:, row]
    return replace(
        track,
        joint_set=joint_set.name,
        xy_px=points[..., :2],
        score=np.nan_to_num(points[..., 2]),
    )


def _float32(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32)
