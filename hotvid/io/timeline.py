"""The times of pictures: their container's, made to always grow, or even ones."""

from __future__ import annotations

# A jump back by more than this is a clock that was set anew, as where files were joined.
CLOCK_RESET_S = 1.0
# And so is one ahead by more than this: no picture is shown for hours.
LONGEST_S = 3600.0
# Two pictures at what is the same time but for rounding.
SHORTEST_S = 1e-4


class Timeline:
    """Turns the raw times of successive pictures into `pts_s`: 0 first, then growing.

    n_repaired  raw times that were missing, did not grow, or leapt.
    """

    def __init__(self, fps: float) -> None:
        self._step_s = 1.0 / fps
        self._start_s: float | None = None
        self._last_s = 0.0
        self.n_repaired = 0

    def next(self, raw_s: float) -> float:
        """The time of the next picture, seconds; `raw_s` is the container's, 0 if it has none."""
        if self._start_s is None:
            self._start_s = raw_s
            return 0.0
        time_s = raw_s - self._start_s
        if not SHORTEST_S <= time_s - self._last_s <= LONGEST_S:
            self.n_repaired += 1
            time_s = self._repair(raw_s, time_s)
        self._last_s = time_s
        return time_s

    def _repair(self, raw_s: float, time_s: float) -> float:
        after = self._last_s + self._step_s
        if raw_s <= 0.0:
            return after
        if self._last_s - time_s > CLOCK_RESET_S or time_s - self._last_s > LONGEST_S:
            self._start_s = raw_s - after
            return after
        # Half a step, so that the next picture, which is in time, stays where it is.
        return self._last_s + self._step_s / 2


class EvenTimeline:
    """As `Timeline`, where the container's times are not believed: so many pictures a second."""

    n_repaired = 0

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._n_given = 0

    def next(self, raw_s: float) -> float:
        """The time of the next picture, seconds, whatever `raw_s` is."""
        self._n_given += 1
        return (self._n_given - 1) / self._fps
