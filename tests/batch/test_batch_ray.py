"""The Ray engine on a real cluster of this machine."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from stand_ins import write_coded_clip

from hotvid.batch.engine import Advanced, Ended, Started
from hotvid.batch.local import LocalEngine
from hotvid.batch.settings import make_settings
from hotvid.batch.task import Task
from hotvid.errors import HotvidError

ray = pytest.importorskip("ray", reason="needs ray")
from hotvid.batch.ray_engine import RayEngine  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def run(engine, tasks, react=lambda event: None, urgency=lambda: 0):
    events = []

    def say(event):
        events.append(event)
        react(event)

    engine.run(tasks, say, urgency)
    return events


def outcomes(events):
    return [event.outcome for event in events if isinstance(event, Ended)]


def workers():
    """The processes in which Ray works on a task."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                title = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if title.startswith(b"ray::_perform"):
                found.append(int(entry.name))
    return found


@pytest.fixture
def tasks(tmp_path):
    """Videos of a second or two of work each, in which nobody is."""
    settings = make_settings({"mode": "fast"}, ("json",))
    clips = [write_coded_clip(tmp_path / f"{n}.mp4", 150) for n in range(3)]
    return [Task(str(clip), str(tmp_path / "ray" / clip.stem), settings) for clip in clips]


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_results_are_the_local_engine_s(tasks, tmp_path):
    killed = []

    def kill_once(event):
        if isinstance(event, Advanced) and event.stage == "pose2d" and not killed:
            for pid in workers():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    events = run(RayEngine(n_at_once=2), tasks, kill_once)
    assert killed
    started = [event.task.folder for event in events if isinstance(event, Started)]
    assert sorted(started) == sorted(task.folder for task in tasks)
    assert [outcome.error for outcome in outcomes(events)] == ["", "", ""]
    local = [Task(t.source, t.folder.replace("ray", "local"), t.settings) for t in tasks]
    run(LocalEngine(2), local)
    for ours, theirs in zip(tasks, local, strict=True):
        names = sorted(p.name for p in Path(theirs.folder).iterdir())
        assert sorted(p.name for p in Path(ours.folder).iterdir()) == names
        for name in names:
            if name != ".lock":
                a, b = (Path(t.folder, name).read_bytes() for t in (ours, theirs))
                assert a == b, name


@pytest.mark.slow
def test_what_fails_is_an_outcome_and_stopping_is_quick(tasks, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    broken = Task(str(bad), str(tmp_path / "ray" / "bad"), tasks[0].settings)
    (outcome,) = outcomes(run(RayEngine(), [broken]))
    assert "bad.mp4" in outcome.error and "\n" not in outcome.error
    seen = []

    def note(event):
        seen.append(isinstance(event, Advanced) and event.stage == "pose2d")

    begun = time.monotonic()
    events = run(RayEngine(), tasks, note, urgency=lambda: int(any(seen)))
    assert time.monotonic() - begun < 60
    assert len(outcomes(events)) < 3
    left = [p.name for p in (tmp_path / "ray").rglob("*") if p.name.startswith(".hotvid-")]
    assert left == []


def test_a_cluster_that_is_not_there_is_one_line(tasks):
    with pytest.raises(HotvidError, match=r"no Ray cluster at 127\.0\.0\.1:1: "):
        run(RayEngine("127.0.0.1:1"), tasks[:1])
