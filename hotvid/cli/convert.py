"""`hotvid convert`: poses that are there already, in other formats."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.summary import summary
from hotvid.config import CleanConfig, ExportConfig, TrackConfig, WorldConfig, configure
from hotvid.errors import UsageError


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            help="A pose store (.npz), or JSON, arrays (.npz) or Parquet that hotvid wrote.",
            metavar="POSES",
            show_default=False,
        ),
    ],
    format: options.Formats,
    out: options.ExportOut,
    bone_names: options.BoneNames = ExportConfig.bone_names,
    units: options.Units = ExportConfig.units,
    overwrite: options.Overwrite = False,
    person: options.PersonChoice = TrackConfig.person,
    outliers: options.Outliers = CleanConfig.outliers,
    smooth: options.Smooth = CleanConfig.smooth,
    cutoff: options.Cutoff = CleanConfig.cutoff_hz,
    bones: options.Bones = CleanConfig.bones,
    height: options.Height = None,
    feet: options.Feet = WorldConfig.feet,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write the poses that a file of hotvid holds in other formats.

    Nothing is estimated anew, so it takes a moment.
    """
    config = configure(
        person=person,
        outliers=outliers,
        smooth=smooth,
        cutoff=cutoff,
        bones=bones,
        height=height,
        feet=feet,
    )
    from hotvid import job
    from hotvid.exports import plan_exports

    if not job.is_stored(source):
        raise UsageError(
            f"'{source}' holds no poses that can be converted: those in a pose store, and "
            "in JSON, arrays and Parquet that hotvid wrote, can",
            "for a video, use: hotvid export; for keypoints made elsewhere: hotvid lift",
        )
    exports = plan_exports(format, out, source, bone_names=bone_names, units=units)
    begun, written = time.perf_counter(), []
    poses = job.run(
        source, config=config, exports=exports, overwrite=overwrite, on_written=written.append
    )
    if not quiet:
        typer.echo(summary(poses, time.perf_counter() - begun, written))
