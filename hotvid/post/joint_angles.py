"""Angles of the joints, in degrees, by the conventions of biomechanics.

Segments have the axes of the International Society of Biomechanics (ISB): x ahead, y up, z to the
right. Hips follow Grood and Suntay's joint coordinate system (Wu et al. 2002, sections 2 and 3),
trunk and shoulders Wu et al. 2005; the signs are the clinic's, so that flexion is more than 0 on
both sides. What 17 points do not show is not here: how limbs turn about their own length, and
ankles and wrists.
"""

from __future__ import annotations

import numpy as np

from hotvid.chunks import chunks
from hotvid.joint_angles import ANGLES
from hotvid.post.bone_shape import trunk_axes
from hotvid.rotations import unit, without_whole_turns, zxy_degrees
from hotvid.skeleton import H36M17
from hotvid.types import JointAngles

_LEAST_ASIDE = 0.17  # sine of 10 degrees: an arm nearer to the trunk's line has no plane
_UPRIGHT = 0.5  # cosine of 60 degrees: a pelvis nearer to the vertical has its tilt within 90


def joint_angles(xyz_m: np.ndarray) -> JointAngles:
    """The angles that `hotvid.joint_angles.ANGLES` lists, one row a frame.

    xyz_m  (F, 17, 3) metres, world, y up; NaN where unknown.
    No angle jumps by a whole turn from one frame to the next: where it goes beyond 180 degrees, it
    goes on. NaN where a joint that it takes is unknown, and for the plane of an arm that hangs.
    """
    degrees = np.full((len(xyz_m), len(ANGLES)), np.nan)
    turns = np.empty((len(xyz_m), 2, 3, 3))
    for part in chunks(len(xyz_m)):
        _put_limbs(degrees[part], turns[part], np.asarray(xyz_m[part], np.float64))
    _put_turns(degrees, turns)
    for column in degrees.T:
        column[:] = without_whole_turns(column)
    return JointAngles(degrees.astype(np.float32))


def _put(
    degrees: np.ndarray, rows: np.ndarray, part: str, values: np.ndarray, kinds: tuple[str, ...]
) -> None:
    for kind, column in zip(kinds, values.T, strict=True):
        degrees[rows, _column(f"{part}_{kind}")] = column


def _column(name: str) -> int:
    return ANGLES.index(name)


def _put_limbs(out: np.ndarray, turns: np.ndarray, xyz: np.ndarray) -> None:
    """Fill in the angles (F, A) that each frame gives by itself, which may jump by whole turns.

    turns  (F, 2, 3, 3), filled too: the chest's from the pelvis's axes, and the pelvis's in the
           world.
    """

    def at(name: str) -> np.ndarray:
        return xyz[:, H36M17.index(name)]

    axes = trunk_axes(xyz)
    pelvis, chest = _isb(axes.hips), _isb(axes.chest)
    for side, outwards in (("right", 1.0), ("left", -1.0)):
        thigh = unit(at(f"{side}_knee") - at(f"{side}_hip"))
        shank = unit(at(f"{side}_ankle") - at(f"{side}_knee"))
        upper = unit(at(f"{side}_elbow") - at(f"{side}_shoulder"))
        fore = unit(at(f"{side}_wrist") - at(f"{side}_elbow"))
        ahead, up, aside = _inside(pelvis, thigh).T
        out[:, _column(f"{side}_hip_flexion")] = np.degrees(np.arctan2(ahead, -up))
        out[:, _column(f"{side}_hip_adduction")] = np.degrees(
            np.arcsin(np.clip(-outwards * aside, -1, 1))
        )
        out[:, _column(f"{side}_knee_flexion")] = _between(thigh, shank)
        ahead, up, aside = _inside(chest, upper).T
        plane = np.degrees(np.arctan2(ahead, outwards * aside))
        shows = np.hypot(ahead, aside) >= _LEAST_ASIDE
        out[:, _column(f"{side}_shoulder_elevation")] = np.degrees(np.arccos(np.clip(-up, -1, 1)))
        out[:, _column(f"{side}_shoulder_plane")] = np.where(shows, plane, np.nan)
        out[:, _column(f"{side}_elbow_flexion")] = _between(upper, fore)
    ahead, up, _ = _inside(chest, unit(at("head") - at("thorax"))).T
    out[:, _column("neck_flexion")] = np.degrees(np.arctan2(ahead, up))
    trunk = unit(at("thorax") - at("pelvis"))
    out[:, _column("trunk_inclination")] = np.degrees(np.arccos(np.clip(trunk[:, 1], -1, 1)))
    turns[:, 0] = np.swapaxes(pelvis, 1, 2) @ chest
    turns[:, 1] = _in_world(axes.hips)


def _put_turns(out: np.ndarray, turns: np.ndarray) -> None:
    known = np.isfinite(turns).all((1, 2, 3))
    if known.any():
        trunk, pelvis = np.moveaxis(zxy_degrees(turns[known]), 1, 0)
        pelvis = _continuous(pelvis, up=turns[known][:, 1, 2, 2])
        # Turned about the right axis, a body goes backwards; about the one ahead, to the right.
        _put(out, known, "trunk", trunk * [-1, 1, 1], ("flexion", "side_bend", "rotation"))
        _put(out, known, "pelvis", pelvis * [1, -1, -1], ("heading", "tilt", "list"))


def _continuous(pelvis: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(F, 3) heading, tilt and list, degrees within 180, without jumps of a half turn.

    pelvis  (F, 3) the same with the tilt within 90.
    up      (F,) cosine of the angle from the vertical to the pelvis's own way up.
    Of the two ways to write a turn, each frame takes the one nearer to the frame before it, so that
    who tumbles tilts on beyond a right angle, and who turns a cartwheel lists on. Who is upright
    is written as `pelvis` has it, whatever came before: where the way back to it does not fit, the
    step changes at which both ways were most nearly as far.
    """
    other = 180 + pelvis * [1, -1, 1]
    dearer = _apart(other[1:], pelvis[:-1]) - _apart(pelvis[1:], pelvis[:-1])
    changes = np.concatenate([[False], dearer < 0])
    upright = np.flatnonzero(up >= _UPRIGHT)
    for last in np.flatnonzero(np.diff(np.cumsum(changes)[upright]) % 2):
        steps = slice(upright[last], upright[last + 1])
        changes[1:][steps.start + np.abs(dearer[steps]).argmin()] ^= True
    count = np.cumsum(changes)
    if len(upright):
        count -= count[upright[0]]
    elif abs(pelvis[0, 2]) > 90:  # Nobody stands up: it is as the first frame has it by itself.
        count += 1
    return (np.where(count[:, None] % 2 == 1, other, pelvis) + 180) % 360 - 180


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(F,) the sum of squares between angles (F, 3) in degrees, whole turns left out."""
    return (((a - b + 180) % 360 - 180) ** 2).sum(-1)


def _isb(axes: np.ndarray) -> np.ndarray:
    """(F, 3, 3) columns left, up, ahead to ahead, up, right."""
    return np.stack([axes[..., 2], axes[..., 1], -axes[..., 0]], -1)


def _in_world(axes: np.ndarray) -> np.ndarray:
    """(F, 3, 3) the turn of columns left, up, ahead from someone who faces the camera, +z, in axes
    right, ahead, up: so that the heading comes first, then the tilt, then the list."""
    body = np.stack([-axes[..., 0], axes[..., 2], axes[..., 1]], -1)
    facing = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    return facing @ body


def _inside(axes: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return np.einsum("fij,fi->fj", axes, direction)


def _between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(F,) degrees between directions, exact also where they are nearly the same."""
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(-1)))
