"""Poses of nobody in particular, for what needs some and no model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hotvid.types import ModelsUsed, Motion3D, Person, Poses, Track2D, VideoInfo


def some_poses(n_frames: int = 12, n_people: int = 1, seed: int = 0) -> Poses:
    """People whose joints are anywhere in a picture of 96x64, in every frame."""
    rng = np.random.default_rng(seed)
    people = []
    for track_id in range(n_people):
        track = Track2D(
            track_id=track_id,
            joint_set="h36m17",
            frame_index=np.arange(n_frames),
            xy_px=rng.uniform(0, 90, (n_frames, 17, 2)).astype(np.float32),
            score=np.full((n_frames, 17), 0.9, np.float32),
            box_px=np.tile(np.float32([0, 0, 90, 60]), (n_frames, 1)),
            person_score=np.full(n_frames, 0.9, np.float32),
            interpolated=np.zeros(n_frames, bool),
        )
        motion = Motion3D(
            rng.normal(size=(n_frames, 17, 3)).astype(np.float32),
            rng.normal(size=(n_frames, 3)).astype(np.float32),
        )
        people.append(Person(track, replace(track), motion))
    return Poses(
        video=VideoInfo("gone.mp4", 96, 64, 30.0, n_frames, n_frames / 30),
        first_frame=0,
        pts_s=np.arange(n_frames) / 30,
        people=tuple(people),
        models=ModelsUsed("stand-in", "stand-in-lifter", "ab" * 32),
    )
