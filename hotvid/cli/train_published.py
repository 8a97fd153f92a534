"""The part of `hotvid train` that trains published models on Human3.6M."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from hotvid.cli.progress import progress
from hotvid.config import DEVICES, check_choice

DEFAULT_MODEL = "hot-mixste"


def train_published(
    data: Path,
    out: Path,
    model: str,
    changes: dict[str, Any],
    *,
    device: str,
    threads: int,
    minutes: float | None,
    resume: bool,
    quiet: bool,
) -> None:
    """Train `model` by its authors' recipe, with `changes` to it, and say what came of it."""
    check_choice("device", device, DEVICES)
    from hotvid.train.published import published_recipe

    recipe = published_recipe(model, **changes)  # before torch takes its seconds

    import torch

    from hotvid.evaluate.human36m import TRAIN_SUBJECTS, load_human36m
    from hotvid.lift.lifter import resolve_device
    from hotvid.lift.models.zoo import model_sizes
    from hotvid.train.published_trainer import PublishedTrainer
    from hotvid.train.state import check_no_state

    if not resume:
        check_no_state(out)
    model_sizes(model, **dict(recipe.sizes))  # before the data takes its minute
    torch.set_num_threads(threads)
    trainer = PublishedTrainer(
        out,
        recipe,
        load_human36m(data, TRAIN_SUBJECTS, recipe.keypoints),
        load_human36m(data, keypoints=recipe.keypoints),
        resolve_device(device),
    )
    if resume:
        trainer.resume()
    if not quiet:
        typer.echo(f"{model}, {trainer.batches_an_epoch} batches an epoch; {recipe.paper}")
    with progress(quiet) as report:
        done = trainer.run(report, None if minutes is None else minutes * 60)
    if not quiet and not done:
        typer.echo(f"the time is up in epoch {trainer.epoch + 1}; go on with --resume")
    elif not quiet:
        typer.echo(f"best: {trainer.best_mm:.2f} mm, {trainer.weights_file('best')}")
        typer.echo(f"last: {trainer.weights_file('last')}")
