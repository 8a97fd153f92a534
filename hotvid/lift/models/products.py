"""Matrix products in bfloat16, which processors that have it multiply several times as fast.

Only the products of wide linear layers, and in training those of attention, are rounded, forward
and backward; weights, sums, norms, softmax and everything else stay in float32. (`torch.autocast`
rounds more than that, and on a CPU its backward pass through attention and norms costs more than
the products save.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

_WIDE = 64  # features on both sides; metres and pixels pass through the narrow layers


class Bfloat16Products(TorchFunctionMode):
    """While it is entered, wide linear layers multiply in bfloat16, and so do a CPU's queries,
    keys and values where `layers.attend` is given gradients; those gradients do so, too."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.linear and not kwargs and len(args) == 3 and min(args[1].shape) >= _WIDE:
            return _RoundedLinear.apply(*args)
        if func is F.scaled_dot_product_attention and not kwargs and args[0].device.type == "cpu":
            return _rounded_attention(*args)
        return func(*args, **kwargs)


class _RoundedLinear(torch.autograd.Function):
    """x (..., n), weight (m, n), bias (m): x @ weight.T + bias (..., m), float32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        rows, matrix = x.flatten(0, -2).bfloat16(), weight.bfloat16()
        ctx.save_for_backward(rows, matrix)
        out = (rows @ matrix.T).float().add_(bias)
        return out.view(*x.shape[:-1], len(weight))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, matrix = ctx.saved_tensors
        flat = grad.flatten(0, -2)
        rounded = flat.bfloat16()
        grad_x = (rounded @ matrix).float().view(*grad.shape[:-1], matrix.shape[1])
        return grad_x, (rounded.T @ rows).float(), flat.sum(0)


def _rounded_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """(..., sequence, D) -> the same, float32. A CPU's fused kernel takes three times as long in
    bfloat16, and twice as long in float32, on sequences of some ten."""
    weights = (q.bfloat16() @ k.bfloat16().mT).float() * q.shape[-1] ** -0.5
    return (weights.softmax(-1).bfloat16() @ v.bfloat16()).float()


def products(precision: str) -> AbstractContextManager[Any]:
    """What to enter for linear layers that multiply in `precision`: float32 or bfloat16."""
    return Bfloat16Products() if precision == "bfloat16" else nullcontext()
