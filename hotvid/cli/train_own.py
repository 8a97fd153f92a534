"""The part of `hotvid train` that trains hotvid's own lifter on motion capture."""

from __future__ import annotations

from pathlib import Path

import typer

from hotvid.cli.progress import progress


def train_own(
    data: Path,
    out: Path,
    *,
    minutes: float | None,
    seed: int | None,
    threads: int,
    init: Path | None,
    rate: float | None,
    model: str | None,
    invent: float | None,
    teachers: list[Path] | None,
    real: Path | None,
    resume: bool,
    quiet: bool,
) -> None:
    """Train one of hotvid's own lifters, and say what came of it.

    minutes, seed, rate, model, invent, teachers  None: those of the run that is resumed, or else
                                                  the recipe's own.
    """
    from hotvid.evaluate.real import check_real
    from hotvid.train.state import check_no_state

    if not resume:
        check_no_state(out)
    if real is not None:
        check_real(real)

    from hotvid.train.finish import finish
    from hotvid.train.motions import read_motions
    from hotvid.train.precision import bfloat16_is_faster
    from hotvid.train.recipe import Recipe, adjusted
    from hotvid.train.trainer import Trainer, recipe_as_begun

    recipe = Recipe(threads=threads, bfloat16=bfloat16_is_faster())
    if resume:
        recipe = recipe_as_begun(out, recipe)
    recipe = adjusted(
        recipe,
        minutes=minutes,
        seed=seed,
        rate=rate,
        model=model,
        invent=invent,
        teachers=tuple(str(file.resolve()) for file in teachers) if teachers else None,
    )
    trainer = Trainer(out, recipe, read_motions(data))
    if resume:
        trainer.resume()
    elif init is not None:
        trainer.start_from(init)
    with progress(quiet) as report:
        trainer.run(lambda p: report("train", int(p.trained_s), int(p.total_s)))
    done = finish(trainer, real)
    if not quiet:
        typer.echo(done.text())
