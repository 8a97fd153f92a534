"""Poses made of numbers: two people who walk, one of whom comes later and loses a joint."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hotvid.post.bones import fit_bones
from hotvid.post.world import place_in_world
from hotvid.skeleton import BLAZEPOSE33, H36M17, JOINT_SETS, to_h36m17
from hotvid.types import ModelsUsed, Motion3D, Person, Poses, Track2D, VideoInfo

FIRST, N_FRAMES, FPS = 5, 12, 25.0
VIDEO = VideoInfo("clips/a walk.mp4", 640, 480, FPS, 100, 4.0, True)

# Standing, arms a little away, H36M-17, metres in camera axes [right, down, forward], seen from
# the front: the person's left is on the picture's right.
STANDING_M = np.array(
    [
        (0, 0, 0), (-0.1, 0, 0), (-0.11, 0.42, -0.02), (-0.12, 0.83, 0.03), (0.1, 0, 0),
        (0.11, 0.42, -0.02), (0.12, 0.83, 0.03), (0, -0.25, 0.01), (0, -0.5, 0), (0, -0.62, -0.1),
        (0, -0.77, -0.02), (0.17, -0.48, 0), (0.22, -0.2, 0.03), (0.25, 0.05, -0.03),
        (-0.17, -0.48, 0), (-0.22, -0.2, 0.03), (-0.25, 0.05, -0.03),
    ]
)  # fmt: skip


def motion(n: int, x_m: float, step_hz: float = 1.0) -> Motion3D:
    """Someone who walks towards the camera, x_m right of its middle."""
    t = np.arange(n) / FPS
    swing = np.sin(2 * np.pi * step_hz * t)[:, None]
    xyz = np.tile(STANDING_M, (n, 1, 1))
    for joints, sign in (((2, 3, 12, 13), 1.0), ((5, 6, 15, 16), -1.0)):
        xyz[:, joints, 2] += sign * swing * [0.12, 0.25, 0.1, 0.18]
    root = np.stack([np.full(n, x_m), 0.1 + 0.02 * swing[:, 0], 5 - t], -1)
    return Motion3D(xyz.astype(np.float32), root.astype(np.float32))


def track(track_id: int, start: int, n: int, joint_set: str = "blazepose33") -> Track2D:
    """Every joint is at a place of its own: (100 * joint + frame, 10 * joint)."""
    joints, index = len(JOINT_SETS[joint_set]), np.arange(start, start + n)
    xy = np.zeros((n, joints, 2), np.float32)
    xy[..., 0] = 100 * np.arange(joints) + index[:, None]
    xy[..., 1] = 10 * np.arange(joints)
    score = 0.5 + np.arange(joints, dtype=np.float32) / 100
    return Track2D(
        track_id=track_id,
        joint_set=joint_set,
        frame_index=index,
        xy_px=xy,
        score=np.tile(score, (n, 1)),
        box_px=np.tile(np.array([10, 20, 110, 220], np.float32), (n, 1)),
        person_score=np.full(n, 0.9, np.float32),
        interpolated=index % 4 == 0,
    )


def person(track_id: int, start: int, n: int, joint_set: str = BLAZEPOSE33.name) -> Person:
    detected = track(track_id, start, n, joint_set)
    xy, score = to_h36m17(detected.xy_px, detected.score, joint_set)
    flat = replace(detected, joint_set=H36M17.name, xy_px=xy, score=score)
    return Person(detected, flat, motion(n, x_m=0.5 * track_id))


def two_people(joint_set: str = BLAZEPOSE33.name) -> Poses:
    """Person 0 in all 12 frames; person 3 in frames 8 to 13, without a right wrist in frame 9."""
    first, second = person(0, FIRST, N_FRAMES, joint_set), person(3, FIRST + 3, 6, joint_set)
    xyz = second.motion.xyz_m.copy()
    xyz[1, H36M17.index("right_wrist")] = np.nan
    second = replace(second, motion=replace(second.motion, xyz_m=xyz))
    return place_in_world(
        Poses(
            video=VIDEO,
            first_frame=FIRST,
            pts_s=np.arange(FIRST, FIRST + N_FRAMES) / FPS,
            people=(first, second),
            models=ModelsUsed("blazepose-full", "hot-mixste-s", "0123456789abcdef" * 4),
            warnings=("it breaks off",),
        )
    )


def uneven(poses: Poses) -> Poses:
    """The same with a frame that comes late, as in a video of variable frame rate."""
    pts_s = poses.pts_s.copy()
    pts_s[4] += 0.5 / FPS
    return replace(poses, pts_s=pts_s)


def with_bones(poses: Poses) -> Poses:
    """The same with bones fitted."""
    return replace(
        poses,
        people=tuple(
            replace(p, bones=fit_bones(p.world.xyz_m, p.keypoints.score, FPS)) for p in poses.people
        ),
    )


def only(poses: Poses, track_id: int) -> Poses:
    return replace(poses, people=tuple(p for p in poses.people if p.track_id == track_id))


def moved_to(poses: Poses, track_id: int, row: int) -> Poses:
    """The same with a person whose track begins at a row of what was read."""

    def moved(person: Person) -> Person:
        index = poses.first_frame + row + np.arange(len(person.keypoints))
        tracks = {
            n: replace(getattr(person, n), frame_index=index) for n in ("detected", "keypoints")
        }
        return replace(person, **tracks)

    people = tuple(moved(p) if p.track_id == track_id else p for p in poses.people)
    return replace(poses, people=people)


def in_json(poses: Poses, track_id: int) -> np.ndarray:
    """(F, 17, 3) `keypoints_world` of a person, as hotvid's own JSON has it; NaN for null."""
    from hotvid.stored.poses_json import to_dict

    (found,) = (p for p in to_dict(poses)["people"] if p["id"] == track_id)
    nothing = [[np.nan] * 3] * 17
    return np.array([row["keypoints_world"] or nothing for row in found["frames"]])
