"""The layers that all backbones share: attention over joints or over frames, MLP, block.

Tokens stay in one layout, (B, F, J, C), through a whole model. Attention over joints and over
frames differ only in which axis is the sequence, so nothing is permuted between blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotvid.errors import UsageError

Axis = Literal["joints", "frames"]

# (B, F, J, H, D) -> (B, groups, H, sequence, D), and back.
_GROUPED = {"joints": (0, 1, 3, 2, 4), "frames": (0, 2, 3, 1, 4)}
_UNGROUPED = {"joints": (0, 1, 3, 2, 4), "frames": (0, 3, 1, 2, 4)}
_CACHE = 1 << 19  # floats worked on at once; a core keeps about that many near


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    axis: Axis,
    training: bool,
    received: list[Tensor] | None = None,
) -> Tensor:
    """Multi-head attention along one axis: softmax(q k^T / sqrt(D)) v.

    q, k, v   (B, F, J, H, D), H heads; keys and values may have other lengths along `axis`.
    training  takes the fused kernel, whose backward pass is the quicker one.
    received  where given, the share of attention that each key gets is added to it: (B, keys),
              the mean of the weights over groups, heads and queries, without gradient.
    returns   (B, F, J, H * D).

    Evaluation on a CPU takes plain products, a few groups at a time so that the weights never
    leave the cache: nearly as fast as the fused kernel, and to the last bit what the published
    code computes. That matters because clustering ranks near-equal densities (see
    `prune.cluster_scores`).
    """
    grouped = [x.permute(_GROUPED[axis]) for x in (q, k, v)]
    on_cpu = q.device.type == "cpu" and not torch.compiler.is_compiling()
    if not training and (on_cpu or received is not None):
        out = q.new_empty(q.shape)
        _attend_by_parts(*grouped, out.permute(_GROUPED[axis]), on_cpu, received)
        return out.flatten(-2)
    if received is not None:
        received.append(_shares(*grouped[:2]))
    out = F.scaled_dot_product_attention(*(x.flatten(0, 1) for x in grouped))
    return out.unflatten(0, grouped[0].shape[:2]).permute(_UNGROUPED[axis]).flatten(-2)


def _attend_by_parts(
    q: Tensor, k: Tensor, v: Tensor, out: Tensor, in_cache: bool, received: list[Tensor] | None
) -> None:
    """As `attend`, on (B, groups, H, sequence, D), written into `out`.

    in_cache  as many groups at once as stay near a core; else all of a batch element's.
    """
    batch, groups, heads, n, d = q.shape
    m = k.shape[-2]
    step = max(1, _CACHE // (heads * (n * m + (n + 2 * m) * d))) if in_cache else groups
    shares = None if received is None else q.new_zeros(batch, m)
    for b in range(batch):
        for start in range(0, groups, step):
            part = (b, slice(start, start + step))
            weights = (q[part] @ k[part].transpose(-2, -1)).mul_(d**-0.5).softmax(-1)
            out[part] = weights @ v[part]
            if shares is not None:
                shares[b] += weights.detach().mean((1, 2)).sum(0) / groups
    if received is not None:
        received.append(shares)


@torch.no_grad()
def _shares(q: Tensor, k: Tensor) -> Tensor:
    """What the fused kernel keeps to itself: (B, groups, H, sequence, D) -> (B, keys)."""
    scale = q.shape[-1] ** -0.5
    weights = ((one @ keys.mT * scale).softmax(-1) for one, keys in zip(q, k, strict=True))
    return torch.stack([one.float().mean((0, 1, 2)) for one in weights])


class Attention(nn.Module):
    """Multi-head self-attention over the joints of each frame or the frames of each joint."""

    def __init__(self, channel: int, heads: int, axis: Axis) -> None:
        super().__init__()
        self.heads = _dividing(heads, channel)
        self.axis: Axis = axis
        self.qkv = nn.Linear(channel, 3 * channel)
        self.proj = nn.Linear(channel, channel)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (B, F, J, C) -> queries, keys, values, each (B, F, J, H, D)."""
        return self.qkv(x).unflatten(-1, (3, self.heads, -1)).unbind(3)

    def forward(self, x: Tensor, received: list[Tensor] | None = None) -> Tensor:
        """x (B, F, J, C) -> (B, F, J, C).

        received  takes the share of attention that each token along the axis gets (see `attend`).
        """
        return self.proj(attend(*self.project(x), self.axis, self.training, received))


class CrossAttention(nn.Module):
    """Multi-head attention over frames with separate projections of queries, keys, values."""

    def __init__(self, channel: int, heads: int) -> None:
        super().__init__()
        self.heads = _dividing(heads, channel)
        self.linear_q = nn.Linear(channel, channel)
        self.linear_k = nn.Linear(channel, channel)
        self.linear_v = nn.Linear(channel, channel)
        self.proj = nn.Linear(channel, channel)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """query (1 or B, F, 1 or J, C), key and value (B, f, J, C) -> (B, F, J, C).

        A query of size 1 in the batch or joint axis is projected once and shared.
        """
        b, _, j, _ = key.shape
        q, k, v = self.linear_q(query), self.linear_k(key), self.linear_v(value)
        q = q.expand(b, -1, j, -1)
        out = attend(
            *(x.unflatten(-1, (self.heads, -1)) for x in (q, k, v)), "frames", self.training
        )
        return self.proj(out)


class MLP(nn.Module):
    """Two linear layers with a GELU between."""

    def __init__(self, channel: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channel, hidden)
        self.fc2 = nn.Linear(hidden, channel)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc1(x)
        # In place where no gradient wants what was there before.
        return self.fc2(F.gelu(x) if x.requires_grad else F.gelu(x, out=x))


class Block(nn.Module):
    """Pre-norm transformer block: x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, channel: int, hidden: int, heads: int, axis: Axis) -> None:
        super().__init__()
        self.norm1 = layer_norm(channel)
        self.attn = Attention(channel, heads, axis)
        self.norm2 = layer_norm(channel)
        self.mlp = MLP(channel, hidden)

    def forward(self, x: Tensor, received: list[Tensor] | None = None) -> Tensor:
        """x (B, F, J, C) -> (B, F, J, C); `received` as in `Attention`."""
        x = x + self.attn(self.norm1(x), received)
        return x + self.mlp(self.norm2(x))


def unrounded(part: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """part(x) in float32, also where `torch.autocast` has all else multiplied in halves.

    For what pixels come in by and metres go out by: half precision has steps of 1 mm at 1 m, and
    the steps from frame to frame, which losses weigh, are smaller.
    """
    if x.is_meta or not torch.is_autocast_enabled(x.device.type):
        return part(x)
    with torch.autocast(x.device.type, enabled=False):
        return part(x.float())


def _dividing(heads: int, channel: int) -> int:
    if channel % heads:
        raise UsageError(f"width: expected a multiple of {heads} attention heads, got {channel}")
    return heads


def layer_norm(channel: int) -> nn.LayerNorm:
    """The blocks' norm, whose eps differs from torch's own 1e-5."""
    return nn.LayerNorm(channel, eps=1e-6)


def position_table(*shape: int) -> nn.Parameter:
    """Learned positions, begun as small noise."""
    table = torch.empty(shape)
    if not table.is_meta:  # there it would change nothing, and import sympy: a second and 150 MB
        table.normal_(std=0.02)
    return nn.Parameter(table)
