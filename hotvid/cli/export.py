"""`hotvid export`: the poses of a video, or of a pose store, in the formats of other programs."""

from __future__ import annotations

from functools import partial

from hotvid.cli import options
from hotvid.cli.carry_out import carry_out
from hotvid.cli.shared import CHOSEN, EVERYTHING, Chosen, takes
from hotvid.config import ExportConfig, configure


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
    from hotvid.exports import plan_exports

    exports = plan_exports(format, out, source, bone_names=bone_names, units=units)
    work = partial(
        job.run,
        source,
        config=config,
        exports=exports,
        overwrite=overwrite,
    )
    carry_out(work, exports, quiet=quiet)
