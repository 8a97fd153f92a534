"""The signals by which a user asks to stop, given to somebody else for a while."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
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
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            before = signal.getsignal(number)
            # What is ignored stays so, and what Python did not set it cannot set back.
            if before not in (signal.SIG_IGN, None):
                self._before[number] = before
                signal.signal(number, self._handler)

    def set_back(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())
