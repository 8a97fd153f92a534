"""The endless stream of training windows: motions, bodies, cameras, errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hotvid.lift.inputs import body_inputs
from hotvid.train import augment
from hotvid.train.cameras import CameraConfig, film
from hotvid.train.corrupt import CorruptionConfig, corrupt
from hotvid.train.invent import invent
from hotvid.train.motions import Motion


@dataclass(frozen=True)
class StreamConfig:
    """What the windows look like; chances are per clip."""

    rate_hz: tuple[float, float] = (12.0, 75.0)  # frames a second of the video, log-uniform
    speed: tuple[float, float] = (0.75, 1.3)  # of the motion
    bone_spread: float = 0.1
    exchange: float = 0.3
    turn_deg: float = 9.0
    tumble: float = 0.06
    invent: float = 0.25  # each of trunk, arms and legs
    camera: CameraConfig = field(default_factory=CameraConfig)
    corruption: CorruptionConfig = field(default_factory=CorruptionConfig)


@dataclass(frozen=True)
class Windows:
    """A batch.

    inputs    (B, F, 17, 3), as `lift.inputs.body_inputs` makes them.
    xyz_m     (B, F, 17, 3) float32: the truth, pelvis at 0, axes of the virtual cameras.
    rotation  (B, F, 3, 3): virtual camera to camera.
    time_s    (B, F).
    """

    inputs: np.ndarray
    xyz_m: np.ndarray
    rotation: np.ndarray
    time_s: np.ndarray


class WindowStream:
    """Makes batches of windows from motions; a seed gives the same stream again."""

    def __init__(self, motions: Sequence[Motion], config: StreamConfig, seed: int) -> None:
        self._xyz_m = np.concatenate([m.xyz_m for m in motions])
        lengths = np.array([len(m.xyz_m) for m in motions])
        self._length = lengths
        self._start = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self._fps = np.array([m.fps for m in motions])
        # Between "every motion alike" and "every second alike": long motions repeat themselves.
        share = np.sqrt(lengths / self._fps)
        self._share = share / share.sum()
        self._config = config
        self.rng = np.random.default_rng(seed)

    def batch(self, size: int, n_frames: int, stride: int = 1) -> Windows:
        """`size` windows of `n_frames`, every `stride`-th of a video's."""
        rng, config = self.rng, self._config
        rate = np.exp(rng.uniform(*np.log(config.rate_hz), size))
        time_s = stride * np.arange(n_frames)[None] / rate[:, None]
        xyz = self._clips(time_s)
        xyz = augment.exchange_limbs(rng, xyz, self._clips(time_s), config.exchange)
        xyz = invent(rng, xyz, time_s, config.invent)
        xyz = augment.resize_bones(rng, xyz, config.bone_spread)
        xyz = augment.turn_limbs(rng, xyz, config.turn_deg)
        xyz = augment.tilt_bodies(rng, xyz, config.tumble)
        xyz = augment.mirror(xyz, rng.random(size) < 0.5)
        views = film(rng, xyz, time_s, config.camera)
        rays, score = corrupt(rng, views.rays, time_s, config.corruption)
        seen = body_inputs(rays, score)
        relative = views.xyz_m - views.xyz_m[:, :, :1]
        target = (relative @ seen.rotation).astype(np.float32)
        return Windows(seen.inputs, target, seen.rotation, time_s)

    def _clips(self, time_s: np.ndarray) -> np.ndarray:
        """(B, F, 17, 3): stretches of random motions at the given times; short ones swing back."""
        rng, batch = self.rng, len(time_s)
        which = rng.choice(len(self._share), batch, p=self._share)
        speed = np.exp(rng.uniform(*np.log(self._config.speed), batch))
        last = (self._length[which] - 1)[:, None]
        step = time_s * (self._fps[which] * speed)[:, None]
        room = np.maximum(last - step[:, -1:], 0)
        at = rng.random((batch, 1)) * np.where(room > 0, room, last) + step
        at = last - np.abs(last - at % np.maximum(2 * last, 1))
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, last)
        share = (at - low)[..., None, None].astype(np.float32)
        base = self._start[which][:, None]
        return self._xyz_m[base + low] * (1 - share) + self._xyz_m[base + high] * share
