"""`hotvid models`: every model, what it costs and whether its weights are here; and importing."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotvid import weights
from hotvid.cli import options
from hotvid.cli.measured import table_row
from hotvid.cli.models_2d import json_2d, text_2d
from hotvid.cli.values import read_lifter_size
from hotvid.errors import WeightsError

if TYPE_CHECKING:
    from hotvid.lift.catalogue import LifterFacts

app = typer.Typer()

# With the names no more than 80 characters, as a terminal mostly has.
_COLUMNS = ("Mparams", "GFLOPs", "+attn.", "frames", "tokens", "gives", "input", "weights")
_WIDTHS = (8, 8, 8, 7, 7, 7, 10, 9)


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
    debug: options.Debug = False,
) -> None:
    """List the models: names, sizes, costs, the weights each wants, and whether they are here.

    GFLOPs are of one window, 2 x the multiply-adds of linear and convolution layers, as papers
    count; then those with attention's products added. Tokens are the frames that a window is
    pruned to. A window gives all its frames, or its centre. The input is x, y and, for xys, the
    score, normalised by the screen, a crop or hotvid's own way (body).
    """
    if context.invoked_subcommand is not None:
        return
    from hotvid.lift.catalogue import lifters, unreadable

    facts, bad = lifters(), unreadable()
    typer.echo(_as_json(facts, bad) if as_json else _text(facts, bad))


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint.")],
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="NAME", help="Whose weights they are, where several models fit."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="What they are to go by, if not as the model."),
    ] = None,
    size: Annotated[
        list[Any] | None,
        typer.Option(
            "--size",
            metavar="NAME=VALUE",
            parser=read_lifter_size,
            help="What the file does not show: heads=4, or another way of pruning the same "
            "weights: token_num=81 layer_index=3 prune=uniform recover=linear; one a --size.",
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    debug: options.Debug = False,
) -> None:
    """Check a lifter's weights, convert them to safetensors and remember them.

    From then on `hotvid run --model NAME` takes them. FILE is .pth, .pt, .bin, .pth.tar or
    .safetensors; no code in it is run.
    """
    sizes = dict(size or ())
    from hotvid.lift.importing import import_weights

    done = import_weights(file, model, name, overwrite, sizes)
    shown = ", ".join(f"{name} {done.model.sizes[name]}" for name in ("frames", "channel", *sizes))
    typer.echo(f"{file} holds weights of {done.model_name} ({shown})")
    typer.echo(f"wrote {done.path}; use them with --model {done.name}")


def _text(facts: list[LifterFacts], bad: dict[str, str]) -> str:
    lines = [*text_2d(), "", "lifters (--model):", _row("", _COLUMNS)]
    lines += [_row(one.name, _cells(one)) for one in facts]
    lines.append("  * where none is named")
    lines += ["", "weights that published lifters want (hotvid models import FILE):"]
    for one in facts:
        if one.wants and one.name == one.model:
            lines.append(f"  {one.name}: {one.wants}")
            lines += [f"      {one.url}"] if one.url else []
    lines += ["", "weights that are here:"]
    for shipped in weights.SHIPPED.values():
        lines += [f"  {shipped.name}: {shipped.licence}", f"      {_where(shipped.name)}"]
    for one in facts:
        if one.origin == "imported":
            lines += [f"  {one.name}: {one.model}, imported", f"      {one.weights_path}"]
    lines += [f"  {name}: UNREADABLE: {why}" for name, why in bad.items()]
    return "\n".join(lines)


def _cells(one: LifterFacts) -> tuple[str, ...]:
    cost = one.cost
    return (
        f"{cost.parameters / 1e6:.3f}",
        f"{cost.flops / 1e9:.3f}",
        f"{cost.flops_with_attention / 1e9:.3f}",
        str(one.frames),
        ",".join(map(str, one.tokens)) or "-",
        one.gives,
        f"{'xy' if one.in_channels == 2 else 'xys'} {one.inputs}",
        (one.origin or "-") + ("*" if one.name == weights.DEFAULT_LIFTER else ""),
    )


def _row(name: str, cells: tuple[str, ...]) -> str:
    return table_row(f"  {name:<14}", cells, _WIDTHS)


def _as_json(facts: list[LifterFacts], bad: dict[str, str]) -> str:
    found: dict[str, Any] = {
        **json_2d(),
        "lifters": [
            asdict(one)
            | {"default": one.name == weights.DEFAULT_LIFTER, "here": one.origin is not None}
            for one in facts
        ],
        "shipped": [
            asdict(w) | {"path": _where(w.name, missing=None)} for w in weights.SHIPPED.values()
        ],
        "unreadable": bad,
    }
    return json.dumps(found, indent=2, default=str)


def _where(name: str, missing: str | None = "MISSING") -> str | None:
    try:
        return str(weights.find(name))
    except WeightsError:
        return missing
