"""What is drawn of a person in the picture: the skeleton, and feet where the 2D model has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotvid.chunks import chunks
from hotvid.mended_sides import with_mended_sides
from hotvid.render.opacity import calm_score
from hotvid.skeleton import H36M17, feet
from hotvid.types import Person

EDGE_SIDES = tuple(
    next((s for s in (H36M17.side(b), H36M17.side(a)) if s != "middle"), "middle")
    for a, b in H36M17.edges
)
JOINT_SIDES = tuple(H36M17.side(j) for j in range(len(H36M17)))


@dataclass(frozen=True)
class InPicture:
    """A person's points in the picture, the skeleton's 17 first, then heels and toes.

    xy_px  (F, K, 2) pixels of the video.
    score  (F, K), by which they are drawn.
    bones  pairs of points, and the side.
    feet   the same, from an ankle.
    """

    xy_px: np.ndarray
    score: np.ndarray
    bones: tuple[tuple[int, int, str], ...]
    feet: tuple[tuple[int, int, str], ...]


def in_picture(person: Person, kpt_thr: float, fps: float) -> InPicture:
    """What is drawn of `person`, the scores calmed."""
    track, pairs = person.keypoints, feet(person.detected.joint_set)
    xy_px, score, own = track.xy_px, track.score, [joint for _, joint in pairs]
    if pairs:
        found = [with_mended_sides(person, rows) for rows in chunks(len(track))]
        xy_px = np.concatenate([xy_px, np.concatenate([xy[:, own] for xy, _ in found])], 1)
        score = np.concatenate([score, np.concatenate([s[:, own] for _, s in found])], 1)
    return InPicture(
        xy_px,
        calm_score(score, track.in_sight(kpt_thr), fps),
        tuple((a, b, side) for (a, b), side in zip(H36M17.edges, EDGE_SIDES, strict=True)),
        tuple((a, len(H36M17) + n, JOINT_SIDES[a]) for n, (a, _) in enumerate(pairs)),
    )
