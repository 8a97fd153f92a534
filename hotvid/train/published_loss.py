"""The losses that the published models were trained with.

predicted, target  (B, F, 17, 3), the root of the target at 0.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# MixSTE, section 3.4: joints farther out on the limbs count more.
_JOINT_WEIGHT = (1, 1, 2.5, 2.5, 1, 2.5, 2.5, 1, 1, 1, 1.5, 1.5, 4, 4, 1.5, 4, 4)


def mpjpe_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """The mean distance of joints (MHFormer)."""
    return _length(predicted - target).mean()


def mixste_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Weighted distance + 0.5 x smoothness of the prediction + 2 x error of velocities (MixSTE)."""
    weight = predicted.new_tensor(_JOINT_WEIGHT)
    position = (weight * _length(predicted - target)).mean()
    smoothness = (weight[:, None] * predicted.diff(dim=1).square()).mean()
    return position + 0.5 * smoothness + 2.0 * _velocity(predicted, target)


def motionbert_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Distance + 0.5 x distance at each frame's best scale + 20 x error of velocities.

    MotionBERT, section 3.3, with the weights of its training from scratch on Human3.6M.
    """
    own = predicted.square().sum((-1, -2), keepdim=True)
    common = (predicted * target).sum((-1, -2), keepdim=True)
    scaled = mpjpe_loss(predicted * (common / own), target)
    return mpjpe_loss(predicted, target) + 0.5 * scaled + 20.0 * _velocity(predicted, target)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mpjpe": mpjpe_loss,
    "mixste": mixste_loss,
    "motionbert": motionbert_loss,
}


def _velocity(predicted: Tensor, target: Tensor) -> Tensor:
    return _length(predicted.diff(dim=1) - target.diff(dim=1)).mean()


def _length(x: Tensor) -> Tensor:
    return torch.linalg.vector_norm(x, dim=-1)
