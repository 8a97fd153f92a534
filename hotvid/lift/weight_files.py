"""What files of weights hold, read without running code from them.

Published checkpoints are dicts of tensors, bare or wrapped, whose keys may have a prefix.
"""

from __future__ import annotations

import os
import pickle
import re
import struct
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from hotvid.errors import WeightsError

State = dict[str, Tensor]

# In this order: averaged weights only where there are no others.
_WRAPPERS = (
    "model_pos",
    "model",
    "state_dict",
    "model_state_dict",
    "net",
    "network",
    "params",
    "checkpoint",
    "model_ema",
    "ema",
    "state_dict_ema",
    "params_ema",
)
# What stands before the keys of a model within another, as `DataParallel` and compiled ones are.
_PREFIXES = ("module", "model", "net", "network", "backbone", "_orig_mod", "model_pos")
_MOST_KEYS, _LONGEST_KEY = 8, 60  # of a file's own that an error lists
_HINT = "give a checkpoint of weights: .pth, .pt, .bin, .pth.tar or .safetensors"


def read_state(path: Path) -> tuple[State, dict[str, str]]:
    """The weights in a file, wrappers and prefixes removed, and its metadata (safetensors only)."""
    if not path.is_file():
        raise WeightsError(f"'{path}' is not a file", "check the path")
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    return unwrap(_read_pickle(path), f"'{path}'"), {}


def unwrap(content: Any, source: str = "the dict") -> State:
    """The dict of tensors in what a checkpoint holds, its keys without their common prefix.

    WeightsError says what there is instead.
    """
    found = _find_state(content)
    if found is None:
        raise WeightsError(f"{source} holds no dict of weights{_what_it_holds(content)}", _HINT)
    while prefix := _common_prefix(found):
        bare = {key.removeprefix(prefix): value for key, value in found.items()}
        if len(bare) < len(found):
            raise WeightsError(
                f"{source} has weights both with and without '{prefix}' before their names", _HINT
            )
        found = bare
    return found


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """What a safetensors file says of itself; none of its weights are read."""
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"'{path}' is damaged or not safetensors", _HINT) from error


def _read_safetensors(path: Path) -> tuple[State, dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            state = {key: file.get_tensor(key) for key in file.offset_keys()}
            return unwrap(state, f"'{path}'"), dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"'{path}' is damaged or not safetensors", _HINT) from error


def _read_pickle(path: Path) -> Any:
    try:
        with torch.serialization.safe_globals(_harmless()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols; the outcome says enough
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        code = re.search(r"GLOBAL (\S+)", str(error))
        if code is None:
            raise WeightsError(f"'{path}' is not a checkpoint", _HINT) from error
        raise WeightsError(
            f"'{path}' holds code ({code[1]}), which was not run",
            "get a file that holds weights only",
        ) from error
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        AssertionError,
        OverflowError,
        MemoryError,
        struct.error,
    ) as error:
        raise WeightsError(f"'{path}' is damaged or not a checkpoint", _HINT) from error


class _LeftOut:
    """What stands for an array, a random state or settings: nothing of it is needed, or made."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass


# As old and new versions of numpy name them in pickles.
_LEFT_OUT = (
    "numpy.ndarray",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.random.__RandomState_ctor",
    "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pickle.__bit_generator_ctor",
    "numpy.random._mt19937.MT19937",
    "argparse.Namespace",  # the options that a training was begun with
)


def _harmless() -> list[Any]:
    """What authors save beside the weights: errors, learning rates, random states, options."""
    scalar = np.float64(0).__reduce__()[0]
    dtypes = {type(np.dtype(code)) for code in np.typecodes["AllInteger"] + "?efd"}
    return [
        *((_LeftOut, name) for name in _LEFT_OUT),
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        np.dtype,
        *dtypes,
    ]


def _find_state(content: Any) -> State | None:
    """`content` itself if it is a dict of tensors, else the one it wraps."""
    if not isinstance(content, Mapping) or not content:
        return None
    if all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items()):
        return dict(content)
    for wrapper in _WRAPPERS:
        found = _find_state(content.get(wrapper))
        if found is not None:
            return found
    return None


def _common_prefix(state: State) -> str:
    """`module.` if every key begins so; empty if the keys differ from their first word on.

    Of prefixes that are known most keys are enough: what has none is no weight of the model, and
    is to be named as left over.
    """
    words = Counter(key.partition(".")[0] for key in state if "." in key)
    for word, count in words.most_common(1):
        if count == len(state) or (word in _PREFIXES and count > len(state) / 2):
            return f"{word}."
    return ""


def _what_it_holds(content: Any) -> str:
    """For an error: the keys of what a checkpoint holds, " but 'epoch', 'optimizer'"."""
    if not isinstance(content, Mapping):
        return f" but {type(content).__name__}"
    keys = [repr(str(key)[:_LONGEST_KEY]) for key in list(content)[:_MOST_KEYS]]
    if len(content) > _MOST_KEYS:
        keys.append(f"{len(content) - _MOST_KEYS} more")
    return f" but {', '.join(keys)}" if keys else ""
