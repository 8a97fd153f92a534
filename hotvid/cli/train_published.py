"""The part of `hotvid train` that trains published models on Human3.6M or MPI-INF-3DHP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hotvid.cli.progress import progress
from hotvid.config import DEVICES, check_choice
from hotvid.errors import UsageError
from hotvid.evaluate.human36m import POSITIONS_FILE
from hotvid.evaluate.mpi_inf_3dhp import TRAIN_FILE

if TYPE_CHECKING:
    from hotvid.evaluate.clips import Clip
    from hotvid.train.published import PublishedRecipe

DEFAULT_MODEL = "hot-mixste"
FILES = {"h36m": POSITIONS_FILE, "3dhp": TRAIN_FILE}


def published_dataset(data: Path, asked: str | None) -> str | None:
    """Which data set a folder holds, as `--dataset` names it; None where it holds none."""
    if asked is not None:
        return check_choice("data set", asked, tuple(FILES))
    there = [name for name, file in FILES.items() if (data / file).is_file()]
    # MotionBERT's own; a file is an archive of motions, not a folder.
    if "h36m" not in there and data.is_dir() and any(data.glob("h36m_*.pkl")):
        there.insert(0, "h36m")
    if len(there) > 1:
        raise UsageError(
            f"{data} holds {' and '.join(FILES.values())}", "say which with --dataset h36m or 3dhp"
        )
    return there[0] if there else None


def train_published(
    data: Path,
    out: Path,
    model: str,
    dataset: str,
    changes: dict[str, Any],
    *,
    init: Path | None,
    device: str,
    threads: int,
    minutes: float | None,
    resume: bool,
    quiet: bool,
) -> None:
    """Train `model` by its authors' recipe, with `changes` to it, and say what came of it."""
    check_choice("device", device, DEVICES)
    from hotvid.train.published import H36M, MPI_INF_3DHP, published_recipe

    if dataset == "3dhp" and changes["keypoints"] is not None:
        raise UsageError(
            "--keypoints is for Human3.6M: MPI-INF-3DHP's file has its own", "leave it out"
        )
    on = H36M if dataset == "h36m" else MPI_INF_3DHP
    recipe = published_recipe(model, on, **changes)  # before torch takes its seconds

    import torch

    from hotvid.lift.deterministic import deterministic
    from hotvid.lift.lifter import resolve_device
    from hotvid.lift.models.zoo import build_model, model_sizes
    from hotvid.train.begin import begin_with
    from hotvid.train.published_trainer import PublishedTrainer
    from hotvid.train.state import check_no_state

    if not resume:
        check_no_state(out)
    model_sizes(model, **dict(recipe.sizes))  # before the data takes its minute
    torch.set_num_threads(threads)
    if init is not None:
        begin_with(build_model(model, **dict(recipe.sizes)), init)  # so, too
    with deterministic(recipe.deterministic):
        sets = _clips(data, dataset, recipe)
        trainer = PublishedTrainer(out, recipe, *sets, resolve_device(device))
        if resume:
            trainer.resume()
        said = [f"{model}, {trainer.batches_an_epoch} batches an epoch; {recipe.paper}"]
        if init is not None:
            said.append(f"begun with {init}" + _left(trainer.start_from(init)))
        if not quiet:
            typer.echo("\n".join(said))
        with progress(quiet) as report:
            done = trainer.run(report, None if minutes is None else minutes * 60)
    if not quiet and not done:
        typer.echo(f"the time is up in epoch {trainer.epoch + 1}; go on with --resume")
    elif not quiet:
        typer.echo(f"best: {trainer.best_mm:.2f} mm, {trainer.weights_file('best')}")
        typer.echo(f"last: {trainer.weights_file('last')}")


def _clips(data: Path, dataset: str, recipe: PublishedRecipe) -> tuple[list[Clip], list[Clip]]:
    """Those to train on, and those to measure on."""
    from hotvid.evaluate.human36m_files import load_test_clips, load_training_clips
    from hotvid.evaluate.mpi_inf_3dhp import load_mpi_inf_3dhp, load_mpi_inf_3dhp_training
    from hotvid.lift.protocols import PROTOCOLS
    from hotvid.skeleton import H36M17

    if dataset == "h36m":
        which = (data, recipe.keypoints, not PROTOCOLS[recipe.model].metric)
        return load_training_clips(*which), load_test_clips(*which)
    # In Human3.6M's order, by whose joints the losses weigh, and which `hotvid run` has.
    return load_mpi_inf_3dhp_training(data, H36M17), load_mpi_inf_3dhp(data, H36M17)


def _left(names: Sequence[str]) -> str:
    """What the file lacked: "; as initialised: x_token, cross_attention.linear_q.weight, ..."."""
    return f"; not in it, and as initialised: {', '.join(names)}" if names else ""
