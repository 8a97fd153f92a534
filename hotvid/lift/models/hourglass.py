"""The Hourglass Tokenizer (HoT, CVPR 2024): prune frames early, recover them at the end.

Written once: a backbone derives from `Hourglass` and supplies its embedding, its blocks and its
head. A base class rather than a wrapper, because published checkpoints keep the hourglass's
parameters and the backbone's in one flat namespace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotvid.errors import ShapeError, UsageError
from hotvid.lift.models.layers import CrossAttention, position_table, unrounded
from hotvid.lift.models.prune import PRUNERS, FrameCues, by_attention, take_frames
from hotvid.lift.models.recover import INTERPOLATIONS

JOINTS = 17
_LAYERS = (nn.Linear, nn.Conv1d, nn.LayerNorm, nn.BatchNorm1d)
RECOVERIES = ("tra", *INTERPOLATIONS)


class Hourglass(nn.Module):
    """A video pose transformer with frames pruned before some of its blocks.

    frames       F, the window's length.
    token_num    frames kept; None or `frames`: the plain backbone, nothing pruned. A sequence
                 prunes by steps, at as many blocks (H2OT).
    layer_index  the block, or blocks, before which frames are pruned; 1 to depth - 1.
    prune        how frames are chosen: tpc, uniform, motion, attention.
    recover      how all frames come back: tra (learned, on tokens; adds parameters), linear or
                 nearest (interpolated output poses). None (seq2frame): they do not, and the
                 centre frame is always among those kept.
    """

    name: str  # in the zoo, and
    sizes: dict[str, Any]  # all sizes that it was built with

    # Where a size can be read from a checkpoint: size -> (key, axis of its shape).
    size_in_weights: ClassVar[dict[str, tuple[str, int]]] = {"token_num": ("pos_embed_token", 1)}

    def __init__(
        self,
        *,
        frames: int,
        channel: int,
        heads: int,
        depth: int,
        in_channels: int,
        token_num: int | Sequence[int] | None = None,
        layer_index: int | Sequence[int] | None = None,
        prune: str = "tpc",
        recover: str | None = None,
    ) -> None:
        super().__init__()
        self.frames = frames
        self.depth = depth
        self.in_channels = in_channels
        self.choose_frames = PRUNERS[_choice("prune", prune, tuple(PRUNERS))]
        self.cuts: dict[int, int] = {}  # block -> frames kept from there on
        self._cuts_as_built = self.cuts
        self.recovery: str | None = None
        if recover is not None:
            _choice("recover", recover, RECOVERIES)
        if token_num is None:
            return
        if token_num == frames:
            if layer_index is not None:
                _blocks(depth, layer_index)
            return
        self.cuts = _cuts(frames, depth, token_num, layer_index)
        self._cuts_as_built = self.cuts
        if recover is None:
            return
        self.recovery = recover
        if recover == "tra":
            for i, n in self.cuts.items():
                setattr(self, self._slot_table(i), position_table(1, n, channel))
            self.x_token = position_table(1, frames, channel)
            self.cross_attention = CrossAttention(channel, heads)

    @classmethod
    def read_sizes(cls, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
        """The sizes that shapes of weights tell: key -> shape, other models' keys passed over."""
        return {
            size: shapes[key][axis]
            for size, (key, axis) in cls.size_in_weights.items()
            if len(shapes.get(key, ())) > axis
        }

    @staticmethod
    def is_hourglass_key(key: str) -> bool:
        """Whether a weight of that name is one that the hourglass adds to the plain model."""
        return key.startswith(("pos_embed_token", "x_token", "cross_attention."))

    @torch.no_grad()
    def initialise(self) -> None:
        """Begin as the released code of MixSTE, MHFormer and HoT does.

        Tables of positions and tokens are 0, all else is as torch begins it. (hotvid's own tables
        begin as small noise, as they do when a model is built.)
        """
        for table in self._tables():
            table.zero_()

    def _tables(self) -> Iterator[nn.Parameter]:
        """Positions and tokens: parameters that are of no layer's."""
        for module in self.modules():
            if not isinstance(module, _LAYERS):
                yield from module.parameters(recurse=False)

    # What a backbone supplies. J below is its own number of tokens a frame.

    def embed(self, keypoints: Tensor) -> Tensor:
        """(B, F, 17, in_channels) -> tokens (B, F, J, C)."""
        raise NotImplementedError

    def block(self, i: int, x: Tensor, received: list[Tensor] | None = None) -> Tensor:
        """Block i on tokens (B, f, J, C).

        received  where given, each attention over frames adds to it the share that each frame
                  gets, (B, f): see `layers.attend`. Not asked of the last block.
        """
        raise NotImplementedError

    def frame_features(self, x: Tensor) -> Tensor:
        """One vector a frame, for clustering: (B, f, J, C) -> (B, f, C)."""
        return x.mean(2)

    def final_norm(self, x: Tensor) -> Tensor:
        """What follows the last block and precedes recovery."""
        return x

    def regress(self, x: Tensor) -> Tensor:
        """Tokens (B, F, J, C) -> poses (B, F, 17, 3)."""
        raise NotImplementedError

    def forward(self, keypoints: Tensor) -> Tensor:
        """keypoints (B, F, 17, in_channels) -> poses (B, F', 17, 3).

        F' is F, or the frames kept for seq2frame models (which ones: `forward_kept`).
        """
        return self.forward_kept(keypoints)[0]

    def forward_kept(self, keypoints: Tensor) -> tuple[Tensor, Tensor | None]:
        """As `forward`, with the kept frames' indices (B, f), ascending; None if all are kept."""
        self._check(keypoints)
        kept = received = None
        x = unrounded(self.embed, keypoints)  # (B, F, J, C)
        for i in range(self.depth):
            if i in self.cuts:
                x, kept = self.prune(i, x, kept, keypoints, received)  # (B, f, J, C)
            received = [] if i + 1 in self.cuts and self.choose_frames is by_attention else None
            x = self.block(i, x, received)
        x = self.final_norm(x)
        if self.recovery == "tra":
            x = self.recover_tokens(x)  # (B, F, J, C)
        poses = unrounded(self.regress, x)  # (B, F or f, 17, 3)
        if self.recovery in INTERPOLATIONS:
            poses = INTERPOLATIONS[self.recovery](poses, kept, self.frames)
        return poses, kept

    def prune(
        self,
        i: int,
        x: Tensor,
        kept: Tensor | None,
        keypoints: Tensor,
        received: list[Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Choose frames before block i.

        x          (B, F, J, C) tokens of the frames `kept` (B, F) so far (None: all).
        keypoints  (B, all frames, 17, in_channels).
        received   the share of attention that each frame of x got in block i - 1, (B, F) for each
                   of its attentions over frames; None unless frames are chosen by it.
        returns    tokens (B, f, J, C) and frame indices (B, f) of those kept from here on.
        """
        xy = keypoints[..., :2]
        if kept is None:
            kept = torch.arange(self.frames, device=x.device).repeat(len(x), 1)
        else:
            xy = take_frames(xy, kept)
        with torch.no_grad():
            slots = self.choose_frames(
                FrameCues(
                    features=lambda: self.frame_features(x).float(),
                    attention=torch.stack(received).mean(0) if received else None,
                    xy=xy,
                ),
                self.cuts[i],
                None if self.recovery else self._centre_slot(kept),
            )
        x = take_frames(x, slots)
        if self.recovery == "tra":
            x = x + self._slot_embedding(i)[:, :, None]
        return x, kept.gather(1, slots)

    def recover_tokens(self, x: Tensor) -> Tensor:
        """TRA (HoT, section 3.3): kept tokens (B, f, J, C) -> all frames' (B, F, J, C)."""
        query = self.x_token[:, :, None]  # (1, F, 1, C): one for all joints and batch elements
        return query + self.cross_attention(query, x, x)

    def use_tokens(self, token_num: int | Sequence[int] | None) -> None:
        """Keep other numbers of frames than the model was built for, at the same blocks.

        Every recovery allows it: learned slot positions are interpolated to the new number.

        token_num  None: as built.
        raises     UsageError where nothing is pruned, or the numbers do not fit the model.
        """
        if token_num is None:
            self.cuts = self._cuts_as_built
            return
        if not self.cuts:
            raise UsageError(
                "this model prunes no frames, so how many are kept is not to be chosen",
                "choose a hot- or tpc- model, or leave the number of tokens out",
            )
        if isinstance(token_num, int):
            if len(self.cuts) > 1:
                steps = ", ".join(map(str, self.cuts.values()))
                raise UsageError(
                    f"this model keeps {steps} frames by steps, not {token_num}",
                    f"give {len(self.cuts)} numbers of tokens",
                )
            if not 2 <= token_num < self.frames:
                raise UsageError(
                    f"{token_num} tokens: this model can keep 2 to {self.frames - 1} frames of "
                    f"its {self.frames}"
                )
        self.cuts = _cuts(self.frames, self.depth, token_num, tuple(self.cuts))

    def _centre_slot(self, kept: Tensor) -> Tensor:
        return (kept == self.frames // 2).int().argmax(1, keepdim=True)  # (B, 1)

    def _slot_table(self, i: int) -> str:
        """The parameter's name; the first is the published one."""
        at = list(self.cuts).index(i)
        return "pos_embed_token" if at == 0 else f"pos_embed_token_{at + 1}"

    def _slot_embedding(self, i: int) -> Tensor:
        """(1, f, C) for the frames kept before block i."""
        table = getattr(self, self._slot_table(i))
        if table.shape[1] == self.cuts[i]:
            return table
        table = F.interpolate(table.mT, self.cuts[i], mode="linear", align_corners=True)
        return table.mT

    def _check(self, keypoints: Tensor) -> None:
        wanted = (self.frames, JOINTS, self.in_channels)
        if keypoints.ndim != 4 or keypoints.shape[1:] != wanted:
            shape = ", ".join(map(str, wanted))
            raise ShapeError(f"keypoints: expected (B, {shape}), got {tuple(keypoints.shape)}")


def _choice(what: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise UsageError(f"unknown {what} '{value}'", f"choose one of: {', '.join(choices)}")
    return value


def _cuts(
    frames: int,
    depth: int,
    token_num: int | Sequence[int],
    layer_index: int | Sequence[int] | None,
) -> dict[int, int]:
    """Block -> frames kept, checked: blocks within 1 to depth - 1 and ascending, frames falling."""
    kept = _whole_numbers("token_num", token_num)
    if layer_index is None:
        raise UsageError("token_num is given but layer_index is not", "give both or neither")
    blocks = _blocks(depth, layer_index)
    if len(kept) != len(blocks):
        raise UsageError(
            f"token_num and layer_index: expected as many of one as of the other, "
            f"got {len(kept)} and {len(blocks)}"
        )
    if any(after >= before for before, after in zip([frames, *kept], kept, strict=False)):
        raise UsageError(f"token_num: expected to fall from {frames} frames, got {kept}")
    if kept[-1] < 2:
        raise UsageError(f"token_num: expected at least 2 frames to be kept, got {kept[-1]}")
    return dict(zip(blocks, kept, strict=True))


def _blocks(depth: int, layer_index: int | Sequence[int]) -> list[int]:
    blocks = _whole_numbers("layer_index", layer_index)
    if sorted(set(blocks)) != blocks or not 1 <= blocks[0] <= blocks[-1] < depth:
        raise UsageError(f"layer_index: expected ascending blocks in 1..{depth - 1}, got {blocks}")
    return blocks


def _whole_numbers(what: str, value: int | Sequence[int]) -> list[int]:
    several = isinstance(value, Sequence) and not isinstance(value, str)
    numbers = list(value) if several else [value]
    if not numbers or not all(isinstance(number, int) for number in numbers):
        raise UsageError(f"{what}: expected a whole number or several, got {value!r}")
    return numbers
