"""Where everyone stands in the 3D plot, decided once for the clip.

Plot axes: [right, away, up], metres, the floor at up = 0: the axes [x right, y down, z forward] of
the camera, or of a level one in its place, seen as a viewer beside it would name them. People who
stand close enough are shown as measured. Where that would make them tiny, the ground between them
is shortened and the bodies are not, and `Scene.metric` is False.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from hotvid.series import bridged
from hotvid.skeleton import H36M17
from hotvid.types import Motion3D, WorldFrame, WorldMotion

# Depth from one camera is body size over picture size, and so shakes as the size does.
_DEPTH_SMOOTH_S = 0.3
# In a panel 1000 pixels wide, a grown person in a scene of this size is 170 pixels tall.
_MOST_M = np.array([8.0, 6.0, 5.0])
_LEAST_M = np.array([2.4, 1.8, 2.0])
_GAP_M = 1.5  # of empty ground left between groups in depth, where ground is shortened
_LEAST_SPREAD = 0.5  # people side by side in a far group come no closer than this share
_PAD_M = 0.25
_ANKLE_M, _PELVIS_M = 0.08, 0.95  # above the sole, of who stands
_SUNK_M = 0.2  # below the floor by mistake; who is deeper under it is shown there
_SAMPLES = 2000  # frames of a person that the bounds are fitted to
_SOMEWHERE_M = np.array([0.0, 0.0, 4.0])  # before the camera: who was never placed
_FEET = (H36M17.index("right_ankle"), H36M17.index("left_ankle"))


@dataclass(frozen=True)
class Scene:
    """The plot's bounds, and each person's path through it.

    low, high  (3,) plot axes, metres.
    metric     False where distances between people were shortened.
    places     for each motion (F, 3) float32, plot axes: the pelvis.
    """

    low: np.ndarray
    high: np.ndarray
    metric: bool
    places: tuple[np.ndarray, ...]


def drawn_aspect(scene: Scene, azimuth_deg: float, elevation_deg: float) -> float:
    """Width by height of the scene as it is drawn from these angles, without perspective."""
    right, away, up = scene.high - scene.low
    turn, lift = np.radians(azimuth_deg), np.radians(elevation_deg)
    width = right * abs(np.sin(turn)) + away * abs(np.cos(turn))
    depth = right * abs(np.cos(turn)) + away * abs(np.sin(turn))
    return float(width / (up * abs(np.cos(lift)) + depth * abs(np.sin(lift))))


def to_plot(xyz_m: np.ndarray) -> np.ndarray:
    """Camera axes (..., 3) [right, down, forward] to plot axes [right, away, up]."""
    return np.stack([xyz_m[..., 0], xyz_m[..., 2], -xyz_m[..., 1]], -1)


def levelled(world: WorldMotion, frame: WorldFrame) -> Motion3D:
    """The motion as a level camera at the same place would see it: axes [right, down, forward]."""
    seen = (world.xyz_m - frame.camera_m.astype(np.float32)) * np.float32([1, -1, -1])
    root = seen[:, 0].copy()
    seen -= root[:, None]
    return Motion3D(seen, root)


def arrange(motions: Sequence[Motion3D], fps: float, floor_m: float | None = None) -> Scene:
    """Fit the scene to all `motions`, robustly: a few wild frames do not widen it.

    floor_m  the floor's height in plot axes, where it is known; the motions are then those of a
             level camera, and their paths are taken as they are: feet on that floor stand still.
    """
    if not motions:
        return Scene(np.array([-1.5, 0.0, 0.0]), np.array([1.5, 3.0, 2.0]), True, ())
    if floor_m is None:
        paths = [to_plot(steady_path(m.root_m, fps)) for m in motions]
    else:
        # A level camera in the place of one that looks down has people under and behind it.
        paths = [to_plot(_whole_path(m.root_m)) for m in motions]
    bodies = [to_plot(m.xyz_m[:: max(1, len(m.xyz_m) // _SAMPLES)]) for m in motions]
    bounds = [_bounds(p, b) for p, b in zip(paths, bodies, strict=True)]
    low, high = _around(bounds)
    metric = bool((high - low <= _MOST_M).all())
    if not metric:
        paths = _close_gaps(paths, bounds, level=floor_m is None)
        bounds = [_bounds(p, b) for p, b in zip(paths, bodies, strict=True)]
        paths = _shrink_ground(paths, bounds, floor_m)
        bounds = [_bounds(p, b) for p, b in zip(paths, bodies, strict=True)]
        low, high = _around(bounds)
    floor = low[2] if floor_m is None else floor_m
    low[2] = floor
    low, high = _padded(low, high)
    low[2] = min([floor, *(d for d in map(_depth, paths, bodies) if d < floor - _SUNK_M)])
    paths = [np.clip(p, low - 0.5, high + 0.5) - [0, 0, floor] for p in paths]
    low, high = low - [0, 0, floor], high - [0, 0, floor]
    return Scene(low, high, metric, tuple(p.astype(np.float32) for p in paths))


def steady_path(root_m: np.ndarray, fps: float) -> np.ndarray:
    """The pelvis's path (F, 3) in camera axes with its depth smoothed along the line of sight.

    The direction from the camera is kept exactly, so jumps and steps stay; NaN is bridged.
    """
    behind = ~(root_m[:, 2:] > 0.1)
    filled = _whole_path(np.where(behind, np.nan, root_m))
    depth = filled[:, 2:]
    sigma = _DEPTH_SMOOTH_S * max(fps, 1.0)
    return filled / depth * gaussian_filter1d(depth, sigma, axis=0, mode="nearest")


def _whole_path(root_m: np.ndarray) -> np.ndarray:
    """The path (F, 3) with straight lines through what is unknown; in one place if all is."""
    known = np.isfinite(root_m).all(-1, keepdims=True)
    if not known.any():
        return np.tile(_SOMEWHERE_M, (len(root_m), 1))
    return bridged(np.where(known, root_m, np.nan))


def _bounds(path: np.ndarray, body: np.ndarray) -> np.ndarray:
    """(2, 3) the least and most of one person's joints, without the wildest frames.

    The least up is the floor under the person: where the lower foot mostly is at its lowest.
    """
    points = path[:: max(1, len(path) // _SAMPLES), None] + body
    flat = points.reshape(-1, 3)
    flat = flat[np.isfinite(flat).all(-1)]
    if not len(flat):
        flat = path
    low, high = np.percentile(flat, [2, 98], axis=0)
    high[2] = np.percentile(flat[:, 2], 99.5)
    feet = points[:, _FEET, 2].min(1)
    feet = feet[np.isfinite(feet)]
    if len(feet):
        low[2] = np.percentile(feet, 10) - _ANKLE_M
    return np.stack([low, high])


def _depth(path: np.ndarray, body: np.ndarray) -> float:
    """How low one person's joints come, without the wildest frames; NaN if nothing is known."""
    up = path[:: max(1, len(path) // _SAMPLES), None, 2] + body[..., 2]
    up = up[np.isfinite(up)]
    return float(np.percentile(up, 1)) if len(up) else float("nan")


def _around(bounds: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    stacked = np.stack(bounds)
    return stacked[:, 0].min(0), stacked[:, 1].max(0)


def _close_gaps(paths: list[np.ndarray], bounds: list[np.ndarray], level: bool) -> list[np.ndarray]:
    """Groups of people far apart in depth, drawn together along their lines of sight.

    A group moves as one towards the nearest group and sideways in proportion, so it stays where
    the picture shows it; inside, people come closer too, but not so close as to hide each other.
    level  each group's floor is brought to the common floor: as long as no floor is known, a camera
           that looks down would otherwise have far people float.
    """
    order = np.argsort([b[0, 1] for b in bounds])
    groups: list[list[int]] = []
    reach = -np.inf
    for i in order:
        if not groups or bounds[i][0, 1] - reach > _GAP_M:
            groups.append([])
        groups[-1].append(int(i))
        reach = max(reach, bounds[i][1, 1])
    out = list(paths)
    floor = min(bounds[i][0, 2] for i in groups[0])
    end = max(bounds[i][1, 1] for i in groups[0])
    for group in groups[1:]:
        near = min(bounds[i][0, 1] for i in group)
        far = max(bounds[i][1, 1] for i in group)
        centre = float(np.mean([np.median(paths[i][:, 0]) for i in group]))
        depth = float(np.mean([np.median(paths[i][:, 1]) for i in group]))
        move = end + _GAP_M - near
        lift = floor - min(bounds[i][0, 2] for i in group) if level else 0.0
        nearer = max(depth + move, 0.1) / max(depth, 0.1)
        spread = max(nearer, _LEAST_SPREAD)
        for i in group:
            right = centre * nearer + (paths[i][:, 0] - centre) * spread
            out[i] = np.column_stack([right, paths[i][:, 1] + move, paths[i][:, 2] + lift])
        end = far + move
    return out


def _shrink_ground(
    paths: list[np.ndarray], bounds: list[np.ndarray], floor_m: float | None
) -> list[np.ndarray]:
    """All paths scaled alike about the scene's middle where the scene is still too large.

    Heights are scaled about that of the pelvis of who stands on the floor, or of the lowest.
    """
    low, high = _around(bounds)
    factor = np.minimum(1, _MOST_M / np.maximum(high - low, 1e-6))
    ground = float(factor[:2].min())
    if floor_m is None:
        pelvis = min(float(np.percentile(p[:, 2], 10)) for p in paths)
    else:
        pelvis = floor_m + _PELVIS_M
    centre = np.array([*(low + high)[:2] / 2, pelvis])
    return [centre + (p - centre) * [ground, ground, factor[2]] for p in paths]


def _padded(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bounds with a margin, and no side shorter than a person needs."""
    short = np.maximum(_LEAST_M - (high - low) - 2 * _PAD_M, 0) / 2 + _PAD_M
    return low - short, high + short * [1, 1, 2]
