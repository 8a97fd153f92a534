"""Which precision this machine trains fastest in."""

from __future__ import annotations

import time

import torch
from torch import Tensor


def bfloat16_is_faster() -> bool:
    """Whether this processor has products of bfloat16; tried out, in some milliseconds."""
    a, b = torch.randn(2048, 128), torch.randn(128, 256)
    return 1.5 * _seconds(a.bfloat16(), b.bfloat16()) < _seconds(a, b)


def _seconds(a: Tensor, b: Tensor) -> float:
    taken = []
    for _ in range(6):
        began = time.perf_counter()
        a @ b
        taken.append(time.perf_counter() - began)
    return min(taken)
