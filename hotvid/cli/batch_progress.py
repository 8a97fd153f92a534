"""What `hotvid batch` says while it works: bars on a terminal, one line a video in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hotvid.batch.books import Watcher
from hotvid.cli.progress import STAGES, stderr_console, whole
from hotvid.cli.summary import n_people, n_videos
from hotvid.errors import printable

if TYPE_CHECKING:
    from hotvid.batch.manifest import Entry
    from hotvid.batch.plan import Planned

_NAME_WIDTH, _LEAST_NAME_WIDTH = 40, 12
_BESIDE_NAMES = 46  # characters: a short bar, how far, stage and time


@contextmanager
def watching(quiet: bool) -> Iterator[Watcher]:
    """A watcher that shows on stderr how far all of the batch is, and each video."""
    if quiet:
        yield Watcher()
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield _Bars(bars)
    else:
        yield _Lines()


class _Lines(Watcher):
    """One line when a video begins, one when it ends."""

    def __init__(self) -> None:
        self._n_tasks = self._n_ended = 0

    def planned(self, videos: Sequence[Planned]) -> None:
        self._n_tasks = sum(video.why != "done" for video in videos)
        self._say(f"{n_videos(len(videos))}, {len(videos) - self._n_tasks} of them done before")

    def started(self, video: Planned) -> None:
        self._say(f"{_name(video)} ...")

    def ended(self, video: Planned, entry: Entry) -> None:
        self._n_ended += 1
        self._say(f"[{self._n_ended}/{self._n_tasks}] {_name(video)}: {what_came(entry)}")

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


class _Bars(Watcher):
    """A bar for all videos, and one below for each that is being worked on."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._of_video: dict[str, int] = {}

    def planned(self, videos: Sequence[Planned]) -> None:
        n_tasks = sum(video.why != "done" for video in videos)
        before = len(videos) - n_tasks
        text = f"videos ({before} done before)" if before else "videos"
        self._all = self._bars.add_task(text, total=n_tasks, stage="")

    def started(self, video: Planned) -> None:
        if video.folder not in self._of_video:
            room = self._bars.console.width - _BESIDE_NAMES
            name = _name(video)[-min(max(room, _LEAST_NAME_WIDTH), _NAME_WIDTH) :]
            added = self._bars.add_task(name, total=None, stage="")
            self._of_video[video.folder] = added

    def advanced(self, video: Planned, stage: str, done: int, total: int | None) -> None:
        text = STAGES.get(stage, stage)
        self._bars.update(self._of_video[video.folder], completed=done, total=total, stage=text)

    def ended(self, video: Planned, entry: Entry) -> None:
        if video.folder in self._of_video:
            self._bars.remove_task(self._of_video.pop(video.folder))
        if entry.error:
            self._bars.console.print(f"{_name(video)}: {what_came(entry)}", markup=False)
        self._bars.advance(self._all)


def what_came(entry: Entry) -> str:
    """What came of a video, in a few words."""
    if entry.error:
        return f"failed: {entry.error}"
    return f"{n_people(entry.people)} in {entry.frames} frames, {entry.wall_s:.1f} s"


def _name(video: Planned) -> str:
    return printable(video.folder)


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(table_column=whole()),
        TextColumn("{task.fields[stage]}"),
        TimeElapsedColumn(table_column=whole()),
        console=stderr_console(),
    )
