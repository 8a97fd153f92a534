"""From the landmark model's logits to the chance that a keypoint is where it says."""

from __future__ import annotations

import numpy as np

from hotvid.pose2d.blazepose_landmarks import Body
from hotvid.pose2d.regions import BUST, MAIN_JOINTS, in_picture

# Measured: for each size of the model, the share of keypoints within 0.2 torso lengths (PCK@0.2)
# of the reprojected reference of four calibrated views of one person, by the lower of the
# keypoint's two logits. 13 frames of each view, each as it is and in nine spoilt forms: cut off
# at the knees, at the hips, down the middle; legs hidden; parts hidden by rectangles (twice);
# blurred; shrunk to 40 pixels of height; veiled by glare. 8800 keypoints a size (nose, arms, legs,
# feet), bodies of presence over 0.5, left and right exchanged where that fits better. About 0.95
# is the most that the reference's own error of a few centimetres lets anything reach.
_CALIBRATION = {
    "blazepose-lite": (
        (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 9.0, 12.0),
        (0.04, 0.07, 0.12, 0.21, 0.48, 0.68, 0.79, 0.84, 0.87, 0.91, 0.93),
    ),
    "blazepose-full": (
        (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 5.0, 9.0),
        (0.02, 0.08, 0.17, 0.30, 0.53, 0.77, 0.83, 0.89, 0.91, 0.92),
    ),
    "blazepose-heavy": (
        (-7.0, -5.0, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 4.5),
        (0.07, 0.14, 0.24, 0.41, 0.58, 0.72, 0.80, 0.89, 0.91, 0.94),
    ),
}
# Of keypoints placed beyond the picture's edge this share were within the same distance.
_BEYOND_EDGE = 0.25
_ENOUGH_JOINTS = len(BUST)


def keypoint_scores(body: Body, model: str, size_px: tuple[int, int]) -> np.ndarray:
    """The chance of each keypoint to be within 0.2 torso lengths of where it says.

    model    the landmark model's name, "blazepose-lite", "-full" or "-heavy".
    size_px  (width, height) of the picture.
    returns  (33,) float32, 0..1: the measured share for such logits, times `presence`.
    """
    logits, shares = _CALIBRATION[model]
    score = np.interp(np.minimum(body.visibility, body.inside), logits, shares)
    score = np.where(in_picture(body.xy_px, size_px), score, np.minimum(score, _BEYOND_EDGE))
    return (score * body.presence).astype(np.float32)


def body_confidence(body: Body, model: str, size_px: tuple[int, int]) -> float:
    """How well the landmarks fit a body altogether, 0..1: the mean score of the main joints.

    Of those that are in the picture, as of who is cut off by its edge these say as much as all do
    of others; of all where few are.
    """
    score = keypoint_scores(body, model, size_px)[MAIN_JOINTS]
    within = in_picture(body.xy_px[MAIN_JOINTS], size_px)
    if within.sum() >= _ENOUGH_JOINTS:
        score = score[within]
    return float(score.mean())


def person_score(body: Body, model: str, size_px: tuple[int, int]) -> float:
    """How probable it is that this is a person, 0..1: `body_confidence` times `presence`.

    Presence alone is near 1 on many a thing that is no person; its joints are the doubtful ones.
    """
    return body_confidence(body, model, size_px) * body.presence
