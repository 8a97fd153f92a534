"""The same numbers from run to run, on the same machine with the same versions and threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def deterministic(wanted: bool = True) -> Iterator[None]:
    """Let torch take none but deterministic algorithms; to be entered before CUDA is first used.

    What has none raises RuntimeError. On a CPU nothing that hotvid does differs from run to run.
    """
    if not wanted:
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it as it begins
    cudnn, before = torch.backends.cudnn, torch.are_deterministic_algorithms_enabled()
    of_cudnn = cudnn.deterministic, cudnn.benchmark
    torch.use_deterministic_algorithms(True)
    cudnn.deterministic, cudnn.benchmark = True, False  # of its attention torch asks there
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        cudnn.deterministic, cudnn.benchmark = of_cudnn
