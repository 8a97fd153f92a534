"""A terminal gets bars, a log one line a stage, `--quiet` nothing."""

import io
import re
import sys
import time
from types import SimpleNamespace

import pytest

from hotvid.cli.batch_progress import watching
from hotvid.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def stderr(monkeypatch):
    def use(stream):
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "120")
        return stream

    return use


def work(report):
    for done in range(1, 11):
        report("pose2d", done, None)
    report("pose2d", 10, 10)
    report("lift", 1, 1)


def test_a_log_gets_one_line_a_stage(stderr):
    log = stderr(io.StringIO())
    with progress(quiet=False) as report:
        work(report)
    assert log.getvalue() == "finding people ...\nlifting to 3D ...\n"


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_quiet(stderr, stream):
    log = stderr(stream())
    with progress(quiet=True) as report:
        work(report)
    assert log.getvalue() == ""


def test_a_terminal_gets_bars_with_rates(stderr):
    terminal = stderr(Terminal())
    with progress(quiet=False) as report:
        work(report)
    last = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.getvalue()).splitlines()[-2:]
    assert re.search(r"finding people .*10/10 .*frames/s", last[0])
    assert re.search(r"lifting to 3D .*1/1 .*windows/s", last[1])


@pytest.mark.parametrize("columns", [80, 60])
def test_in_a_narrow_terminal_the_bar_gives_way_and_not_the_words(stderr, monkeypatch, columns):
    terminal = stderr(Terminal())
    monkeypatch.setenv("COLUMNS", str(columns))
    with progress(quiet=False) as report:
        report("lift", 1, 9)
        time.sleep(0.2)
        report("lift", 12345, 12345)
    last = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.getvalue()).splitlines()[-1]
    assert re.search(r"lifting to 3D .*12345/12345 [\d.]+ windows/s *\d:\d\d:\d\d$", last)
    assert len(last) <= columns


@pytest.mark.parametrize("columns", [80, 60])
def test_a_batch_in_a_narrow_terminal_says_all_but_the_beginning_of_names(
    stderr, monkeypatch, columns
):
    terminal = stderr(Terminal())
    monkeypatch.setenv("COLUMNS", str(columns))
    video = SimpleNamespace(
        folder="day1/a long name of a folder/walking_in_the_park_1.mp4", why="new"
    )
    with watching(quiet=False) as watcher:
        watcher.planned([video])
        watcher.started(video)
        watcher.advanced(video, "pose2d", 1234, 12345)
    lines = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.getvalue()).splitlines()
    assert re.search(r"^\S.*_1\.mp4 .* +1234/12345 finding people \d:\d\d:\d\d$", lines[-1])
    assert len(lines[-1]) <= columns


@pytest.mark.parametrize(("stage", "unit"), [("train", "s/s"), ("batches", "batches/s")])
def test_what_an_earlier_run_did_is_no_speed_of_this_one(stderr, stage, unit):
    terminal = stderr(Terminal())
    with progress(quiet=False) as report:
        report(stage, 40_000, 50_000)
        time.sleep(0.2)
        report(stage, 40_001, 50_000)
    last = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.getvalue()).splitlines()[-1]
    (rate,) = re.findall(rf"([\d.]+) {unit}", last)
    assert "training" in last and "40001/50000" in last and float(rate) <= 5
