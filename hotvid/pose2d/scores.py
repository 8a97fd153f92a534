"""From the landmark model's logits to the chance that a keypoint is where it says."""

from __future__ import annotations

import numpy as np

from hotvid.pose2d.blazepose_landmarks import Body
from hotvid.pose2d.regions import MAIN_JOINTS


def body_confidence(body: Body, size_px: tuple[int, int]) -> float:
    """The mean score of the main joints, 0..1: how well the landmarks fit a body altogether."""
    return float(keypoint_scores(body, size_px)[MAIN_JOINTS].mean())


def keypoint_scores(body: Body, size_px: tuple[int, int]) -> np.ndarray:
    """(33,) float32, 0..1."""
    low = np.minimum(body.visibility, body.inside)
    score = 1 / (1 + np.exp(-low)) * body.presence
    outside = ((body.xy_px < 0) | (body.xy_px >= np.array(size_px))).any(-1)
    return np.where(outside, 0.1 * score, score).astype(np.float32)
