"""Stochastic depth and dropout for the published models, added from outside while they train.

They have no part in inference and no weights, so the models themselves know nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.models.layers import MLP
from hotvid.lift.models.mhformer import (
    CrossInteraction,
    HypothesisEncoder,
    HypothesisTransformer,
    NormedEmbedding,
    SelfRefinement,
)
from hotvid.lift.models.mixste import MixSTE

_BEHIND_EMBEDDING = 0.25  # MHFormer's, of windows up to 27 frames

Hook = Callable[[nn.Module, tuple, Tensor], Tensor]


def regularise(model: Hourglass, drop_path: float, dropout: float) -> None:
    """Let `model` skip branches of its blocks and drop tokens' values while it trains.

    drop_path  the share of samples for which the last block's branches are skipped; it rises
               evenly from 0 at the first block (Huang et al. 2016). A sample is what attention
               runs over: a frame's joints or a joint's frames.
    dropout    the share of values zeroed where MHFormer has it: behind the position tables, in
               and behind the MLPs, and behind attention; where there is any, a quarter behind
               embeddings that have a norm.
    """
    if dropout:
        for embedding in _embeddings(model):
            embedding.register_forward_hook(_dropout_behind(_BEHIND_EMBEDDING))
    for blocks in _stages(model):
        rates = torch.linspace(0, drop_path, len(blocks)).tolist() if len(blocks) > 1 else [0.0]
        if dropout:
            blocks[0].register_forward_pre_hook(_dropout_before(dropout))
        for block, rate in zip(blocks, rates, strict=True):
            for branch in _branches(block):
                if dropout:
                    branch.register_forward_hook(_dropout_behind(dropout))
                    if isinstance(branch, MLP):
                        branch.fc2.register_forward_pre_hook(_dropout_before(dropout))
                if rate:
                    branch.register_forward_hook(_skip(rate, _shared_axes(model, branch)))


def _embeddings(model: Hourglass) -> Iterator[nn.Module]:
    return (part for part in model.modules() if isinstance(part, NormedEmbedding))


def _stages(model: Hourglass) -> Iterator[list[nn.Module]]:
    """Blocks over which the rate rises, stage by stage."""
    if isinstance(model, MixSTE):
        yield list(model.STEblocks)
        yield list(model.TTEblocks)
    for part in model.modules():
        if isinstance(part, HypothesisEncoder):
            yield list(part.blocks)
        elif isinstance(part, HypothesisTransformer):
            yield [*part.SHR_blocks, *part.CHI_blocks]


def _branches(block: nn.Module) -> Iterator[nn.Module]:
    names = ("attn_1", "attn_2", "attn_3") if _of_hypotheses(block) else ("attn",)
    for name in (*names, "mlp"):
        yield getattr(block, name)


def _of_hypotheses(block: nn.Module) -> bool:
    return isinstance(block, (SelfRefinement, CrossInteraction))


def _shared_axes(model: Hourglass, branch: nn.Module) -> tuple[int, ...]:
    """Axes of (B, F, J, C) over which a sample is skipped as one."""
    if not isinstance(model, MixSTE):
        return (1, 2, 3)
    over_joints = any(branch in (b.attn, b.mlp) for b in model.STEblocks)
    return (2, 3) if over_joints else (1, 3)


def _skip(rate: float, shared: tuple[int, ...]) -> Hook:
    def hook(module: nn.Module, inputs: tuple, out: Tensor) -> Tensor:
        if not module.training:
            return out
        shape = [1 if axis in shared else n for axis, n in enumerate(out.shape)]
        kept = torch.rand(shape, device=out.device) >= rate
        return out * (kept / (1 - rate)).to(out.dtype)

    return hook


def _dropout_behind(rate: float) -> Hook:
    return lambda module, inputs, out: F.dropout(out, rate, module.training)


def _dropout_before(rate: float) -> Callable[[nn.Module, tuple], tuple]:
    return lambda module, inputs: (F.dropout(inputs[0], rate, module.training), *inputs[1:])
