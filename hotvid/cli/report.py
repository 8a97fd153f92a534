"""`hotvid report`: a clip as one HTML file that plays, turns and shows its angles."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.progress import progress
from hotvid.cli.summary import summary
from hotvid.config import CleanConfig, LiftConfig, Pose2DConfig, TrackConfig, WorldConfig, configure


def report(
    source: options.Source,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FILE.html", help="The file to write.", rich_help_panel="Outputs"
        ),
    ],
    overwrite: options.Overwrite = False,
    video: Annotated[
        Path | None,
        typer.Option("--video", metavar="FILE", help="Where the video of a pose store lies now."),
    ] = None,
    time_range: options.TimeRange = None,
    person: options.PersonChoice = TrackConfig.person,
    bbox_thr: options.BboxThr = Pose2DConfig.bbox_thr,
    kpt_thr: options.KptThr = TrackConfig.kpt_thr,
    det_frequency: options.DetFrequency = Pose2DConfig.det_frequency,
    mode: options.Mode = Pose2DConfig.mode,
    pose2d: options.Pose2D = Pose2DConfig.backend,
    detector: options.Detector = None,
    model: options.LifterName = None,
    weights: options.WeightsFile = None,
    device: options.Device = LiftConfig.device,
    tokens: options.Tokens = None,
    compile: options.Compile = False,
    precision: options.Precision = LiftConfig.precision,
    focal: options.Focal = None,
    swaps: options.Swaps = LiftConfig.swaps,
    outliers: options.Outliers = CleanConfig.outliers,
    smooth: options.Smooth = CleanConfig.smooth,
    cutoff: options.Cutoff = CleanConfig.cutoff_hz,
    bones: options.Bones = CleanConfig.bones,
    height: options.Height = None,
    feet: options.Feet = WorldConfig.feet,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write a report: video, an orbitable 3D view and plots in one file that needs no network.

    It says how far the result is to be trusted, too: what was bridged, cropped, sliding, or unsure.
    """
    config = configure(
        mode=mode,
        pose2d=pose2d,
        detector=detector,
        bbox_thr=bbox_thr,
        kpt_thr=kpt_thr,
        det_frequency=det_frequency,
        person=person,
        model=model,
        weights=weights,
        device=device,
        tokens=tokens,
        compile=compile,
        precision=precision,
        focal=focal,
        swaps=swaps,
        outliers=outliers,
        smooth=smooth,
        cutoff=cutoff,
        bones=bones,
        height=height,
        feet=feet,
        time_range=time_range,
    )
    from hotvid.report import write_report

    begun = time.perf_counter()
    with progress(quiet) as shown:
        done = write_report(source, out, config, video=video, overwrite=overwrite, progress=shown)
    if not quiet:
        typer.echo(summary(done.poses, time.perf_counter() - begun, [out]))
