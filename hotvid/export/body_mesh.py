"""A simple body around the standard humanoid's bones: what viewers show where bones alone are not.

Tubes of elliptic rings along trunk, head, arms, legs and feet, in the rest pose. Thickness goes by
the length of the legs; a ring at a joint is carried by both bones in equal parts, so that limbs
bend without breaking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hotvid.humanoid import bone, rest_places, tips
from hotvid.rotations import unit
from hotvid.skeleton import H36M17
from hotvid.types import BoneMotion

_AROUND = 16  # vertices of a ring
_INFLUENCES = 4  # bones a vertex, as glTF stores them


@dataclass(frozen=True)
class BodyMesh:
    """Triangles of a body at rest, its root at the origin.

    xyz_m    (V, 3) metres.    normal  (V, 3) unit, outwards.
    bones    (V, 4) which bones carry a vertex, weight (V, 4) how much; the weights sum to 1.
    triangles (T, 3) vertices, counter-clockwise seen from outside.
    """

    xyz_m: np.ndarray
    normal: np.ndarray
    bones: np.ndarray
    weight: np.ndarray
    triangles: np.ndarray


@dataclass(frozen=True)
class _Ring:
    """An ellipse: its middle, its two half axes (3,) each, and the bones that share it."""

    middle: np.ndarray
    a: np.ndarray
    b: np.ndarray
    bones: tuple[str, ...]


def body_mesh(motion: BoneMotion) -> BodyMesh:
    """The body of one person, to the measure of the person's bones."""
    place = rest_places(motion)
    size = _leg(motion)
    tubes = [_trunk(motion, place, size), *_head(motion, place, size)]
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        tubes += [
            _arm(motion, place, size, side, sign),
            _leg_tube(place, size, side),
            _foot(motion, place, size, side),
        ]
    return _joined([_tube(rings) for rings in tubes])


def _leg(motion: BoneMotion) -> float:
    """The length of a leg, hip to ankle: what all thickness is measured by."""
    thigh, shin = (motion.offset_m[bone(f"Left{name}")] for name in ("LowerLeg", "Foot"))
    return float(np.linalg.norm(thigh) + np.linalg.norm(shin))


_X, _Y, _Z = np.eye(3)


def _flat(middle: np.ndarray, rx: float, rz: float, *bones: str) -> _Ring:
    """A ring across the body's height."""
    return _Ring(np.asarray(middle, float), rx * _X, rz * _Z, bones)


def _trunk(motion: BoneMotion, place: np.ndarray, size: float) -> list[_Ring]:
    hip = float(motion.offset_m[bone("LeftUpperLeg"), 0])
    shoulder = float(place[bone("LeftUpperArm"), 0])

    def at(name: str, up: float = 0.0) -> np.ndarray:
        return place[bone(name)] + up * size * _Y

    chest, neck = at("UpperChest"), at("Neck")
    return [
        _flat(at("Hips", -0.13), 0.4 * hip, 0.06 * size, "Hips"),
        _flat(at("Hips", -0.09), hip + 0.04 * size, 0.105 * size, "Hips"),
        _flat(at("Hips"), hip + 0.085 * size, 0.125 * size, "Hips"),
        _flat(at("Spine"), hip + 0.07 * size, 0.118 * size, "Hips", "Spine"),
        _flat(at("Chest"), 0.5 * hip + 0.115 * size, 0.105 * size, "Spine", "Chest"),
        _flat(chest, 0.92 * shoulder, 0.125 * size, "Chest", "UpperChest"),
        _flat(0.35 * chest + 0.65 * neck, 1.0 * shoulder, 0.12 * size, "UpperChest"),
        _flat(0.1 * chest + 0.9 * neck, 0.92 * shoulder, 0.095 * size, "UpperChest"),
        _flat(at("Neck", 0.02), 0.62 * shoulder, 0.08 * size, "UpperChest"),
        _flat(at("Neck", 0.05), 0.085 * size, 0.072 * size, "UpperChest", "Neck"),
        _flat(at("Neck", 0.1), 0.068 * size, 0.07 * size, "Neck"),
        _flat(at("Head"), 0.06 * size, 0.066 * size, "Neck", "Head"),
    ]


def _head(motion: BoneMotion, place: np.ndarray, size: float) -> list[list[_Ring]]:
    """The skull, and a nose that shows where the face is."""
    start = place[bone("Head")]
    tip = motion.marker_m[H36M17.index("head")]
    bottom, top = start - 0.35 * tip, start + tip
    skull = []
    for turn in np.linspace(0.12, np.pi - 0.12, 9):
        middle = (bottom + top) / 2 - (top - bottom) / 2 * np.cos(turn) + 0.02 * size * _Z
        # A chin is narrower than a crown.
        wide = np.sin(turn) * (0.85 + 0.15 * (1 - np.cos(turn)) / 2)
        skull.append(_flat(middle, 0.095 * size * wide, 0.118 * size * wide, "Head"))
    face = 0.55 * bottom + 0.45 * top + 0.13 * size * _Z
    small = 0.022 * size
    beak = [
        _Ring(face + ahead * small * _Z, r * small * _X, r * small * _Y, ("Head",))
        for ahead, r in ((-0.8, 1.0), (0.4, 0.8), (0.9, 0.4))
    ]
    return [skull, beak]


def _arm(motion: BoneMotion, place: np.ndarray, size: float, side: str, sign: float) -> list[_Ring]:
    upper, lower, hand = (bone(side + n) for n in ("UpperArm", "LowerArm", "Hand"))
    shoulder, elbow, wrist = place[upper], place[lower], place[hand]
    end = wrist + tips(motion)[hand]

    def ring(middle: np.ndarray, high: float, deep: float, *bones: str) -> _Ring:
        return _Ring(middle, high * size * _Y, deep * size * _Z, tuple(side + b for b in bones))

    def along(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
        return (1 - share) * a + share * b

    inward = shoulder - sign * 0.055 * size * _X
    return [
        ring(inward, 0.025, 0.025, "Shoulder", "UpperArm"),
        ring(along(inward, shoulder, 0.35), 0.05, 0.05, "Shoulder", "UpperArm"),
        ring(shoulder, 0.064, 0.066, "Shoulder", "UpperArm"),
        ring(along(shoulder, elbow, 0.2), 0.062, 0.066, "UpperArm"),
        ring(along(shoulder, elbow, 0.6), 0.054, 0.056, "UpperArm"),
        ring(elbow, 0.046, 0.048, "UpperArm", "LowerArm"),
        ring(along(elbow, wrist, 0.3), 0.048, 0.05, "LowerArm"),
        ring(along(elbow, wrist, 0.85), 0.032, 0.036, "LowerArm"),
        ring(wrist, 0.026, 0.034, "LowerArm", "Hand"),
        ring(along(wrist, end, 0.5), 0.022, 0.048, "Hand"),
        ring(along(wrist, end, 1.0), 0.018, 0.044, "Hand"),
        ring(along(wrist, end, 1.5), 0.01, 0.028, "Hand"),
    ]


def _leg_tube(place: np.ndarray, size: float, side: str) -> list[_Ring]:
    hip, knee, ankle = (place[bone(side + n)] for n in ("UpperLeg", "LowerLeg", "Foot"))

    def ring(a: np.ndarray, b: np.ndarray, share: float, r: float, *bones: str) -> _Ring:
        middle = (1 - share) * a + share * b
        names = tuple(b if b == "Hips" else side + b for b in bones)
        return _flat(middle, r * size, r * 1.05 * size, *names)

    return [
        ring(hip, knee, -0.1, 0.05, "Hips"),
        ring(hip, knee, 0.02, 0.088, "Hips", "UpperLeg"),
        ring(hip, knee, 0.22, 0.096, "UpperLeg"),
        ring(hip, knee, 0.7, 0.076, "UpperLeg"),
        ring(hip, knee, 1.0, 0.063, "UpperLeg", "LowerLeg"),
        ring(knee, ankle, 0.25, 0.064, "LowerLeg"),
        ring(knee, ankle, 0.6, 0.052, "LowerLeg"),
        ring(knee, ankle, 0.95, 0.04, "LowerLeg"),
        ring(knee, ankle, 1.06, 0.04, "LowerLeg", "Foot"),
    ]


def _foot(motion: BoneMotion, place: np.ndarray, size: float, side: str) -> list[_Ring]:
    ankle, ball = place[bone(f"{side}Foot")], place[bone(f"{side}Toes")]
    end = ball + tips(motion)[bone(f"{side}Toes")]
    sole = float(ball[1]) - 0.02 * size

    def ring(z: float, wide: float, high: float, *bones: str) -> _Ring:
        middle = np.array([ankle[0], sole + high * size, z])
        return _Ring(middle, wide * size * _X, high * size * _Y, tuple(side + b for b in bones))

    ahead = float(ball[2] - ankle[2])
    return [
        ring(ankle[2] - 0.065 * size, 0.022, 0.03, "Foot"),
        ring(ankle[2] - 0.045 * size, 0.04, 0.045, "Foot"),
        ring(ankle[2], 0.043, 0.055, "Foot"),
        ring(ankle[2] + 0.55 * ahead, 0.048, 0.036, "Foot"),
        ring(ball[2], 0.052, 0.025, "Foot", "Toes"),
        ring(end[2] - 0.01 * size, 0.045, 0.018, "Toes"),
        ring(end[2], 0.028, 0.012, "Toes"),
    ]


def _tube(rings: Sequence[_Ring]) -> BodyMesh:
    """Rings joined by triangles, both ends closed."""
    angle = 2 * np.pi * np.arange(_AROUND) / _AROUND
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    xyz = np.concatenate(
        [r.middle + cos * r.a + sin * r.b for r in rings] + [[rings[0].middle], [rings[-1].middle]]
    )
    first, last = len(xyz) - 2, len(xyz) - 1
    here = np.arange(_AROUND)
    after = (here + 1) % _AROUND
    start = _AROUND * (len(rings) - 1)
    parts = [np.stack([np.full(_AROUND, first), after, here], 1)]
    for low in range(0, start, _AROUND):
        high = low + _AROUND
        parts.append(np.stack([low + here, low + after, high + here], 1))
        parts.append(np.stack([low + after, high + after, high + here], 1))
    parts.append(np.stack([np.full(_AROUND, last), start + here, start + after], 1))
    triangles = np.concatenate(parts)
    a, b, c = (xyz[triangles[:, i]] - xyz.mean(0) for i in range(3))
    if (a * np.cross(b, c)).sum() < 0:  # inside out: rings that run the other way
        triangles = triangles[:, ::-1]
    owners = [r.bones for r in rings for _ in range(_AROUND)] + [rings[0].bones, rings[-1].bones]
    bones, weight = np.zeros((len(xyz), _INFLUENCES), int), np.zeros((len(xyz), _INFLUENCES))
    for row, names in enumerate(owners):
        bones[row, : len(names)] = [bone(name) for name in names]
        weight[row, : len(names)] = 1 / len(names)
    return BodyMesh(xyz, _normals(xyz, triangles), bones, weight, triangles)


def _normals(xyz: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) the mean of the triangles around each vertex, by their area."""
    a, b, c = (xyz[triangles[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    out = np.zeros_like(xyz)
    for corner in range(3):
        np.add.at(out, triangles[:, corner], across)
    return unit(out)


def _joined(parts: Sequence[BodyMesh]) -> BodyMesh:
    starts = np.cumsum([0, *(len(p.xyz_m) for p in parts[:-1])])
    return BodyMesh(
        np.concatenate([p.xyz_m for p in parts]),
        np.concatenate([p.normal for p in parts]),
        np.concatenate([p.bones for p in parts]),
        np.concatenate([p.weight for p in parts]),
        np.concatenate([p.triangles + s for p, s in zip(parts, starts, strict=True)]),
    )
