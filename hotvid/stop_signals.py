"""The signals by which a user asks to stop, given to somebody else for a while, or kept."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# Ctrl-C, `kill`, a terminal that is closed, and the latter two on Windows.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
_HANG_UP = getattr(signal, "SIGHUP", None)
_PATIENCE_S = 10.0  # with what cleans up: then something hangs, and the user may ask again

# The statuses of a process that one of them has ended, but for Ctrl-C's, which is the shell's 130.
ENDED = frozenset(128 + number for number in _SIGNALS if number != signal.SIGINT)

Handler = Callable[[int, "FrameType | None"], None]


class StopSignals:
    """Between `catch` and `set_back`, `handler` gets Ctrl-C, `kill` and a terminal's closing.

    The last once only: both the system and the shell tell of it, and ask for no haste by that.
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
                signal.signal(number, self._once if number == _HANG_UP else self._handler)

    def _once(self, number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        self._handler(number, frame)

    def set_back(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())


class StopOnce:
    """Makes the first stop signal an exception that cleans up on its way out of the process.

    KeyboardInterrupt for Ctrl-C, for others SystemExit with a status of `ENDED`. Those that come
    meanwhile are not heard, since they would cut cleaning up short, unless it takes very long.
    """

    def __init__(self) -> None:
        self._since_s: float | None = None

    def install(self) -> None:
        """For the rest of the process; what it was told to ignore (`nohup`) stays ignored."""
        for number, before in _handlers().items():
            if number == signal.SIGTERM or before != signal.SIG_IGN:
                signal.signal(number, self._stop)

    def keep_quiet(self) -> None:
        """Say nothing of exceptions that nobody can catch, as in a generator that is thrown away.

        Where it was ours that got lost so, the next signal is heard at once.
        """
        sys.unraisablehook = self._lost

    def hear_no_more(self) -> None:
        """All is cleaned up: what comes until the process is gone changes nothing."""
        for number in _handlers():
            signal.signal(number, signal.SIG_IGN)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self._since_s is not None and now_s - self._since_s < _PATIENCE_S:
            return
        self._since_s = now_s
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    def _lost(self, what: Any) -> None:
        if issubclass(what.exc_type, (KeyboardInterrupt, SystemExit)):
            self._since_s = None


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
