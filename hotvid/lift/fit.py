"""Whose weights they are: whether keys, shapes and values are those of a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import torch
from torch import Tensor

from hotvid.errors import WeightsError
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.models.zoo import MODELS, build_model, read_sizes

NO_MODEL = "no model"  # in the place of the name of one
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


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


def check_fit(model: Hourglass, state: Mapping[str, Tensor], source: str) -> None:
    """WeightsError unless `state` is all of the model's weights, and nothing else.

    It names the first key that is missing, left over, of another shape or without real, finite
    numbers.

    source  what the weights are of, for the error.
    """
    own = model.state_dict()
    missing = [key for key in own if key not in state]
    left_over = [key for key in state if key not in own]
    other = [key for key in own if key in state and own[key].shape != state[key].shape]
    if not (missing or left_over or other):
        _check_values(own, state, source)
        return
    hint = hint_of_fit(model.name, state)
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


def hint_of_fit(name: str, state: Mapping[str, Tensor]) -> str:
    """What to say where the model `name` does not take these weights."""
    nearest = best_fit(state)
    if name in nearest.split(" or "):
        return "its keys fit no other better: is it of another size, or damaged?"
    return f"its keys fit {nearest} best"


@cache
def _published_shapes(name: str) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {key: tuple(v.shape) for key, v in build_model(name).state_dict().items()}


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
