"""What is to be done with each video: where its outputs go, and what of it is there already."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath, PureWindowsPath

from hotvid.batch.find import Found
from hotvid.batch.manifest import DONE, FAILED, STARTED, Entry, Manifest
from hotvid.batch.outputs import FILES
from hotvid.batch.places import Place, is_url, stamp
from hotvid.batch.settings import Settings
from hotvid.batch.task import Before, Task
from hotvid.file_names import is_same_file


@dataclass(frozen=True)
class Planned:
    """One video and what is to be done with it.

    folder  of its outputs, below the output folder, with slashes.
    why     "new", "interrupted", "failed before", "changed" (the file or the settings),
            "incomplete" (outputs are gone), "again" (all is to be redone), "unreadable", or
            "done": nothing is to be done.
    task    None where nothing is to be done.
    before  what is known of it from earlier.
    error   "" or why nothing can be done.
    """

    path: Place
    folder: str
    why: str
    task: Task | None = None
    before: Entry | None = None
    error: str = ""


def plan(
    found: Sequence[Found],
    base: Place,
    out_dir: Place,
    manifest: Manifest,
    settings: Settings,
    *,
    overwrite: bool = False,
) -> list[Planned]:
    """A plan for each video found.

    base       the folder that the folders in `out_dir` mirror.
    overwrite  replace and redo everything; else what is done with these settings is left alone.
    """
    known = _Known(base, manifest)
    return [_planned(one, known, out_dir, settings, overwrite) for one in found]


def _planned(
    one: Found, known: _Known, out_dir: Place, settings: Settings, overwrite: bool
) -> Planned:
    folder, entry = known.look_up(one.path)
    if one.error:
        return Planned(one.path, folder, "unreadable", before=entry, error=one.error)
    why = "again" if overwrite else _why(one.path, entry, out_dir, settings)
    if why == "done":
        return Planned(one.path, folder, why, before=entry)
    before = Before()
    if entry is not None:
        before = Before(
            made_of=entry.made_of,
            outputs=entry.outputs,
            # Perhaps the video was only touched; where all is to be redone, nobody need look.
            complete=not overwrite and _outputs_are_there(entry, out_dir, settings),
            doubtful=entry.state != DONE,
        )
    task = Task(str(one.path), str(out_dir / folder), settings, overwrite, before)
    return Planned(one.path, folder, why, task, before=entry)


def _why(path: Place, entry: Entry | None, out_dir: Place, settings: Settings) -> str:
    if entry is None:
        return "new"
    if entry.state == STARTED:
        return "interrupted"
    if entry.state == FAILED:
        return "failed before"
    formats_are_had = set(settings.formats) <= set(entry.formats)
    same_file = (entry.size, entry.mtime_ns) == stamp(path)
    if entry.settings != settings.key or not formats_are_had or not same_file:
        return "changed"
    return "done" if _outputs_are_there(entry, out_dir, settings) else "incomplete"


def _outputs_are_there(entry: Entry, out_dir: Place, settings: Settings) -> bool:
    """Whether the entry's outputs are those that are wanted, and where they belong."""
    wanted = {FILES[name] for name in settings.formats if name in FILES}
    # How many files another program's format comes to depends on how many people there are.
    others = set(entry.outputs) - set(FILES.values())
    folder = out_dir / entry.folder
    return (
        entry.state == DONE
        and set(settings.formats) <= set(entry.formats)
        and wanted <= set(entry.outputs)
        and all((folder / name).exists() for name in wanted | others)
    )


class _Known:
    """Which folder belongs to which video, and what is known of it.

    A video's folder is called by the video's full name where the video lies in the tree, so that
    `walk.mp4` and `walk.mov` get two, and no new video ever changes the folder of an old one.
    """

    def __init__(self, base: Place, manifest: Manifest) -> None:
        self._base = base
        self._entries = dict(manifest.entries)
        self._owner = {_plain(entry.folder): path for path, entry in self._entries.items()}

    def look_up(self, path: Place) -> tuple[str, Entry | None]:
        """The folder of a video, and what the manifest has of it."""
        entry = self._entries.get(str(path))
        if entry is not None:
            return entry.folder, entry
        mirrored = path.relative_to(self._base).as_posix()
        folder, number = mirrored, 1
        while (owner := self._owner.get(_plain(folder))) is not None:
            moved = self._entries.get(owner)
            if moved is not None and _has_moved(moved, path):
                return folder, moved
            number += 1
            folder = f"{mirrored}~{number}"
        self._owner[_plain(folder)] = str(path)
        return folder, None


def _plain(folder: str) -> str:
    """The same for two names that some disks take for one."""
    return unicodedata.normalize("NFC", folder).casefold()


def _has_moved(entry: Entry, path: Place) -> bool:
    """Whether the video of an entry is the one that is at `path` now, as on another mount."""
    same = (entry.size, entry.mtime_ns) == stamp(path)
    same = same and path.name == _name(entry.input)
    # What was behind a URL is taken to be there still.
    return same and not is_url(entry.input) and not _is_another(entry.input, path)


def _name(path: str) -> str:
    """The last part of a path, also of one of Windows where this is none."""
    of_windows = PureWindowsPath(path)
    return (of_windows if of_windows.drive else PurePath(path)).name


def _is_another(former: str, path: Place) -> bool:
    """Whether what was at `former` is there still, and not `path` by another spelling."""
    return os.path.lexists(former) and (is_url(path) or not is_same_file(path, former))
