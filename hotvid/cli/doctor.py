"""`hotvid doctor`: is everything here, and does it work."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.errors import HotvidWarning


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
    debug: options.Debug = False,
) -> None:
    """Check versions, weights, ffmpeg and device, and take a second of video through every stage.

    Ends with status 1 if a check fails.
    """
    from hotvid.doctor import examine

    checks = []
    with warnings.catch_warnings():
        # The video of the self-test has nobody in it, which is no news here.
        warnings.simplefilter("ignore", HotvidWarning)
        for check in examine():
            checks.append(check)
            if not as_json:
                mark = "ok     " if check.ok else "FAILED "
                typer.echo(f"{mark}{check.name}: {check.detail}")
    failed = [check.name for check in checks if not check.ok]
    if as_json:
        found = {"ok": not failed, "checks": [asdict(check) for check in checks]}
        typer.echo(json.dumps(found, indent=2))
    elif failed:
        typer.echo(f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}")
    else:
        typer.echo(f"all {len(checks)} checks passed")
    if failed:
        raise typer.Exit(1)
