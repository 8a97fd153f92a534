"""`hotvid eval`: how right the 3D is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.config import LiftConfig, Pose2DConfig, configure
from hotvid.errors import InputError

app = typer.Typer(help="Measure how right the 3D is.", no_args_is_help=True)


@app.callback()
def _measures() -> None:
    pass


@app.command()
def real(
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="DIR",
            help="NAME.mp4 for each camera, cameras.json and reference_3d.npz.",
        ),
    ],
    mode: options.Mode = Pose2DConfig.mode,
    model: options.ModelName = LiftConfig.model,
    weights: options.WeightsFile = None,
    device: options.Device = LiftConfig.device,
    debug: options.Debug = False,
) -> None:
    """Calibrated cameras that filmed one person together: errors by view and joint."""
    from hotvid.evaluate.real import evaluate_real, pipeline_estimate

    if not data.is_dir():
        raise InputError(f"no folder at {data}", "give one that holds cameras.json")
    config = configure(mode=mode, model=model, weights=weights, device=device)
    typer.echo(evaluate_real(data, pipeline_estimate(config)).text())
