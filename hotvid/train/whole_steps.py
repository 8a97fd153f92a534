"""Steps that Ctrl-C does not cut in two."""

from __future__ import annotations

import signal
from types import FrameType

from hotvid.stop_signals import StopSignals


class WholeSteps:
    """Within a `with` block Ctrl-C and `kill` wait for its end; a second one ends it at once.

    broken  the last block was left in its middle, so that what it changed does not go together.

    What `StopSignals` cannot catch does not wait.
    """

    def __init__(self) -> None:
        self.broken = False
        self._waiting: int | None = None
        self._signals = StopSignals(self._wait)

    def __enter__(self) -> WholeSteps:
        self._waiting = None
        self._signals.catch()
        self.broken = True
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self.broken = kind is not None
        self._signals.set_back()
        if self._waiting is not None and not self.broken:
            signal.raise_signal(self._waiting)

    def _wait(self, number: int, frame: FrameType | None) -> None:
        if self._waiting is not None:
            self._signals.set_back()
            signal.raise_signal(number)
        self._waiting = number
