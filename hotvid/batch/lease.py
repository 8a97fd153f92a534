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


@contextlib.contextmanager
def leased(path: Place, what: str) -> Iterator[None]:
    """Hold the lease file `path` behind a URL; it is gone afterwards.

    It says until when it holds, and is renewed while the block runs: one that was left behind by a
    process that was killed runs out after a minute and a half.

    what    names what is leased, for the error.
    raises  OutputError where another run holds it: which one, and since when.
    """
    mine = {
        "id": uuid.uuid4().hex,
        "pid": os.getpid(),
        "host": platform.node(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    with reaching(path):
        _refuse_if_held(path, what)
        _write(path, mine)
        time.sleep(_SETTLE_S)
        _refuse_if_held(path, what, unless=mine["id"])
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(path, mine, ended), name="hotvid-lease")
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        with contextlib.suppress(Exception):  # it runs out by itself
            path.unlink()


def _keep(path: Place, mine: dict[str, Any], ended: threading.Event) -> None:
    while not ended.wait(_RENEW_S):
        with contextlib.suppress(Exception):  # the network may be back the next time
            _write(path, mine)


def _write(path: Place, mine: dict[str, Any]) -> None:
    path.write_text(json.dumps({**mine, "until": time.time() + _LASTS_S}))


def _refuse_if_held(path: Place, what: str, unless: str = "") -> None:
    try:
        found = json.loads(path.read_text())
        holder = f"process {found['pid']} on {found['host']}, since {found['since']}"
        held = found["id"] != unless and float(found["until"]) > time.time()
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return  # none, torn, or not ours: it holds nobody
    if held:
        raise OutputError(
            f"{what} is in use by another run ({holder})",
            "wait for it to end, or choose another folder",
        )
