"""BVH motion capture files as joint positions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotvid.errors import InputError


@dataclass(frozen=True)
class BvhMotion:
    """Forward kinematics of one file.

    names         of the joints, in the file's order (end sites left out).
    xyz           (F, N, 3) float32, the file's units and axes (y up).
    rotation      (F, N, 3, 3) float32, each joint's axes in the file's world.
    frame_time_s  seconds between frames.
    """

    names: tuple[str, ...]
    xyz: np.ndarray
    rotation: np.ndarray
    frame_time_s: float


@dataclass
class _Joint:
    name: str
    parent: int
    offset: np.ndarray
    channels: tuple[str, ...] = ()


def read_bvh(path: str | Path) -> BvhMotion:
    """Read a BVH file; InputError if it is not one, or its rows do not fit its hierarchy."""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    hierarchy, marker, motion = text.partition("MOTION")
    if not marker or "HIERARCHY" not in hierarchy:
        raise InputError(f"{path}: expected a BVH file (HIERARCHY and MOTION)", "check the file")
    joints = _parse_hierarchy(hierarchy)
    _, _, rows = motion.partition("Frame Time:")
    first, _, numbers = rows.lstrip().partition("\n")
    values = np.array(numbers.split(), np.float64)
    n_channels = sum(len(j.channels) for j in joints)
    if n_channels == 0 or values.size == 0 or values.size % n_channels:
        raise InputError(
            f"{path}: {values.size} numbers do not make rows of {n_channels} channels",
            "the file is truncated or damaged",
        )
    xyz, rotation = _forward_kinematics(joints, values.reshape(-1, n_channels))
    return BvhMotion(tuple(j.name for j in joints), xyz, rotation, float(first))


def _parse_hierarchy(text: str) -> list[_Joint]:
    joints: list[_Joint] = []
    stack: list[int | None] = []
    current: int | None = None
    words = iter(text.split())
    for word in words:
        if word in ("ROOT", "JOINT"):
            parent = next((j for j in reversed(stack) if j is not None), -1)
            joints.append(_Joint(next(words), parent, np.zeros(3)))
            current = len(joints) - 1
        elif word == "End":
            current = None
        elif word == "{":
            stack.append(current)
        elif word == "}":
            stack.pop()
        elif word == "OFFSET":
            offset = np.array([float(next(words)) for _ in range(3)])
            if stack and stack[-1] is not None:
                joints[stack[-1]].offset = offset
        elif word == "CHANNELS":
            count = int(next(words))
            joints[stack[-1]].channels = tuple(next(words) for _ in range(count))
    return joints


def _axis_rotation(axis: str, angle_rad: np.ndarray) -> np.ndarray:
    """(F, 3, 3) right-handed rotations about a coordinate axis."""
    i = "XYZ".index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    out = np.zeros((len(angle_rad), 3, 3))
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    out[:, i, i] = 1
    out[:, j, j], out[:, j, k], out[:, k, j], out[:, k, k] = cos, -sin, sin, cos
    return out


def _forward_kinematics(joints: list[_Joint], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = len(rows)
    xyz = np.zeros((n, len(joints), 3), np.float32)
    rotation = np.zeros((n, len(joints), 3, 3), np.float32)
    column = 0
    for index, joint in enumerate(joints):
        local = np.broadcast_to(np.eye(3), (n, 3, 3))
        shift = np.broadcast_to(joint.offset, (n, 3)).copy()
        for channel in joint.channels:
            if channel.endswith("rotation"):
                local = local @ _axis_rotation(channel[0], np.radians(rows[:, column]))
            else:
                shift[:, "XYZ".index(channel[0])] += rows[:, column]
            column += 1
        if joint.parent < 0:
            xyz[:, index], rotation[:, index] = shift, local
        else:
            up = rotation[:, joint.parent]
            xyz[:, index] = xyz[:, joint.parent] + (up @ shift[:, :, None])[:, :, 0]
            rotation[:, index] = up @ local
    return xyz, rotation
