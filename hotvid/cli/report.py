"""`hotvid report`: a clip as one HTML file that plays, turns and shows its angles."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.progress import progress
from hotvid.cli.shared import CHOSEN, EVERYTHING, Chosen, takes
from hotvid.cli.summary import summary
from hotvid.config import configure


@takes(*EVERYTHING)
def report(
    source: options.Source,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FILE.html", help="The file to write.", rich_help_panel="Outputs"
        ),
    ],
    overwrite: options.Overwrite = False,
    video: options.StoredVideo = None,
    chosen: Chosen = CHOSEN,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write a report: video, an orbitable 3D view and plots in one file that needs no network.

    It says how far the result is to be trusted, too: what was bridged, cropped, sliding, or unsure.
    """
    config = configure(**chosen)
    from hotvid.report import write_report

    begun = time.perf_counter()
    with progress(quiet) as shown:
        done = write_report(source, out, config, video=video, overwrite=overwrite, progress=shown)
    if not quiet:
        typer.echo(summary(done.poses, time.perf_counter() - begun, [out]))
