"""How sure a joint's place in 3D is: the chance that it is right to a tenth of a metre.

What is known is how far the lifter's answers for one joint are apart (straight and mirrored, from
overlapping windows), how sure the 2D model was, and which joint it is. The error's logarithm is a
straight line in these, fitted by least squares on 64 windows of 243 frames of held-out motion
capture with the 2D errors of training, for hotvid's own lifter. On other halves of
those than it was fitted to, of joints said to be right with 0.55 (0.75, 0.97), 0.54 (0.75, 0.97)
were; on four real cameras with a reference, of the least sure third, said to be right with 0.60,
0.63 were, of the middle one 0.84 for 0.86, and of the surest 0.98 for 0.97. The rank
correlation with the error is 0.64 and 0.66; most of it is between joints. Of one joint's own better
and worse frames it tells 0.20 on motion capture, and nothing on the four short real clips.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from hotvid.chunks import chunks
from hotvid.skeleton import H36M17

RIGHT_M = 0.1  # what counts as right
_AT_0_M = 0.01  # keeps the logarithm of no error finite
_APART_0_M = 0.005
_SPREAD = 0.54  # of the error's logarithm about the line


class _Line:
    """ln(error + 0.01 m) by joint, and what the answers' distance and the score add."""

    def __init__(self, apart: float, body: float, score: float, joints: list[float]) -> None:
        self.apart, self.body, self.score = apart, body, score
        self.joints = np.array(joints)


# Joints 1 to 16; the pelvis is where everything is measured from.
_BY_ALL = _Line(
    0.106,
    0.337,
    0.312,
    [-1.93, -1.0, -0.54, -1.91, -1.02, -0.6, -1.7, -1.25]
    + [-0.91, -0.9, -1.16, -0.93, -0.58, -1.16, -0.94, -0.64],
)
_BY_SCORE = _Line(
    0.0,
    0.0,
    0.453,
    [-3.82, -2.83, -2.34, -3.8, -2.84, -2.4, -3.58, -3.1]
    + [-2.74, -2.72, -3.01, -2.75, -2.37, -3.0, -2.75, -2.44],
)
_NEAR_PELVIS = [H36M17.index(name) for name in ("right_hip", "left_hip", "spine")]


def joint_confidence(score: np.ndarray, apart_m: np.ndarray | None) -> np.ndarray:
    """(F, 17) float32, 0..1: the chance that a joint is within `RIGHT_M`, the pelvis at 0.

    score    (F, 17) 0..1 of the joints in 2D.
    apart_m  (F, 17) metres, how far the lifter's answers are apart, as `Lifted` has it; None where
             each joint had one answer only.
    The pelvis itself gets the mean of hips and spine.
    """
    out = np.empty(score.shape, np.float32)
    for part in chunks(len(score)):
        out[part] = _confidence(score[part], None if apart_m is None else apart_m[part])
    return out


def _confidence(score: np.ndarray, apart_m: np.ndarray | None) -> np.ndarray:
    unsure = np.sqrt(1 - np.clip(np.nan_to_num(score[:, 1:].astype(np.float64)), 0, 1))
    line = _BY_SCORE if apart_m is None else _BY_ALL
    expected = line.joints + line.score * unsure
    if apart_m is not None:
        apart = np.clip(np.nan_to_num(apart_m[:, 1:].astype(np.float64)), 0, None)
        expected += line.apart * np.log(apart + _APART_0_M)
        expected += line.body * np.log(apart.mean(1, keepdims=True) + _APART_0_M)
    out = np.empty(score.shape)
    out[:, 1:] = ndtr((np.log(RIGHT_M + _AT_0_M) - expected) / _SPREAD)
    out[:, 0] = out[:, _NEAR_PELVIS].mean(1)
    return out
