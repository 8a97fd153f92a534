"""Worker processes: every task ends once, whatever becomes of the process that works on it."""

import json
import queue
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from stand_ins import write_coded_clip

from hotvid.batch import local
from hotvid.batch.engine import Advanced, Ended, Started
from hotvid.batch.local import LocalEngine
from hotvid.batch.settings import make_settings
from hotvid.batch.task import Task
from hotvid.batch.wire import task_to_plain
from hotvid.threads import n_cores

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def engine(monkeypatch):
    """A local engine of two workers; all that it ever had are in `engine.workers`."""
    engine = LocalEngine(2)
    engine.workers = []
    start = engine._start

    def start_and_note(heard):
        engine.workers.append(start(heard))
        return engine.workers[-1]

    monkeypatch.setattr(engine, "_start", start_and_note)
    yield engine
    assert all(w.process.poll() is not None for w in engine.workers), "one was left running"


@pytest.fixture
def slow_tasks(tmp_path):
    """Videos of some seconds of work each, in which nobody is."""
    clip = write_coded_clip(tmp_path / "coded.mp4", 300)
    settings = make_settings({"mode": "fast"}, ("json",))
    return [Task(str(clip), str(tmp_path / "out" / str(n)), settings) for n in range(3)]


def store_tasks(make_store, settings, tmp_path, n):
    return [
        Task(
            str(make_store(tmp_path / f"{k}.npz", seed=k)), str(tmp_path / "out" / str(k)), settings
        )
        for k in range(n)
    ]


def run(engine, tasks, react=lambda event: None, urgency=lambda: 0):
    """All events; `react` is called with each as it comes."""
    events = []

    def say(event):
        events.append(event)
        react(event)

    engine.run(tasks, say, urgency)
    return events


def endings(events):
    return {event.task.folder: event.outcome for event in events if isinstance(event, Ended)}


def is_found(event):
    """Whether an event tells of pictures that are being looked at."""
    return isinstance(event, Advanced) and event.stage == "pose2d"


def test_every_task_starts_and_ends(engine, make_store, as_json, tmp_path):
    tasks = store_tasks(make_store, as_json, tmp_path, 9)
    tasks[4] = replace(tasks[4], source=str(tmp_path / "missing.npz"))
    events = run(engine, tasks)
    assert [e.task for e in events if isinstance(e, Started)] == tasks
    ended = endings(events)
    assert len(ended) == 9 and sum(isinstance(e, Ended) for e in events) == 9
    assert [bool(ended[task.folder].error) for task in tasks] == [k == 4 for k in range(9)]
    assert {e.stage for e in events if isinstance(e, Advanced)} == {"read"}
    assert len(engine.workers) == 2
    made = sorted((tmp_path / "out").glob("*/poses.json"))
    assert [path.parent.name for path in made] == [str(k) for k in range(9) if k != 4]


def test_no_more_workers_than_tasks(engine, make_store, as_json, tmp_path):
    run(engine, store_tasks(make_store, as_json, tmp_path, 1))
    assert len(engine.workers) == 1


def test_workers_are_replaced_in_time(engine, make_store, as_json, tmp_path, monkeypatch):
    monkeypatch.setattr(local, "_TASKS_A_WORKER", 2)
    events = run(engine, store_tasks(make_store, as_json, tmp_path, 7))
    assert [o.error for o in endings(events).values()] == [""] * 7
    assert len(engine.workers) >= 4


@LINUX
def test_each_worker_has_its_share_of_the_threads(make_store, as_json, tmp_path):
    for n_workers in (1, n_cores(), 4 * n_cores()):
        engine = LocalEngine(n_workers)
        assert engine.n_threads == max(1, n_cores() // n_workers)
        worker = engine._start(queue.Queue())
        environment = environment_of(worker.process.pid)
        worker.close()
        worker.process.wait()
        for name in ("HOTVID_THREADS", "OMP_NUM_THREADS"):
            assert environment[name] == str(engine.n_threads)


def test_a_killed_worker_is_followed_by_another(engine, slow_tasks):
    killed = []

    def kill_once(event):
        if is_found(event) and not killed:
            killed.append(event.task)
            engine.workers[0].process.kill()

    events = run(engine, slow_tasks, kill_once)
    assert killed and len(engine.workers) == 3
    assert [o.error for o in endings(events).values()] == [""] * 3
    started = [e.task.folder for e in events if isinstance(e, Started)]
    assert len(started) == 4 and set(started) == {task.folder for task in slow_tasks}


def test_a_video_that_kills_its_workers_fails_alone(engine, slow_tasks):
    victim = slow_tasks[1]

    def kill(event):
        if is_found(event) and event.task == victim:
            (worker,) = [w for w in engine.workers if w.task == victim]
            worker.process.kill()

    events = run(engine, slow_tasks, kill)
    ended = endings(events)
    assert [bool(ended[t.folder].error) for t in slow_tasks] == [False, True, False]
    said = ended[victim.folder].error
    assert said.startswith("the process that worked on it was killed (SIGKILL), 2 times; ")


def test_a_worker_that_says_nothing_for_long_is_stopped(engine, slow_tasks, monkeypatch):
    monkeypatch.setattr(local, "_STALLED_S", 1.5)

    def freeze(event):
        if is_found(event):
            engine.workers[0].process.send_signal(signal.SIGSTOP)

    events = run(engine, slow_tasks[:1], freeze)
    (outcome,) = endings(events).values()
    assert "nothing was heard of it" in outcome.error


@pytest.mark.parametrize("how", [[1], [1, 2], [2]])
def test_asked_to_stop_it_drops_what_it_does(engine, slow_tasks, tmp_path, how):
    said = []

    def urgency():
        return said[-1] if said else 0

    def ask(event):
        if is_found(event) and not said:
            said.extend(how)

    begun = time.monotonic()
    events = run(engine, slow_tasks, ask, urgency)
    assert time.monotonic() - begun < 60
    assert not [e for e in events if isinstance(e, Ended)]
    assert sum(isinstance(e, Started) for e in events) == 2
    # Asked once, the workers clear away behind them; killed, the next run does.
    if how == [1]:
        assert not (tmp_path / "out" / "0").exists()


@LINUX
def test_workers_end_with_the_process_that_started_them(slow_tasks, tmp_path):
    code = (
        "import sys, json\n"
        "from hotvid.batch.local import LocalEngine\n"
        "from hotvid.batch.wire import task_from_plain\n"
        "tasks = [task_from_plain(t) for t in json.loads(sys.argv[1])]\n"
        "LocalEngine(1).run(tasks, lambda e: print(type(e).__name__, flush=True), lambda: 0)\n"
    )
    tasks = json.dumps([task_to_plain(task) for task in slow_tasks])
    starter = subprocess.Popen([sys.executable, "-c", code, tasks], stdout=subprocess.PIPE)
    assert starter.stdout.readline() == b"Started\n"
    assert starter.stdout.readline() == b"Advanced\n"
    children = Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text()
    (worker,) = children.split()
    starter.kill()
    starter.wait()
    starter.stdout.close()
    until = time.monotonic() + 30
    while lives(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not lives(worker)


def environment_of(pid):
    """The variables of a process, once it is what it was started to be."""
    until = time.monotonic() + 30
    while b"batch.worker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < until
        time.sleep(0.01)
    lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(line.split("=", 1) for line in lines if line)


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_looks_for_no_module_in_the_users_folder(engine, tmp_path, monkeypatch):
    (tmp_path / "queue.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    heard = queue.Queue()
    worker = engine._start(heard)
    worker.process.stdin.close()
    assert worker.process.wait(60) == 0
