"""`hotvid bench pose2d`: the 2D models beside each other on one clip."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotvid.cli import options
from hotvid.cli.demo_clip import video_or_demo
from hotvid.cli.measured import MeasuredOut, check_measured_out, table_row, tell
from hotvid.cli.progress import progress
from hotvid.config import LiftConfig, Pose2DConfig, configure
from hotvid.errors import UsageError

if TYPE_CHECKING:
    from hotvid.bench.pose2d import BackendSpeed, Pose2DBench

_COLUMNS = ("ms a frame", "slow ones", "load, s", "people", "a frame", "score", "jitter")
_WIDTHS = (11, 10, 8, 7, 8, 6, 7)
_NOTE = (
    "ms a frame: of the model alone, the mean; slow ones: one frame in a hundred\n"
    "is slower. people: tracks; a frame: seen on average. score: each model's own\n"
    "belief. jitter: how far joints are off a straight line through three frames,\n"
    "in % of the body."
)


def bench_pose2d(
    video: Annotated[
        Path | None,
        typer.Argument(metavar="[VIDEO]", help="The video; the demo clip, in a checkout."),
    ] = None,
    pose2d: Annotated[
        list[str] | None,
        typer.Option(
            "--pose2d",
            metavar="NAME[:MODEL]",
            help="A 2D model, one a --pose2d; BlazePose in its three sizes comes first.",
            rich_help_panel="Models",
        ),
    ] = None,
    detector: options.Detector = None,
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            metavar="fast|balanced|accurate",
            help="Only this size of BlazePose.",
            rich_help_panel="Models",
        ),
    ] = None,
    device: options.Device = LiftConfig.device,
    det_frequency: options.DetFrequency = Pose2DConfig.det_frequency,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, help="Of the video, from its start.")
    ] = 8.0,
    json_out: MeasuredOut = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """The 2D models on one clip: milliseconds a frame, people found, jitter."""
    config = configure(mode=mode or Pose2DConfig.mode, device=device, det_frequency=det_frequency)
    from hotvid.bench.pose2d import bench_pose2d as measure
    from hotvid.bench.pose2d import here
    from hotvid.pose2d import check_spec

    source = video_or_demo(video)
    check_measured_out(json_out, overwrite, source)
    candidates = [one for one in here(config.pose2d) if mode in (None, one.mode)]
    used = False
    for spec in pose2d or ():
        takes_detector = check_spec(spec, None).takes_detector
        used |= takes_detector
        given = configure(
            pose2d=spec,
            detector=detector if takes_detector else None,
            mode=mode or Pose2DConfig.mode,
            device=device,
            det_frequency=det_frequency,
        )
        candidates.append(given.pose2d)
    if detector is not None and not used:
        raise UsageError(f"nothing here takes the detector {detector}", "add a top-down --pose2d")
    with progress(quiet) as report:
        result = measure(source, candidates, config.track, report, seconds)
    tell(_text(result), asdict(result), json_out, overwrite)


def _text(result: Pose2DBench) -> str:
    width, height = result.size_px
    longest = max(len(one.name) for one in result.backends)
    threads = f"{result.n_threads} thread{'s' if result.n_threads > 1 else ''}"
    return "\n".join(
        [
            f"{result.video}: {width}x{height}, {result.n_frames} frames",
            f"{result.cpu}, {threads}",
            "",
            table_row(" " * longest, _COLUMNS, _WIDTHS),
            *(_row(one, longest) for one in result.backends),
            "",
            _NOTE,
        ]
    )


def _row(one: BackendSpeed, width: int) -> str:
    cells = (
        f"{one.ms_a_frame:.1f}",
        f"{one.worst_ms:.1f}",
        f"{one.load_s:.1f}",
        str(one.people),
        f"{one.people_a_frame:.2f}",
        "-" if one.mean_score is None else f"{one.mean_score:.2f}",
        "-" if one.jitter is None else f"{one.jitter:.2%}",
    )
    return table_row(f"{one.name:<{width}}", cells, _WIDTHS)
