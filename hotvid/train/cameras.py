"""Cameras that see the training motions: heights, distances, lenses, pitch, roll, moving hands.

World axes are right-handed with y up; camera axes are right-handed too: [right, down, forward].
A left-handed camera would train a mirrored human that validates perfectly and fails on every
real video, so the rotations here are built as rotations and checked to be proper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from hotvid.geometry import ASSUMED_HFOV_DEG

# A level camera at azimuth 0 looks along the world's -z: half a turn about x.
_WORLD_TO_CAMERA = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class CameraConfig:
    """Ranges of what the cameras do; angles in degrees, distances in metres."""

    distance_m: tuple[float, float] = (1.8, 14.0)
    hfov_deg: tuple[float, float] = (30.0, 95.0)
    assumed_hfov_deg: float = ASSUMED_HFOV_DEG  # where nobody knows the lens
    known_lens: float = 0.3  # share of clips whose lens is known
    roll_deg: float = 6.0  # a camera on a tripod, nearly level
    wild_roll_deg: float = 35.0  # a camera in a hand
    elevation_deg: tuple[float, float] = (-15.0, 60.0)
    wild: float = 0.45  # share of clips with wild roll; likewise with any elevation
    moving: float = 0.35  # share of clips whose camera turns


@dataclass(frozen=True)
class Views:
    """Motions seen by cameras.

    xyz_m  (B, F, 17, 3), camera axes, not root-relative.
    rays   (B, F, 17, 2), as inference would compute them from pixels: x/z and y/z scaled by the
           ratio of the true to the assumed focal length.
    """

    xyz_m: np.ndarray
    rays: np.ndarray


def camera_rotations(azimuth: np.ndarray, elevation: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """(..., 3, 3) world to camera, radians: from `azimuth` about the vertical, from `elevation`
    above the horizon looking down at the origin, then rolled about the camera's own axis."""
    angles = np.stack([azimuth, elevation, roll], -1)
    flat = angles.reshape(-1, 3)
    yaw = Rotation.from_euler("y", flat[:, :1]).as_matrix()
    pitch = Rotation.from_euler("x", flat[:, 1:2]).as_matrix()
    turn = Rotation.from_euler("z", flat[:, 2:]).as_matrix()
    return (turn @ _WORLD_TO_CAMERA @ pitch @ yaw).reshape(*angles.shape[:-1], 3, 3)


def _smooth_path(rng: np.random.Generator, time_s: np.ndarray, speed: np.ndarray) -> np.ndarray:
    """(B, F) a slow wander: a few sines whose fastest slope is about `speed` units a second."""
    batch = len(speed)
    out = np.zeros_like(time_s)
    for _ in range(3):
        frequency = np.exp(rng.uniform(np.log(0.05), np.log(0.8), (batch, 1)))
        phase = rng.uniform(0, 2 * np.pi, (batch, 1))
        out += np.sin(2 * np.pi * frequency * time_s + phase) / (2 * np.pi * frequency) / 2
    return out * speed[:, None]


def film(
    rng: np.random.Generator, xyz_m: np.ndarray, time_s: np.ndarray, config: CameraConfig
) -> Views:
    """See each clip by a random camera.

    xyz_m   (B, F, 17, 3), world axes, y up, metres.
    time_s  (B, F).
    """
    batch = len(xyz_m)
    centred = xyz_m - xyz_m[:, :, :1].mean(1, keepdims=True)
    azimuth = rng.uniform(0, 2 * np.pi, batch)
    elevation = np.radians(rng.normal(6, 9, batch))
    high = rng.random(batch) < config.wild
    elevation[high] = np.radians(rng.uniform(*config.elevation_deg, batch))[high]
    roll = np.radians(config.roll_deg) * rng.standard_normal(batch)
    handheld = rng.random(batch) < config.wild
    roll[handheld] = np.radians(config.wild_roll_deg * rng.uniform(-1, 1, batch))[handheld]
    seen = centred @ np.swapaxes(camera_rotations(azimuth, elevation, roll), -1, -2)[:, None]

    nearest = -seen[..., 2].min((1, 2))
    distance = np.exp(rng.uniform(*np.log(config.distance_m), batch))
    distance = np.maximum(distance, nearest + 0.9)
    seen[..., 2] += distance[:, None, None]

    hfov = np.radians(rng.uniform(*config.hfov_deg, batch))
    aim = rng.uniform(-0.42, 0.42, (batch, 2)) * hfov[:, None]  # off the axis, in the picture
    speed = np.where(rng.random(batch) < config.moving, rng.uniform(0, 0.4, batch), 0)
    pan = aim[:, :1] + _smooth_path(rng, time_s, speed)
    tilt = aim[:, 1:] + _smooth_path(rng, time_s, speed * 0.6)
    turn = Rotation.from_euler("yx", np.stack([pan, tilt], -1).reshape(-1, 2)).as_matrix()
    seen = seen @ np.swapaxes(turn.reshape(*pan.shape, 3, 3), -1, -2)
    seen[..., 2] = np.maximum(seen[..., 2], 0.3)

    true_focal = 1 / np.tan(hfov / 2)
    assumed = 1 / np.tan(np.radians(config.assumed_hfov_deg) / 2)
    ratio = np.where(rng.random(batch) < config.known_lens, 1.0, true_focal / assumed)
    rays = seen[..., :2] / seen[..., 2:] * ratio[:, None, None, None]
    return Views(seen, rays)
