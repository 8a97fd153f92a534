"""Weights from files into models and back, all of them or none.

Our own files are safetensors that carry the model's name and sizes, so that loading them needs no
flags; of others the shapes tell the sizes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from hotvid.atomic import atomic_output
from hotvid.errors import HotvidError, UsageError, WeightsError
from hotvid.lift.fit import best_fit, check_fit, hint_of_fit, sizes_in
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.models.zoo import MODELS, PRUNING, build_model, check_prunes
from hotvid.lift.protocols import PROTOCOLS
from hotvid.lift.weight_files import State, read_state, unwrap

_UNBUILDABLE = (HotvidError, TypeError, ValueError, RuntimeError)  # what senseless sizes raise


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
                f"'{path}' does not fit {name}: {problem}", hint_of_fit(name, state)
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
