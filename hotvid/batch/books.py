"""The books of a batch: what becomes of each video, entered in the manifest while it happens."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hotvid import __version__
from hotvid.batch.engine import Advanced, Ended, Event, Started
from hotvid.batch.lease import Hold
from hotvid.batch.manifest import DONE, FAILED, STARTED, Entry, Manifest
from hotvid.batch.outputs import belonging, held_formats
from hotvid.batch.places import Place, stamp
from hotvid.batch.plan import Planned
from hotvid.batch.settings import Settings, of_video
from hotvid.batch.task import Outcome, Task


@dataclass(frozen=True)
class Row:
    """How one video of a batch stands at its end.

    state  "done", "done before", "failed", or "not done" where the batch was stopped.
    entry  what is known of it; None where it was never begun.
    """

    planned: Planned
    state: str
    entry: Entry | None


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


class Books:
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

    def open(self) -> list[Task]:
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
