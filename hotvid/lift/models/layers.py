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

Axis = Literal["joints", "frames"]


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(D)) v for q (..., N, D) and k, v (..., M, D).

    On a CPU the fused kernel loses to plain products for sequences as short as a skeleton.
    """
    if q.device.type == "cpu" and k.shape[-2] <= 32:
        weights = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
        return weights.softmax(-1) @ v
    return F.scaled_dot_product_attention(q, k, v)


class Attention(nn.Module):
    """Multi-head self-attention over the joints of each frame or the frames of each joint."""

    def __init__(self, channel: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channel, 3 * channel)
        self.proj = nn.Linear(channel, channel)

    def forward(self, x: Tensor, axis: Axis) -> Tensor:
        """x (B, F, J, C) -> (B, F, J, C)."""
        b, f, j, c = x.shape
        qkv = self.qkv(x).view(b, f, j, 3, self.heads, c // self.heads)
        if axis == "joints":
            q, k, v = qkv.flatten(0, 1).permute(2, 0, 3, 1, 4)  # each (BF, H, J, D)
            out = attend(q, k, v).transpose(1, 2)  # (BF, J, H, D)
        else:
            q, k, v = qkv.permute(3, 0, 2, 4, 1, 5).flatten(1, 2)  # each (BJ, H, F, D)
            out = attend(q, k, v).view(b, j, self.heads, f, -1).permute(0, 3, 1, 2, 4)
        return self.proj(out.reshape(b, f, j, c))


class MLP(nn.Module):
    """Two linear layers with a GELU between."""

    def __init__(self, channel: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channel, hidden)
        self.fc2 = nn.Linear(hidden, channel)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm transformer block: x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(
        self,
        channel: int,
        hidden: int,
        heads: int,
        axis: Axis,
        norm: Callable[[int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        norm = norm or layer_norm
        self.axis = axis
        self.norm1 = norm(channel)
        self.attn = Attention(channel, heads)
        self.norm2 = norm(channel)
        self.mlp = MLP(channel, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, F, J, C) -> (B, F, J, C)."""
        x = x + self.attn(self.norm1(x), self.axis)
        return x + self.mlp(self.norm2(x))


class CrossAttention(nn.Module):
    """Multi-head attention with separate projections of queries, keys and values."""

    def __init__(self, channel: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.linear_q = nn.Linear(channel, channel)
        self.linear_k = nn.Linear(channel, channel)
        self.linear_v = nn.Linear(channel, channel)
        self.proj = nn.Linear(channel, channel)

    def forward(self, query: Tensor, x: Tensor) -> Tensor:
        """query (1 or B, F, 1 or J, C), x (B, f, J, C) -> (B, F, J, C), over frames.

        A query of size 1 in a batch or joint axis is projected once and then shared.
        """
        b, _, j, c = x.shape
        f = query.shape[1]

        def by_head(tokens: Tensor) -> Tensor:  # (B, F, J, C) -> (BJ, H, F, D)
            tokens = tokens.unflatten(-1, (self.heads, -1)).permute(0, 2, 3, 1, 4)
            return tokens.expand(b, j, -1, -1, -1).flatten(0, 1)

        q, k, v = self.linear_q(query), self.linear_k(x), self.linear_v(x)
        out = attend(by_head(q), by_head(k), by_head(v))
        out = out.view(b, j, self.heads, f, -1).permute(0, 3, 1, 2, 4)  # (B, F, J, H, D)
        return self.proj(out.reshape(b, f, j, c))


def layer_norm(channel: int) -> nn.LayerNorm:
    """The blocks' norm, whose eps differs from torch's own 1e-5."""
    return nn.LayerNorm(channel, eps=1e-6)


def small_normal(*shape: int) -> nn.Parameter:
    """A table of learned positions, begun as small noise."""
    return nn.Parameter(torch.randn(shape) * 0.02)
