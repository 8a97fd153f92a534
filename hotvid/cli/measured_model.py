"""The model that `hotvid eval` measures on a data set, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotvid.config import DEVICES, check_choice

if TYPE_CHECKING:
    from hotvid.lift.models.hourglass import Hourglass


def load_measured(
    name: str | None,
    weights: Path | None,
    device: str,
    sizes: list[tuple[str, Any]] | None,
    tokens: int | tuple[int, ...] | None,
) -> tuple[Hourglass, dict[str, Any], str, dict[str, str]]:
    """The model, what to say of it, for JSON and in a line, and what its file says of itself."""
    check_choice("device", device, DEVICES)
    from hotvid.lift.checkpoint import load_checkpoint
    from hotvid.lift.lifter import resolve_device
    from hotvid.weights import locate, sha256

    path = locate(name, weights)
    loaded, metadata = load_checkpoint(path, resolve_device(device), name, **dict(sizes or ()))
    if tokens is not None:
        loaded.use_tokens(tokens)
    about = {
        "asked_for": name or metadata["name"],
        "model": metadata["name"],
        "weights": str(path),
        "weights_sha256": sha256(path),
        "sizes": loaded.sizes,
        # Not as in `sizes` where --tokens says so; block -> frames kept from there on.
        "cuts": {str(block): kept for block, kept in loaded.cuts.items()},
    }
    return loaded, about, _in_a_line(about, loaded), metadata


def _in_a_line(about: dict[str, Any], model: Hourglass) -> str:
    """What was measured: "quick (mixste), quick.safetensors: 243 frames of x, y; ..."."""
    named = about["model"]
    if about["asked_for"] != named:
        named = f"{about['asked_for']} ({named})"
    seen = "x, y" if model.in_channels == 2 else "x, y, score"
    line = f"{named}, {Path(about['weights']).name}: {model.frames} frames of {seen}; "
    if not model.cuts:
        return line + "none pruned"
    steps = ", ".join(f"{kept} from block {block} on" for block, kept in model.cuts.items())
    line += f"{steps} by {model.sizes['prune']}"
    return line if model.recovery is None else f"{line}, recovered by {model.recovery}"


def trained_by_hotvid(model: str, metadata: dict[str, str]) -> str | None:
    """What weights that hotvid trained were trained on: they know Human3.6M's joints, in metres.

    None for weights of others, which may say nothing, or anything else.
    """
    from hotvid.lift.protocols import PROTOCOLS

    if PROTOCOLS[model].inputs == "body":
        return "motion capture"
    sets = {"Human3.6M": "h36m", "MPI-INF-3DHP": "3dhp"}
    return sets.get(metadata.get("data", "")) if "recipe" in metadata else None
