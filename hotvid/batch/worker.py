"""A worker process of the local engine: tasks come in on stdin, what comes of them goes out.

It ends when its stdin is closed, so it never outlives the process that started it, however that
one ends.
"""

from __future__ import annotations

import functools
import os
import queue
import signal
import sys
import threading
from typing import BinaryIO

from hotvid.batch.task import perform
from hotvid.batch.wire import Seldom, from_line, outcome_to_plain, task_from_plain, to_line
from hotvid.threads import thread_limit

_SAY_EVERY_S = 0.2  # oftener nobody could read
STOP = {"stop": True}


def main() -> None:
    """Work until stdin ends."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    channel = _own_stdout()
    tasks: queue.Queue[dict] = queue.Queue()
    try:
        threading.Thread(target=_listen, args=(tasks,), name="hotvid-orders", daemon=True).start()
        _limit_libraries()
        while True:
            task = task_from_plain(tasks.get())
            outcome = perform(task, Seldom(functools.partial(_say_progress, channel), _SAY_EVERY_S))
            _say(channel, {"outcome": outcome_to_plain(outcome)})
    except KeyboardInterrupt:
        pass  # what was begun is cleaned up by now; what is left can be gone on with


def _listen(tasks: queue.Queue[dict]) -> None:
    for line in sys.stdin.buffer:
        order = from_line(line)
        if order != STOP:
            tasks.put(order)
        elif hasattr(signal, "pthread_kill"):
            # A true signal, for it wakes a main thread that waits for another.
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        else:
            signal.raise_signal(signal.SIGINT)
    # The starter is gone, or wants no more: there is nobody to clean up for.
    os._exit(0)


def _own_stdout() -> BinaryIO:
    """The pipe to the starter, out of reach of libraries that print."""
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return channel


def _say_progress(channel: BinaryIO, stage: str, done: int, total: int | None) -> None:
    _say(channel, {"progress": [stage, done, total]})


def _say(channel: BinaryIO, message: dict) -> None:
    try:
        channel.write(to_line(message))
    except OSError:
        os._exit(0)  # the starter is gone


def _limit_libraries() -> None:
    """Hold OpenCV to the share of threads; torch and LiteRT look at the environment themselves."""
    limit = thread_limit()
    if limit is not None:
        import cv2

        cv2.setNumThreads(limit)


if __name__ == "__main__":
    main()
