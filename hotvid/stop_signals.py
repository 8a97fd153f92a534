"""The signals by which a user asks to stop, given to somebody else for a while, or kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))

Handler = Callable[[int, "FrameType | None"], None]


class StopSignals:
    """Between `catch` and `set_back`, `handler` gets Ctrl-C and `kill`.

    Not those that are ignored (by `nohup`, or in a shell's background); and outside of the main
    thread, where signals cannot be caught, none.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._before: dict[int, Any] = {}

    def catch(self) -> None:
        for number, before in _handlers().items():
            if before != signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, self._handler)

    def set_back(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())


@contextmanager
def handlers_kept() -> Iterator[None]:
    """After the block these signals are handled as before, whatever a library made of them."""
    before = _handlers()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _handlers() -> dict[int, Any]:
    """What is done at each signal; not what Python cannot set (back): in another thread nothing."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = {number: signal.getsignal(number) for number in _SIGNALS}
    return {number: handler for number, handler in found.items() if handler is not None}
