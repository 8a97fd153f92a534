"""What users are told of a result, a line each: what lacks or is doubtful, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hotvid.config import Pose2DConfig
from hotvid.types import Keypoints2D

TURNED = (
    "people lie or stand on their heads in most frames: is the video turned? Turned upright "
    "(ffmpeg -i IN -vf transpose=1 OUT) its people are understood better"
)
CLEANED_BEFORE = (
    "the motion was cleaned before it was written: more is taken out of it, and nothing comes back "
    "(a pose store, --save-poses, holds it as it was lifted)"
)
CAMERA_MOVES = "the camera seems to move: where people are, and their floor, goes with it"


def nobody_found(
    source: object, seen: Sequence[Keypoints2D], how: Pose2DConfig | None = None
) -> str:
    """That there are no tracks, and what might help.

    seen  each frame's people, whom no track was made of.
    how   they were searched for; None: keypoints were given.
    """
    n = sum(len(people) > 0 for people in seen)
    advice = []
    if n:
        advice.append("a lower --bbox-thr")
    if how is not None and how.backend == "blazepose" and how.mode != "accurate":
        advice.append("--mode accurate")
    if n:
        why = f"who was seen in {n} frame{'s' * (n > 1)} is too unsure or too soon gone"
    elif how is None:
        why = "it holds no detections in these frames"
    else:
        why = "people may be too small (under 40 pixels), too dark, or too far out of the picture"
    return f"nobody was found in {source}; {why}" + (f": try {' or '.join(advice)}" * bool(advice))


def is_cut(n_cuts: int) -> str:
    """That a video is of several shots."""
    times = "once" if n_cuts == 1 else f"{n_cuts} times"
    return f"the video is cut {times}: each shot has people and a floor of its own"


def without_id(person: Sequence[np.ndarray]) -> tuple[str, ...]:
    """That a tracker gave some sightings to nobody, whose ids (P,) of each frame are below 0."""
    n, without = sum(map(len, person)), sum(int((ids < 0).sum()) for ids in person)
    return (f"{without} of {n} detections have no id, and are left out",) if without else ()


def unsure_ids(n: int, left: int, bbox_thr: float) -> tuple[str, ...]:
    """That of `n` ids only `left` are taken for somebody."""
    if left == n:
        return ()
    return (f"{n - left} of {n} ids are less sure than {bbox_thr:g}, and are left out (bbox-thr)",)
