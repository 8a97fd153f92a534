"""Copies of the landmark model beside each other, where there are cores for more than one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from hotvid.pose2d.blazepose_landmarks import LandmarkModel
from hotvid.pose2d.litert import network_threads
from hotvid.threads import thread_share

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# A copy of the full model takes 25 MB, one of the heavy model 80.
_MOST = 4


class LandmarkCopies:
    """The landmark model for several people at once.

    A network makes use of two cores; with more, others of the same weights work beside it, each
    on a person of its own. Results are the same, however many there are.

    most   how many there may be; they are loaded when there is work for them.
    first  the one that is always there; not to be used while `map` runs.
    """

    def __init__(self, path: Path, threads: int | None) -> None:
        self._path, self._threads = path, threads
        self.first = LandmarkModel(path, threads)
        self.most = min(_MOST, max(1, thread_share() // network_threads(threads)))
        self._idle: SimpleQueue[LandmarkModel] = SimpleQueue()
        self._idle.put(self.first)
        self._loaded = 1
        self._pool: ThreadPoolExecutor | None = None

    def map(
        self, look: Callable[[LandmarkModel, _Item], _Result], items: Iterable[_Item]
    ) -> list[_Result]:
        """`look(model, item)` for each of `items`, in their order, each by a model that is idle."""
        items = list(items)
        if min(self.most, len(items)) <= 1:
            return [look(self.first, item) for item in items]
        while self._loaded < min(self.most, len(items)):
            self._idle.put(LandmarkModel(self._path, self._threads))
            self._loaded += 1
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.most, thread_name_prefix="landmarks")
        return list(self._pool.map(lambda item: self._by_an_idle_one(look, item), items))

    def _by_an_idle_one(
        self, look: Callable[[LandmarkModel, _Item], _Result], item: _Item
    ) -> _Result:
        model = self._idle.get()
        try:
            return look(model, item)
        finally:
            self._idle.put(model)

    def close(self) -> None:
        """End the threads; the networks go with the last that refers to them."""
        if self._pool is not None:
            self._pool.shutdown()
