"""Ctrl-C as something to look at: it stops nothing in the middle of a line."""

from __future__ import annotations

from types import FrameType

from hotvid.stop_signals import StopSignals


class Interruption:
    """Within the `with` block, Ctrl-C and `kill` are counted instead of raised.

    count   how often the user asked to stop.
    number  of the last such signal; None without one.

    What `StopSignals` cannot catch is not counted.
    """

    def __init__(self) -> None:
        self.count = 0
        self.number: int | None = None
        self._signals = StopSignals(self._note)

    def __enter__(self) -> Interruption:
        self._signals.catch()
        return self

    def __exit__(self, *error: object) -> None:
        self._signals.set_back()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self.number = number
