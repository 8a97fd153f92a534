"""2D keypoints made wrong the way estimators make them wrong, with scores that half admit it.

All errors are in body sizes (`lift.inputs.body_size`), since an estimator's crop scales with the
person. Shapes: keypoints (B, F, 17, 2), scores (B, F, 17), times (B, F).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotvid.lift.inputs import body_size

# Wrists and ankles err most, the trunk least: the order of every estimator's per-joint error.
_JOINT_NOISE = np.array(
    [0.7, 0.8, 1.0, 1.2, 0.8, 1.0, 1.2, 0.6, 0.7, 0.8, 1.1, 0.8, 1.1, 1.4, 0.8, 1.1, 1.4]
)
_LIMBS = (
    (2, 3),
    (5, 6),
    (12, 13),
    (15, 16),
    (2, 3, 5, 6),
    (13,),
    (16,),
    (3,),
    (6,),
    (12, 13, 15, 16),
)
_LEG_SWAP = ((1, 4), (2, 5), (3, 6))
_ARM_SWAP = ((11, 14), (12, 15), (13, 16))


@dataclass(frozen=True)
class CorruptionConfig:
    """How wrong; sizes are standard deviations in body sizes, chances are per clip."""

    jitter: float = 0.006  # new in every frame
    drift: float = 0.014  # wanders over tenths of a second
    bias: float = 0.014  # the same all through a clip: an estimator's own idea of a joint
    lost: float = 0.09  # while a limb is hidden
    lost_chance: float = 0.12  # for each limb of the list
    swap_chance: float = 0.06  # left and right exchanged for a while: legs, arms, or both
    missing_chance: float = 0.06  # joints not reported at all for a while
    cropped_chance: float = 0.06  # legs outside of the picture all through
    plain_scores: float = 0.12  # the estimator says 1 whatever happens


def _episode(rng: np.random.Generator, shape: tuple[int, int], chance: float) -> np.ndarray:
    """(B, F) bool: in some clips one stretch of frames, often short, sometimes all of it."""
    batch, frames = shape
    length = np.ceil(frames * rng.random(batch) ** 2 + 1)
    start = rng.integers(-frames // 3, frames, batch)
    at = np.arange(frames)[None]
    inside = (at >= start[:, None]) & (at < (start + length)[:, None])
    return inside & (rng.random(batch) < chance)[:, None]


def _wander(rng: np.random.Generator, time_s: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Unit-variance first-order noise (B, F, ...) with a correlation time of its own per clip."""
    batch, frames = time_s.shape
    tau = np.exp(rng.uniform(np.log(0.08), np.log(1.2), batch))
    keep = np.exp(-np.abs(np.diff(time_s, axis=1)) / tau[:, None])
    white = rng.standard_normal((batch, frames, *shape)).astype(np.float32)
    extra = (batch,) + (1,) * len(shape)
    for f in range(1, frames):
        k = keep[:, f - 1].reshape(extra)
        white[:, f] = k * white[:, f - 1] + np.sqrt(1 - k * k) * white[:, f]
    return white


def _swap(xy: np.ndarray, pairs: tuple[tuple[int, int], ...], when: np.ndarray) -> None:
    for a, b in pairs:
        first = xy[:, :, a].copy()
        xy[:, :, a] = np.where(when[..., None], xy[:, :, b], first)
        xy[:, :, b] = np.where(when[..., None], first, xy[:, :, b])


def corrupt(
    rng: np.random.Generator, xy: np.ndarray, time_s: np.ndarray, config: CorruptionConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the keypoints as an estimator would give them, and its scores."""
    batch, frames = time_s.shape
    size = body_size(xy, np.ones(xy.shape[:3]))[:, None, None, None]
    level = np.exp(0.6 * rng.standard_normal((batch, 1, 1, 1)))
    joint = _JOINT_NOISE[None, None, :, None]
    error = config.jitter * level * joint * rng.standard_normal(xy.shape)
    error += config.drift * level * joint * _wander(rng, time_s, (17, 2))
    bias = config.bias * joint * rng.standard_normal((batch, 1, 17, 2))

    lost = np.zeros((batch, frames, 17), bool)
    for limb in _LIMBS:
        lost[:, :, limb] |= _episode(rng, (batch, frames), config.lost_chance)[..., None]
    cropped = rng.random(batch) < config.cropped_chance
    lost[:, :, (2, 3, 5, 6)] |= cropped[:, None, None]
    depth = np.exp(0.5 * rng.standard_normal((batch, 1, 1, 1)))
    error += lost[..., None] * config.lost * depth * _wander(rng, time_s, (17, 2))

    out = xy + error * size
    legs = _episode(rng, (batch, frames), config.swap_chance)
    arms = _episode(rng, (batch, frames), config.swap_chance)
    whole = _episode(rng, (batch, frames), config.swap_chance / 2)
    _swap(out, _LEG_SWAP, legs | whole)
    _swap(out, _ARM_SWAP, arms | whole)
    out += bias * size

    score = _scores(rng, np.linalg.norm(out - xy, axis=-1) / size[..., 0], lost, time_s, config)
    missing = _missing(rng, (batch, frames), config)
    out, score = _hold(out, score, missing)
    return out, score


def _scores(
    rng: np.random.Generator,
    error: np.ndarray,
    lost: np.ndarray,
    time_s: np.ndarray,
    config: CorruptionConfig,
) -> np.ndarray:
    batch = len(error)
    strict = np.exp(rng.uniform(np.log(8), np.log(30), (batch, 1, 1)))
    logit = rng.normal(3.2, 0.6, (batch, 1, 1)) - strict * error - 1.2 * lost
    logit = logit + 0.7 * _wander(rng, time_s, (17,))
    score = 1 / (1 + np.exp(-logit))
    plain = rng.random(batch) < config.plain_scores
    return np.where(plain[:, None, None], 1.0, score)


def _missing(
    rng: np.random.Generator, shape: tuple[int, int], config: CorruptionConfig
) -> np.ndarray:
    missing = np.zeros((*shape, 17), bool)
    for limb in _LIMBS:
        missing[:, :, limb] |= _episode(rng, shape, config.missing_chance / 3)[..., None]
    return missing | _episode(rng, shape, config.missing_chance)[..., None]


def _hold(xy: np.ndarray, score: np.ndarray, missing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Missing joints as inference fills them: the line between the neighbours seen, score 0."""
    batch, frames, joints = missing.shape
    at = np.arange(frames)[None, :, None]
    before = np.maximum.accumulate(np.where(missing, -1, at), 1)
    after = np.minimum.accumulate(np.where(missing, frames, at)[:, ::-1], 1)[:, ::-1]
    first = np.where(before < 0, after, before).clip(0, frames - 1)
    last = np.where(after >= frames, before, after).clip(0, frames - 1)
    span = np.maximum(last - first, 1)
    share = ((at - first) / span).clip(0, 1)[..., None]
    b, j = np.arange(batch)[:, None, None], np.arange(joints)[None, None]
    filled = xy[b, first, j] * (1 - share) + xy[b, last, j] * share
    never = missing.all(1, keepdims=True)
    filled = np.where(never[..., None], xy.mean(2, keepdims=True), filled)
    return np.where(missing[..., None], filled, xy), np.where(missing, 0.0, score)
