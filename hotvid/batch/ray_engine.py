"""The Ray engine: the tasks of a batch on the machines of a Ray cluster.

All machines see inputs and outputs under the same paths, and have hotvid installed. The weights
travel once, through the cluster's object store. What a worker leaves behind when it is lost is what
any killed process leaves: the task begins again elsewhere and goes on from the pose store.
"""

from __future__ import annotations

import collections
import os
import socket
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import hotvid
from hotvid import weights
from hotvid.batch.engine import Advanced, Ended, Event, Started, Urgency
from hotvid.batch.task import Outcome, Task, perform
from hotvid.batch.wire import (
    Seldom,
    outcome_from_plain,
    outcome_to_plain,
    task_from_plain,
    task_to_plain,
)
from hotvid.errors import HotvidError, in_one_line
from hotvid.extras import RAY
from hotvid.stop_signals import handlers_kept
from hotvid.threads import environment_of_share

_RETRIES = 3  # of a task whose worker was lost
_REACH_S = 10.0
_TICK_S = 0.3
_SAY_EVERY_S = 1.0
_PATIENCE_S = 30.0  # with tasks that were asked to stop
_AHEAD = 2  # tasks that wait in the cluster for each that it has room for


class RayEngine:
    """Carries out tasks on a Ray cluster; see `hotvid.batch.engine.Engine`.

    address         of the cluster, as in `ray.init`; None: one is started on this machine.
    n_at_once       tasks that the cluster has at most; None: as many as it has room for, and as
                    many again that wait there.
    cpus_per_video  cores of a machine that a task takes up, and threads that it uses.
    gpus_per_video  the share of a GPU that a task takes up.
    raises          HotvidError where Ray is not installed, or the cluster is not found.
    """

    def __init__(
        self,
        address: str | None = None,
        n_at_once: int | None = None,
        *,
        cpus_per_video: int = 1,
        gpus_per_video: float = 0.0,
        debug: bool = False,
    ) -> None:
        self._ray = RAY.load()
        self._address = address
        self._n_at_once = n_at_once
        self._cpus, self._gpus, self._debug = cpus_per_video, gpus_per_video, debug

    def run(self, tasks: Sequence[Task], say: Callable[[Event], None], urgency: Urgency) -> None:
        started_here = not self._ray.is_initialized()
        if started_here:
            self._connect()
        try:
            _Run(self._ray, tasks, say, self._remote(), self._most()).to_the_end(urgency)
        finally:
            if started_here:
                self._ray.shutdown()

    def _connect(self) -> None:
        if self._address is not None:
            _check_reachable(self._address)
        # A checkout that is not installed is found by the workers, too.
        package = str(Path(hotvid.__file__).parents[1])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        environment = {"env_vars": {"PYTHONPATH": path, **environment_of_share(self._cpus)}}
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            # Ray puts a handler of its own in place of that which ends a batch in order.
            with handlers_kept():
                self._ray.init(
                    address=self._address,
                    runtime_env=environment,
                    include_dashboard=None if self._address else False,
                    log_to_driver=self._debug,
                    logging_level="warning" if self._debug else "critical",
                )
        except Exception as error:  # Ray has no common class for what goes wrong here
            raise _no_cluster(self._address or "this machine", error) from error

    def _most(self) -> int:
        """How many tasks the cluster gets at once."""
        machines = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        room = sum(map(self._room_on, machines))
        if room < 1:  # whatever was asked for: such tasks would wait for ever
            raise HotvidError(
                "no machine of the cluster has room for a video",
                "ask for fewer cores or a smaller share of a GPU for each",
            )
        return _AHEAD * room if self._n_at_once is None else self._n_at_once

    def _room_on(self, has: Mapping[str, float]) -> int:
        """How many tasks a machine with these resources can do at once: none is shared by two."""
        room = has.get("CPU", 0) / self._cpus
        if self._gpus:
            room = min(room, has.get("GPU", 0) / self._gpus)
        return int(room)

    def _remote(self) -> Any:
        options = {"num_cpus": self._cpus, "num_gpus": self._gpus, "max_retries": _RETRIES}
        return self._ray.remote(**options)(_perform)


def _check_reachable(address: str) -> None:
    """HotvidError where nobody listens: Ray itself would wait for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not port.isdigit():
        return  # "auto" and the like, which Ray knows what to do with
    try:
        socket.create_connection((host, int(port)), timeout=_REACH_S).close()
    except OSError as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> HotvidError:
    return HotvidError(
        f"no Ray cluster at {address}: {in_one_line(error)}",
        "start one with `ray start --head`, and give what it says with --address",
    )


class _Run:
    """The tasks of one batch on their way through the cluster."""

    def __init__(
        self,
        ray: Any,
        tasks: Sequence[Task],
        say: Callable[[Event], None],
        remote: Any,
        most: int,
    ) -> None:
        self._ray, self._say, self._remote = ray, say, remote
        self._waiting = collections.deque(tasks)
        self._most = most
        self._board = ray.remote(num_cpus=0)(_Board).remote()
        self._weights = ray.put(_weights_of(tasks)) if tasks else None
        self._running: dict[Any, Task] = {}
        self._begun: set[str] = set()

    def to_the_end(self, urgency: Urgency) -> None:
        while self._waiting or self._running:
            if urgency():
                self._stop(urgency)
                return
            while self._waiting and len(self._running) < self._most:
                task = self._waiting.popleft()
                plain = task_to_plain(task)
                self._running[self._remote.remote(plain, self._weights, self._board)] = task
            self._look(_TICK_S)

    def _look(self, wait_s: float) -> None:
        """Tell what has gone on, for so long or until a task is over."""
        over, _ = self._ray.wait(list(self._running), timeout=wait_s, fetch_local=False)
        by_folder = {task.folder: task for task in self._running.values()}
        for folder, (stage, done, total) in self._ray.get(self._board.take.remote()).items():
            if folder in by_folder:
                self._start(by_folder[folder])
                self._say(Advanced(by_folder[folder], stage, done, total))
        for reference in over:
            task = self._running.pop(reference)
            self._start(task)
            self._say(Ended(task, self._outcome(reference)))

    def _start(self, task: Task) -> None:
        if task.folder not in self._begun:
            self._begun.add(task.folder)
            self._say(Started(task))

    def _outcome(self, reference: Any) -> Outcome:
        try:
            return outcome_from_plain(self._ray.get(reference))
        except self._ray.exceptions.RayError as error:
            lost = isinstance(error, self._ray.exceptions.WorkerCrashedError)
            what = f"its worker was lost {_RETRIES + 1} times" if lost else in_one_line(error)
            hint = "is the file damaged, or was memory short?"
            return Outcome(time.time(), error=f"{what}; {hint}")

    def _stop(self, urgency: Urgency) -> None:
        """Ask the tasks to drop what they do; kill them when asked again."""
        for reference in self._running:
            self._ray.cancel(reference, force=False)
        until = time.monotonic() + _PATIENCE_S
        left = list(self._running)
        while left and urgency() < 2 and time.monotonic() < until:
            _, left = self._ray.wait(left, num_returns=len(left), timeout=_TICK_S)
        for reference in left:
            self._ray.cancel(reference, force=True)


class _Board:
    """An actor on which workers write how far they are."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[str, int, int | None]] = {}

    def write(self, folder: str, stage: str, done: int, total: int | None) -> None:
        self._latest[folder] = stage, done, total

    def take(self) -> dict[str, tuple[str, int, int | None]]:
        latest, self._latest = self._latest, {}
        return latest


def _weights_of(tasks: Sequence[Task]) -> dict[str, bytes]:
    """The files of weights that the tasks may want, by their names."""
    lift = tasks[0].settings.config.lift  # a batch has one setting for all
    paths = [*map(weights.find, weights.SHIPPED), weights.locate(lift.model, lift.weights)]
    return {path.name: path.read_bytes() for path in paths}


def _perform(plain: Mapping[str, Any], files: Mapping[str, bytes], board: Any) -> dict[str, Any]:
    """A task, in a worker somewhere in the cluster."""
    task = task_from_plain(dict(plain))
    folder = _unpacked(files)
    os.environ["HOTVID_WEIGHTS"] = str(folder)
    if (given := task.settings.options.get("weights")) is not None:
        options = {**task.settings.options, "weights": str(folder / Path(given).name)}
        task = replace(task, settings=replace(task.settings, options=options))

    def report(stage: str, done: int, total: int | None) -> None:
        board.write.remote(task.folder, stage, done, total)

    return outcome_to_plain(perform(task, Seldom(report, _SAY_EVERY_S)))


_unpacked_here: tempfile.TemporaryDirectory | None = None


def _unpacked(files: Mapping[str, bytes]) -> Path:
    """A folder with the files; once for each worker process, gone with it."""
    global _unpacked_here
    if _unpacked_here is None:
        _unpacked_here = tempfile.TemporaryDirectory(prefix="hotvid-weights-")
        for name, content in files.items():
            (Path(_unpacked_here.name) / name).write_bytes(content)
    return Path(_unpacked_here.name)
