"""`hotvid train`: motion capture in, weights of hotvid's own lifter out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.progress import progress
from hotvid.errors import InputError, UsageError


def train(
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="DIR|TAR",
            help="BVH motion capture with CMU or Mixamo joint names: a folder, or a tar archive.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where the state, the log and the weights go.",
            rich_help_panel="Outputs",
        ),
    ],
    minutes: Annotated[
        float, typer.Option("--minutes", help="How long to train, over all resumed runs.")
    ] = 60.0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the state in the output folder.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of the weights and the data.")] = 0,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Of the processor.")] = 2,
    real: Annotated[
        Path | None,
        typer.Option(
            "--real",
            metavar="DIR",
            help="Calibrated cameras to measure the result on (see: hotvid eval real).",
        ),
    ] = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train `hot-mixste-s` on motion capture seen by random cameras.

    Ctrl-C or a crash loses two minutes at the most: --resume goes on. When the time is used up the
    averaged weights are written as hot-mixste-s.safetensors, with the errors on the held-out
    subjects, and on --real, beside them.
    """
    if not minutes > 0:
        raise UsageError(f"--minutes: expected more than 0, got {minutes}")
    from hotvid.train.finish import finish
    from hotvid.train.motions import read_motions
    from hotvid.train.recipe import Recipe
    from hotvid.train.trainer import STATE_FILE, Trainer

    if (out / STATE_FILE).exists() and not resume:
        raise UsageError(f"{out} holds a training state", "go on with --resume, or choose another")
    if not data.exists():
        raise InputError(f"no motion capture at {data}", "give a folder or archive of BVH files")
    trainer = Trainer(out, Recipe(minutes=minutes, seed=seed, threads=threads), read_motions(data))
    if resume:
        trainer.resume()
    with progress(quiet) as report:
        trainer.run(lambda p: report("train", int(p.trained_s), int(p.total_s)))
    done = finish(trainer, real)
    if not quiet:
        typer.echo(done.text())
