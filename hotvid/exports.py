"""Poses into the files of other programs: prepared once, each written whole or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from hotvid.atomic import atomic_folder, atomic_output, check_output, check_output_folder
from hotvid.config import UNITS, ExportConfig, check_choice
from hotvid.errors import HotvidWarning, OutputError, UsageError
from hotvid.export.formats import (
    FORMATS,
    Format,
    is_person_path,
    output_paths,
    parse_formats,
    person_path,
)
from hotvid.humanoid import NAMINGS
from hotvid.pipeline import with_bones
from hotvid.types import Person, Poses


@dataclass(frozen=True)
class Export:
    """One format, the file or folder where it goes, and how it is written."""

    format: Format
    path: Path
    config: ExportConfig = field(default_factory=ExportConfig)


def export_config(
    formats: Iterable[Format],
    bone_names: str = ExportConfig.bone_names,
    units: str = ExportConfig.units,
) -> ExportConfig:
    """The choices for `formats`; UsageError for one that there is not, or that changes nothing."""
    config = ExportConfig(
        bone_names=check_choice("naming of bones", bone_names, tuple(NAMINGS)),
        units=check_choice("unit", units, UNITS),
    )
    heard = {option for form in formats for option in form.options}
    for option in ("bone_names", "units"):
        if option not in heard and getattr(config, option) != getattr(ExportConfig, option):
            name = option.replace("_", "-")
            having = [form.name for form in FORMATS.values() if option in form.options]
            raise UsageError(
                f"--{name} changes nothing of what is to be written",
                f"leave it out, or choose of the formats that have it: {', '.join(having)}",
            )
    return config


def plan_exports(
    formats: str | None,
    out: str | Path,
    source: str | Path,
    *,
    beside: bool = False,
    bone_names: str = ExportConfig.bone_names,
    units: str = ExportConfig.units,
) -> tuple[Export, ...]:
    """The exports that "a,b" asks for; none where it is None.

    out      see `hotvid.export.formats.output_paths`; as text it may end in a slash.
    beside   `out` is another output: the exports lie beside it under its name.
    others   see `ExportConfig`.
    raises   UsageError for unknown names, OutputError for a name that does not fit.
    """
    wanted = () if formats is None else parse_formats(formats)
    config = export_config(wanted, bone_names, units)
    if formats is None:
        return ()
    if beside:
        out = Path(out).with_suffix("")
        return tuple(Export(f, out.with_name(out.name + f.suffix), config) for f in wanted)
    return tuple(Export(f, path, config) for f, path in output_paths(wanted, out, Path(source)))


def check_exports(exports: Sequence[Export], overwrite: bool = False) -> None:
    """Raise OutputError where an export cannot or must not be written; nothing is made."""
    for export in exports:
        export.format.check_installed()
        if export.format.folder:
            check_output_folder(export.path, export.format.pattern, overwrite)
            continue
        check_output(export.path, overwrite)
        if export.format.per_person:
            for name in sorted(people_files(export, _names_in(export.path.parent))):
                check_output(export.path.with_name(name), overwrite)


def check_lengths(exports: Sequence[Export], n_frames: int | None) -> None:
    """Raise OutputError where an export cannot count so many frames; None: nobody knows."""
    for export in exports:
        export.format.check_length(n_frames or 0)


def write_exports(
    poses: Poses,
    exports: Sequence[Export],
    *,
    overwrite: bool = False,
    on_written: Callable[[Path], None] = lambda path: None,
) -> Poses:
    """Write `poses`, whose people are placed in the world, in every format.

    on_written  called with each file or folder once it is whole.
    returns     the poses as they were written: with bones, where a format asks for them.
    raises      OutputError where one cannot be written, or nobody is there to be written; the
                others are written before.
    """
    if any(export.format.needs_bones for export in exports):
        poses = with_bones(poses)
    failed: list[OutputError] = []
    for export in exports:
        try:
            written = _write(poses, export, overwrite)
        except OutputError as error:
            failed.append(error)
            continue
        for path in written:
            on_written(path)
    if failed:
        raise failed[0]
    return poses


def without_people(exports: Sequence[Export]) -> tuple[Export, ...]:
    """Those of the exports that can be written where nobody has 3D motion."""
    return tuple(e for e in exports if not (e.format.needs_3d and e.format.per_person))


def people_files(export: Export, names: Iterable[str]) -> set[str]:
    """Those of `names` that a run of this export may have written for a person each."""
    if not export.format.per_person:
        return set()
    return {n for n in names if n == export.path.name or is_person_path(n, export.path)}


def warn_of_others(exports: Sequence[Export], written: Iterable[Path]) -> None:
    """Warn of files that a run with other people in it has left beside those just written.

    They are not removed: under such a name may lie what another program has made.
    """
    ours = {path.name for path in written}
    for export in exports:
        folder = export.path.parent
        if others := sorted(people_files(export, _names_in(folder)) - ours):
            warnings.warn(
                f"of an earlier run, beside what was written in {folder}: {', '.join(others)}",
                HotvidWarning,
                stacklevel=2,
            )


def _write(poses: Poses, export: Export, overwrite: bool) -> list[Path]:
    form, config, write = export.format, export.config, export.format.writer()
    if form.folder:
        with atomic_folder(export.path, form.pattern, overwrite) as temporary:
            write(poses, temporary, config)
        return [export.path]
    parts = _parts(poses, export)
    with ExitStack() as open_files:
        for path, part in parts:
            write(part, open_files.enter_context(atomic_output(path, overwrite)), config)
    return [path for path, _ in parts]


def _names_in(folder: Path) -> list[str]:
    """What a folder holds; nothing where that is not to be known."""
    with suppress(OSError):
        return [path.name for path in folder.iterdir()]
    return []


def _parts(poses: Poses, export: Export) -> list[tuple[Path, Poses]]:
    """The files of one export, and whom each holds."""
    if not export.format.needs_3d:
        return [(export.path, poses)]
    solid = tuple(p for p in poses.people if p.world is not None)
    if not export.format.per_person:
        return [(export.path, replace(poses, people=solid))]
    if not solid:
        raise OutputError(
            f"nobody has 3D motion, so there is nobody to write as {export.format.name}",
            "give a video with people in it",
        )

    def path(person: Person) -> Path:
        return export.path if len(solid) == 1 else person_path(export.path, person.track_id)

    return [(path(person), replace(poses, people=(person,))) for person in solid]
