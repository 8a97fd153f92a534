"""`hotvid export-json`: the poses of a video, or of a pose store, as JSON."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.progress import progress
from hotvid.cli.summary import naming_what_was_written, summary
from hotvid.config import CleanConfig, LiftConfig, Pose2DConfig, TrackConfig, WorldConfig, configure


def export_json(
    source: options.Source,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FILE.json", help="The file to write.", rich_help_panel="Outputs"
        ),
    ],
    save_poses: options.SavePoses = None,
    overwrite: options.Overwrite = False,
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
    """Write everyone's 2D and 3D keypoints as JSON, schema "hotvid/1"; no video is drawn."""
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
    from hotvid import job

    begun = time.perf_counter()
    with naming_what_was_written() as written, progress(quiet) as report:
        poses = job.run(
            source,
            config=config,
            json=out,
            save=save_poses,
            overwrite=overwrite,
            progress=report,
            on_written=written.append,
        )
    if not quiet:
        typer.echo(summary(poses, time.perf_counter() - begun, written))
