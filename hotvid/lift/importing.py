"""An author's checkpoint into the user's own weights: checked, converted, and remembered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hotvid import weights
from hotvid.errors import HotvidError, OutputError, UsageError, WeightsError
from hotvid.lift.checkpoint import load_checkpoint, save_checkpoint
from hotvid.lift.fit import NO_MODEL, best_fit, sizes_in
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.models.zoo import MODELS, build_model
from hotvid.lift.protocols import protocol_of
from hotvid.lift.weight_files import read_state

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE)


@dataclass(frozen=True)
class Imported:
    """Weights in the user's own folder.

    name        what they go by (`--model`).
    model_name  the model that they are of, a key of the zoo.
    """

    name: str
    model_name: str
    model: Hourglass
    path: Path


def import_weights(
    file: str | Path,
    model: str | None = None,
    name: str | None = None,
    overwrite: bool = False,
    sizes: Mapping[str, Any] | None = None,
) -> Imported:
    """Check a checkpoint, convert it to safetensors and put it where `--model` finds it.

    model    which model's weights they are, whatever the file says, as long as they fit; None:
             what the file says, or what its keys tell.
    name     what they are to go by; None: as the model.
    sizes    that the file does not show, where they are not the published ones; also other ways of
             pruning and recovery (`models.zoo.build_model`).
    raises   WeightsError where the file is no checkpoint, or fits no model or not this one;
             UsageError where it fits several, or the name is taken; OutputError where weights of
             that name were imported before.
    """
    file = Path(file).expanduser()
    if model is not None and model not in MODELS:
        raise UsageError(f"unknown model '{model}'", f"choose one of: {', '.join(MODELS)}")
    state, metadata = read_state(file)
    sizes = sizes or {}
    model = _which(file, state, metadata, model, sizes)
    name = _free_name(model if name is None else name, model)
    path = weights.own_folder() / f"{name}.safetensors"
    if path.exists() and not overwrite:
        raise OutputError(
            f"weights named '{name}' were imported before ({path})",
            "replace them with --overwrite, or give these another name with --name",
        )
    loaded, _ = load_checkpoint(file, "cpu", model, **sizes)
    protocol_of(loaded)
    source = {
        "source_file": file.name,
        "source_sha256": weights.sha256(file),
        "imported": date.today().isoformat(),
    }
    save_checkpoint(loaded, path, model, metadata | source)
    return Imported(name, model, loaded, path)


def _fits(name: str, state: Mapping[str, Tensor], sizes: Mapping[str, Any]) -> bool:
    """Whether the model has exactly these keys and shapes, at the sizes that they show."""
    try:
        with torch.device("meta"):
            model = build_model(name, **{**sizes_in(name, state), **sizes})
    except HotvidError:
        return False
    shapes = {key: value.shape for key, value in state.items()}
    return shapes == {key: value.shape for key, value in model.state_dict().items()}


def _which(
    file: Path,
    state: Mapping[str, Tensor],
    metadata: Mapping[str, str],
    model: str | None,
    sizes: Mapping[str, Any],
) -> str:
    if model is not None:
        return model
    if "name" in metadata:
        return metadata["name"]
    found = [name for name in weights.PUBLISHED if _fits(name, state, sizes)]
    if not found:
        nearest = best_fit(state)
        if nearest == NO_MODEL:
            raise WeightsError(
                f"'{file}' holds weights of none of the models known here",
                "`hotvid models` lists them",
            )
        raise WeightsError(
            f"'{file}' fits no model exactly; its keys fit {nearest} best",
            "if it is of that model, name it with --model to hear what does not fit",
        )
    if len(found) > 1:
        raise UsageError(
            f"'{file}' fits {' and '.join(found)} alike", "say which it is with --model"
        )
    return found[0]


def _free_name(name: str, model: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be a name of weights", "take letters, digits and any of . _ -"
        )
    if name in weights.SHIPPED:
        raise UsageError(
            f"'{name}' is the name of weights that travel with hotvid",
            "give another with --name",
        )
    if name in MODELS and name != model:
        raise UsageError(
            f"'{name}' is another model's name than {model}", "give another with --name"
        )
    return name
