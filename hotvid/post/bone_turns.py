"""The turns that point every bone where the joints say, from the hips outwards."""

from __future__ import annotations

import numpy as np

from hotvid.humanoid import BONES, bone
from hotvid.post.bone_shape import JOINT, BoneShape, TrunkAxes
from hotvid.post.twist import angle_about, neutral_turns, steady_twist, twisted
from hotvid.rotations import about_axis, between, unit

_SIDES = ("left", "right")
# Where a limb mostly points, person's axes; the opposite is where no joint lets it point.
_ARM_HOME, _LEG_HOME = np.array([1.0, 0.0, 0.5]), np.array([0.0, -1.0, 0.3])
# A hinge half bent, from which no joint turns by half a turn: there its twist would be undefined.
_BENT = np.radians(70)
# A collar bone is short, so that a few centimetres of error would turn it right round.
_COLLAR_REACH = np.radians(45)
_FACE_M = 0.1  # a nose so far ahead of the neck's line shows where the face looks


def bone_turns(
    xyz: np.ndarray, weight: np.ndarray, axes: TrunkAxes, shape: BoneShape, fps: float
) -> np.ndarray:
    """(F, B, 3, 3) each bone's turn from its parent's axes.

    xyz     (F, 17, 3) metres, world, all known.
    weight  (F, 17) 0..1: how sure a joint is.
    """
    out = np.broadcast_to(np.eye(3), (len(xyz), len(BONES), 3, 3)).copy()

    def inside(parent: np.ndarray, child: np.ndarray) -> np.ndarray:
        return np.swapaxes(parent, -1, -2) @ child

    out[:, bone("Hips")] = axes.hips
    out[:, bone("Spine")] = inside(axes.hips, axes.spine)
    out[:, bone("Chest")] = inside(axes.spine, axes.chest)
    neck, head = _head(xyz, weight, axes.chest, fps)
    out[:, bone("Neck")], out[:, bone("Head")] = neck, head
    for side in _SIDES:
        limb = _Limb(xyz, weight, side, fps)
        collar = shape.offset_m[bone(f"{side.capitalize()}Shoulder")].copy()
        collar[1] -= shape.offset_m[bone("Neck"), 1]
        start = xyz[:, JOINT["thorax"]] + axes.chest @ collar
        rest = unit(shape.offset_m[bone(f"{side.capitalize()}UpperArm")])
        way = unit(np.einsum("fij,fi->fj", axes.chest, xyz[:, JOINT[f"{side}_shoulder"]] - start))
        shoulder = between(rest, _within(rest, way, _COLLAR_REACH))
        name = side.capitalize()
        out[:, bone(f"{name}Shoulder")] = shoulder
        out[:, bone(f"{name}UpperArm")], out[:, bone(f"{name}LowerArm")] = limb.arm(
            axes.chest @ shoulder
        )
        out[:, bone(f"{name}UpperLeg")], out[:, bone(f"{name}LowerLeg")] = limb.leg(axes.hips)
    return out


def _head(
    xyz: np.ndarray, weight: np.ndarray, chest: np.ndarray, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Neck and head: both along the line to the crown, sharing the turn towards the nose."""
    up, ahead = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    base, crown, nose = (xyz[:, JOINT[name]] for name in ("thorax", "head", "nose"))
    way = unit(np.einsum("fij,fi->fj", chest, crown - base))
    turns = neutral_turns(up, up, way)
    face = np.einsum("fij,fi->fj", chest @ turns, nose - base)
    look = angle_about(up, ahead, face)
    sure = np.clip(np.hypot(face[:, 0], face[:, 2]) / _FACE_M, 0, 1) ** 2
    # Nobody looks behind: a nose there is an error.
    sure *= weight[:, JOINT["nose"]] * np.clip(np.cos(look), 0, 1)
    twist = steady_twist(turns, up, look, sure, fps)
    return twisted(turns, up, twist / 2), twisted(np.eye(3), up, twist / 2)


def _within(rest: np.ndarray, way: np.ndarray, reach: float) -> np.ndarray:
    """(F, 3) unit directions, those further than `reach` (radians) from `rest` brought nearer."""
    angle = np.arccos(np.clip(way @ rest, -1, 1))
    across = unit(way - (way @ rest)[:, None] * rest)
    held = np.minimum(angle, reach)[:, None]
    return np.cos(held) * rest + np.sin(held) * across


class _Limb:
    """One side's arm and leg: two bones and the hinge between them."""

    def __init__(self, xyz: np.ndarray, weight: np.ndarray, side: str, fps: float) -> None:
        self._xyz, self._weight, self._side, self._fps = xyz, weight, side, fps
        self._sign = 1.0 if side == "left" else -1.0

    def arm(self, shoulder: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turns of upper and lower arm; `shoulder` (F, 3, 3): the collar bone's axes, world."""
        rest = np.array([self._sign, 0.0, 0.0])
        home = unit(_ARM_HOME * [self._sign, 1, 1])
        # The elbow brings the hand from the side to the front: it turns about the body's up.
        hinge = np.array([0.0, -self._sign, 0.0])
        return self._pair(
            shoulder, ("shoulder", "elbow", "wrist"), rest, home, hinge, half_turn=False
        )

    def leg(self, hips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turns of upper and lower leg; `hips` (F, 3, 3): the pelvis's axes, world."""
        rest, hinge = np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0])
        return self._pair(
            hips, ("hip", "knee", "ankle"), rest, unit(_LEG_HOME), hinge, half_turn=True
        )

    def _pair(
        self,
        parent: np.ndarray,
        joints: tuple[str, str, str],
        rest: np.ndarray,
        home: np.ndarray,
        hinge: np.ndarray,
        *,
        half_turn: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """half_turn: the upper bone cannot twist by a right angle, so that a bend which shows more
        is one the wrong way."""
        at = [JOINT[f"{self._side}_{name}"] for name in joints]
        a, b, c = (self._xyz[:, i] for i in at)
        upper, lower = (unit(np.einsum("fij,fi->fj", parent, v)) for v in (b - a, c - b))
        turns = neutral_turns(rest, home, upper)
        axis = np.einsum("fij,fi->fj", turns, np.cross(upper, lower))
        shown = angle_about(rest, hinge, axis)
        sure = np.linalg.norm(axis, axis=-1) ** 2 * self._weight[:, at].min(1)
        if half_turn:
            shown = np.where(np.cos(shown) < 0, shown + np.pi, shown)
            sure = sure * np.abs(np.cos(shown))
        else:
            sure = sure * np.cos(shown / 2) ** 2
        twist = steady_twist(turns, rest, shown, sure, self._fps)
        first = twisted(turns, rest, twist)
        bent = about_axis(hinge, _BENT) @ rest
        return first, neutral_turns(rest, bent, unit(np.einsum("fij,fi->fj", first, lower)))
