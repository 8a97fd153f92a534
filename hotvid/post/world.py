"""The world that everyone of a video shares: metres, y up, right-handed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hotvid.types import Motion3D, Poses, WorldMotion

# Camera axes [right, down, forward] to [right, up, back]: half a turn about x.
_UPRIGHT = np.array([1.0, -1.0, -1.0])


def place_in_world(poses: Poses) -> Poses:
    """`poses` with everyone who has 3D motion placed in one world.

    The camera is taken to be level and stands at the origin, looking along -z.
    """
    people = (p if p.motion is None else replace(p, world=_upright(p.motion)) for p in poses.people)
    return replace(poses, people=tuple(people))


def _upright(motion: Motion3D) -> WorldMotion:
    root = motion.root_m
    # Where the distance was never found, the body moves in place.
    root = root if np.isfinite(root).any() else np.zeros_like(root)
    return WorldMotion(((motion.xyz_m + root[:, None]) * _UPRIGHT).astype(np.float32))
