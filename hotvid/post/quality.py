"""How good a person's motion is, as far as it shows by itself: nobody's truth is needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotvid.post.contacts import FEET
from hotvid.skeleton import H36M17
from hotvid.types import Motion3D, Person

_SEEN = 0.3  # a joint less sure than this counts as not seen
_GROUND = [0, 2]  # of the world's axes


@dataclass(frozen=True)
class Quality:
    """Shares are 0..1; NaN where there is nothing to tell from.

    interpolated         of the frames nobody was seen in.
    unseen               of the joints in the others that the 2D model is not sure of.
    cropped              of the frames in which a joint lies outside of the picture.
    bone_variation       standard deviation of a bone's length, as a share of it; mean of all bones.
    foot_skate_m_s       speed on the ground of feet that stand, in the world; mean.
    acceleration_m_s2    of the joints, the pelvis at 0; mean. Walking has some 5; jitter adds.
    """

    interpolated: float
    unseen: float
    cropped: float
    bone_variation: float
    foot_skate_m_s: float
    acceleration_m_s2: float


# What cleaning changes, so that the cleaned motion cannot tell it.
AS_LIFTED = ("bone_variation", "acceleration_m_s2")


def quality(
    person: Person,
    fps: float,
    size_px: tuple[int, int],
    lifted: Motion3D | None = None,
    was_cleaned: bool = False,
) -> Quality:
    """What is to be said of a person.

    size_px  (width, height) of the picture.
    lifted   the person's motion before it was cleaned: what its bones and its jitter tell does not
             show any more afterwards. None: it was not, or nobody knows it.
    was_cleaned  it was cleaned before it came here: `AS_LIFTED` is unknown without `lifted`.
    """
    track = person.keypoints
    seen = ~track.interpolated
    nothing = float("nan")
    outside = ((track.xy_px < 0) | (track.xy_px > np.array(size_px, np.float32))).any((1, 2))
    motion, world = lifted or (None if was_cleaned else person.motion), person.world
    has_feet = world is not None and world.contact is not None
    return Quality(
        interpolated=_mean(track.interpolated),
        unseen=_mean(track.score[seen] < _SEEN),
        cropped=_mean(outside[seen]),
        bone_variation=nothing if motion is None else bone_variation(motion.xyz_m),
        foot_skate_m_s=foot_skate_m_s(world.xyz_m, world.contact, fps) if has_feet else nothing,
        acceleration_m_s2=nothing if motion is None else acceleration_m_s2(motion.xyz_m, fps),
    )


def bone_variation(xyz_m: np.ndarray) -> float:
    """Standard deviation over the mean of a bone's length over time, mean of the bones.

    xyz_m  (F, 17, 3), any unit and axes; NaN where unknown.
    """
    shares = []
    for a, b in H36M17.edges:
        length = np.linalg.norm(xyz_m[:, a] - xyz_m[:, b], axis=-1)
        length = length[np.isfinite(length)]
        if len(length) > 1 and length.mean() > 0:
            shares.append(float(length.std() / length.mean()))
    return float(np.mean(shares)) if shares else float("nan")


def foot_skate_m_s(xyz_m: np.ndarray, contact: np.ndarray, fps: float) -> float:
    """Mean speed on the ground of ankles from frame to frame, while their foot stands.

    xyz_m    (F, 17, 3) metres, world, y up.
    contact  (F, 2) right and left foot stand.
    """
    feet = xyz_m[:, FEET][..., _GROUND]
    speed = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * fps
    return _mean(speed[contact[1:] & contact[:-1]])


def acceleration_m_s2(xyz_m: np.ndarray, fps: float) -> float:
    """Mean size of the joints' accelerations, from three frames each; NaN rows are left out."""
    change = np.diff(xyz_m, n=2, axis=0)
    return _mean(np.linalg.norm(change, axis=-1)) * fps**2


def _mean(values: np.ndarray) -> float:
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")
