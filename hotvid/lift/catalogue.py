"""What there is to know of each lifter: what it costs, what it takes, where its weights are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hotvid import weights
from hotvid.errors import HotvidError
from hotvid.lift.models.complexity import Complexity, count
from hotvid.lift.models.zoo import MODELS, build_model
from hotvid.lift.protocols import PROTOCOLS
from hotvid.lift.weight_files import read_metadata


@dataclass(frozen=True)
class LifterFacts:
    """A lifter as `--model` names it.

    model         of the zoo.
    cost          of one window, at the sizes of the weights that are here, or as published.
    frames        of a window.
    tokens        frames kept, first to last where it prunes by steps; () where it prunes none.
    gives         frames a window gives: all of them, or its centre.
    inputs        the normalisation of its input (`lift.inputs.prepare`), of `in_channels`.
    weights_path  None: not here.
    origin        shipped, imported, or None.
    wants, url    the weights, in words, and where their authors give them; empty for hotvid's own.
    """

    name: str
    model: str
    cost: Complexity
    frames: int
    tokens: tuple[int, ...]
    gives: str
    inputs: str
    in_channels: int
    weights_path: Path | None
    origin: str | None
    wants: str
    url: str


def lifters() -> list[LifterFacts]:
    """Every lifter by name: the zoo's, then those imported under names of their own.

    Imported files that cannot be read are left out (`unreadable`).
    """
    users = weights.imported()
    bad = unreadable()
    found = []
    for name in (*MODELS, *(n for n in users if n not in MODELS)):
        if name not in bad:
            found.append(_facts(name, users.get(name)))
        elif name in MODELS:
            found.append(_facts(name, None))
    return found


def unreadable() -> dict[str, str]:
    """Name -> why, for imported files that are damaged or of no model of the zoo."""
    bad = {}
    for name, path in weights.imported().items():
        try:
            _stated(path)
        except HotvidError as error:
            bad[name] = str(error)
    return bad


def _facts(name: str, path: Path | None) -> LifterFacts:
    origin = "imported" if path is not None else None
    if path is None and name in weights.OWN_LIFTERS:
        path, origin = _shipped(name), "shipped"
    model_name, sizes = (name, {}) if path is None else _stated(path)
    with torch.device("meta"):
        model = build_model(model_name, **sizes)
    protocol, published = PROTOCOLS[model_name], weights.PUBLISHED.get(model_name)
    return LifterFacts(
        name=name,
        model=model_name,
        cost=count(model),
        frames=model.frames,
        tokens=tuple(model.cuts.values()),
        gives="centre" if protocol.seq2frame else "all",
        inputs=protocol.inputs,
        in_channels=model.in_channels,
        weights_path=path,
        origin=origin if path is not None else None,
        wants=published.wants if published else "",
        url=published.url if published else "",
    )


def _shipped(name: str) -> Path | None:
    try:
        return weights.find(name)
    except HotvidError:
        return None


def _stated(path: Path) -> tuple[str, dict[str, Any]]:
    """The model and sizes that a file of hotvid's states."""
    metadata = read_metadata(path)
    name = metadata.get("name", path.stem)
    if name not in MODELS:
        raise HotvidError(f"'{path}' is of no known model", "import it anew")
    try:
        sizes = dict(json.loads(metadata.get("sizes", "{}")))
        with torch.device("meta"):
            build_model(name, **sizes)
    except (HotvidError, ValueError, TypeError) as error:
        raise HotvidError(f"'{path}' has senseless sizes", "import it anew") from error
    return name, sizes
