"""What a task reads and writes behind URLs, brought to this machine and back."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from hotvid.atomic import temporary_name
from hotvid.batch.places import Place, is_url, place, reaching
from hotvid.errors import OutputError


@dataclass(frozen=True)
class Stage:
    """Where a task finds its source and leaves its outputs on this machine.

    source  the file, or a copy of what is behind the URL.
    folder  of the outputs, or one that stands for it until they are sent.
    given   the source as the task has it.
    home    the folder behind a URL; None: the outputs are where they belong.
    """

    source: Path
    folder: Path
    given: str
    home: Place | None = None

    def as_given(self, text: str) -> str:
        """What is said of the copies, said of what they stand for."""
        text = text.replace(str(self.source), self.given)
        return text if self.home is None else text.replace(str(self.folder), str(self.home))

    def fetch(self, name: str) -> None:
        """Bring an output of an earlier run here, if there is one."""
        if self.home is not None:
            with reaching(self.home):
                if (there := self.home / name).is_file():
                    there.fs.get_file(there.path, str(self.folder / name))

    def send(self, path: Path) -> None:
        """Bring an output home, a file or a folder of files, each whole or not at all."""
        if self.home is None:
            return
        below = path.relative_to(self.folder).as_posix()
        if path.is_dir():
            for inner in sorted(path.iterdir()):
                self.send(inner)
            return
        with reaching(self.home):
            target = self.home / below
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.parent / temporary_name(target.suffix)
            fs = target.fs
            try:
                fs.put_file(str(path), partial.path)
                fs.mv(partial.path, target.path)
            except BaseException:
                with contextlib.suppress(Exception):
                    partial.unlink()
                raise

    def names(self) -> list[str]:
        """What lies where the outputs belong."""
        if self.home is None:
            return [path.name for path in self.folder.iterdir()]
        with reaching(self.home):
            return [path.name for path in self.home.iterdir()]

    def remove(self, name: str, pattern: str = "") -> None:
        """Remove an output of an earlier run, if it is there.

        pattern  of the names of the files in an output that is a folder: what else is in it is
                 somebody's own and stays. "": the output is a file, and a folder of its name is
                 none of ours.
        """
        if self.home is None:
            _remove(self.folder / name, pattern)
            return
        with reaching(self.home):
            _remove(self.home / name, pattern)

    def refuse_foreign(self, names: list[str]) -> None:
        """Raise OutputError if outputs of these names are at home already."""
        if self.home is None:
            return
        with reaching(self.home):
            for name in names:
                if (self.home / name).exists():
                    raise OutputError(
                        f"'{self.home / name}' exists", "choose another name, or pass --overwrite"
                    )


def _remove(output: Place, pattern: str) -> None:
    if output.is_dir() != bool(pattern):
        return
    if not pattern:
        output.unlink(missing_ok=True)
        return
    held = list(output.iterdir())
    ours = [path for path in held if fnmatchcase(path.name, pattern) and path.is_file()]
    if len(ours) < len(held):
        for path in ours:
            path.unlink()
    elif is_url(output):
        output.fs.rm(output.path, recursive=True)
    else:
        shutil.rmtree(output)


@contextlib.contextmanager
def staged(source: str, folder: str) -> Iterator[Stage]:
    """A stage for a source and a folder of outputs, either of which may be behind a URL."""
    if not is_url(source) and not is_url(folder):
        yield Stage(Path(source), Path(folder), source)
        return
    scratch = Path(tempfile.mkdtemp(prefix="hotvid-"))
    try:
        yield Stage(
            _copied(source, scratch / "in") if is_url(source) else Path(source),
            scratch / "out" if is_url(folder) else Path(folder),
            source,
            place(folder) if is_url(folder) else None,
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _copied(source: str, into: Path) -> Path:
    into.mkdir()
    there = place(source)
    with reaching(source):
        copy = into / there.name
        there.fs.get_file(there.path, str(copy))
    return copy
