"""`hotvid export`: the poses of a video, or of a pose store, in the formats of other programs."""

from __future__ import annotations

import time

import typer

from hotvid.cli import options
from hotvid.cli.progress import progress
from hotvid.cli.shared import CHOSEN, EVERYTHING, Chosen, takes
from hotvid.cli.summary import naming_what_was_written, summary
from hotvid.config import (
    ExportConfig,
    configure,
)


@takes(*EVERYTHING)
def export(
    source: options.Source,
    format: options.Formats,
    out: options.ExportOut,
    bone_names: options.BoneNames = ExportConfig.bone_names,
    units: options.Units = ExportConfig.units,
    overwrite: options.Overwrite = False,
    chosen: Chosen = CHOSEN,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write everyone's motion in the formats of other programs; no video is drawn.

    Markers are in the world: metres, y up, estimated.
    """
    config = configure(**chosen)
    from hotvid import job
    from hotvid.exports import plan_exports, warn_of_others

    exports = plan_exports(format, out, source, bone_names=bone_names, units=units)
    begun = time.perf_counter()
    with naming_what_was_written() as written, progress(quiet) as report:
        poses = job.run(
            source,
            config=config,
            exports=exports,
            overwrite=overwrite,
            progress=report,
            on_written=written.append,
        )
    warn_of_others(exports, written)
    if not quiet:
        typer.echo(summary(poses, time.perf_counter() - begun, written))
