"""Which frames to keep: the ways of pruning, as pure functions.

Each takes what is known of the frames and how many to keep, and returns ascending indices. All
are deterministic: no noise, and ties go to the lower index.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_WIDE = 1024  # channels from which on the frames' products are most of the time of pruning
_ROWS = 80  # frames whose products are computed at once: fewer would be slower by themselves


@dataclass(frozen=True)
class FrameCues:
    """What a choice of frames can be made from; tokens are those that reach the pruned block.

    features   () -> (B, F, C), one vector a frame.
    attention  (B, F), the share of attention that each frame got when the block before attended
               over frames: the mean over its heads, joints (or hypotheses) and asking frames.
               None for ways of pruning that do not ask.
    xy         (B, F, 17, 2), the model's input for these frames.
    """

    features: Callable[[], Tensor]
    attention: Tensor | None
    xy: Tensor


def cluster_scores(features: Tensor) -> Tensor:
    """How well each frame stands for its like: density times the distance to a denser frame.

    The density is told by the two nearest frames, itself one of them. The densities of two frames
    that are each other's nearest differ only by rounding, and which of the two counts as denser
    decides which is kept. So the distances are computed as the published code computes them (see
    `frame_separations`); processors that round otherwise choose otherwise between such frames, in
    the published code, too. HoT (CVPR 2024), section 3.2.

    features  (B, F, C); nothing is learned through them.
    returns   (B, F).
    """
    # Roots are taken of what is left of the table: they change no order, and the table is large.
    table, is_squared = frame_separations(features)  # (B, F, F)

    def distance(chosen: Tensor) -> Tensor:
        return (chosen.clamp_min(0).sqrt() if is_squared else chosen) / features.shape[-1] ** 0.5

    farthest = table.amax((1, 2))  # (B,)
    nearest = distance(_two_least(table))
    density = (-nearest.square().mean(-1)).exp()  # (B, F)
    table.masked_fill_(density[:, None, :] <= density[:, :, None], torch.inf)
    to_denser = torch.minimum(table.amin(-1), farthest[:, None])
    return density * distance(to_denser)


def _two_least(table: Tensor) -> Tensor:
    """(B, F, 2) the two least values of each row of `table` (B, F, F).

    On a CPU they are nearly always the frame itself and one other, which is quicker to find than
    any two.
    """
    if table.device.type == "cpu" and not torch.compiler.is_compiling():
        diagonal = table.diagonal(dim1=1, dim2=2)
        own = diagonal.clone()
        diagonal.fill_(torch.inf)
        other = table.amin(-1)
        diagonal.copy_(own)
        if bool((own <= other).all()):
            return torch.stack([own, other], -1)
    return table.topk(2, dim=-1, largest=False).values


def frame_separations(features: Tensor) -> tuple[Tensor, bool]:
    """How far all frames are apart: (B, F, C) -> (B, F, F), and whether that is squared.

    Euclidean distances by `torch.cdist`'s own way through products, which for more than 25 frames
    is |a|^2 + |b|^2 - 2ab. Of wide features each pair's product is computed once on a CPU, and the
    roots are left to take, rounding below 0 included. It has the same last bits there, as long as
    the library sums products in blocks that divide the width: then the squares, which
    `torch.cdist` has as two more columns, come last in both.
    """
    n_frames, width = features.shape[1:]
    on_cpu = features.device.type == "cpu" and not torch.compiler.is_compiling()
    if not (on_cpu and width >= _WIDE and n_frames > _ROWS):
        return torch.cdist(features, features), False
    products = features.new_empty(len(features), n_frames, n_frames)
    parts = torch.arange(n_frames).tensor_split(n_frames // _ROWS)
    for x, out in zip(features, products, strict=True):
        for part in parts:
            first, end = int(part[0]), int(part[-1]) + 1
            columns = x[first:] @ x[first:end].mT  # tall: cores share its rows
            out[first:, first:end] = columns
            out[first:end, first:] = columns.mT
    squares = features.square().sum(-1)
    outer = squares[:, :, None] + squares[:, None]
    return outer.sub_(products, alpha=2), True


def motion_scores(xy: Tensor) -> Tensor:
    """How much the pose changes around each frame: xy (B, F, 17, 2) -> (B, F).

    The mean over joints of the distances to the frame before and the frame after; frames at the
    ends count their only neighbour twice.
    """
    step = (xy[:, 1:] - xy[:, :-1]).norm(dim=-1).mean(-1)  # (B, F-1)
    return torch.cat([step[:, :1], step], 1) + torch.cat([step, step[:, -1:]], 1)


def top_frames(score: Tensor, n: int, keep: Tensor | None = None) -> Tensor:
    """The `n` frames of highest score, ascending; ties go to the lower index.

    score    (B, F).
    keep     (B, 1), a frame that is one of the n whatever its score.
    returns  (B, n) int64.
    """
    if keep is not None:
        score = score.scatter(1, keep, torch.inf)
    order = score.argsort(dim=-1, descending=True, stable=True)
    return order[:, :n].sort(-1).values


def uniform_frames(n_frames: int, n: int) -> list[int]:
    """`n` of `n_frames` frames, evenly spread, the first and the last among them."""
    if n == 1:
        return [n_frames // 2]
    return [(2 * i * (n_frames - 1) + n - 1) // (2 * (n - 1)) for i in range(n)]


def by_cluster(cues: FrameCues, n: int, keep: Tensor | None) -> Tensor:
    """TPC: the frames that stand for clusters of like frames (HoT)."""
    return top_frames(cluster_scores(cues.features()), n, keep)


def by_motion(cues: FrameCues, n: int, keep: Tensor | None) -> Tensor:
    """The frames around which the 2D pose moves most."""
    return top_frames(motion_scores(cues.xy), n, keep)


def by_attention(cues: FrameCues, n: int, keep: Tensor | None) -> Tensor:
    """The frames that the others attended to most, in the last attention before the cut."""
    return top_frames(cues.attention, n, keep)


def by_position(cues: FrameCues, n: int, keep: Tensor | None) -> Tensor:
    """Evenly spread frames, whatever they show; `keep` takes the place of its nearest."""
    batch, n_frames = cues.xy.shape[:2]
    frames = torch.tensor(uniform_frames(n_frames, n), device=cues.xy.device).repeat(batch, 1)
    if keep is not None:
        nearest = (frames - keep).abs().argmin(1, keepdim=True)
        frames = frames.scatter(1, nearest, keep)
    return frames


PRUNERS: dict[str, Callable[[FrameCues, int, Tensor | None], Tensor]] = {
    "tpc": by_cluster,
    "uniform": by_position,
    "motion": by_motion,
    "attention": by_attention,
}


def take_frames(x: Tensor, frames: Tensor) -> Tensor:
    """Rows `frames` (B, f) of x (B, F, ...): (B, f, ...)."""
    b, n = x.shape[:2]
    start = torch.arange(b, device=x.device)[:, None] * n
    # index_select copies whole rows, and its backward pass adds whole rows.
    return x.flatten(0, 1).index_select(0, (frames + start).flatten()).unflatten(0, (b, -1))
