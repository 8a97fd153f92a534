"""The outputs of a video in its folder: what those of each format are called."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from hotvid.batch.settings import Settings
from hotvid.export.formats import FORMATS
from hotvid.exports import Export, people_files, plan_exports

# The pose store is always kept: an interrupted video goes on from it, and other formats can be
# made from it later. The formats of other programs lie beside it under its name.
FILES = {"npz": "poses.npz", "json": "poses.json", "mp4": "skeleton.mp4"}
STORE = FILES["npz"]
ALL_FORMATS = tuple(FILES | FORMATS)


def exports_of(settings: Settings, folder: Path) -> tuple[Export, ...]:
    """The files of other programs that are made of one video."""
    return _exports(settings.formats, folder, **settings.export)


def belonging(formats: Iterable[str], names: Collection[str]) -> set[str]:
    """Those of `names` that a batch gives to outputs of these formats."""
    formats = tuple(formats)
    exports = _exports(formats, Path())
    called = {FILES[each] for each in formats if each in FILES}
    called |= {export.path.name for export in exports}
    return called.intersection(names).union(*(people_files(e, names) for e in exports))


def held_formats(names: Collection[str], lost: Collection[str]) -> tuple[str, ...]:
    """The formats of which `names` are outputs; none of which one is `lost`."""
    return tuple(f for f in ALL_FORMATS if belonging([f], names) and not belonging([f], lost))


def pattern_within(name: str) -> str:
    """Of the names of the files in an output that is a folder; "" for one that is a file."""
    patterns = {e.path.name: e.format.pattern for e in _exports(ALL_FORMATS, Path())}
    return patterns.get(name, "")


def _exports(formats: Iterable[str], folder: Path, **how: str) -> tuple[Export, ...]:
    others = ",".join(name for name in formats if name not in FILES)
    return plan_exports(others or None, folder / STORE, "", beside=True, **how)
