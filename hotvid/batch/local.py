"""The local engine: worker processes on this machine, each with its share of the threads."""

from __future__ import annotations

import collections
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import hotvid
from hotvid.batch.engine import Advanced, Ended, Event, Started, Urgency
from hotvid.batch.task import Outcome, Task
from hotvid.batch.wire import from_line, outcome_from_plain, task_to_plain, to_line
from hotvid.batch.worker import STOP
from hotvid.machine_limits import memory_bytes
from hotvid.systems import apart
from hotvid.threads import environment_of_share, n_cores

_BYTES_A_WORKER = 2 * 2**30  # of memory: torch, the networks and the pictures of large videos
_MEMORY_OF_A_LAPTOP = 8 * 2**30  # where nobody says
_ATTEMPTS = 2  # at a video whose worker was lost: perhaps memory was short for a moment
_TASKS_A_WORKER = 64  # then a fresh process: what libraries lose of memory comes back
_TICK_S = 0.2
# Not by -m, which would look for every module in the user's current folder first.
_WORKER = (
    "import sys; sys.path[:] = filter(None, sys.path); from hotvid.batch.worker import main; main()"
)
_STALLED_S = 1800.0  # without a word: compiling, or tracking a very long video, takes minutes
_PATIENCE_S = 20.0  # with workers that were asked to stop


def default_workers() -> int:
    """One for each core, as far as the memory goes."""
    memory = memory_bytes() or _MEMORY_OF_A_LAPTOP
    return max(1, min(n_cores(), memory // _BYTES_A_WORKER))


class LocalEngine:
    """Carries out tasks in `n_workers` processes; see `hotvid.batch.engine.Engine`.

    debug  let the workers' own words through to stderr.

    The share of threads does not depend on how much there is to do, so that a batch that was
    interrupted ends with the very results of one that was not.
    """

    def __init__(self, n_workers: int | None = None, debug: bool = False) -> None:
        self.n_workers = n_workers or default_workers()
        self.n_threads = max(1, n_cores() // self.n_workers)
        self._debug = debug

    def run(self, tasks: Sequence[Task], say: Callable[[Event], None], urgency: Urgency) -> None:
        run = _Run(tasks, say, min(self.n_workers, len(tasks)), self._start)
        try:
            run.to_the_end(urgency)
        finally:
            run.close()

    def _start(self, heard: queue.Queue) -> _Worker:
        environment = {**os.environ, **environment_of_share(self.n_threads)}
        package = str(Path(hotvid.__file__).parents[1])
        path = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(path)
        process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if self._debug else subprocess.DEVNULL,
            env=environment,
            **apart(),  # Ctrl-C must reach us, who stop the workers in order
        )
        return _Worker(process, heard)


class _Worker:
    """One process, what it works on, and for how long it has been silent."""

    def __init__(self, process: subprocess.Popen, heard: queue.Queue) -> None:
        self.process = process
        self.task: Task | None = None
        self.n_tasks = 0
        self.silent_s = 0.0
        self._heard = heard
        threading.Thread(target=self._listen, name="hotvid-worker", daemon=True).start()

    def tell(self, message: dict) -> None:
        with contextlib.suppress(OSError):  # it may have ended, which `_listen` will say
            self.process.stdin.write(to_line(message))
            self.process.stdin.flush()

    def take(self, task: Task) -> None:
        self.task, self.silent_s = task, 0.0
        self.n_tasks += 1
        self.tell(task_to_plain(task))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def _listen(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    self._heard.put((self, from_line(line)))
        self._heard.put((self, None))


class _Run:
    """The tasks of one batch on their way through the workers."""

    def __init__(
        self,
        tasks: Sequence[Task],
        say: Callable[[Event], None],
        n_workers: int,
        start: Callable[[queue.Queue], _Worker],
    ) -> None:
        self._waiting = collections.deque(tasks)
        self._say = say
        self._n_workers = n_workers
        self._start = start
        self._heard: queue.Queue[tuple[_Worker, dict | None]] = queue.Queue()
        self._workers: list[_Worker] = []
        self._attempts: collections.Counter[str] = collections.Counter()
        self._looked_s = time.monotonic()
        self._stopping = False

    def to_the_end(self, urgency: Urgency) -> None:
        while self._waiting or self._busy():
            if urgency():
                self._stop(urgency)
                return
            self._hand_out()
            self._listen(_TICK_S)

    def close(self) -> None:
        for worker in self._workers:
            worker.close()
        until = time.monotonic() + _PATIENCE_S
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.task is not None]

    def _hand_out(self) -> None:
        for worker in [w for w in self._workers if w.task is None and w.n_tasks >= _TASKS_A_WORKER]:
            worker.close()
            self._workers.remove(worker)
        while self._waiting and len(self._busy()) < self._n_workers:
            idle = [worker for worker in self._workers if worker.task is None]
            if not idle:
                idle = [self._start(self._heard)]
                self._workers += idle
            task = self._waiting.popleft()
            # Said first: it is noted down before anything in the video's folder can change.
            self._say(Started(task))
            idle[0].take(task)

    def _listen(self, wait_s: float) -> None:
        """Deal with what the workers say, for so long or until there is nothing more."""
        try:
            self._deal_with(*self._heard.get(timeout=wait_s))
            while True:
                self._deal_with(*self._heard.get_nowait())
        except queue.Empty:
            pass
        # Time in which this process was suspended itself does not count against the workers.
        now_s = time.monotonic()
        passed_s = min(now_s - self._looked_s, 5 * wait_s)
        self._looked_s = now_s
        for worker in self._busy():
            worker.silent_s += passed_s
            if worker.silent_s > _STALLED_S:
                self._attempts[worker.task.folder] = _ATTEMPTS
                worker.process.kill()

    def _deal_with(self, worker: _Worker, message: dict | None) -> None:
        worker.silent_s = 0.0
        if message is None:
            self._bury(worker)
        elif worker.task is not None and "progress" in message:
            self._say(Advanced(worker.task, *message["progress"]))
        elif worker.task is not None and "outcome" in message:
            task, worker.task = worker.task, None
            self._say(Ended(task, outcome_from_plain(message["outcome"])))

    def _bury(self, worker: _Worker) -> None:
        """A worker has ended by itself: its task goes to another, unless it was the last try."""
        if worker not in self._workers:
            return
        self._workers.remove(worker)
        status = worker.process.wait()
        task, worker.task = worker.task, None
        if task is None or self._stopping:
            return
        self._attempts[task.folder] += 1
        if self._attempts[task.folder] < _ATTEMPTS:
            self._waiting.appendleft(task)
            return
        if self._attempts[task.folder] > _ATTEMPTS:
            error = f"nothing was heard of it for {_STALLED_S / 60:.0f} minutes, so it was stopped"
        else:
            error = f"the process that worked on it {_ending(status)}, {_ATTEMPTS} times"
        self._say(Ended(task, Outcome(time.time(), error=f"{error}; {_LOST_HINT}")))

    def _stop(self, urgency: Urgency) -> None:
        """Ask the workers to drop what they do; kill them when asked again."""
        self._stopping = True
        for worker in self._busy():
            worker.tell(STOP)
        until = time.monotonic() + _PATIENCE_S
        while self._busy() and urgency() < 2 and time.monotonic() < until:
            self._listen(_TICK_S)
        for worker in self._busy():
            worker.process.kill()


_LOST_HINT = "is the file damaged, or was memory short?"


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed ({signal.Signals(-status).name})"
    except ValueError:
        return f"was killed (signal {-status})"
