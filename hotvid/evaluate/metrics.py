"""The field's measures of 3D pose: metres in, millimetres out, as papers give them.

predicted, target  (F, J, 3), metres, of the same joints in the same frames; for the measures that
                   do not align, relative to the root (joint 0 at 0), which counts as a joint with
                   no error, as is the habit on Human3.6M.
All raise ShapeError where the two do not fit each other. What is NaN in either makes the result
NaN: leave out frames and joints that are not to count.
"""

from __future__ import annotations

import numpy as np

from hotvid.errors import ShapeError
from hotvid.geometry import similarity_align
from hotvid.types import check_shape

PCK_THRESHOLD_MM = 150.0  # half a head, about (Mehta et al. 2017, MPI-INF-3DHP)
_AUC_STEP_MM = 5.0


def mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean per-joint position error, mm (Ionescu et al. 2014; protocol 1)."""
    return float(joint_errors(predicted, target).mean())


def n_mpjpe(predicted: np.ndarray, target: np.ndarray, per_frame: bool = False) -> float:
    """MPJPE in mm after the best scale (Rhodin et al. 2018): one for the clip, or one a frame."""
    return mpjpe(scaled(predicted, target, per_frame), target)


def pa_mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """MPJPE in mm after each frame's best scale, rotation and translation (protocol 2)."""
    _check(predicted, target)
    if not np.isfinite(predicted + target).all():
        return float("nan")
    return mpjpe(similarity_align(predicted, target), target)


def pa_mpjpe_sequence(predicted: np.ndarray, target: np.ndarray) -> float:
    """MPJPE in mm after one scale and one rotation for the whole clip; the root stays where it is.

    What is left of an error that MPJPE has and this does not is a camera misjudged once.
    """
    return mpjpe(turned(predicted, target), target)


def velocity_error(predicted: np.ndarray, target: np.ndarray, fps: float = 1.0) -> float:
    """Mean error of the joints' velocities (MPJVE, Pavllo et al. 2019).

    fps      frames a second; 1 gives mm a frame, as VideoPose3D does.
    returns  mm/s. NaN for fewer than two frames.
    """
    return _of_differences(predicted, target, 1, fps)


def acceleration_error(predicted: np.ndarray, target: np.ndarray, fps: float = 1.0) -> float:
    """Mean error of the joints' accelerations (Kanazawa et al. 2019).

    fps      frames a second; 1 gives mm a frame squared, as VIBE does.
    returns  mm/s^2. NaN for fewer than three frames.
    """
    return _of_differences(predicted, target, 2, fps)


def pck(predicted: np.ndarray, target: np.ndarray, threshold_mm: float = PCK_THRESHOLD_MM) -> float:
    """3DPCK: the share of joints, 0..1, nearer than the threshold (Mehta et al. 2017)."""
    errors = _errors(predicted, target)
    return float(np.where(np.isnan(errors), np.nan, errors < threshold_mm).mean())


def auc(predicted: np.ndarray, target: np.ndarray) -> float:
    """The mean of 3DPCK, 0..1, over thresholds from 0 to 150 mm in steps of 5 (Mehta et al.)."""
    thresholds = np.arange(0, PCK_THRESHOLD_MM + _AUC_STEP_MM / 2, _AUC_STEP_MM)
    return float(np.mean([pck(predicted, target, threshold) for threshold in thresholds]))


def joint_errors(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(J,) mm: each joint's mean distance over the frames."""
    return _errors(predicted, target).mean(0)


def scaled(predicted: np.ndarray, target: np.ndarray, per_frame: bool = False) -> np.ndarray:
    """(F, J, 3) `predicted` by the scale that fits best: one for the clip, or one a frame."""
    _check(predicted, target)
    axes = (1, 2) if per_frame else (0, 1, 2)
    own = (predicted**2).sum(axes, keepdims=True)
    common = (predicted * target).sum(axes, keepdims=True)
    return predicted * (common / np.maximum(own, 1e-12))


def turned(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(F, J, 3) `predicted` by the one rotation and scale that fit the clip best (Kabsch 1976)."""
    _check(predicted, target)
    if not np.isfinite(predicted + target).all():
        return np.full_like(predicted, np.nan)
    p, t = predicted.reshape(-1, 3), target.reshape(-1, 3)
    # With each point's opposite beside it both sets are centred on the root, so the alignment
    # finds no translation to make.
    aligned = similarity_align(np.concatenate([p, -p]), np.concatenate([t, -t]))
    return aligned[: len(p)].reshape(predicted.shape)


def _check(predicted: np.ndarray, target: np.ndarray) -> None:
    check_shape("target", target, (None, None, 3))
    check_shape("predicted", predicted, target.shape)
    if not target.shape[0] or not target.shape[1]:
        raise ShapeError(f"target: expected at least one frame and joint, got {target.shape}")


def _errors(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(F, J) mm."""
    _check(predicted, target)
    return np.linalg.norm(np.asarray(predicted, np.float64) - target, axis=-1) * 1000


def _of_differences(predicted: np.ndarray, target: np.ndarray, order: int, fps: float) -> float:
    _check(predicted, target)
    if len(target) <= order:
        return float("nan")
    return mpjpe(np.diff(predicted, order, axis=0), np.diff(target, order, axis=0)) * fps**order
