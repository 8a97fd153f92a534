"""`hotvid export`: the poses of a video, or of a pose store, in the formats of other programs."""

from __future__ import annotations

import time

import typer

from hotvid.cli import options
from hotvid.cli.progress import progress
from hotvid.cli.summary import summary
from hotvid.config import (
    CleanConfig,
    ExportConfig,
    LiftConfig,
    Pose2DConfig,
    TrackConfig,
    WorldConfig,
    configure,
)


def export(
    source: options.Source,
    format: options.Formats,
    out: options.ExportOut,
    bone_names: options.BoneNames = ExportConfig.bone_names,
    units: options.Units = ExportConfig.units,
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
    """Write everyone's motion in the formats of other programs; no video is drawn.

    Markers are in the world: metres, y up, estimated.
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

    exports = plan_exports(format, out, source, bone_names=bone_names, units=units)
    begun, written = time.perf_counter(), []
    with progress(quiet) as report:
        poses = job.run(
            source,
            config=config,
            exports=exports,
            overwrite=overwrite,
            progress=report,
            on_written=written.append,
        )
    if not quiet:
        typer.echo(summary(poses, time.perf_counter() - begun, written))
