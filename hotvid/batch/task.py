"""One video of a batch, from the file to the outputs in its own folder."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hotvid import job
from hotvid.atomic import remove_leftovers
from hotvid.batch.outputs import (
    ALL_FORMATS,
    FILES,
    STORE,
    belonging,
    exports_of,
    pattern_within,
)
from hotvid.batch.settings import Settings, of_video
from hotvid.batch.staging import Stage, staged
from hotvid.config import PipelineConfig
from hotvid.errors import HotvidWarning, in_one_line, printable
from hotvid.exports import without_people
from hotvid.io.lock import locked
from hotvid.io.readable import check_source
from hotvid.outputs import Outputs
from hotvid.progress import Progress, no_progress
from hotvid.sources import source_at
from hotvid.stored.pose_store import load_poses, save_poses, stored_key
from hotvid.types import Poses
from hotvid.weights import sha256

_LOCK = ".lock"
_LOCK_WAIT_S = 20.0  # a worker whose batch was killed ends within this


@dataclass(frozen=True)
class Before:
    """What earlier runs of the batch left of a video, as far as its manifest tells.

    made_of   `of_video` of the settings and the input that the outputs were made with; "": none
              were ever made, so that files of their names may be somebody's own.
    outputs   names of those that are right as long as `made_of` is.
    complete  all that is asked for is among them, and there.
    doubtful  work on the video was begun since and did not end: nobody knows what else there is.
    """

    made_of: str = ""
    outputs: tuple[str, ...] = ()
    complete: bool = False
    doubtful: bool = False


@dataclass(frozen=True)
class Task:
    """One video and what is to be made of it.

    source     an absolute path, or a URL.
    folder     of the outputs, an absolute path or a URL.
    overwrite  take nothing over from before, and replace what is there, whosever it is.
    """

    source: str
    folder: str
    settings: Settings
    overwrite: bool = False
    before: Before = Before()

    def is_done(self, content_sha256: str) -> bool:
        """Whether all is there already, made as it is to be of a source with this content."""
        made_so = self.before.made_of == of_video(self.settings.key, content_sha256)
        return not self.overwrite and self.before.complete and made_so


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    error           "" or why it failed, in one line.
    unchanged       the outputs that were there are right; nothing was done.
    from_store      the poses had been found before.
    content_sha256  of the source; "" where it could not be read.
    begun           seconds since the epoch.
    wall_s          how long it took.
    video_s         the length of the part of the video that was read.
    outputs         names of all that are right, those that earlier runs made among them.
    """

    begun: float
    wall_s: float = 0.0
    error: str = ""
    unchanged: bool = False
    from_store: bool = False
    content_sha256: str = ""
    frames: int = 0
    video_s: float = 0.0
    people: int = 0
    outputs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def perform(task: Task, progress: Progress = no_progress) -> Outcome:
    """Do a task. Whatever goes wrong with the video is told in the outcome.

    Everything is written whole or not at all, so a process that is killed in here can be followed
    by another that performs the same task.
    """
    begun, clock = time.time(), time.perf_counter()
    outcome = Outcome(begun)
    stage = Stage(Path(task.source), Path(task.folder), task.source)
    with _noted_warnings() as notes:
        try:
            progress("read", 0, None)
            with staged(task.source, task.folder) as stage:
                source = check_source(stage.source)
                outcome = replace(outcome, content_sha256=sha256(source))
                outcome = _perform(task, stage, outcome, progress)
        except Exception as error:  # noqa: BLE001 one bad video must not stop the others
            outcome = replace(outcome, error=in_one_line(error))
    notes = tuple(dict.fromkeys(map(stage.as_given, (*outcome.warnings, *notes))))
    return replace(
        outcome,
        wall_s=time.perf_counter() - clock,
        warnings=notes,
        error=stage.as_given(outcome.error),
    )


def _perform(task: Task, stage: Stage, outcome: Outcome, progress: Progress) -> Outcome:
    if task.is_done(outcome.content_sha256):
        return replace(outcome, unchanged=True)
    folder = stage.folder
    with _folder_unless_empty(folder), locked(folder / _LOCK, f"'{folder}'", _LOCK_WAIT_S):
        remove_leftovers(folder)
        return _make_outputs(task, stage, outcome, progress)


def _make_outputs(task: Task, stage: Stage, outcome: Outcome, progress: Progress) -> Outcome:
    folder, source = stage.folder, stage.source
    files = {name: folder / FILES[name] for name in task.settings.formats if name in FILES}
    store, config = folder / STORE, task.settings.config
    key = of_video(task.settings.poses_key, outcome.content_sha256)
    if not task.overwrite:
        stage.fetch(STORE)
    found_key = None if task.overwrite else stored_key(store)
    from_store = found_key == key
    exports = exports_of(task.settings, folder)
    # A run that did not end wrote the store first: where it is, all else may be that run's.
    of_that_run = task.before.doubtful and found_key is not None
    ours = task.overwrite or task.before.made_of != "" or from_store or of_that_run
    wanted = {"out": files.get("mp4"), "json": files.get("json")}
    if not ours:
        paths = (store, *files.values(), *(export.path for export in exports))
        stage.refuse_foreign([path.name for path in paths])
    writes = Outputs(
        **wanted,
        exports=exports,
        save=None if from_store else store,
        overwrite=ours or stage.home is not None,
    )
    writes.check([source])
    if not from_store:
        # Not kept: poses of hours of video are not held twice.
        found = _named(job.poses_of(source, config, progress), stage)
        save_poses(found, store, overwrite=ours or store.exists(), key=key)
        del found
        stage.send(store)
    anybody = without_people(exports)
    if anybody != exports and not _has_3d(store):
        exports = anybody  # what nobody is in has no file for anybody
    looked_at = source_at(source)
    video = looked_at.video(load_poses(store)) if looked_at.is_stored else source
    later = PipelineConfig(clean=config.clean, world=config.world, render=config.render)
    outputs = [path.name for path in files.values()]

    def note(path: Path) -> None:
        outputs.append(path.name)
        stage.send(path)

    poses = job.run(
        store,
        config=later,
        **wanted,
        exports=exports,
        video=video,
        overwrite=ours,
        progress=progress,
        on_written=note,
    )
    if ours:
        outputs += _kept(task, stage, outcome.content_sha256, outputs)
    return replace(
        outcome,
        from_store=from_store,
        frames=poses.n_frames,
        video_s=poses.n_frames / poses.video.fps,
        people=len(poses.people),
        outputs=tuple(dict.fromkeys(outputs)),
        warnings=poses.warnings,
    )


def _kept(task: Task, stage: Stage, content_sha256: str, written: Sequence[str]) -> list[str]:
    """What is right of the outputs that were not written now; others of their names are removed.

    Where all that was ever done to the video is known, what else bears such a name is somebody's
    own, as a file that `hotvid convert` put there, and stays.
    """
    there, asked = stage.names(), task.settings.formats
    before = task.before
    are_right = before.made_of == of_video(task.settings.key, content_sha256)
    anew = belonging(asked, there)
    kept = [n for n in before.outputs if are_right and n in there and n not in anew]
    suspect = anew if are_right and not before.doubtful else belonging(ALL_FORMATS, there)
    for name in suspect - {STORE, *written, *kept}:
        stage.remove(name, pattern_within(name))
    return kept


def _has_3d(store: Path) -> bool:
    return any(person.motion is not None for person in load_poses(store).people)


def _named(poses: Poses, stage: Stage) -> Poses:
    """The poses of a copy of what is behind a URL are those of the URL."""
    return replace(
        poses,
        video=replace(poses.video, path=stage.as_given(poses.video.path)),
        warnings=tuple(map(stage.as_given, poses.warnings)),
    )


@contextlib.contextmanager
def _folder_unless_empty(folder: Path) -> Iterator[None]:
    """Make `folder`; if nothing came into it, it is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()


@contextlib.contextmanager
def _noted_warnings() -> Iterator[list[str]]:
    """The HotvidWarnings of the block, each as one line, once."""
    notes: list[str] = []

    def note(message: Warning | str, *_: object, **__: object) -> None:
        notes.append(printable(str(message)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", HotvidWarning)
        warnings.showwarning = note
        yield notes
