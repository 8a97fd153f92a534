"""How many videos a Ray cluster gets at once, and what it has no room for; no cluster is wanted."""

import types

import pytest

from hotvid.batch import ray_engine
from hotvid.batch.engine import Ended, Started
from hotvid.batch.ray_engine import RayEngine
from hotvid.batch.task import Outcome, Task
from hotvid.batch.wire import outcome_to_plain
from hotvid.errors import HotvidError


class Cluster:
    """As much of Ray as the engine talks to; a task is over when it is waited for.

    machines  the resources of each, None for one that was lost.
    most      tasks that it ever had at once.
    """

    exceptions = types.SimpleNamespace(RayError=OSError)

    def __init__(self, *machines):
        self._machines = machines
        self._tasks = []
        self.most = 0

    def is_initialized(self):
        return True

    def nodes(self):
        gone = {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}}
        return [gone if m is None else {"Alive": True, "Resources": m} for m in self._machines]

    def cluster_resources(self):
        whole = {}
        for machine in filter(None, self._machines):
            whole = {k: whole.get(k, 0) + machine.get(k, 0) for k in {*whole, *machine}}
        return whole

    def put(self, value):
        return value

    def remote(self, **options):
        def wrapped(what):
            is_board = isinstance(what, type)
            return types.SimpleNamespace(remote=self._board if is_board else self._submit)

        return wrapped

    def wait(self, references, **how):
        self._tasks.pop(0)
        return references[:1], references[1:]

    def get(self, reference):
        return {} if reference == "board" else outcome_to_plain(Outcome(0.0))

    def _board(self):
        take = types.SimpleNamespace(remote=lambda: "board")
        return types.SimpleNamespace(take=take)

    def _submit(self, *given):
        self._tasks.append(given)
        self.most = max(self.most, len(self._tasks))
        return object()


@pytest.fixture
def run(monkeypatch, as_json):
    """run(cluster, n_at_once, **options): the events of ten tasks."""
    monkeypatch.setattr(ray_engine, "_weights_of", lambda tasks: {})
    tasks = [Task(f"/in/{n}.mp4", f"/out/{n}.mp4", as_json) for n in range(10)]

    def run(cluster, n_at_once=None, **options):
        monkeypatch.setattr("hotvid.extras.Extra.load", lambda extra: cluster)
        events = []
        RayEngine(None, n_at_once, **options).run(tasks, events.append, lambda: 0)
        for kind in (Started, Ended):
            assert [e.task for e in events if isinstance(e, kind)] == tasks
        return cluster.most

    return run


@pytest.mark.parametrize("n_at_once", [1, 3])
def test_no_more_at_once_than_asked_for(run, n_at_once):
    assert run(Cluster({"CPU": 16.0}), n_at_once) == n_at_once


def test_else_as_many_as_there_is_room_for_and_as_many_again_that_wait(run):
    assert run(Cluster({"CPU": 1.0}, {"CPU": 1.0})) == 4
    # Of three cores, two go to a video: what is over on two machines makes no third.
    assert run(Cluster({"CPU": 3.0}, {"CPU": 3.0}, None), cpus_per_video=2) == 4
    machine = {"CPU": 16.0, "GPU": 1.0}
    assert run(Cluster({"CPU": 4.0}, machine), gpus_per_video=0.5) == 4


@pytest.mark.parametrize("n_at_once", [None, 2])
@pytest.mark.parametrize(
    ("machines", "options"),
    [
        ([{"CPU": 8.0}], {"gpus_per_video": 1}),
        ([{"CPU": 4.0}, {"CPU": 4.0}], {"cpus_per_video": 8}),
        ([{"CPU": 1.0, "GPU": 1.0}, {"CPU": 8.0}], {"cpus_per_video": 2, "gpus_per_video": 1}),
        ([{"CPU": 1.0}, None], {"cpus_per_video": 2}),
        ([{}], {}),
    ],
)
def test_what_no_machine_has_room_for_does_not_wait_for_ever(run, machines, options, n_at_once):
    with pytest.raises(HotvidError, match="no machine of the cluster has room for a video; ask"):
        run(Cluster(*machines), n_at_once, **options)
