"""Who writes into a folder behind a URL, where no operating system keeps locks."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

from hotvid.batch.places import Place, reaching
from hotvid.errors import OutputError

_RENEW_S = 20.0
_LASTS_S = 90.0
_SETTLE_S = 1.0  # two that begin at once both write; the last one has it
_WAKE_S = 1.0  # after this long a machine that slept looks whether it still has it


class Hold:
    """What a run has of its output folder: this one nobody can take away.

    lost  why it has it no more; "" while it has.
    """

    lost = ""

    def look(self) -> None:
        """Find out anew whether it is lost."""

    def check(self) -> None:
        """OutputError where it is lost."""
        if self.lost:
            raise OutputError(self.lost, "when the other run has ended, go on with --resume")


class _Lease(Hold):
    """A lease file that was written, and is renewed by looking at it."""

    def __init__(self, path: Place, what: str) -> None:
        self._path, self._what = path, what
        self._mine = {
            "id": uuid.uuid4().hex,
            "pid": os.getpid(),
            "host": platform.node(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        }
        self._looking = threading.Lock()
        self._until_s = 0.0
        self.looked_s = 0.0

    @property
    def is_mine(self) -> bool:
        found = _read(self._path)
        return found is not None and found["id"] == self._mine["id"]

    def write(self) -> None:
        self.looked_s = time.time()
        self._path.write_text(json.dumps({**self._mine, "until": self.looked_s + _LASTS_S}))
        self._until_s = self.looked_s + _LASTS_S

    def look(self) -> None:
        with self._looking:
            if self.lost:
                return
            self.looked_s = time.time()
            found = _read(self._path)
            if found is not None and found["id"] != self._mine["id"]:
                # Also where it has run out by now: the other has changed what is there.
                self.lost = f"{self._what} was taken over by another run ({_who(found)})"
            elif found is None and time.time() > self._until_s:
                self.lost = f"{self._what} was out of reach so long that another run may have begun"
            else:
                self.write()

    def refuse_others(self) -> None:
        found = _read(self._path)
        if found is None or found["id"] == self._mine["id"] or found["until"] < time.time():
            return
        raise OutputError(
            f"{self._what} is in use by another run ({_who(found)})",
            "wait for it to end, or choose another folder",
        )


@contextlib.contextmanager
def leased(path: Place, what: str) -> Iterator[Hold]:
    """Hold the lease file `path` behind a URL; it is gone afterwards.

    It says until when it holds, and is renewed while the block runs: one that was left behind by a
    process that was killed runs out after a minute and a half. So does that of a machine that
    sleeps: when it wakes, and another run has begun, its own is `lost`, and has to stop.

    what    names what is leased, for the error.
    raises  OutputError where another run holds it: which one, and since when.
    """
    lease = _Lease(path, what)
    with reaching(path):
        lease.refuse_others()
        lease.write()
        time.sleep(_SETTLE_S)
        lease.refuse_others()
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(lease, ended), name="hotvid-lease")
    keeper.start()
    try:
        yield lease
    finally:
        ended.set()
        keeper.join()
        with contextlib.suppress(Exception):  # it runs out by itself
            if lease.is_mine:
                path.unlink()


def _keep(lease: _Lease, ended: threading.Event) -> None:
    while not ended.wait(_WAKE_S):
        if not 0 <= time.time() - lease.looked_s < _RENEW_S:
            with contextlib.suppress(Exception):  # the network may be back the next time
                lease.look()


def _read(path: Place) -> dict[str, Any] | None:
    """Whose lease it is, and until when; None where there is none, or one that is torn."""
    try:
        found = json.loads(path.read_text())
        who = {name: str(found[name]) for name in ("id", "pid", "host", "since")}
        return {**who, "until": float(found["until"])}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _who(found: dict[str, Any]) -> str:
    return f"process {found['pid']} on {found['host']}, since {found['since']}"
