"""The Hourglass Tokenizer (HoT, CVPR 2024): prune frames early, recover them at the end.

Written once: a backbone derives from `Hourglass` and supplies its embedding, its blocks and its
head. A base class rather than a wrapper, because published checkpoints keep the hourglass's
parameters and the backbone's in one flat namespace.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hotvid.errors import ShapeError, UsageError
from hotvid.lift.models.layers import CrossAttention, small_normal


def cluster_scores(features: Tensor, neighbours: int = 2) -> Tensor:
    """How much each frame stands for others (TPC, HoT section 3.2; DPC-kNN clustering).

    features  (B, F, C), one token a frame.
    returns   (B, F): density times the distance to the nearest frame of higher density.
    """
    distance = torch.cdist(features, features) / features.shape[-1] ** 0.5  # (B, F, F)
    nearest = distance.topk(neighbours, dim=-1, largest=False).values  # itself included
    density = (-nearest.square().mean(-1)).exp()  # (B, F)
    denser = density[:, None, :] > density[:, :, None]
    farthest = distance.amax((1, 2))[:, None, None]
    to_denser = torch.where(denser, distance, farthest).amin(-1)  # (B, F)
    return density * to_denser


def top_frames(score: Tensor, n: int, keep_centre: bool = False) -> Tensor:
    """The `n` frames of highest score, ascending; ties go to the lower index.

    score        (B, F).
    keep_centre  the centre frame is one of the n whatever its score (seq2frame).
    returns      (B, n) int64.
    """
    if keep_centre:
        centre = score.shape[1] // 2
        score = score.clone()
        score[:, centre] = torch.inf
    order = score.argsort(dim=-1, descending=True, stable=True)
    return order[:, :n].sort(-1).values


def take_frames(x: Tensor, frames: Tensor) -> Tensor:
    """Rows `frames` (B, f) of x (B, F, ...): (B, f, ...)."""
    b, n = x.shape[:2]
    start = torch.arange(b, device=x.device)[:, None] * n
    # index_select copies whole rows, and its backward pass adds whole rows.
    return x.flatten(0, 1).index_select(0, (frames + start).flatten()).unflatten(0, (b, -1))


class Hourglass(nn.Module):
    """A video pose transformer with frames pruned before block `layer_index`.

    frames       F, the window's length.
    token_num    f, frames kept; None or `frames`: the plain backbone, nothing pruned.
    layer_index  pruning happens before this block (counted from 0, at least 1).
    recover      True (HoT, seq2seq): all frames are recovered at the end. False (TPC,
                 seq2frame): the centre frame is kept and only kept frames come out.
    """

    depth: int

    def __init__(
        self,
        *,
        frames: int,
        channel: int,
        heads: int,
        token_num: int | None = None,
        layer_index: int | None = None,
        recover: bool = False,
    ) -> None:
        super().__init__()
        self.frames = frames
        self.token_num = None if token_num in (None, frames) else token_num
        self.layer_index = layer_index
        self.recovers = recover and self.token_num is not None
        if self.token_num is None:
            return
        if not 1 <= self.token_num < frames:
            raise UsageError(f"token_num: expected 1 to {frames} frames, got {token_num}")
        if layer_index is None:
            raise UsageError("layer_index: expected the block to prune before, got None")
        if self.recovers:
            self.pos_embed_token = small_normal(1, self.token_num, channel)
            self.x_token = small_normal(1, frames, channel)
            self.cross_attention = CrossAttention(channel, heads)

    def embed(self, keypoints: Tensor) -> Tensor:
        """(B, F, 17, in_channels) -> tokens (B, F, J, C)."""
        raise NotImplementedError

    def block(self, i: int, x: Tensor) -> Tensor:
        """Block i on tokens (B, f, J, C)."""
        raise NotImplementedError

    def frame_features(self, x: Tensor) -> Tensor:
        """One vector a frame, from which frames are chosen: (B, F, J, C) -> (B, F, C)."""
        return x.mean(2)

    def final_norm(self, x: Tensor) -> Tensor:
        """What the backbone applies after its last block, before recovery."""
        return x

    def regress(self, x: Tensor) -> Tensor:
        """Tokens (B, F, J, C) -> poses (B, F, 17, 3)."""
        raise NotImplementedError

    def prune(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, F, J, C) -> the kept frames' tokens (B, f, J, C) and their indices (B, f)."""
        with torch.no_grad():
            scores = cluster_scores(self.frame_features(x))
            kept = top_frames(scores, self.token_num, keep_centre=not self.recovers)
        x = take_frames(x, kept)
        if self.recovers:
            x = x + self.pos_embed_token[:, :, None]
        return x, kept

    def recover(self, x: Tensor) -> Tensor:
        """Kept tokens (B, f, J, C) -> all frames' (B, F, J, C) (TRA, HoT section 3.3)."""
        query = self.x_token[:, :, None]  # (1, F, 1, C): one for every joint and batch element
        return query + self.cross_attention(query, x)

    def forward_kept(self, keypoints: Tensor) -> tuple[Tensor, Tensor | None]:
        """As `forward`, and the kept frames' indices (B, f), or None where all were kept."""
        self._check(keypoints)
        kept = None
        x = self.embed(keypoints)  # (B, F, J, C)
        for i in range(self.depth):
            if self.token_num is not None and i == self.layer_index:
                x, kept = self.prune(x)  # (B, f, J, C)
            x = self.block(i, x)
        x = self.final_norm(x)
        if self.recovers:
            x = self.recover(x)  # (B, F, J, C)
        return self.regress(x), kept  # (B, F or f, 17, 3)

    def forward(self, keypoints: Tensor) -> Tensor:
        """keypoints (B, F, 17, in_channels) -> poses (B, F', 17, 3), root not subtracted.

        F' is F, or token_num for seq2frame models (their frames: `forward_kept`).
        """
        return self.forward_kept(keypoints)[0]

    def _check(self, keypoints: Tensor) -> None:
        wanted = (self.frames, 17, self.in_channels)
        if keypoints.ndim != 4 or keypoints.shape[1:] != wanted:
            raise ShapeError(
                f"keypoints: expected shape (B, {', '.join(map(str, wanted))}), "
                f"got {tuple(keypoints.shape)}"
            )
