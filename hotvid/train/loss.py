"""The losses of hotvid's own lifter."""

from __future__ import annotations

from torch import Tensor

# Ends of limbs count more: they carry the motion and are the hardest.
_JOINT_WEIGHT = (1, 1, 1.2, 1.5, 1, 1.2, 1.5, 1, 1, 1, 1, 1, 1.2, 1.5, 1, 1.2, 1.5)


def motion_loss(
    predicted: Tensor, target: Tensor, velocity_weight: float, acceleration_weight: float
) -> Tensor:
    """Mean distance of joints, and of their first and second differences over frames.

    predicted, target  (B, F, 17, 3), metres, pelvis at 0.
    """
    error = predicted - target
    weight = error.new_tensor(_JOINT_WEIGHT)
    loss = (_length(error) * weight).mean()
    if error.shape[1] > 2:
        velocity = error.diff(dim=1)
        loss = loss + velocity_weight * (_length(velocity) * weight).mean()
        loss = loss + acceleration_weight * (_length(velocity.diff(dim=1)) * weight).mean()
    return loss


def _length(x: Tensor) -> Tensor:
    # The square root's slope has no end at 0, which a perfect joint (the pelvis) sits on.
    return (x.square().sum(-1) + 1e-8).sqrt()


def centred(poses: Tensor) -> Tensor:
    """(..., 17, 3) with the pelvis moved to 0."""
    return poses - poses[..., :1, :]
