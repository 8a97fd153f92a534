"""Weights from files into models and back: strict, and without running code from a file.

Published checkpoints are dicts of tensors, bare or wrapped, whose keys may have a prefix. Our own
are safetensors that carry the model's name and sizes, so that loading them needs no flags.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import struct
import warnings
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from hotvid.atomic import atomic_output
from hotvid.errors import HotvidError, UsageError, WeightsError
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.models.zoo import MODELS, PRUNING, build_model, check_prunes, read_sizes
from hotvid.lift.protocols import PROTOCOLS

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
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_UNBUILDABLE = (HotvidError, TypeError, ValueError, RuntimeError)  # what senseless sizes raise
NO_MODEL = "no model"  # in the place of the name of one
_HINT = "give a checkpoint of weights: .pth, .pt, .bin, .pth.tar or .safetensors"


def load_state(model: Hourglass, path_or_dict: str | os.PathLike[str] | Mapping[str, Any]) -> None:
    """Fill `model` with weights, all of them and no others.

    path_or_dict  a checkpoint file (.pth, .pt, .bin, .pth.tar, .safetensors) or what one holds:
                  a dict of tensors, also under `model_pos`, `model`, `state_dict` or the like,
                  also with a prefix before every key (`module.`).
    raises        WeightsError for a file that is missing, damaged or no checkpoint (no code in it
                  is run), and for the first key that is missing, left over, of another shape or
                  without real, finite numbers.
    """
    if isinstance(path_or_dict, Mapping):
        source, state = "the dict", unwrap(path_or_dict)
    else:
        source = f"'{path_or_dict}'"
        state = read_state(Path(path_or_dict))[0]
    check_fit(model, state, source)
    model.load_state_dict(state)


def load_checkpoint(
    path: str | os.PathLike[str],
    device: torch.device | str = "cpu",
    name: str | None = None,
    **sizes: Any,
) -> tuple[Hourglass, dict[str, str]]:
    """The model that a file holds, in evaluation mode on `device`, and the file's metadata.

    name         of the zoo: the model, whatever the file says, as long as its weights fit; then it
                 is pruned as `name` is. None, or a name that imported weights go by: what the file
                 says.
    sizes        what the file neither names nor shows in its shapes is as published, and of a
                 window of another length the published share of frames is kept.
    returns      the metadata has at least `name`.
    raises       WeightsError as `load_state`, or if nobody says which model it is, or the file says
                 that it is of another kind of model than `name`; UsageError where it is the sizes
                 given that make no model.
    """
    path = Path(path)
    state, metadata = read_state(path)
    said = metadata.get("name")
    name = name if name in MODELS else said
    if name is None:
        raise WeightsError(
            f"'{path}' does not say which model it is; its keys fit {best_fit(state)} best",
            "name the model",
        )
    known = _known_sizes(path, name, state, metadata)
    if said not in (None, name):
        if not _are_kin(said, name):
            raise WeightsError(
                f"'{path}' says that it is of {said}, not of {name}", f"name {said}, or no model"
            )
        known = {size: value for size, value in known.items() if size not in PRUNING}
    check_prunes(sizes, {**_published(name), **known}.get("token_num"))
    try:
        model = _without_memory(name, {**known, **sizes})
    except _UNBUILDABLE as error:
        problem = error.message if isinstance(error, HotvidError) else str(error)
        if sizes and _can_be_built(name, known):
            given = " ".join(f"--size {key}={value}" for key, value in sizes.items())
            raise UsageError(f"{given}: {problem}", "give sizes that go together") from error
        if said not in (None, name):
            raise WeightsError(
                f"'{path}' is of {said} and cannot be pruned as {name} is: {problem}",
                f"import it as {name}, with other ones: hotvid models import --size",
            ) from error
        if "sizes" not in metadata and name in MODELS:
            raise WeightsError(
                f"'{path}' does not fit {name}: {problem}", _hint_of_fit(name, state)
            ) from error
        raise WeightsError(
            f"'{path}' asks for a model that cannot be built: {error}", "get the file anew"
        ) from error
    check_fit(model, state, f"'{path}'")
    state = {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
    model.load_state_dict(state, assign=True)
    return model.to(device).eval(), {**metadata, "name": name}


def save_checkpoint(
    model: Hourglass,
    path: str | os.PathLike[str],
    name: str,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write `model`'s weights as safetensors, with its name, sizes and `metadata` inside.

    The file appears whole or not at all; a full disk is an OutputError.
    """
    state = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    header = {**(metadata or {}), "name": name, "sizes": json.dumps(model.sizes)}
    with atomic_output(path, overwrite=True) as temporary:
        # Not by safetensors' own hand: its error of a full disk is none of the system's.
        temporary.write_bytes(_with_sorted_notes(save(state, metadata=header)))


def _with_sorted_notes(content: bytes) -> bytes:
    """A safetensors file with its metadata in order: it has them in another one each time.

    So the same weights and notes are the same file, and have the same hash.
    """
    size = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + size])
    head["__metadata__"] = dict(sorted(head["__metadata__"].items()))
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors lie on addresses that 8 divides
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


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


def sizes_in(name: str, state: Mapping[str, Tensor]) -> dict[str, int]:
    """The sizes of the model `name` that its weights show, for `build_model`.

    How many frames it keeps may leave no trace: then that is left out.
    """
    sizes = read_sizes(name, {key: tuple(value.shape) for key, value in state.items()})
    if MODELS[name].sizes["token_num"] is None:
        sizes.pop("token_num", None)  # of another model's hourglass
    return sizes


def best_fit(state: Mapping[str, Tensor]) -> str:
    """The model, or models, whose keys and shapes are most like these: 'mixste or tpc-mixste'."""
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    likeness = {}
    for name in MODELS:
        own = _published_shapes(name)
        shared = own.keys() & shapes.keys()
        same = sum(own[key] == shapes[key] for key in shared)
        likeness[name] = (len(shared) + same) / (2 * len(own.keys() | shapes.keys()))
    most = max(likeness.values())
    if most == 0:
        return NO_MODEL
    return " or ".join(name for name, value in likeness.items() if value == most)


@cache
def _published_shapes(name: str) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {key: tuple(v.shape) for key, v in build_model(name).state_dict().items()}


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


def _without_memory(name: str, sizes: Mapping[str, Any]) -> Hourglass:
    """A model whose parameters are to become a file's own tensors."""
    with torch.device("meta"):
        return build_model(name, **sizes)


def _are_kin(said: str, name: str) -> bool:
    """Whether weights of one may be another's: of one backbone, and used to like inputs."""
    return (
        said in MODELS
        and MODELS[said].backbone is MODELS[name].backbone
        and PROTOCOLS[said].inputs == PROTOCOLS[name].inputs
    )


def _published(name: str) -> Mapping[str, Any]:
    return MODELS[name].sizes if name in MODELS else {}


def _can_be_built(name: str, sizes: Mapping[str, Any]) -> bool:
    try:
        _without_memory(name, sizes)
    except _UNBUILDABLE:
        return False
    return True


def _known_sizes(
    path: Path, name: str, state: State, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """Sizes from the metadata, or else from the shapes of the weights."""
    if "sizes" not in metadata:
        if name not in MODELS:
            return {}
        return sizes_in(name, state)
    try:
        sizes = dict(json.loads(metadata["sizes"]))
    except (ValueError, TypeError, RecursionError) as error:
        raise WeightsError(f"'{path}' has unreadable sizes", "get the file anew") from error
    # A model has several weights a block: more blocks than weights would only take time.
    depth = sizes.get("depth")
    if isinstance(depth, int) and depth > len(state):
        raise WeightsError(f"'{path}' has fewer weights than its depth needs", "get the file anew")
    return sizes


def check_fit(model: Hourglass, state: Mapping[str, Tensor], source: str) -> None:
    """Raise WeightsError unless `state` has all of the model's weights, and no others.

    source  what it is of, for the error.
    """
    own = model.state_dict()
    missing = [key for key in own if key not in state]
    left_over = [key for key in state if key not in own]
    other = [key for key in own if key in state and own[key].shape != state[key].shape]
    if not (missing or left_over or other):
        _check_values(own, state, source)
        return
    hint = _hint_of_fit(model.name, state)
    if missing:
        problem = f"'{missing[0]}' is missing{_more(missing)}"
    elif left_over:
        problem = f"'{left_over[0]}' is left over{_more(left_over)}"
    else:
        got, wanted = tuple(state[other[0]].shape), tuple(own[other[0]].shape)
        problem = f"'{other[0]}' has shape {got}, expected {wanted}{_more(other)}"
        in_file = read_sizes(model.name, {key: tuple(v.shape) for key, v in state.items()})
        differ = [f"{k}={v}" for k, v in in_file.items() if v != model.sizes[k]]
        if differ:
            hint = f"build the model with {', '.join(differ)}"
    raise WeightsError(f"{source} does not fit {model.name}: {problem}", hint)


def _hint_of_fit(name: str, state: Mapping[str, Tensor]) -> str:
    """What to say where the model `name` does not take these weights."""
    nearest = best_fit(state)
    if name in nearest.split(" or "):
        return "its keys fit no other better: is it of another size, or damaged?"
    return f"its keys fit {nearest} best"


def _check_values(own: Mapping[str, Tensor], state: Mapping[str, Tensor], source: str) -> None:
    """Raise WeightsError for the first weights that would make the model fail, or give NaN."""
    for key in (key for key, value in own.items() if value.is_floating_point()):
        value = state[key]
        if value.dtype not in _FLOATS:
            kind = str(value.dtype).removeprefix("torch.")
            problem = f"is of {kind}, expected floating-point numbers"
        elif value.is_meta or value.layout != torch.strided:
            problem = "is sparse or empty, expected all its values"
        elif not value.float().isfinite().all():  # as the model holds it: 1e300 is too much
            problem = "holds values that are no numbers"
        else:
            continue
        raise WeightsError(f"{source}: '{key}' {problem}", "get the weights anew")


def _more(keys: list[str]) -> str:
    return f" (and {len(keys) - 1} more)" if len(keys) > 1 else ""
