"""Tracks of people whom somebody else has told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hotvid.config import TrackConfig
from hotvid.errors import ShapeError
from hotvid.track.gaps import fill
from hotvid.track.similarity import flatten
from hotvid.types import Keypoints2D, Track2D


def tracks_as_given(
    observations: Sequence[Keypoints2D],
    person: Sequence[np.ndarray],
    pts_s: np.ndarray,
    first_frame: int = 0,
    config: TrackConfig = TrackConfig(),  # noqa: B008  (frozen)
) -> list[Track2D]:
    """One track for each id, its gaps bridged, however long: an id is one person.

    observations  F, one for every frame.
    person        F arrays (P,): the id of each person of the observation; below 0: nobody's, left
                  out. Of two with one id in one frame the surer counts.
    returns       tracks with the ids as they are, in their order.
    Raises ShapeError where ids and people differ in number.
    """
    if [len(ids) for ids in person] != [len(seen) for seen in observations]:
        raise ShapeError("person: expected one id for each person of each observation")
    rows = _rows_by_id(observations, person)
    tracks = []
    for track_id in sorted(rows):
        seen = rows[track_id]
        first, last = min(seen), max(seen)
        alone = [_only(observations[row], seen.get(row)) for row in range(first, last + 1)]
        d = flatten(alone, pts_s[first : last + 1], config.kpt_thr)
        joint_set = observations[first].joint_set
        track = fill(
            d, np.arange(len(d)), pts_s[first : last + 1], track_id, joint_set, first_frame + first
        )
        tracks.append(track)
    return tracks


def _rows_by_id(
    observations: Sequence[Keypoints2D], person: Sequence[np.ndarray]
) -> dict[int, dict[int, int]]:
    """For each id the frames it is seen in, and the place in the frame's list."""
    rows: dict[int, dict[int, int]] = {}
    for row, (seen, ids) in enumerate(zip(observations, person, strict=True)):
        for place in np.argsort(seen.person_score, kind="stable").tolist():
            if ids[place] < 0:
                continue
            rows.setdefault(int(ids[place]), {})[row] = place
    return rows


def _only(seen: Keypoints2D, place: int | None) -> Keypoints2D:
    one = slice(0, 0) if place is None else slice(place, place + 1)
    return replace(
        seen,
        xy_px=seen.xy_px[one],
        score=seen.score[one],
        box_px=seen.box_px[one],
        person_score=seen.person_score[one],
    )
