"""Parameters and floating-point operations of a model, counted without running it."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hotvid.lift.models.hourglass import JOINTS, Hourglass
from hotvid.lift.models.layers import Attention, CrossAttention


@dataclass(frozen=True)
class Complexity:
    """What one window costs.

    parameters            of the model, all of them.
    flops                 2 x the multiply-adds of linear and convolution layers at batch 1, as
                          HoT's paper counts: TRA's queries for every joint anew, although they
                          are computed once.
    flops_with_attention  also the products of queries with keys and of weights with values; frames
                          chosen by attention are chosen by weights that are there for that.
    """

    parameters: int
    flops: int
    flops_with_attention: int


class _Counter:
    """Multiply-adds of the modules whose forward passes it saw."""

    def __init__(self) -> None:
        self.linear = 0
        self.attention = 0

    def watch(self, module: nn.Module) -> None:
        """Count this module, not its children."""
        if isinstance(module, nn.Linear | nn.Conv1d):
            module.register_forward_hook(self._on_linear)
        elif isinstance(module, CrossAttention):
            module.register_forward_hook(self._on_cross_attention)
        elif isinstance(module, Attention):
            module.register_forward_hook(self._on_attention)

    def _on_linear(self, layer: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        tokens = inputs[0].numel() // inputs[0].shape[-1]
        self.linear += tokens * layer.weight.numel()

    def _on_attention(self, module: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> None:
        length = out.shape[2 if module.axis == "joints" else 1]
        self.attention += 2 * out.numel() * length

    def _on_cross_attention(
        self, module: nn.Module, inputs: tuple[Tensor, ...], out: Tensor
    ) -> None:
        query, key, _ = inputs
        self.attention += 2 * out.numel() * key.shape[1]
        self.linear += (out.numel() - query.numel()) * out.shape[-1]


def count(model: Hourglass) -> Complexity:
    """Parameters and operations of `model` for one window; the model itself stays untouched."""
    shadow = copy.deepcopy(model).to("meta").eval()
    counter = _Counter()
    for module in shadow.modules():
        counter.watch(module)
    with torch.no_grad():
        shadow(torch.empty(1, model.frames, JOINTS, model.in_channels, device="meta"))
    return Complexity(
        parameters=sum(p.numel() for p in model.parameters()),
        flops=2 * counter.linear,
        flops_with_attention=2 * (counter.linear + counter.attention),
    )
