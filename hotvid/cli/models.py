"""`hotvid models`: the models by name, and whether their weights are here."""

from __future__ import annotations

import typer

from hotvid import weights
from hotvid.cli import options
from hotvid.config import LiftConfig, Pose2DConfig
from hotvid.errors import WeightsError


def models(debug: options.Debug = False) -> None:
    """List the models by name, and whether their weights are here."""
    from hotvid.lift.models.zoo import MODELS
    from hotvid.pose2d import BACKENDS

    lines = ["2D models (--pose2d):"]
    lines += [f"  {name}{_default(name, Pose2DConfig.backend)}" for name in BACKENDS]
    lines += ["lifters (--model):"]
    for name in MODELS:
        where = _where(name) if name in weights.SHIPPED else "its weights: give --weights FILE"
        lines.append(f"  {name:<20}{where}{_default(name, LiftConfig.model)}")
    lines += ["weights that travel with hotvid:"]
    for shipped in weights.SHIPPED.values():
        lines.append(f"  {shipped.name:<20}{_where(shipped.name)}, {shipped.licence}")
    typer.echo("\n".join(lines))


def _where(name: str) -> str:
    try:
        return str(weights.find(name))
    except WeightsError:
        return "MISSING"


def _default(name: str, default: str) -> str:
    return "  (default)" if name == default else ""
