"""Pose stores as sources: everything but the estimating, in milliseconds."""

from dataclasses import replace

import numpy as np
import pytest

from hotvid.batch.settings import settle
from hotvid.io.pose_store import save_poses
from hotvid.types import ModelsUsed, Motion3D, Person, Poses, Track2D, VideoInfo


def some_poses(n_frames=12, n_people=1, seed=0):
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


@pytest.fixture
def make_store():
    """make_store(path, **how): a pose store of `some_poses`, its folders made."""

    def make(path, **how):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_poses(some_poses(**how), path, overwrite=True)
        return path

    return make


@pytest.fixture(scope="session")
def as_json():
    """Settings that make JSON of everything, and nothing else."""
    return settle({}, ("json",))
