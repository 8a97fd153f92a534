"""MHFormer (Li et al., CVPR 2022): several hypotheses of a pose, refined and compared.

Its tokens are (B, F, S, C): S = 3 hypotheses stand where other backbones have joints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotvid.lift.models.hourglass import JOINTS, Hourglass
from hotvid.lift.models.layers import (
    MLP,
    Attention,
    Block,
    CrossAttention,
    layer_norm,
    position_table,
)

HYPOTHESES = 3
ENCODER_DEPTH = 4
ENCODER_HEADS = 9
LONGEST_NORMED = 27  # frames up to which the authors' embeddings have a norm


class PointwiseConv(nn.Conv1d):
    """A convolution of width 1 on channels-last input, with a convolution's parameters."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """x (..., in) -> (..., out)."""
        return F.linear(x, self.weight[:, :, 0], self.bias)


class NormedEmbedding(nn.Sequential):
    """What embeds short windows in the released code: convolution, batch norm, ReLU.

    The dropout that follows them there is `train.regularise`'s.
    """

    def __init__(self, in_channels: int, channel: int) -> None:
        super().__init__(PointwiseConv(in_channels, channel), nn.BatchNorm1d(channel), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """x (B, F, in) -> (B, F, C)."""
        return super().forward(x.flatten(0, 1)).unflatten(0, x.shape[:2])


class HypothesisEncoder(nn.Module):
    """Attention between the coordinates of the pose, each a token as wide as the window (MHG)."""

    def __init__(self, frames: int, coordinates: int) -> None:
        super().__init__()
        self.pos_embed = position_table(1, coordinates, frames)
        self.blocks = nn.ModuleList(
            Block(frames, 2 * frames, ENCODER_HEADS, "joints") for _ in range(ENCODER_DEPTH)
        )
        self.norm = layer_norm(frames)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, coordinates, F) -> (B, coordinates, F)."""
        x = (x + self.pos_embed)[:, None]  # (B, 1, coordinates, F)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)[:, 0]


class SelfRefinement(nn.Module):
    """SHR: each hypothesis attends to itself over frames, then one MLP mixes them."""

    def __init__(self, channel: int, mlp_hidden: int, heads: int) -> None:
        super().__init__()
        for s in range(1, HYPOTHESES + 1):
            setattr(self, f"norm1_{s}", layer_norm(channel))
            setattr(self, f"attn_{s}", Attention(channel, heads, "frames"))
        self.norm2 = layer_norm(HYPOTHESES * channel)
        self.mlp = MLP(HYPOTHESES * channel, mlp_hidden)

    def forward(self, x: Tensor, received: list[Tensor] | None = None) -> Tensor:
        """x (B, F, S, C) -> (B, F, S, C); `received` of each hypothesis."""
        steps = [
            getattr(self, f"attn_{s}")(getattr(self, f"norm1_{s}")(x[:, :, s - 1 : s]), received)
            for s in range(1, HYPOTHESES + 1)
        ]
        x = (x + torch.cat(steps, 2)).flatten(2)  # (B, F, SC)
        x = x + self.mlp(self.norm2(x))
        return x.unflatten(-1, (HYPOTHESES, -1))


class CrossInteraction(nn.Module):
    """CHI: each hypothesis in turn attends to the other two, then one MLP mixes them."""

    def __init__(self, channel: int, mlp_hidden: int, heads: int) -> None:
        super().__init__()
        for s in range(1, HYPOTHESES + 1):
            for role in range(1, HYPOTHESES + 1):
                setattr(self, f"norm3_{s}{role}", layer_norm(channel))
            setattr(self, f"attn_{s}", CrossAttention(channel, heads))
        self.norm2 = layer_norm(HYPOTHESES * channel)
        self.mlp = MLP(HYPOTHESES * channel, mlp_hidden)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, F, S, C) -> (B, F, S, C)."""
        parts = list(x.split(1, 2))  # each (B, F, 1, C)
        for s, own in enumerate(parts):
            others = [part for i, part in enumerate(parts) if i != s]
            query, key, value = (
                getattr(self, f"norm3_{s + 1}{role}")(part)
                for role, part in enumerate((*others, own), 1)
            )
            parts[s] = own + getattr(self, f"attn_{s + 1}")(query, key, value)
        x = torch.cat(parts, -1).squeeze(2)  # (B, F, SC)
        x = x + self.mlp(self.norm2(x))
        return x.unflatten(-1, (HYPOTHESES, -1))


class HypothesisTransformer(nn.Module):
    """The parameters of the stages over frames; `MHFormer` runs them."""

    def __init__(self, frames: int, channel: int, mlp_hidden: int, depth: int, heads: int) -> None:
        super().__init__()
        for s in range(1, HYPOTHESES + 1):
            setattr(self, f"pos_embed_{s}", position_table(1, frames, channel))
        self.SHR_blocks = nn.ModuleList(
            SelfRefinement(channel, mlp_hidden, heads) for _ in range(depth - 1)
        )
        self.CHI_blocks = nn.ModuleList([CrossInteraction(channel, mlp_hidden, heads)])
        self.norm = layer_norm(HYPOTHESES * channel)


class MHFormer(Hourglass):
    """Three hypotheses of each frame's pose; `depth` - 1 refinements, then one interaction.

    frames     up to 27, embeddings have a batch norm (the released code's switch).
    hourglass  `Hourglass`'s sizes and choices: token_num, layer_index, prune, recover. TRA
               recovers each hypothesis as it does each joint elsewhere.
    """

    size_in_weights: ClassVar = {
        **Hourglass.size_in_weights,
        "frames": ("Transformer_hypothesis.pos_embed_1", 1),
        "channel": ("embedding_1.weight", 0),
        "in_channels": ("embedding_1.weight", 1),
        "mlp_hidden": ("Transformer_hypothesis.CHI_blocks.0.mlp.fc1.weight", 0),
    }

    def __init__(
        self,
        *,
        frames: int,
        channel: int,
        mlp_hidden: int,
        in_channels: int,
        depth: int,
        heads: int,
        **hourglass: Any,
    ) -> None:
        super().__init__(
            frames=frames,
            channel=channel,
            heads=heads,
            depth=depth,
            in_channels=in_channels,
            **hourglass,
        )
        coordinates = JOINTS * in_channels
        embedding = NormedEmbedding if frames <= LONGEST_NORMED else PointwiseConv
        for s in range(1, HYPOTHESES + 1):
            setattr(self, f"norm_{s}", nn.LayerNorm(frames))
            setattr(self, f"Transformer_encoder_{s}", HypothesisEncoder(frames, coordinates))
            setattr(self, f"embedding_{s}", embedding(coordinates, channel))
        self.Transformer_hypothesis = HypothesisTransformer(
            frames, channel, mlp_hidden, depth, heads
        )
        width = HYPOTHESES * channel
        self.regression = nn.Sequential(nn.BatchNorm1d(width), PointwiseConv(width, JOINTS * 3))

    @classmethod
    def read_sizes(cls, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
        embedding = shapes.get("embedding_1.weight", shapes.get("embedding_1.0.weight", ()))
        sizes = super().read_sizes({**shapes, "embedding_1.weight": embedding})
        if "in_channels" in sizes:
            sizes["in_channels"] //= JOINTS
        return sizes

    def embed(self, keypoints: Tensor) -> Tensor:
        x = keypoints.flatten(2).mT  # (B, coordinates, F)
        hypotheses = []
        for s in range(1, HYPOTHESES + 1):
            x = x + self._part("Transformer_encoder", s)(self._part("norm", s)(x))
            tokens = self._part("embedding", s)(x.mT)  # (B, F, C)
            hypotheses.append(tokens + getattr(self.Transformer_hypothesis, f"pos_embed_{s}"))
        return torch.stack(hypotheses, 2)  # (B, F, S, C)

    def block(self, i: int, x: Tensor, received: list[Tensor] | None = None) -> Tensor:
        stages = self.Transformer_hypothesis
        if i == self.depth - 1:
            return stages.CHI_blocks[0](x)
        return stages.SHR_blocks[i](x, received)

    def frame_features(self, x: Tensor) -> Tensor:
        return x.flatten(2)  # (B, f, SC): the hypotheses side by side

    def final_norm(self, x: Tensor) -> Tensor:
        return self.Transformer_hypothesis.norm(x.flatten(2)).unflatten(-1, (HYPOTHESES, -1))

    def regress(self, x: Tensor) -> Tensor:
        b, f = x.shape[:2]
        poses = self.regression(x.reshape(b * f, -1))  # (BF, 51)
        return poses.view(b, f, JOINTS, 3)

    def _part(self, name: str, s: int) -> nn.Module:
        return getattr(self, f"{name}_{s}")
