"""A job as a command does it: shown while it runs, and told of at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import typer

from hotvid.cli.progress import progress
from hotvid.cli.summary import naming_what_was_written, summary
from hotvid.types import Poses

if TYPE_CHECKING:
    from hotvid.exports import Export


def carry_out(work: Callable[..., Poses], exports: Sequence[Export] = (), *, quiet: bool) -> None:
    """Do `work`, and say who was found and what was written.

    work     called with `progress` and `on_written`, as `hotvid.job.run` takes them.
    exports  what it is asked to write: files of an earlier run beside them are warned of.
    """
    from hotvid.exports import warn_of_others

    begun = time.perf_counter()
    with naming_what_was_written() as written, progress(quiet) as report:
        poses = work(progress=report, on_written=written.append)
    warn_of_others(exports, written)
    if not quiet:
        typer.echo(summary(poses, time.perf_counter() - begun, written))
