"""MotionBERT's DSTformer (Zhu et al., ICCV 2023): two streams, fused after every block."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from hotvid.lift.models.hourglass import JOINTS, Hourglass
from hotvid.lift.models.layers import MLP, Attention, layer_norm, position_table

_STD = 0.02  # of initial weights


class StreamBlock(nn.Module):
    """A step over joints (s) and a step over frames (t), in the order the stream is named by."""

    def __init__(
        self, channel: int, mlp_hidden: int, heads: int, order: Literal["st", "ts"]
    ) -> None:
        super().__init__()
        self.order = order
        self.norm1_s = layer_norm(channel)
        self.norm1_t = layer_norm(channel)
        self.attn_s = Attention(channel, heads, "joints")
        self.attn_t = Attention(channel, heads, "frames")
        self.norm2_s = layer_norm(channel)
        self.norm2_t = layer_norm(channel)
        self.mlp_s = MLP(channel, mlp_hidden)
        self.mlp_t = MLP(channel, mlp_hidden)

    def forward(self, x: Tensor, received: list[Tensor] | None = None) -> Tensor:
        """x (B, F, J, C) -> (B, F, J, C); `received` of the attention over frames."""
        for step in self.order:
            x = self.step_s(x) if step == "s" else self.step_t(x, received)
        return x

    def step_s(self, x: Tensor) -> Tensor:
        x = x + self.attn_s(self.norm1_s(x))
        return x + self.mlp_s(self.norm2_s(x))

    def step_t(self, x: Tensor, received: list[Tensor] | None = None) -> Tensor:
        x = x + self.attn_t(self.norm1_t(x), received)
        return x + self.mlp_t(self.norm2_t(x))


class PreLogits(nn.Module):
    """The representation before the head: a linear layer and tanh."""

    def __init__(self, channel: int, representation: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channel, representation)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).tanh()


class MotionBERT(Hourglass):
    """`depth` pairs of stream blocks.

    representation  width before the head.
    hourglass       `Hourglass`'s sizes and choices: token_num, layer_index, prune, recover.
    """

    size_in_weights: ClassVar = {
        **Hourglass.size_in_weights,
        "frames": ("temp_embed", 1),
        "channel": ("joints_embed.weight", 0),
        "in_channels": ("joints_embed.weight", 1),
        "mlp_hidden": ("blocks_st.0.mlp_s.fc1.weight", 0),
        "representation": ("pre_logits.fc.weight", 0),
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
        representation: int,
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
        self.joints_embed = nn.Linear(in_channels, channel)
        self.pos_embed = position_table(1, JOINTS, channel)
        self.temp_embed = position_table(1, frames, 1, channel)
        self.blocks_st = nn.ModuleList(
            StreamBlock(channel, mlp_hidden, heads, "st") for _ in range(depth)
        )
        self.blocks_ts = nn.ModuleList(
            StreamBlock(channel, mlp_hidden, heads, "ts") for _ in range(depth)
        )
        self.ts_attn = nn.ModuleList(nn.Linear(2 * channel, 2) for _ in range(depth))
        self.norm = layer_norm(channel)
        self.pre_logits = PreLogits(channel, representation)
        self.head = nn.Linear(representation, 3)

    @torch.no_grad()
    def initialise(self) -> None:
        """Begin as MotionBERT's released code does, and HoT's for it.

        Small linear layers (standard deviation 0.02, biases 0), small positions, HoT's slots and
        tokens at 0, both streams with the same share.
        """
        super().initialise()
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=_STD)
                nn.init.zeros_(layer.bias)
        for table in (self.pos_embed, self.temp_embed):
            nn.init.trunc_normal_(table, std=_STD)
        for share in self.ts_attn:
            nn.init.zeros_(share.weight)
            nn.init.constant_(share.bias, 0.5)

    def embed(self, keypoints: Tensor) -> Tensor:
        x = self.joints_embed(keypoints) + self.pos_embed  # (B, F, J, C)
        return x + self.temp_embed

    def block(self, i: int, x: Tensor, received: list[Tensor] | None = None) -> Tensor:
        st, ts = self.blocks_st[i](x, received), self.blocks_ts[i](x, received)  # (B, f, J, C) each
        share = self.ts_attn[i](torch.cat([st, ts], -1)).softmax(-1)  # (B, f, J, 2)
        return st * share[..., :1] + ts * share[..., 1:]

    def frame_features(self, x: Tensor) -> Tensor:
        # The mean over joints, summed in the order of the published code's pooling: clustering
        # is sensitive to the last bit (see `prune.cluster_scores`).
        return x.mT.contiguous().mean(-1)  # (B, f, C)

    def final_norm(self, x: Tensor) -> Tensor:
        return self.norm(x)

    def regress(self, x: Tensor) -> Tensor:
        return self.head(self.pre_logits(x))  # (B, F, J, 3)
