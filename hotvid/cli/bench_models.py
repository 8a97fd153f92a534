"""`hotvid bench models`: each lifter beside its unpruned twin."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotvid.cli import options
from hotvid.cli.measured import MeasuredOut, check_measured_out, table_row, tell
from hotvid.cli.progress import progress
from hotvid.config import DEVICES, PRECISIONS, LiftConfig, check_choice

if TYPE_CHECKING:
    from hotvid.bench.models import Gain, ModelBench, ModelSpeed

_COLUMNS = ("frames", "tokens", "windows/s", "ms", "GFLOPs", "pruning", "faster", "on paper")
_WIDTHS = (7, 7, 10, 9, 8, 8, 7, 9)  # with the models' names, 80 characters
_NOTE = (
    "ms: of one window. pruning: its share of the forward pass. faster, on paper:\n"
    "times the unpruned model's speed, and its FLOPs as papers count over the pruned\n"
    "model's."
)


def bench_models(
    models: Annotated[
        str | None,
        typer.Option("--models", metavar="A,B,...", help="Which lifters; all of them."),
    ] = None,
    device: options.Device = LiftConfig.device,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size", min=1, help="Windows at once; 1 on a CPU, 16 on CUDA.", metavar="N"
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option("--rounds", min=1, metavar="N", help="Times are medians of N rounds (5)."),
    ] = None,
    precision: options.Precision = LiftConfig.precision,
    json_out: MeasuredOut = None,
    overwrite: options.Overwrite = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="No progress.", rich_help_panel="What is said")
    ] = False,
    debug: options.Debug = False,
) -> None:
    """The lifters: windows a second, pruned beside unpruned, timed in turns on random weights.

    They are timed in the sizes of their papers, whatever weights are here. With each the share of
    the forward pass that goes into pruning, and how the time saved compares with the FLOPs saved.
    """
    check_choice("device", device, DEVICES)
    check_choice("precision", precision, PRECISIONS)
    check_measured_out(json_out, overwrite)
    from hotvid.bench.models import bench_models as measure
    from hotvid.lift.lifter import resolve_device
    from hotvid.lift.models.zoo import MODELS

    names = list(MODELS) if models is None else [name.strip() for name in models.split(",")]
    with progress(quiet) as report:
        result = measure(
            names,
            resolve_device(device),
            batch_size=batch_size,
            rounds=rounds,
            precision=precision,
            progress=report,
        )
    tell(_text(result), _plain(result), json_out, overwrite)


def _plain(result: ModelBench) -> dict[str, Any]:
    found = asdict(result)
    for one, speed in zip(found["models"], result.models, strict=True):
        one["windows_per_s"] = speed.windows_per_s
    for one, gain in zip(found["gains"], result.gains, strict=True):
        one["wall_by_flops"] = gain.wall_by_flops
    return found


def _text(result: ModelBench) -> str:
    windows = "1 window" if result.batch_size == 1 else f"{result.batch_size} windows"
    threads = f"{result.n_threads} thread{'s' if result.n_threads > 1 else ''}"
    gains = {gain.pruned: gain for gain in result.gains}
    lines = [f"{result.device}, {threads}, {windows} at once, {result.precision}", ""]
    longest = max(len(speed.name) for speed in result.models)
    lines.append(table_row(" " * longest, _COLUMNS, _WIDTHS))
    lines += [_row(speed, gains.get(speed.name), longest) for speed in result.models]
    return "\n".join([*lines, "", _NOTE])


def _row(speed: ModelSpeed, gain: Gain | None, name_width: int) -> str:
    cells = [
        str(speed.frames),
        ",".join(map(str, speed.tokens)) or "-",
        f"{speed.windows_per_s:.2f}",
        f"{1000 * speed.s_a_window:.1f}",
        f"{speed.cost.flops / 1e9:.3f}",
        "-" if speed.pruning_share is None else f"{speed.pruning_share:.1%}",
        "-" if gain is None else f"{gain.wall:.2f}",
        "-" if gain is None else f"{gain.flops:.2f}",
    ]
    return table_row(f"{speed.name:<{name_width}}", cells, _WIDTHS)
