"""A batch from the folders that are given to its manifest and summary."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hotvid.atomic import check_output
from hotvid.batch.books import Books, Row, Watcher
from hotvid.batch.engine import Engine
from hotvid.batch.find import Found, common_folder, find_videos
from hotvid.batch.interruption import Interruption
from hotvid.batch.lease import Hold, leased
from hotvid.batch.manifest import NAME, Manifest
from hotvid.batch.places import Place, is_url, place, reaching
from hotvid.batch.plan import Planned, plan
from hotvid.batch.settings import Settings
from hotvid.batch.summary import write_summary
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
class Report:
    """What came of a batch.

    stopped_by  the number of the signal that stopped it; None: it ran to its end.
    """

    rows: tuple[Row, ...]
    stopped_by: int | None = None

    def count(self) -> Counter[str]:
        """How many videos are in which state."""
        return Counter(row.state for row in self.rows)


def make_plan(request: Request) -> list[Planned]:
    """What would be done; nothing is made or changed."""
    if request.resume and request.overwrite:
        raise UsageError("--resume and --overwrite exclude each other", "give one of them")
    out_dir = place(request.out_dir)
    if not is_url(out_dir):
        check_output(out_dir / NAME, overwrite=True)
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
        books = Books(out_dir, request.settings, planned, watcher, hold)
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


@contextlib.contextmanager
def _locked_folder(out_dir: Place) -> Iterator[Hold]:
    """Make the output folder and hold its lock; a folder that stays empty is gone afterwards."""
    if is_url(out_dir):
        with reaching(out_dir):
            out_dir.mkdir(parents=True, exist_ok=True)
        with leased(out_dir / _LOCK, f"'{out_dir}'") as hold:
            yield hold
        return
    check_output(out_dir / NAME, overwrite=True)
    made = not out_dir.exists()
    out_dir.mkdir(parents=True, exist_ok=True)
    try:
        with locked(out_dir / _LOCK, f"'{out_dir}'"):
            yield Hold()
    finally:
        if made:
            with contextlib.suppress(OSError):
                out_dir.rmdir()
