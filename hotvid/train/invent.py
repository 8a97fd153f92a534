"""Motions that nobody made: trunks, arms and legs that go smoothly from one random pose to another.

A quarter of an hour of captured motion holds few ways to hold an arm. Here every joint goes through
key poses drawn within the limits of the human body, at a tempo of the clip's own, with rests in
between. Feet may leave the floor and arms pass through the trunk: what is to be learned of these
clips is how limbs look, not what people do with them.

Arrays are (B, F, 17, 3), metres, y up, H36M-17; axes of trunks are [left, up, forward].
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation

from hotvid.train.augment import chest_axes, pelvis_axes
from hotvid.train.motions import fill_torso

_TEMPO_S = (0.3, 2.5)  # from one key pose to the next
_LEFT_ARM, _RIGHT_ARM = (11, 12, 13), (14, 15, 16)
_LEFT_LEG, _RIGHT_LEG = (4, 5, 6), (1, 2, 3)
_UPPER_BODY = (8, 9, 10, 11, 12, 13, 14, 15, 16)
_TO_THE_RIGHT = np.array([-1.0, 1.0, 1.0])  # a left limb's direction as the right one's
_MOST_OPPOSITE = -0.5  # cosine between two key poses of an upper arm
_ALIKE = 0.35  # share of clips in which both limbs do the same

KeyPoses = Callable[[np.random.Generator, int], np.ndarray]
"""How many -> key poses (n, K) of one limb, numbers that may be interpolated."""


def invent(
    rng: np.random.Generator, xyz: np.ndarray, time_s: np.ndarray, chance: float
) -> np.ndarray:
    """Motions with invented trunks, arms and legs, each in `chance` of the clips.

    time_s  (B, F) seconds.
    """
    if chance <= 0:
        return xyz  # and draws nothing, so that a stream without is as it ever was
    out, batch = xyz.copy(), len(xyz)
    trunks = np.flatnonzero(rng.random(batch) < chance)
    if len(trunks):
        out[trunks] = _bend_trunk(rng, out[trunks], time_s[trunks])
    for pair, poses, directions, axes in (
        ((_LEFT_ARM, _RIGHT_ARM), _arm_poses, _arm_directions, chest_axes),
        ((_LEFT_LEG, _RIGHT_LEG), _leg_poses, _leg_directions, pelvis_axes),
    ):
        chosen = np.flatnonzero(rng.random(batch) < chance)
        if len(chosen):
            clips = out[chosen]
            _move_pair(rng, clips, time_s[chosen], pair, poses, directions, axes)
            out[chosen] = clips
    return out


def _move_pair(
    rng: np.random.Generator,
    xyz: np.ndarray,
    time_s: np.ndarray,
    pair: tuple[tuple[int, int, int], tuple[int, int, int]],
    poses: KeyPoses,
    directions: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    axes: Callable[[np.ndarray], np.ndarray],
) -> None:
    """Both limbs, or one of them, in place."""
    trunk = axes(xyz)
    batch = len(xyz)
    first = _way(rng, time_s, poses)
    alike = rng.random(batch) < _ALIKE
    second = np.where(alike[:, None, None], first, _way(rng, time_s, poses))
    which = rng.integers(0, 4, batch)  # 0: left only, 1: right only, else both
    for limb, way, side, other in zip(
        pair, (first, second), (np.ones(3), _TO_THE_RIGHT), (1, 0), strict=True
    ):
        moved = which != other
        pivot, middle, end = limb
        upper, lower = (
            (trunk @ (d * side)[..., None])[..., 0].astype(xyz.dtype) for d in directions(way)
        )
        lengths = [
            np.linalg.norm(xyz[:, :, b] - xyz[:, :, a], axis=-1, keepdims=True)
            for a, b in ((pivot, middle), (middle, end))
        ]
        knee = xyz[:, :, pivot] + upper * lengths[0]
        foot = knee + lower * lengths[1]
        xyz[moved, :, middle], xyz[moved, :, end] = knee[moved], foot[moved]


def _bend_trunk(rng: np.random.Generator, xyz: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """All above the pelvis turned about it: bent forward or aside, or twisted."""
    axes = pelvis_axes(xyz)
    angles = np.radians(_way(rng, time_s, _trunk_poses))
    # About [left, up, forward] a bend forward is a positive turn: up goes forward.
    turn = Rotation.from_rotvec(angles.reshape(-1, 3)).as_matrix().reshape(*angles.shape, 3)
    turn = axes @ turn @ np.swapaxes(axes, -1, -2)
    pelvis = xyz[:, :, :1]
    out = xyz.copy()
    upper = xyz[:, :, _UPPER_BODY] - pelvis
    out[:, :, _UPPER_BODY] = (upper @ np.swapaxes(turn, -1, -2) + pelvis).astype(xyz.dtype)
    return fill_torso(out)


def _way(rng: np.random.Generator, time_s: np.ndarray, poses: KeyPoses) -> np.ndarray:
    """(B, F, K): from key pose to key pose, resting at each for a share of the time."""
    rows = []
    for times in time_s:
        tempo = np.exp(rng.uniform(*np.log(_TEMPO_S)))
        n_keys = int((times[-1] - times[0]) / tempo * 1.6) + 3
        keys = poses(rng, n_keys)
        steps = tempo * np.exp(rng.uniform(-0.4, 0.4, n_keys))
        at = times[0] - steps[0] * rng.random() + np.concatenate([[0], np.cumsum(steps[1:])])
        low = np.clip(np.searchsorted(at, times, "right") - 1, 0, n_keys - 2)
        share = np.clip((times - at[low]) / (at[low + 1] - at[low]), 0, 1)
        rest = rng.uniform(0, 0.6)
        share = np.clip(share - rest, 0, None) / (1 - rest)
        share = (share * share * (3 - 2 * share))[:, None]
        rows.append(keys[low] * (1 - share) + keys[low + 1] * share)
    return np.stack(rows)


def _either(
    rng: np.random.Generator, n: int, chance: float, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    return np.where(rng.random(n) < chance, first, second)


def _trunk_poses(rng: np.random.Generator, n: int) -> np.ndarray:
    """(n, 3) degrees about the left, the up and the forward axis: bend, twist, lean."""
    bend = _either(rng, n, 0.5, rng.normal(5, 8, n), rng.uniform(-15, 80, n))
    return np.stack([bend, rng.normal(0, 18, n), rng.normal(0, 12, n)], -1)


def _arm_poses(rng: np.random.Generator, n: int) -> np.ndarray:
    """(n, 5): the left upper arm's direction, the elbow's flexion and the upper arm's turn inward
    about itself, degrees."""
    low = rng.standard_normal((n, 3)) * [0.35, 0.1, 0.3] + [0.2, -1, 0.05]
    any_way = _unit(rng.standard_normal((n, 3)))
    # An arm goes neither far back nor far across the chest.
    any_way[:, 2] = np.where(any_way[:, 2] < -0.4, -any_way[:, 2], any_way[:, 2])
    any_way[:, 0] = np.where(any_way[:, 0] < -0.4, -any_way[:, 0], any_way[:, 0])
    upper = np.where((rng.random(n) < 0.4)[:, None], _unit(low), _unit(any_way))
    # The way between two that point nearly opposite would be a jump.
    for before, after in pairwise(upper):
        aside = after - (after @ before) * before
        if after @ before < _MOST_OPPOSITE:
            after[:] = _MOST_OPPOSITE * before + np.sqrt(1 - _MOST_OPPOSITE**2) * _unit(aside)
    flexion = _either(rng, n, 0.4, rng.uniform(0, 30, n), rng.uniform(0, 145, n))
    return np.column_stack([upper, flexion, rng.uniform(-45, 90, n)])


def _arm_directions(way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit directions (B, F, 3) of a left upper arm and forearm in the chest's axes."""
    upper = _unit(way[..., :3])
    flexion, inward = np.radians(way[..., 3:4]), np.radians(way[..., 4:5])
    # An arm that hangs bends forward, or across the belly; the least turn that takes it from
    # there to where it is takes the bend along.
    bend = np.concatenate([-np.sin(inward), np.zeros_like(inward), np.cos(inward)], -1)
    down = np.array([0.0, -1.0, 0.0])
    middle = _unit(upper + down + [0, 0, 1e-3])
    for mirror in (down, middle):  # two reflections are a turn
        bend = bend - 2 * (bend * mirror).sum(-1, keepdims=True) * mirror
    return upper, _unit(np.cos(flexion) * upper + np.sin(flexion) * bend)


def _leg_poses(rng: np.random.Generator, n: int) -> np.ndarray:
    """(n, 4) degrees: the left hip's flexion, abduction and turn outward, the knee's flexion."""
    stands = rng.random(n) < 0.4
    flexion = np.where(stands, rng.normal(4, 8, n), rng.uniform(-25, 110, n))
    abduction = np.where(stands, rng.normal(4, 5, n), rng.uniform(-10, 45, n))
    knee = np.where(rng.random(n) < 0.4, rng.uniform(0, 20, n), rng.uniform(0, 125, n))
    return np.stack([flexion, abduction, rng.uniform(-25, 40, n), knee], -1)


def _leg_directions(way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit directions (B, F, 3) of a left thigh and shin in the pelvis's axes."""
    flexion, abduction, outward, knee = (a[..., None] for a in np.moveaxis(np.radians(way), -1, 0))
    zero = np.zeros_like(knee)
    # Turned about the thigh, then flexed about the left axis, then abducted about the forward one.
    thigh = np.concatenate([zero, zero - 1, zero], -1)
    shin = np.concatenate(
        [-np.sin(knee) * np.sin(outward), -np.cos(knee), -np.sin(knee) * np.cos(outward)], -1
    )
    return _hip_turn(thigh, flexion, abduction), _hip_turn(shin, flexion, abduction)


def _hip_turn(v: np.ndarray, flexion: np.ndarray, abduction: np.ndarray) -> np.ndarray:
    x, y, z = v[..., :1], v[..., 1:2], v[..., 2:]
    y, z = np.cos(flexion) * y + np.sin(flexion) * z, np.cos(flexion) * z - np.sin(flexion) * y
    c, s = np.cos(abduction), np.sin(abduction)
    return np.concatenate([c * x - s * y, c * y + s * x, z], -1)


def _unit(v: np.ndarray) -> np.ndarray:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-6)
