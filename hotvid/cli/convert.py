"""`hotvid convert`: poses that are there already, in other formats."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.carry_out import carry_out
from hotvid.cli.keypoint_options import OF_FILE, read_of_file
from hotvid.cli.shared import CHOSEN, MOTION, WHEN, WHO, Chosen, takes
from hotvid.config import ExportConfig, configure
from hotvid.errors import UsageError


@takes(WHEN, WHO, MOTION, of_file=(OF_FILE,))
def convert(
    source: Annotated[
        Path,
        typer.Argument(
            help="A pose store (.npz), or JSON, arrays (.npz) or Parquet that hotvid wrote; or 2D "
            "keypoints, as hotvid lift takes them.",
            metavar="POSES",
            show_default=False,
        ),
    ],
    format: options.Formats,
    out: options.ExportOut,
    bone_names: options.BoneNames = ExportConfig.bone_names,
    units: options.Units = ExportConfig.units,
    overwrite: options.Overwrite = False,
    of_file: Chosen = CHOSEN,
    chosen: Chosen = CHOSEN,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write the poses that a file of hotvid holds, or 2D keypoints, in other formats.

    Nothing is estimated anew, so it takes a moment. 2D keypoints stay 2D: hotvid lift lifts them.
    """
    config = configure(**chosen)
    video, given = read_of_file(of_file)
    from hotvid import job
    from hotvid.exports import plan_exports
    from hotvid.sources import source_at

    looked_at = source_at(source)
    keypoints = looked_at.may_be_keypoints
    if not keypoints and not looked_at.is_stored:
        raise UsageError(
            f"'{source}' holds no poses that can be converted",
            "for a video, use: hotvid export",
        )
    if not keypoints and of_file:
        raise UsageError(
            f"'{source}' says itself what it holds, and of what video",
            "leave out what is for keypoints of other programs: --video, --size, --fps, ...",
        )
    exports = plan_exports(format, out, source, bone_names=bone_names, units=units)
    how = {"exports": exports, "overwrite": overwrite}
    if keypoints:
        work = partial(job.lift, source, None, given, config, video=video, in_3d=False, **how)
    else:
        work = partial(job.run, source, config=config, **how)
    carry_out(work, exports, quiet=quiet)
