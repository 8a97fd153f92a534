"""What a hostile case is, and the means to make one."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hotvid.io.probe import ffmpeg_exe

RESULT, ERROR, EITHER = "result", "error", "either"

RUN = ("run", "{source}", "--out", "{out}/o.mp4", "--json", "{out}/o.json", "--mode", "fast")
EXPORT = ("export-json", "{source}", "--out", "{out}/o.json")
LIFT = ("lift", "{source}", "--size", "96x64", "--fps", "30", "--json", "{out}/o.json")
IMPORT = ("models", "import", "{source}")
TRAIN = ("train", "--data", "{source}", "--out", "{out}/run", "--minutes", "0.001")


@dataclass(frozen=True)
class Case:
    """One hostile file and what is done with it.

    kind     what is wrong with it, in general; a sample has some of every kind.
    name     of the case.
    make     called with a `Workshop`; writes the file, and others beside it, and returns its path.
    command  words of the command line; `{source}` and `{out}` are filled in.
    want     RESULT: it is unusual but whole, and hotvid has to do it; ERROR: nothing can be made
             of it; EITHER.
    """

    kind: str
    name: str
    make: Callable[[Workshop], Path]
    command: tuple[str, ...] = RUN
    want: str = EITHER

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


class Workshop:
    """Makes files in `folder`, the same ones each time: by a generator that the case's name seeds.

    shared  a folder for what several cases begin with.
    """

    def __init__(self, folder: Path, shared: Path, name: str) -> None:
        self.folder, self._shared = folder, shared
        self.chance = random.Random(name)

    def write(self, name: str, data: bytes | str) -> Path:
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def clip(self, name: str, *words: str) -> bytes:
        """A file made by ffmpeg from `words`, its output's name apart; made once."""
        path = self._shared / name
        if not path.exists():
            part = path.with_name(f"part-{name}")
            ffmpeg(*words, str(part))
            part.rename(path)
        return path.read_bytes()

    def once(self, name: str, make: Callable[[Path], Any]) -> bytes:
        """A file that `make` writes; made once."""
        path = self._shared / name
        if not path.exists():
            make(path)
        return path.read_bytes()


def ffmpeg(*words: str) -> None:
    command = [ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"


def cut(data: bytes, share: float) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * share)]


def flip(data: bytes, chance: random.Random, n_bits: int, first: float = 0.0, last: float = 1.0):
    """A file with some bits flipped, between two places given as shares of its length."""
    spoilt = bytearray(data)
    low, high = int(first * len(data)), max(int(last * len(data)), int(first * len(data)) + 1)
    for _ in range(n_bits):
        spoilt[chance.randrange(low, min(high, len(data)))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


__all__ = ["EITHER", "ERROR", "RESULT", "TRAIN", "Case", "Workshop"]
__all__ += ["cut", "ffmpeg", "flip", "partial"]
