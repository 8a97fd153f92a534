"""Steps that Ctrl-C does not cut in two."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))


class WholeSteps:
    """Within a `with` block Ctrl-C and `kill` wait for its end; a second one ends it at once.

    broken  the last block was left in its middle, so that what it changed does not go together.

    Outside of the main thread, where signals cannot be caught, nothing waits.
    """

    def __init__(self) -> None:
        self.broken = False
        self._waiting: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> WholeSteps:
        self._waiting = None
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                before = signal.getsignal(number)
                # What is ignored stays so, and what Python did not set it cannot set back.
                if before not in (signal.SIG_IGN, None):
                    self._before[number] = before
                    signal.signal(number, self._wait)
        self.broken = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.broken = kind is not None
        self._set_back()
        if self._waiting is not None and not self.broken:
            signal.raise_signal(self._waiting)

    def _wait(self, number: int, frame: FrameType | None) -> None:
        if self._waiting is not None:
            self._set_back()
            signal.raise_signal(number)
        self._waiting = number

    def _set_back(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())
