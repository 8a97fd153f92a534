"""The world that everyone of a video shares: metres, y up, right-handed, the floor at y = 0.

All of it is estimated from the motion of the people, for a camera that stands still. Up is where
their weight is over their feet (`hotvid.post.gravity`), the floor is one plane through the feet
that stand or, of who runs, touch it (`hotvid.post.floor`), and those that stand keep their place on
it (`hotvid.post.feet`). Where people lie in most frames, as in a turned video, up is the picture's,
and the floor is where they are lowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hotvid.chunks import chunks
from hotvid.config import WorldConfig
from hotvid.geometry import focal_px_of, rays
from hotvid.post.contacts import FEET, SEEN_SCORE, foot_contacts
from hotvid.post.feet import plant_feet
from hotvid.post.floor import Floor, fit_floor, lowest_floor, standing_places, touching_places
from hotvid.post.gravity import nobody_upright, up_direction
from hotvid.post.stature import standing_height_m
from hotvid.post.trajectory import over_ground
from hotvid.rotations import unit
from hotvid.series import bridged
from hotvid.types import Motion3D, Person, Poses, VideoInfo, WorldFrame, WorldMotion

_BEARS_M = 0.2  # below the pelvis: a higher foot is that of who lies, or sits on the ground
_AHEAD, _TOP = np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0])  # of the camera's picture


def place_in_world(poses: Poses, config: WorldConfig | None = None) -> Poses:
    """`poses` with everyone who has 3D motion placed in one world, and the camera in it.

    The camera is above the origin and looks towards -z. People's sizes are set so that all stand on
    one floor, or by the height given (`config.height_m`); their `motion` is resized with them. Each
    shot of a video that is cut has up and floor of its own.
    """
    config = config or WorldConfig()
    solid = [p for p in poses.people if p.motion is not None]
    if not solid:
        return poses
    fps = poses.frame_rate
    first = poses.world is None  # else their paths go over its ground already
    shots = [
        _on_one_floor(people, poses.video, fps, first) for people in _by_shot(solid, poses.cuts)
    ]
    size = _size_by_height([p for shot in shots for p in shot.people], config.height_m)
    frames = [_frame(shot.floor, size, poses.video) for shot in shots]
    placed = {}
    for shot, frame in zip(shots, frames, strict=True):
        for person, contact in zip(shot.people, shot.contacts, strict=True):
            person = _resized(person, size)
            world = _world(person.motion, contact, frame, fps, config)
            placed[person.track_id] = replace(person, world=world, bones=None, angles=None)
    people = tuple(placed.get(p.track_id, p) for p in poses.people)
    most = max(range(len(shots)), key=lambda i: sum(len(p.keypoints) for p in shots[i].people))
    return replace(poses, people=people, world=frames[most])


@dataclass(frozen=True)
class _Shot:
    """The people of one shot, of sizes with which all stand on its floor."""

    people: list[Person]
    contacts: list[np.ndarray]
    floor: Floor


def _by_shot(people: Sequence[Person], cuts: Sequence[int]) -> list[list[Person]]:
    first = [p.keypoints.frame_index[0] if len(p.keypoints) else 0 for p in people]
    number = np.searchsorted(cuts, first, "right").tolist()
    return [[p for p, n in zip(people, number, strict=True) if n == i] for i in sorted(set(number))]


def _on_one_floor(people: Sequence[Person], video: VideoInfo, fps: float, first: bool) -> _Shot:
    bodies = [p.motion.xyz_m for p in people]
    up = up_direction(bodies)
    if first:
        people = [_over_ground(p, up, fps) for p in people]
    if nobody_upright(bodies):
        contacts = [np.zeros((len(b), len(FEET)), bool) for b in bodies]
        floor = lowest_floor([p.motion.root_m[:, None] + p.motion.xyz_m for p in people], up)
    else:
        contacts = [_contacts(p, up, video, fps) for p in people]
        floor = _floor(people, contacts, up, fps)
    sized = [_resized(p, s) for p, s in zip(people, floor.size, strict=True)]
    return _Shot(sized, contacts, floor)


def _over_ground(person: Person, up: np.ndarray, fps: float) -> Person:
    root_m = over_ground(person.motion.root_m, up, fps)
    return replace(person, motion=replace(person.motion, root_m=root_m))


def _floor(
    people: Sequence[Person], contacts: Sequence[np.ndarray], up: np.ndarray, fps: float
) -> Floor:
    feet = [p.motion.root_m[:, None] + p.motion.xyz_m[:, FEET] for p in people]
    bears = [p.motion.xyz_m[:, FEET] @ up < -_BEARS_M for p in people]  # below the pelvis
    seen = [p.keypoints.score[:, FEET] >= SEEN_SCORE for p in people]
    stands = [standing_places(f, c & b, fps) for f, c, b in zip(feet, contacts, bears, strict=True)]
    touches = [
        touching_places(np.where((s & b)[..., None], f, np.nan), up, fps)
        for f, s, b in zip(feet, seen, bears, strict=True)
    ]
    return fit_floor(stands, feet, up, seen, touches, bears)


def _contacts(person: Person, up: np.ndarray, video: VideoInfo, fps: float) -> np.ndarray:
    track, motion = person.keypoints, person.motion
    sight = rays(track.xy_px, focal_px_of(video), (video.width, video.height))
    return foot_contacts(motion.xyz_m, motion.root_m[:, 2], sight, track.score, up, fps)


def _resized(person: Person, size: float) -> Person:
    if size == 1.0:
        return person
    motion, factor = person.motion, np.float32(size)
    motion = Motion3D(
        motion.xyz_m * factor,
        motion.root_m * factor,
        None if motion.apart_m is None else motion.apart_m * factor,
    )
    return replace(person, motion=motion)


def _size_by_height(people: Sequence[Person], height_m: float | None) -> float:
    """What makes the person seen longest whose height is known as tall as given, else 1."""
    if height_m is None:
        return 1.0
    longest_first = sorted(people, key=lambda p: -int((~p.keypoints.interpolated).sum()))
    heights = (standing_height_m(p.motion.xyz_m) for p in longest_first)
    return next((height_m / found for found in heights if 0 < found < np.inf), 1.0)


def _frame(floor: Floor, size: float, video: VideoInfo) -> WorldFrame:
    """World axes: up from the floor, -z where the camera looks, or where its picture's top is."""
    up = floor.up
    ahead = _AHEAD if abs(float(up @ _AHEAD)) < 0.98 else _TOP * -np.sign(up[2])
    back = -unit(ahead - (ahead @ up) * up)
    rotation = np.stack([np.cross(up, back), up, back])
    camera_m = np.array([0.0, floor.height_m * size, 0.0])
    assumed = video.focal_px is None
    return WorldFrame(rotation, camera_m, focal_px_of(video), assumed, floor.n_stands)


def _world(
    motion: Motion3D, contact: np.ndarray, frame: WorldFrame, fps: float, config: WorldConfig
) -> WorldMotion:
    root = bridged(motion.root_m)  # 0 where it was never found: the body moves in place
    known = np.isfinite(motion.xyz_m).all(-1)
    xyz_m = np.empty(motion.xyz_m.shape, np.float32)
    for part in chunks(len(xyz_m)):
        seen = bridged(motion.xyz_m[part]) + root[part, None]
        xyz_m[part] = seen @ frame.rotation.T + frame.camera_m
    if known.any() and not np.isfinite(motion.root_m).all(-1).any():
        xyz_m[..., 1] -= xyz_m[known][:, 1].min()  # on the floor, where bodies are
    contact = contact & known[:, FEET]
    if config.feet:
        xyz_m = plant_feet(xyz_m, contact, fps)
    xyz_m[~known] = np.nan
    return WorldMotion(xyz_m, contact)
