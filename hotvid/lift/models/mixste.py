"""MixSTE (Zhang et al., CVPR 2022): attention over joints and over frames alternates."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from hotvid.lift.models.hourglass import JOINTS, Hourglass
from hotvid.lift.models.layers import Block, layer_norm, position_table


class MixSTE(Hourglass):
    """`depth` blocks over joints, each followed by one over frames.

    hourglass  `Hourglass`'s sizes and choices: frames, token_num, layer_index, prune, recover.
    """

    size_in_weights: ClassVar = {
        **Hourglass.size_in_weights,
        "frames": ("Temporal_pos_embed", 1),
        "channel": ("Spatial_patch_to_embedding.weight", 0),
        "in_channels": ("Spatial_patch_to_embedding.weight", 1),
        "mlp_hidden": ("STEblocks.0.mlp.fc1.weight", 0),
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
        self.Spatial_patch_to_embedding = nn.Linear(in_channels, channel)
        self.Spatial_pos_embed = position_table(1, JOINTS, channel)
        self.Temporal_pos_embed = position_table(1, frames, channel)
        self.STEblocks = nn.ModuleList(
            Block(channel, mlp_hidden, heads, "joints") for _ in range(depth)
        )
        self.TTEblocks = nn.ModuleList(
            Block(channel, mlp_hidden, heads, "frames") for _ in range(depth)
        )
        self.Spatial_norm = layer_norm(channel)
        self.Temporal_norm = layer_norm(channel)
        self.head = nn.Sequential(nn.LayerNorm(channel), nn.Linear(channel, 3))

    def embed(self, keypoints: Tensor) -> Tensor:
        x = self.Spatial_patch_to_embedding(keypoints)  # (B, F, J, C)
        return x + self.Spatial_pos_embed

    def block(self, i: int, x: Tensor, received: list[Tensor] | None = None) -> Tensor:
        x = self.Spatial_norm(self.STEblocks[i](x))  # (B, f, J, C)
        if i == 0:
            x = x + self.Temporal_pos_embed[:, :, None]
        return self.Temporal_norm(self.TTEblocks[i](x, received))  # (B, f, J, C)

    def regress(self, x: Tensor) -> Tensor:
        return self.head(x)  # (B, F, J, 3)
