"""All frames from the kept ones by interpolation of the output poses (H2OT's cheap recovery).

The learned recovery, TRA, is `Hourglass.recover_tokens`: it works on tokens, before the head.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hotvid.lift.models.prune import take_frames


def _neighbours(kept: Tensor, n_frames: int) -> tuple[Tensor, Tensor, Tensor]:
    """For every frame its kept neighbours' slots and the way between them, 0 to 1: (B, F) each."""
    t = torch.arange(n_frames, device=kept.device).repeat(len(kept), 1)
    right = torch.searchsorted(kept, t).clamp(1, kept.shape[1] - 1)
    left = right - 1
    before, after = kept.gather(1, left), kept.gather(1, right)
    return left, right, ((t - before) / (after - before)).clamp(0, 1)


def linear(poses: Tensor, kept: Tensor, n_frames: int) -> Tensor:
    """Straight lines between kept frames; before the first and after the last, its pose.

    poses    (B, f, 17, 3), f at least 2.
    kept     (B, f) ascending frame indices.
    returns  (B, F, 17, 3).
    """
    left, right, way = _neighbours(kept, n_frames)
    way = way[..., None, None].to(poses.dtype)
    return torch.lerp(take_frames(poses, left), take_frames(poses, right), way)


def nearest(poses: Tensor, kept: Tensor, n_frames: int) -> Tensor:
    """The pose of the nearest kept frame, of the earlier one where two are equally near."""
    left, right, way = _neighbours(kept, n_frames)
    return take_frames(poses, torch.where(way > 0.5, right, left))


INTERPOLATIONS: dict[str, Callable[[Tensor, Tensor, int], Tensor]] = {
    "linear": linear,
    "nearest": nearest,
}
