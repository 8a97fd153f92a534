"""MixSTE (Zhang et al., CVPR 2022): spatial and temporal attention alternate."""

from __future__ import annotations

from torch import Tensor, nn

from hotvid.errors import UsageError
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.models.layers import Block, layer_norm, small_normal

JOINTS = 17


class MixSTE(Hourglass):
    """`depth` spatial blocks (over joints), each followed by a temporal one (over frames)."""

    def __init__(
        self,
        *,
        frames: int = 243,
        channel: int = 512,
        mlp_hidden: int = 1024,
        in_channels: int = 2,
        depth: int = 8,
        heads: int = 8,
        token_num: int | None = None,
        layer_index: int | None = None,
        recover: bool = False,
    ) -> None:
        super().__init__(
            frames=frames,
            channel=channel,
            heads=heads,
            token_num=token_num,
            layer_index=layer_index,
            recover=recover,
        )
        if self.token_num is not None and not 1 <= layer_index < depth:
            raise UsageError(f"layer_index: expected 1 to {depth - 1}, got {layer_index}")
        self.depth = depth
        self.in_channels = in_channels
        self.Spatial_patch_to_embedding = nn.Linear(in_channels, channel)
        self.Spatial_pos_embed = small_normal(1, JOINTS, channel)
        self.Temporal_pos_embed = small_normal(1, frames, channel)
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

    def block(self, i: int, x: Tensor) -> Tensor:
        x = self.Spatial_norm(self.STEblocks[i](x))  # (B, f, J, C)
        if i == 0:
            x = x + self.Temporal_pos_embed[:, :, None]
        return self.Temporal_norm(self.TTEblocks[i](x))

    def regress(self, x: Tensor) -> Tensor:
        return self.head(x)  # (B, F, J, 3)
