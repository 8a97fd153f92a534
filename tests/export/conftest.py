"""What the tests of several formats share."""

from dataclasses import replace

import numpy as np
import pytest
from moving_body import moving_body, places
from stick_people import FPS, only, two_people, with_bones

from hotvid.types import WorldMotion


@pytest.fixture(scope="session")
def dancer():
    """One person who moves every limb, in poses of 90 frames."""
    base = only(two_people(), 0)
    body = moving_body()
    n = len(body.rotation)
    track = base.people[0].keypoints
    rows = {
        name: np.repeat(getattr(track, name)[:1], n, 0)
        for name in ("xy_px", "score", "box_px", "person_score", "interpolated")
    }
    track = replace(track, frame_index=np.arange(5, 5 + n), **rows)
    person = replace(
        base.people[0],
        detected=track,
        keypoints=track,
        motion=None,
        world=WorldMotion(places(body).astype(np.float32)),
    )
    return with_bones(replace(base, pts_s=np.arange(5, 5 + n) / FPS, people=(person,)))
