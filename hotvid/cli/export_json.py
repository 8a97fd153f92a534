"""`hotvid export-json`: the poses of a video, or of a pose store, as JSON."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.carry_out import carry_out
from hotvid.cli.shared import CHOSEN, EVERYTHING, Chosen, takes
from hotvid.config import configure


@takes(*EVERYTHING)
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
    chosen: Chosen = CHOSEN,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write everyone's 2D and 3D keypoints as JSON, schema "hotvid/1"; no video is drawn."""
    config = configure(**chosen)
    from hotvid import job

    work = partial(
        job.run,
        source,
        config=config,
        json=out,
        save=save_poses,
        overwrite=overwrite,
    )
    carry_out(work, quiet=quiet)
