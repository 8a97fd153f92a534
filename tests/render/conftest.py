"""A small walking person, seen by a level camera, to draw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hotvid.geometry import assumed_focal_px, project
from hotvid.types import ModelsUsed, Motion3D, Person, Poses, Track2D, VideoInfo

# A standing person seen from behind, in camera axes about the pelvis: the left is at -x.
_STANDING = np.array(
    [
        [0, 0, 0],
        [0.13, 0, 0],
        [0.14, 0.45, 0],
        [0.14, 0.9, 0],
        [-0.13, 0, 0],
        [-0.14, 0.45, 0],
        [-0.14, 0.9, 0],
        [0, -0.25, 0],
        [0, -0.5, 0],
        [0, -0.62, 0.1],
        [0, -0.8, 0.05],
        [-0.18, -0.5, 0],
        [-0.3, -0.25, 0],
        [-0.35, 0, 0],
        [0.18, -0.5, 0],
        [0.3, -0.25, 0],
        [0.35, 0, 0],
    ],
    np.float32,
)


@pytest.fixture
def make_person() -> Callable[..., Person]:
    """make_person(track_id, size_px, start, step, n_frames, first, score, lifted) -> Person."""

    def make(
        track_id: int = 0,
        size_px: tuple[int, int] = (640, 480),
        start: tuple[float, float, float] = (0.0, 0.3, 4.0),
        step: tuple[float, float, float] = (0.0, 0.0, 0.0),
        n_frames: int = 20,
        first: int = 0,
        score: float = 1.0,
        lifted: bool = True,
    ) -> Person:
        t = np.arange(n_frames, dtype=np.float32)[:, None]
        root = (np.array(start) + t * np.array(step)).astype(np.float32)
        xyz = np.repeat(_STANDING[None], n_frames, 0)
        xyz[:, [3, 6], 2] += 0.2 * np.sin(t / 3) * [1, -1]
        xy = project(xyz + root[:, None], assumed_focal_px(size_px), size_px).astype(np.float32)
        track = Track2D(
            track_id=track_id,
            joint_set="h36m17",
            frame_index=np.arange(first, first + n_frames),
            xy_px=xy,
            score=np.full((n_frames, 17), score, np.float32),
            box_px=np.concatenate([xy.min(1), xy.max(1)], 1),
            person_score=np.ones(n_frames, np.float32),
            interpolated=np.zeros(n_frames, bool),
        )
        return Person(track, track, Motion3D(xyz, root) if lifted else None)

    return make


@pytest.fixture
def make_poses() -> Callable[..., Poses]:
    """make_poses(people, size_px, n_frames) -> Poses at 30 frames a second."""

    def make(
        people: list[Person], size_px: tuple[int, int] = (640, 480), n_frames: int = 20
    ) -> Poses:
        return Poses(
            video=VideoInfo("clip.mp4", *size_px, fps=30.0),
            first_frame=0,
            pts_s=np.arange(n_frames) / 30,
            people=tuple(people),
            models=ModelsUsed("blazepose"),
        )

    return make
