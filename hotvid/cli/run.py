"""`hotvid run`: a video in, a video with skeletons out."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.carry_out import carry_out
from hotvid.cli.shared import CHOSEN, EVERYTHING, Chosen, takes
from hotvid.config import ExportConfig, configure


@takes(*EVERYTHING)
def run(
    source: options.Source,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FILE.mp4",
            help="The video to write: the skeletons drawn over it, beside a 3D view. Of a still "
            "image also a picture: .png or .jpg.",
            rich_help_panel="Outputs",
        ),
    ],
    json: options.JsonOut = None,
    save_poses: options.SavePoses = None,
    format: options.AlsoFormats = None,
    bone_names: options.BoneNames = ExportConfig.bone_names,
    units: options.Units = ExportConfig.units,
    overwrite: options.Overwrite = False,
    video: options.StoredVideo = None,
    chosen: Chosen = CHOSEN,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Find everyone in a video, lift them to 3D and draw both beside each other.

    The video keeps its frame rate and its sound. With a pose store as SOURCE nobody is searched
    for: its people are drawn over the video that they were found in, lifted anew where --model or
    --weights is given.
    """
    config = configure(**chosen)
    from hotvid import job
    from hotvid.exports import plan_exports

    exports = plan_exports(format, out, source, beside=True, bone_names=bone_names, units=units)
    work = partial(
        job.run,
        source,
        out,
        config,
        json=json,
        save=save_poses,
        exports=exports,
        video=video,
        overwrite=overwrite,
    )
    carry_out(work, exports, quiet=quiet)
