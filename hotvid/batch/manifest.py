"""The manifest: a line of JSON for each thing that happened to a video, the last one counts."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from hotvid.batch.places import Place, is_url, reaching
from hotvid.batch.settings import of_video
from hotvid.errors import HotvidError, InputError

NAME = "manifest.jsonl"
SCHEMA = "hotvid-batch/1"

_DRIVE = re.compile(r"[A-Za-z]:")  # of Windows; other names may well hold a colon
_BEGINNING = b'{"schema": "hotvid-batch/'
STARTED, DONE, FAILED = "started", "done", "failed"
_SEND_EVERY_S = 10.0  # behind a URL, where nothing is appended: the whole is sent each time


@dataclass(frozen=True)
class Entry:
    """What is known of one video.

    input            absolute path, or URL.
    folder           of its outputs, below the output folder, with slashes.
    state            STARTED (and not ended: interrupted), DONE or FAILED.
    size, mtime_ns   of the input when it was begun: while they stay, so does its content.
    content_sha256   of the input; "" where it is not known.
    settings         hash of all that the outputs depend on besides the input.
    formats          as they were asked for; of a video that is DONE all that are in the folder.
    outputs          names of those in the folder that are known to be right: of a video that is
                     not DONE what earlier runs left, as far as it is not being made anew.
    made_of          `of_video` of the settings and the input that the outputs were made with.
    begun            seconds since the epoch.
    wall_s           how long it took; video_s, how long the video is, of `frames` frames.
    error            why it failed, one line.
    """

    input: str
    folder: str
    state: str
    size: int = 0
    mtime_ns: int = 0
    content_sha256: str = ""
    settings: str = ""
    version: str = ""
    formats: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    made_of: str = ""
    begun: float = 0.0
    wall_s: float = 0.0
    frames: int = 0
    video_s: float = 0.0
    people: int = 0
    warnings: tuple[str, ...] = field(default=())
    error: str = ""


def is_results(folder: Place) -> bool:
    """Whether a batch has written its results into `folder`."""
    try:
        with (folder / NAME).open("rb") as file:
            return file.read(len(_BEGINNING)) == _BEGINNING
    except OSError:
        return False


class Manifest:
    """The manifest in `folder`, read once and then appended to; one process at a time.

    Behind a URL it is sent now and then, and when it is closed.

    entries  by input, in the order in which they first came.
    """

    def __init__(self, folder: Place) -> None:
        self.path = folder / NAME
        self._sent_s = float("-inf")
        self._whole = self._content()  # as it was found; behind a URL, as it is to be
        self.entries: dict[str, Entry] = {entry.input: entry for entry in self._read()}

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def add(self, entry: Entry) -> None:
        """Append a line, on the disk when this returns; it replaces what was known of its input."""
        self.entries[entry.input] = entry
        line = (json.dumps({"schema": SCHEMA, **asdict(entry)}) + "\n").encode("ascii")
        if is_url(self.path):
            torn = self._whole[-1:] not in (b"", b"\n")
            self._whole += b"\n" * torn + line
            if time.monotonic() - self._sent_s > _SEND_EVERY_S:
                with contextlib.suppress(HotvidError):  # the next time, or when it is closed
                    self.close()
            return
        with self.path.open("ab+") as file:
            # A line that broke off when its writer was killed must not spoil the next one.
            torn = file.tell() > 0 and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n"
            file.write(b"\n" * torn + line)
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Send what is not behind the URL yet; a manifest on this machine is there already."""
        if is_url(self.path):
            self._sent_s = time.monotonic()
            with reaching(self.path):
                self.path.write_bytes(self._whole)

    def _content(self) -> bytes:
        try:
            with reaching(self.path) if is_url(self.path) else contextlib.nullcontext():
                return self.path.read_bytes() if self.path.exists() else b""
        except FileNotFoundError:
            return b""

    def _read(self) -> Iterator[Entry]:
        for number, line in enumerate(self._whole.splitlines(), 1):
            entry = _entry(line)
            if entry is not None:
                yield entry
            elif _is_of_other_schema(line):
                raise InputError(
                    f"line {number} of '{self.path}' is not of schema {SCHEMA}",
                    "update hotvid, or choose another output folder",
                )


def _entry(line: bytes) -> Entry | None:
    """A line as an entry; None for one that broke off or was spoilt: its video is done again."""
    try:
        found = json.loads(line)
        if found["schema"] != SCHEMA:
            return None
        known: dict[str, Any] = {f.name: found[f.name] for f in fields(Entry) if f.name in found}
        for name in ("formats", "outputs", "warnings"):
            known[name] = tuple(str(each) for each in known.get(name, ()))
        entry = Entry(**known)
        if entry.state == DONE and "made_of" not in known:  # as earlier versions wrote it
            entry = replace(entry, made_of=of_video(entry.settings, entry.content_sha256))
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return entry if _is_sane(entry) else None


def _is_of_other_schema(line: bytes) -> bool:
    """Whether a line is of another schema, as those of later versions; none that broke off is."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("schema", SCHEMA) != SCHEMA


def _is_sane(entry: Entry) -> bool:
    hashes = (entry.content_sha256, entry.settings, entry.made_of)
    texts = (entry.input, entry.folder, entry.state, *hashes)
    numbers = (entry.size, entry.mtime_ns, entry.begun, entry.wall_s, entry.frames, entry.people)
    if not all(isinstance(t, str) for t in texts):
        return False
    if not all(isinstance(n, (int, float)) for n in numbers):
        return False
    # A folder elsewhere would have results written there.
    parts = entry.folder.split("/")
    return not entry.folder.startswith("/") and ".." not in parts and not _DRIVE.match(parts[0])
