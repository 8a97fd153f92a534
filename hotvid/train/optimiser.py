"""Muon for the blocks' matrices, AdamW for everything else, behind one optimiser's interface."""

from __future__ import annotations

import torch
from torch import nn


class MuonAdamW:
    """Muon (Jordan et al. 2024) with the step's size matched to AdamW's (Liu et al. 2025).

    Embeddings, norms, biases and the head stay with AdamW, as Muon's authors advise.
    """

    def __init__(self, model: nn.Module, weight_decay: float) -> None:
        matrices, others = [], []
        for name, parameter in model.named_parameters():
            inner = "blocks" in name or "cross_attention" in name
            (matrices if inner and parameter.ndim == 2 else others).append(parameter)
        self._parts = (
            torch.optim.Muon(matrices, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, weight_decay=0.0, betas=(0.9, 0.98)),
        )

    def set_learning_rate(self, muon: float, adamw: float) -> None:
        for part, rate in zip(self._parts, (muon, adamw), strict=True):
            for group in part.param_groups:
                group["lr"] = rate

    def zero_grad(self) -> None:
        for part in self._parts:
            part.zero_grad(set_to_none=True)

    def step(self) -> None:
        for part in self._parts:
            part.step()

    def state_dict(self) -> list[dict]:
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, state: list[dict]) -> None:
        for part, one in zip(self._parts, state, strict=True):
            part.load_state_dict(one)
