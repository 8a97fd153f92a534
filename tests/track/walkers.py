"""People made of sticks who walk through a picture, and the clips they make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotvid.skeleton import COCO17
from hotvid.types import Keypoints2D

SIZE_PX = (1920, 1080)
HEIGHT_PX = 500.0

# Standing, seen from the front, in body heights from between the feet, y down.
_HEIGHT = {"nose": -0.93, "eye": -0.95, "ear": -0.94, "shoulder": -0.82, "elbow": -0.63} | {
    "wrist": -0.48,
    "hip": -0.53,
    "knee": -0.28,
    "ankle": -0.04,
}
_WIDTH = {"nose": 0.0, "eye": 0.015, "ear": 0.03, "shoulder": 0.07, "elbow": 0.09} | {
    "wrist": 0.09,
    "hip": 0.05,
    "knee": 0.05,
    "ankle": 0.05,
}
_SWING = {"elbow": 0.07, "wrist": 0.14, "knee": 0.1, "ankle": 0.2}


def body(t: np.ndarray, phase: float = 0.0, step_hz: float = 1.0) -> np.ndarray:
    """(F, 17, 2) COCO joints of someone walking on the spot, in body heights."""
    out = np.zeros((len(t), len(COCO17), 2))
    for j, name in enumerate(COCO17.joints):
        side, _, part = name.rpartition("_")
        sign = {"left": 1.0, "right": -1.0}.get(side, 0.0)
        arm = -1.0 if part in ("elbow", "wrist") else 1.0
        swing = _SWING.get(part, 0.0) * np.sin(2 * np.pi * step_hz * t + phase)
        out[:, j, 0] = sign * _WIDTH[part] + sign * arm * swing
        out[:, j, 1] = _HEIGHT[part]
    return out


@dataclass
class Walker:
    """path_px (F, 2) of the point between the feet; seen (F,) whether the 2D model finds them."""

    path_px: np.ndarray
    seen: np.ndarray
    phase: float = 0.0
    height_px: float = HEIGHT_PX
    step_hz: float = 1.0


def times(n: int, fps: float = 30.0) -> np.ndarray:
    return np.arange(n) / fps


def walker(t: np.ndarray, x0: float, x1: float, y: float = 900.0, **options: float) -> Walker:
    """Someone who goes from x0 to x1 over the times given, always seen."""
    share = (t - t[0]) / max(t[-1] - t[0], 1e-9)
    path = np.stack([x0 + (x1 - x0) * share, np.full(len(t), y)], 1)
    return Walker(path, np.ones(len(t), bool), **options)


def joints_px(who: Walker, t: np.ndarray) -> np.ndarray:
    """(F, 17, 2) where the joints really are."""
    return body(t, who.phase, who.step_hz) * who.height_px + who.path_px[:, None]


def film(
    people: list[Walker], t: np.ndarray, seed: int = 0, jitter_px: float = 3.0
) -> tuple[list[Keypoints2D], np.ndarray]:
    """The observations of a clip, people in random order in each frame, and who they are.

    returns  F observations, and (F, P) the person of each place in the frame's list, -1 beyond.
    """
    rng = np.random.default_rng(seed)
    true = [joints_px(who, t) for who in people]
    frames, who_is = [], np.full((len(t), len(people)), -1)
    for f in range(len(t)):
        there = rng.permutation([p for p, who in enumerate(people) if who.seen[f]]).astype(int)
        who_is[f, : len(there)] = there
        frames.append(observe([true[p][f] for p in there], rng, jitter_px))
    return frames, who_is


def observe(
    bodies: list[np.ndarray], rng: np.random.Generator, jitter_px: float = 3.0
) -> Keypoints2D:
    if not bodies:
        return Keypoints2D.nobody("coco17", 17)
    xy = np.stack(bodies) + rng.normal(0, jitter_px, (len(bodies), 17, 2))
    low, high = xy.min(1), xy.max(1)
    return Keypoints2D(
        joint_set="coco17",
        xy_px=xy.astype(np.float32),
        score=rng.uniform(0.7, 1, (len(bodies), 17)).astype(np.float32),
        box_px=np.concatenate([low - 20, high + 20], 1).astype(np.float32),
        person_score=rng.uniform(0.8, 1, len(bodies)).astype(np.float32),
    )
