"""What a command says while it works: a bar on a terminal, one line a stage in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from hotvid.progress import Progress as Report
from hotvid.progress import no_progress

STAGES = {
    "read": "reading",
    "pose2d": "finding people",
    "lift": "lifting to 3D",
    "render": "drawing",
    "train": "training",
    "batches": "training",
    "timing": "timing",
}
_RATES = {
    "pose2d": "frames/s",
    "lift": "windows/s",
    "render": "frames/s",
    "train": "s/s",
    "batches": "batches/s",
}

# Stages of which the first report may tell of what an earlier run did.
_GONE_ON_WITH = ("train", "batches")


@contextmanager
def progress(quiet: bool) -> Iterator[Report]:
    """A callback for the pipeline that shows on stderr how far each stage is.

    A terminal gets a bar with the rate and the time that remains; anything else gets one line
    when a stage begins; with `quiet` nothing is said.
    """
    if quiet:
        yield no_progress
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield _Bars(bars)
    else:
        yield _Lines()


class _Lines:
    """One line a stage."""

    def __init__(self) -> None:
        self._begun: set[str] = set()

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if stage not in self._begun:
            self._begun.add(stage)
            print(f"{STAGES.get(stage, stage)} ...", file=sys.stderr, flush=True)


class _Bars:
    """One bar a stage, which stays when the stage is done."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, int] = {}

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if stage not in self._tasks:
            text = STAGES.get(stage, stage)
            before = done if stage in _GONE_ON_WITH else 0
            self._tasks[stage] = self._bars.add_task(
                text, total=total, completed=before, rate=_RATES.get(stage), before=before
            )
        self._bars.update(self._tasks[stage], completed=done, total=total)


class _Rate(ProgressColumn):
    """Units a second since the stage began."""

    def render(self, task: Task) -> Text:
        elapsed = task.finished_time if task.finished else task.elapsed
        unit = task.fields["rate"]
        done = task.completed - task.fields["before"]
        if not elapsed or not done or unit is None:
            return Text("")
        return Text(f"{done / elapsed:.1f} {unit}", style="progress.data.speed")


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description:<15}"),
        BarColumn(),
        MofNCompleteColumn(table_column=whole()),
        _Rate(table_column=whole()),
        TimeRemainingColumn(elapsed_when_finished=True, table_column=whole()),
        console=stderr_console(),
    )


def whole() -> Column:
    """A column that is not wrapped where a terminal is narrow: the bar gives way."""
    return Column(no_wrap=True)


def stderr_console() -> Console:
    """The terminal that progress is shown on: stdout is for results."""
    return Console(stderr=True)
