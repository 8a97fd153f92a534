"""Tracks of people whom somebody else has told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hotvid.errors import ShapeError
from hotvid.track.gaps import fill
from hotvid.track.sightings import Sightings
from hotvid.track.similarity import Listed
from hotvid.types import Keypoints2D, Track2D


def tracks_as_given(
    observations: Sequence[Keypoints2D],
    person: Sequence[np.ndarray],
    pts_s: np.ndarray,
    first_frame: int = 0,
) -> list[Track2D]:
    """One track for each id, its gaps bridged, however long: an id is one person.

    observations  F, one for every frame.
    person        F arrays (P,): the id of each person of the observation; below 0: nobody's, left
                  out. Of two with one id in one frame the surer counts.
    returns       tracks with the ids as they are, in their order.
    Raises ShapeError where ids and people differ in number.
    """
    held = observations if isinstance(observations, Sightings) else Sightings(observations)
    counts = held.counts()
    if [len(ids) for ids in person] != counts.tolist():
        raise ShapeError("person: expected one id for each person of each observation")
    people = held.everyone()
    if people is None:
        return []
    row = np.repeat(np.arange(len(counts)), counts)
    everyone = Listed(row, people.xy_px, people.score, people.box_px, people.person_score)
    return [
        fill(everyone, seen, pts_s, track_id, people.joint_set, first_frame)
        for track_id, seen in _by_id(everyone, np.concatenate(person))
    ]


def _by_id(everyone: Listed, ids: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """For each id, in their order, where it is seen: at most once in a frame, in time."""
    order = np.lexsort((everyone.person_score, everyone.row, ids))
    order = order[ids[order] >= 0]
    # Of an id's sightings in one frame the last is the surest.
    another = np.diff(ids[order], append=-1) != 0
    order = order[another | (np.diff(everyone.row[order], append=-1) != 0)]
    begin = np.flatnonzero(np.diff(ids[order], prepend=-1))
    return [(int(ids[seen[0]]), seen) for seen in np.split(order, begin)[1:]]
