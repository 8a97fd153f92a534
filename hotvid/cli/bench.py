"""`hotvid bench`: how fast the main job is here, and how much memory it takes; and the lifters."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from hotvid.cli import options
from hotvid.cli.bench_models import bench_models
from hotvid.cli.bench_pose2d import bench_pose2d
from hotvid.cli.demo_clip import video_or_demo
from hotvid.cli.measured import MeasuredOut, check_measured_out, tell
from hotvid.cli.summary import n_people
from hotvid.config import Pose2DConfig, configure

if TYPE_CHECKING:
    from hotvid.bench.main_job import BenchResult, Whole


class _MainJobUnlessNamed(TyperGroup):
    """What is not a command's name is a video, or an option, of the main job."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in context.help_option_names):
            args = ["run", *args]
        return super().parse_args(context, args)


app = typer.Typer(
    cls=_MainJobUnlessNamed,
    help="Measure speed: `hotvid bench [VIDEO]` that of the main job, as `hotvid bench run` does.",
)
app.command("models")(bench_models)
app.command("pose2d")(bench_pose2d)


@app.command("run")
def bench(
    video: Annotated[
        Path | None,
        typer.Argument(metavar="[VIDEO]", help="The video; the demo clip, in a checkout."),
    ] = None,
    mode: options.Mode = Pose2DConfig.mode,
    long: Annotated[
        bool, typer.Option("--long", help="Also run the video ten times in a row.")
    ] = False,
    json_out: MeasuredOut = None,
    overwrite: options.Overwrite = False,
    debug: options.Debug = False,
) -> None:
    """The main job: milliseconds a frame of each stage, the speed of the whole, and peak memory.

    The whole is `hotvid run` itself, start-up and encoding included. The stages are measured one
    by one; within the whole they overlap.
    """
    config = configure(mode=mode)
    from hotvid.bench.main_job import bench as measure

    source = video_or_demo(video)
    check_measured_out(json_out, overwrite, source)
    result = measure(source, config, long=long)
    tell(_text(result), _plain(result), json_out, overwrite)


def _plain(result: BenchResult) -> dict[str, Any]:
    found: dict[str, Any] = asdict(result)
    found["whole"]["real_time_factor"] = result.whole.real_time_factor
    if result.long is not None:
        found["long"]["real_time_factor"] = result.long.real_time_factor
    found["memory_growth"] = result.memory_growth
    return found


def _text(result: BenchResult) -> str:
    width, height = result.size_px
    lines = [
        f"{result.video}: {width}x{height}, {result.fps:.3g} frames/s, {n_people(result.people)}",
        f"{result.cpu}, {result.n_threads} threads, mode {result.mode}",
        "",
        "stage       ms a frame, alone",
        *(f"{name:<12}{ms:8.1f}" for name, ms in result.stage_ms.items()),
        "",
        f"whole       {_line(result.whole)}",
    ]
    if result.long is not None:
        lines.append(f"ten times   {_line(result.long)}")
    if result.memory_growth is not None:
        lines.append(f"memory of the ten-times-longer video: {result.memory_growth:+.1%}")
    return "\n".join(lines)


def _line(whole: Whole) -> str:
    ms = 1000 * whole.wall_s / whole.n_frames
    memory = "" if whole.peak_memory_mb is None else f", peak memory {whole.peak_memory_mb:.0f} MB"
    return (
        f"{ms:8.1f} ms a frame, {whole.real_time_factor:.2f} x real time, "
        f"{whole.wall_s:.1f} s for {whole.video_s:.1f} s{memory}"
    )
