"""Pose stores as sources: everything but the estimating, in milliseconds."""

import pytest
from small_poses import some_poses

from hotvid.batch.settings import make_settings
from hotvid.stored.pose_store import save_poses


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
    return make_settings({}, ("json",))
