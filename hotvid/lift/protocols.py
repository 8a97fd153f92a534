"""How each model wants its windows: the protocol it was trained and published with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hotvid.errors import UsageError
from hotvid.lift.models.hourglass import Hourglass

# Thighs, shins, trunk, upper arms and forearms of a mean adult of 1.75 m, added up.
MEAN_LIMBS_M = 3.32
LIMBS = ((1, 2), (2, 3), (4, 5), (5, 6), (0, 8), (11, 12), (12, 13), (14, 15), (15, 16))


@dataclass(frozen=True)
class Protocol:
    """What stands around a model's forward pass.

    inputs     the normalisation: body, screen or crop (`lift.inputs.prepare`).
    seq2frame  a window gives its centre frame, and windows slide by one; else all its frames.
    metric     it answers in metres; else its bodies are scaled to a mean adult's limbs.
    pad        what a window holds outside of the track (`lift.windows.take_window`).
    """

    inputs: str = "screen"
    seq2frame: bool = False
    metric: bool = True
    pad: str = "edge"


PROTOCOLS = {
    "mixste": Protocol(),
    "hot-mixste": Protocol(),
    "tpc-mixste": Protocol(seq2frame=True),
    "motionbert": Protocol(inputs="crop", metric=False),
    "hot-motionbert": Protocol(inputs="crop", metric=False),
    "tpc-motionbert": Protocol(inputs="crop", metric=False, seq2frame=True),
    "mhformer": Protocol(seq2frame=True),
    "hot-mhformer": Protocol(),
    "tpc-mhformer": Protocol(seq2frame=True),
    "mixste-s": Protocol(inputs="body", pad="swing"),
    "hot-mixste-s": Protocol(inputs="body", pad="swing"),
}


def protocol_of(model: Hourglass) -> Protocol:
    """The protocol of a model of the zoo.

    UsageError where it is to give all frames of a window but gives only those it keeps.
    """
    protocol = PROTOCOLS[model.name]
    if model.cuts and model.recovery is None and not protocol.seq2frame:
        raise UsageError(
            f"{model.name} gives all frames of a window, but with these sizes those it keeps only",
            "choose how the others come back, as in recover=linear, or a tpc- model",
        )
    return protocol


def flipped(x: Tensor, mirror: Tensor) -> Tensor:
    """Keypoints or poses (B, F, J, C) as in a mirror; `mirror` (J,) exchanges left and right."""
    x = x[:, :, mirror]
    return torch.cat([-x[..., :1], x[..., 1:]], -1)


def centre_pose(poses: Tensor, kept: Tensor | None, frames: int) -> Tensor:
    """The pose of a window's centre, as a model gave it.

    poses    (B, F', 17, 3) of all `frames`, or of those `kept` (B, F').
    returns  (B, 1, 17, 3).
    """
    if kept is None or poses.shape[1] == frames:
        return poses[:, frames // 2, None]
    slot = (kept == frames // 2).int().argmax(1)
    return poses[torch.arange(len(poses), device=poses.device), slot, None]
