"""Running an iterator ahead of its consumer, in a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_WAKE_S = 0.1  # how often a waiting thread looks whether it is still wanted


class Prefetch(Generic[T]):
    """Iterates `source` in a thread, at most `depth` items ahead.

    What the source raises is raised by the consumer's next step. `close` ends the thread,
    also in the middle; the source's own `close` is called in the thread.
    """

    def __init__(self, source: Iterable[T], depth: int) -> None:
        # Not `queue.Queue`: where a signal's exception meets it taking its lock, the lock is never
        # given back, and whoever cleans up waits for ever. A simple queue is all C, and safe.
        self._queue: queue.SimpleQueue[tuple[T | None, BaseException | None, bool]]
        self._queue, self._room = queue.SimpleQueue(), queue.SimpleQueue()
        for _ in range(depth):
            self._room.put(None)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(source,), name="hotvid-prefetch", daemon=True
        )
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while not self._stop.is_set():
            item, error, more = self._queue.get()
            self._room.put(None)
            if error is not None:
                raise error
            if not more:
                return
            yield item

    def close(self) -> None:
        self._stop.set()
        self._room.put(None)  # wakes the thread, should it wait for room
        self._thread.join()
        with contextlib.suppress(queue.Empty):  # pictures are large
            while True:
                self._queue.get_nowait()
        # A consumer in another thread may be waiting for an item that never comes.
        self._queue.put((None, None, False))

    def _run(self, source: Iterable[T]) -> None:
        error: BaseException | None = None
        try:
            for item in source:
                if not self._put((item, None, True)):
                    break
        except Exception as raised:  # noqa: BLE001 - whatever it is, the consumer gets it
            error = raised
        close = getattr(source, "close", None)
        if close is not None:
            close()
        self._put((None, error, False))

    def _put(self, entry: tuple[T | None, BaseException | None, bool]) -> bool:
        while not self._stop.is_set():
            try:
                self._room.get(timeout=_WAKE_S)
            except queue.Empty:
                continue
            if self._stop.is_set():
                return False
            self._queue.put(entry)
            return True
        return False
