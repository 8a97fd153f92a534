"""The lifter's forward pass through `torch.compile`, where torch can."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch

from hotvid.errors import HotvidWarning

BACKEND = "inductor"
# What torch raises for a missing or failing compiler, an unsupported Python or platform. All but
# its own errors in compiled code would come again without compiling, and be seen then.
_FAILURES = (RuntimeError, ImportError, OSError)


class Compiled:
    """Compiles `forward` when it is first called; where that fails, warns and calls it as it is.

    On a CPU the compiled attention rounds otherwise in its last bits, so a model that prunes by
    clustering may now and then keep another of two frames that are all but alike.
    """

    def __init__(self, forward: Callable[..., Any]) -> None:
        self._plain = forward
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *inputs: Any) -> Any:
        try:
            if self._compiled is None:
                self._compiled = torch.compile(self._plain, backend=BACKEND)
            return self._compiled(*inputs)
        except _FAILURES as error:
            if self._compiled is self._plain:
                raise
            warnings.warn(
                f"the lifter runs uncompiled, as torch cannot compile it here: {_reason(error)}",
                HotvidWarning,
                stacklevel=2,
            )
            self._compiled = self._plain
            return self._plain(*inputs)


def _reason(error: BaseException) -> str:
    """The first line that says something; around it torch says where, and how to debug it."""
    lines = (line.strip() for line in str(error).splitlines())
    said = (line for line in lines if line and not line.endswith(":"))
    return next(said, type(error).__name__)
