"""From people in single frames to people through a clip.

The whole clip is known before the first track is made, so nothing is decided that a later frame
decides better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np

from hotvid.config import TrackConfig
from hotvid.errors import ShapeError
from hotvid.track.association import join, put_back
from hotvid.track.gaps import fill
from hotvid.track.given import tracks_as_given
from hotvid.track.identity import (
    in_order,
    merge_doubles,
    reunite,
    select_people,
    take_over,
    tracks_without_phantoms,
    without_noise,
    without_phantoms,
)
from hotvid.track.links import chains, link
from hotvid.track.sightings import Sightings
from hotvid.track.similarity import doubles, flatten
from hotvid.types import Keypoints2D, Track2D

__all__ = [
    "Sightings",
    "associate",
    "select_people",
    "tracks_as_given",
    "tracks_without_phantoms",
]

_SAME_SIGHTING = 0.03  # two detections of one frame this near are one body, in body sizes
_LEAST_STEP_S = 1e-3  # between frames whose timestamps do not increase


def associate(
    observations: Sequence[Keypoints2D],
    pts_s: np.ndarray | Sequence[float],
    first_frame: int = 0,
    config: TrackConfig = TrackConfig(),  # noqa: B008  (frozen)
    size_px: tuple[int, int] | None = None,
    cuts: Sequence[int] = (),
) -> list[Track2D]:
    """The people of a clip, each one track from first to last sight.

    observations  F, one for every frame, also those in which nobody is seen; of a long clip as
                  `Sightings`, which take a quarter of the memory.
    pts_s         (F,) seconds; any frame rate, also a variable one.
    first_frame   the video's number of the first frame.
    size_px       (width, height) of the picture: lets who left through its edge stay gone.
    cuts          the places of observations that begin a new shot, ascending: there everyone is
                  somebody else.
    returns       tracks with ids from 0, by first appearance, then size. A track has a row for
                  every frame from its first to its last; rows in which the person was not seen
                  are `interpolated`, their scores lowered by the time to the nearest sight, so
                  that across more than about max_gap_s they fall below the usual threshold.
                  Someone lost for longer than max_lost_s comes back as somebody else.
    The order of people within a frame does not matter.
    Raises ShapeError where pts_s or the joint sets do not fit.
    """
    if len(observations) != len(pts_s):
        raise ShapeError(f"pts_s: expected {len(observations)} times, got {len(pts_s)}")
    if cuts:
        shots = pairwise([0, *cuts, len(observations)])
        parts = (
            associate(observations[a:b], pts_s[a:b], first_frame + a, config, size_px)
            for a, b in shots
        )
        return [replace(t, track_id=i) for i, t in enumerate(chain.from_iterable(parts))]
    pts_s = _increasing(np.asarray(pts_s, np.float64))
    d = flatten(observations, pts_s, config.kpt_thr)
    if d is None:
        return []
    double = doubles(d, _SAME_SIGHTING)
    sure, doubtful = chains(d, link(d, double), double)
    paths = join(d, merge_doubles(d, sure), config, size_px)
    paths, left = put_back(d, paths, doubtful)
    if left:
        paths = join(d, paths + left, config, size_px)
    paths, _ = put_back(d, paths, list(np.flatnonzero(double)[:, None]))
    people = take_over(d, merge_doubles(d, paths))
    people = without_noise(d, people, pts_s, config.min_length_s)
    people = without_phantoms(d, people, config.bbox_thr, size_px)
    if size_px is not None and people:
        people = reunite(d, people, config.max_lost_s, size_px)
    joint_set = next(obs.joint_set for obs in observations if len(obs))
    return [
        fill(d, one, pts_s, track_id, joint_set, first_frame)
        for track_id, one in enumerate(in_order(d, people))
    ]


def _increasing(pts_s: np.ndarray) -> np.ndarray:
    """Times that increase: motion cannot be measured between two frames at one time."""
    if (np.diff(pts_s) > 0).all():
        return pts_s
    steps = np.maximum(np.diff(pts_s, prepend=pts_s[0]), _LEAST_STEP_S)
    return pts_s[0] + np.cumsum(steps) - steps[0]
