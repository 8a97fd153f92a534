"""`hotvid run`: a video in, a video with skeletons out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.progress import progress
from hotvid.cli.summary import naming_what_was_written, summary
from hotvid.config import (
    CleanConfig,
    ExportConfig,
    LiftConfig,
    Pose2DConfig,
    TrackConfig,
    WorldConfig,
    configure,
)


def run(
    source: options.Source,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FILE.mp4",
            help="The video to write: the skeletons drawn over it, beside a 3D view.",
            rich_help_panel="Outputs",
        ),
    ],
    json: options.JsonOut = None,
    save_poses: options.SavePoses = None,
    format: options.AlsoFormats = None,
    bone_names: options.BoneNames = ExportConfig.bone_names,
    units: options.Units = ExportConfig.units,
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
    """Find everyone in a video, lift them to 3D and draw both beside each other.

    The video keeps its frame rate and its sound. With a pose store as SOURCE nobody is searched
    for: its people are drawn over the video that they were found in, lifted anew where --model or
    --weights is given.
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
    from hotvid import job
    from hotvid.exports import plan_exports

    exports = plan_exports(format, out, source, beside=True, bone_names=bone_names, units=units)
    begun = time.perf_counter()
    with naming_what_was_written() as written, progress(quiet) as report:
        poses = job.run(
            source,
            out,
            config,
            json=json,
            save=save_poses,
            exports=exports,
            video=video,
            overwrite=overwrite,
            progress=report,
            on_written=written.append,
        )
    if not quiet:
        typer.echo(summary(poses, time.perf_counter() - begun, written))
