"""A batch from the folders that are given to its manifest and summary."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hotvid import __version__
from hotvid.atomic import check_output
from hotvid.batch.engine import Advanced, Ended, Engine, Event, Started
from hotvid.batch.find import Found, common_folder, find_videos
from hotvid.batch.interruption import Interruption
from hotvid.batch.lease import Hold, leased
from hotvid.batch.manifest import DONE, FAILED, STARTED, Entry, Manifest
from hotvid.batch.outputs import belonging, held_formats
from hotvid.batch.places import Place, is_url, place, reaching, stamp
from hotvid.batch.plan import Planned, plan
from hotvid.batch.settings import Settings, of_video
from hotvid.batch.summary import write_summary
from hotvid.batch.task import Outcome
from hotvid.errors import HotvidError, InputError, OutputError, UsageError
from hotvid.io.lock import locked

_LOCK = ".lock"


@dataclass(frozen=True)
class Request:
    """What is to be done, with what, and where the results go.

    given      folders of videos, and videos; here or behind URLs, as `out_dir`.
    settings   how each is treated.
    recursive  also the folders within.
    patterns   names to take; none: all that end as videos do.
    resume     go on with the batch that is in the output folder.
    overwrite  do everything anew, whatever is there.
    """

    given: Sequence[str | os.PathLike]
    out_dir: str | os.PathLike
    settings: Settings
    recursive: bool = False
    patterns: Sequence[str] = ()
    resume: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class Row:
    """How one video of a batch stands at its end.

    state  "done", "done before", "failed", or "not done" where the batch was stopped.
    entry  what is known of it; None where it was never begun.
    """

    planned: Planned
    state: str
    entry: Entry | None


@dataclass(frozen=True)
class Report:
    """What came of a batch.

    stopped_by  the number of the signal that stopped it; None: it ran to its end.
    """

    rows: tuple[Row, ...]
    stopped_by: int | None = None

    def count(self) -> Counter[str]:
        """How many videos are in which state."""
        return Counter(row.state for row in self.rows)


class Watcher:
    """Is told how the batch goes; this one says nothing."""

    def planned(self, videos: Sequence[Planned]) -> None:
        """Before anything is done."""

    def started(self, video: Planned) -> None:
        """A video is being worked on; a second time where its first worker was lost."""

    def advanced(self, video: Planned, stage: str, done: int, total: int | None) -> None:
        """As `hotvid.progress.Progress`."""

    def ended(self, video: Planned, entry: Entry) -> None:
        """A video is done, or has failed."""


def make_plan(request: Request) -> list[Planned]:
    """What would be done; nothing is made or changed."""
    if request.resume and request.overwrite:
        raise UsageError("--resume and --overwrite exclude each other", "give one of them")
    out_dir = place(request.out_dir)
    if not is_url(out_dir):
        check_output(out_dir / "manifest.jsonl", overwrite=True)
    found = _find(request, out_dir, request.recursive)
    if not found:
        raise _no_videos(request, out_dir)
    manifest = Manifest(out_dir)
    if manifest.exists and not (request.resume or request.overwrite):
        raise OutputError(
            f"'{out_dir}' holds the results of a batch",
            "go on with it with --resume, or do everything anew with --overwrite",
        )
    base = common_folder(request.given)
    return plan(found, base, out_dir, manifest, request.settings, overwrite=request.overwrite)


def _find(request: Request, out_dir: Place, recursive: bool) -> list[Found]:
    return find_videos(
        request.given, recursive=recursive, patterns=request.patterns, leave_out=[out_dir]
    )


def _no_videos(request: Request, out_dir: Place) -> HotvidError:
    where = ", ".join(f"'{each}'" for each in request.given)
    if out_dir in map(place, request.given):
        return UsageError(f"{where} is the output folder, too", "name another with --out-dir")
    within = [] if request.recursive else _find(request, out_dir, recursive=True)
    if n_within := sum(not one.error for one in within):
        return InputError(
            f"no videos in {where} itself", f"--recursive takes the {n_within} in folders within"
        )
    return InputError(f"no videos in {where}", "choose them with --glob")


def run_batch(request: Request, engine: Engine, watcher: Watcher | None = None) -> Report:
    """Do everything that is not done yet, and write the manifest and the summary.

    A video that fails is told of in the report and stops nothing else. Ctrl-C stops in order, a
    second one at once; from either, --resume goes on.
    Raises OutputError where another batch runs in the same output folder, or has taken it over
    while this machine slept; InputError, UsageError.
    """
    watcher = watcher or Watcher()
    out_dir = place(request.out_dir)
    with _locked_folder(out_dir) as hold:
        planned = make_plan(request)
        books = _Books(out_dir, request.settings, planned, watcher, hold)
        with Interruption() as interruption:
            watcher.planned(planned)
            try:
                tasks = books.open()
                if tasks:
                    engine.run(
                        tasks, books.enter, lambda: interruption.count or int(bool(hold.lost))
                    )
            finally:
                books.close()
            hold.check()
            report = Report(tuple(books.rows()), interruption.number)
            write_summary((*report.rows, *books.others()), out_dir)
    return report


class _Books:
    """Keeps the manifest while the engine works, and its own run has the folder."""

    def __init__(
        self,
        out_dir: Place,
        settings: Settings,
        planned: Sequence[Planned],
        watcher: Watcher,
        hold: Hold,
    ) -> None:
        self._hold = hold
        self._manifest = Manifest(out_dir)
        self._settings = settings
        self._watcher = watcher
        self._planned = planned
        self._by_source = {str(video.path): video for video in planned}
        self._folders = {video.folder for video in planned}
        self._ended: dict[str, Entry] = {}

    def open(self) -> list:
        """The tasks; what cannot even be begun is entered as failed."""
        for video in self._planned:
            if video.error:
                outcome = Outcome(time.time(), error=video.error)
                self._end(video, self._unfinished(video, FAILED, outcome))
        return [video.task for video in self._planned if video.task is not None]

    def enter(self, event: Event) -> None:
        if self._hold.lost:
            return
        video = self._by_source[event.task.source]
        if isinstance(event, Advanced):
            self._watcher.advanced(video, event.stage, event.done, event.total)
        elif isinstance(event, Started):
            # From here on its folder may hold outputs of both the old and the new settings.
            self._manifest.add(self._unfinished(video, STARTED, Outcome(time.time())))
            self._watcher.started(video)
        elif isinstance(event, Ended):
            self._end(video, self._entry_of(video, event.outcome))

    def close(self) -> None:
        with contextlib.suppress(Exception):  # where it is out of reach, so is the manifest
            self._hold.look()
        if not self._hold.lost:
            self._manifest.close()

    def rows(self) -> Iterator[Row]:
        for video in self._planned:
            entry = self._ended.get(str(video.path))
            if entry is not None:
                yield Row(video, entry.state, entry)
            elif video.task is None:
                yield Row(video, "done before", video.before)
            else:
                yield Row(video, "not done", None)

    def others(self) -> Iterator[Row]:
        """Videos whose results of earlier runs are there, too, and that nobody asked for now."""
        for entry in self._manifest.entries.values():
            if entry.state == DONE and entry.folder not in self._folders:
                yield Row(Planned(entry.input, entry.folder, "done"), "done before", entry)

    def _end(self, video: Planned, entry: Entry) -> None:
        self._manifest.add(entry)
        self._ended[str(video.path)] = entry
        self._watcher.ended(video, entry)

    def _entry_of(self, video: Planned, outcome: Outcome) -> Entry:
        if outcome.unchanged and video.before is not None:
            size, mtime_ns = stamp(video.path)
            return replace(video.before, input=str(video.path), size=size, mtime_ns=mtime_ns)
        if outcome.error:
            return self._unfinished(video, FAILED, outcome)
        entry = self._entry(video, DONE, outcome)
        known = video.before.outputs if video.before is not None else ()
        held = held_formats(outcome.outputs, lost=set(known).difference(outcome.outputs))
        return replace(
            entry,
            formats=tuple(dict.fromkeys((*entry.formats, *held))),
            outputs=outcome.outputs,
            made_of=of_video(entry.settings, entry.content_sha256),
        )

    def _unfinished(self, video: Planned, state: str, outcome: Outcome) -> Entry:
        """The entry of a video that is not done, with what earlier runs left and is right still."""
        entry, before = self._entry(video, state, outcome), video.before
        if before is None:
            return entry
        same_file = (entry.size, entry.mtime_ns) == (before.size, before.mtime_ns)
        if same_file and not entry.content_sha256:
            entry = replace(entry, content_sha256=before.content_sha256)
        # Made of the same, even what is being made anew is right at any moment.
        same = before.made_of == of_video(entry.settings, entry.content_sha256)
        begun = video.task is not None and not same
        lost = belonging(entry.formats, before.outputs) if begun else ()
        outputs = tuple(name for name in before.outputs if name not in lost)
        return replace(entry, outputs=outputs, made_of=before.made_of)

    def _entry(self, video: Planned, state: str, outcome: Outcome) -> Entry:
        size, mtime_ns = stamp(video.path)
        return Entry(
            input=str(video.path),
            folder=video.folder,
            state=state,
            size=size,
            mtime_ns=mtime_ns,
            content_sha256=outcome.content_sha256,
            settings=self._settings.key,
            version=__version__,
            formats=self._settings.formats,
            begun=outcome.begun,
            wall_s=round(outcome.wall_s, 3),
            frames=outcome.frames,
            video_s=round(outcome.video_s, 3),
            people=outcome.people,
            warnings=outcome.warnings,
            error=outcome.error,
        )


@contextlib.contextmanager
def _locked_folder(out_dir: Place) -> Iterator[Hold]:
    """Make the output folder and hold its lock; a folder that stays empty is gone afterwards."""
    if is_url(out_dir):
        with reaching(out_dir):
            out_dir.mkdir(parents=True, exist_ok=True)
        with leased(out_dir / _LOCK, f"'{out_dir}'") as hold:
            yield hold
        return
    check_output(out_dir / "manifest.jsonl", overwrite=True)
    made = not out_dir.exists()
    out_dir.mkdir(parents=True, exist_ok=True)
    try:
        with locked(out_dir / _LOCK, f"'{out_dir}'"):
            yield Hold()
    finally:
        if made:
            with contextlib.suppress(OSError):
                out_dir.rmdir()
