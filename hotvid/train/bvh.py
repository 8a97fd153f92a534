"""BVH motion capture files as joint positions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotvid.errors import InputError

_CHANNELS = tuple(f"{axis}{kind}" for kind in ("position", "rotation") for axis in "XYZ")
_COUNTS = tuple("0123456")
_FRAME_TIME_S = (1e-4, 1.0)
_DAMAGED = "the file is truncated or damaged"
_LONGEST = 40  # characters of a word that is told of


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
    """Read a BVH file; InputError, which leaves naming it to the caller, says what is wrong."""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    hierarchy, marker, motion = text.partition("MOTION")
    if not marker or "HIERARCHY" not in hierarchy:
        raise InputError("expected a BVH file (HIERARCHY and MOTION)", "check the file")
    joints = _parse_hierarchy(hierarchy)
    _, marker, rows = motion.partition("Frame Time:")
    if not marker:
        raise InputError("holds no 'Frame Time:'", _DAMAGED)
    first, _, numbers = rows.lstrip().partition("\n")
    frame_time_s = _number(first.strip(), "the frame time")
    if not _FRAME_TIME_S[0] <= frame_time_s <= _FRAME_TIME_S[1]:
        raise InputError(
            f"the frame time is {frame_time_s:g}; expected seconds, "
            f"{_FRAME_TIME_S[0]:g} to {_FRAME_TIME_S[1]:g}",
            "write how long a frame lasts after 'Frame Time:'",
        )
    values = _numbers(numbers.split())
    n_channels = sum(len(j.channels) for j in joints)
    if n_channels == 0 or values.size == 0 or values.size % n_channels:
        raise InputError(
            f"{values.size} numbers do not make rows of {n_channels} channels", _DAMAGED
        )
    with np.errstate(over="ignore", invalid="ignore"):  # looked for below
        xyz, rotation = _forward_kinematics(joints, values.reshape(-1, n_channels))
    if not np.isfinite(xyz).all():
        raise InputError("its joints are beyond all measure", _DAMAGED)
    return BvhMotion(tuple(j.name for j in joints), xyz, rotation, frame_time_s)


def _parse_hierarchy(text: str) -> list[_Joint]:
    joints: list[_Joint] = []
    stack: list[int | None] = []  # whose braces are open; None: an end site's
    current: int | None = None
    words = iter(text.split())
    for word in words:
        if word in ("ROOT", "JOINT"):
            parent = stack[-1] if stack else -1
            name = _word(words, "the name of a joint")
            if parent is None:
                raise InputError(f"the joint {name} is in an end site", _DAMAGED)
            joints.append(_Joint(name, parent, np.zeros(3)))
            current = len(joints) - 1
        elif word == "End":
            current = None
        elif word == "{":
            stack.append(current)
        elif word == "}":
            if not stack:
                raise InputError("a brace is closed that was never opened", _DAMAGED)
            stack.pop()
        elif word == "OFFSET":
            offset = np.array([_number(_word(words, "an offset"), "an offset") for _ in range(3)])
            if stack and stack[-1] is not None:
                joints[stack[-1]].offset = offset
        elif word == "CHANNELS":
            channels = _channels(words)
            if not stack or stack[-1] is None:
                raise InputError("there are channels outside of any joint", _DAMAGED)
            joints[stack[-1]].channels = channels
    if stack:
        raise InputError(f"the hierarchy ends within {len(stack)} open braces", _DAMAGED)
    return joints


def _channels(words: Iterator[str]) -> tuple[str, ...]:
    count = _word(words, "the number of channels")
    if count not in _COUNTS:
        raise InputError(f"'{count}' is no number of channels, from 0 to 6", _DAMAGED)
    names = tuple(_word(words, "a channel") for _ in range(int(count)))
    for name in names:
        if name not in _CHANNELS:
            raise InputError(f"'{name}' is no channel", f"they are {', '.join(_CHANNELS)}")
    return names


def _word(words: Iterator[str], what: str) -> str:
    word = next(words, None)
    if word is None:
        raise InputError(f"the hierarchy ends where {what} should be", _DAMAGED)
    return word


def _number(word: str, what: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"'{word[:_LONGEST]}' is no number, where {what} should be", _DAMAGED)
    return number


def _numbers(words: list[str]) -> np.ndarray:
    try:
        values = np.array(words, np.float64)
    except ValueError:
        values = np.array(np.nan)
    if not np.isfinite(values).all():
        for word in words:
            _number(word, "one of the motion")
    return values


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
