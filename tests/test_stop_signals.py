"""Ctrl-C, `kill` and a closed terminal: once, for a while, or not at all."""

import gc
import signal
import sys
import time

import pytest

from hotvid import stop_signals
from hotvid.stop_signals import StopOnce, StopSignals

if sys.platform == "win32":
    pytest.skip("signals are another matter there", allow_module_level=True)
ALL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _as_before():
    before = {number: signal.getsignal(number) for number in ALL}
    hook = sys.unraisablehook
    yield
    sys.unraisablehook = hook
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "raised", "status"),
    [
        (signal.SIGINT, KeyboardInterrupt, None),
        (signal.SIGTERM, SystemExit, 143),
        (signal.SIGHUP, SystemExit, 129),
    ],
)
def test_only_the_first_is_raised(number, raised, status):
    StopOnce().install()
    with pytest.raises(raised) as caught:
        signal.raise_signal(number)
    assert getattr(caught.value, "code", None) == status
    for other in ALL:
        signal.raise_signal(other)


def test_what_hangs_while_cleaning_up_can_be_stopped(monkeypatch):
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    StopOnce().install()
    for wait_s in (0.0, 11.0, 11.0):
        now_s[0] += wait_s
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        now_s[0] += 9.0
        signal.raise_signal(signal.SIGINT)


def test_what_is_ignored_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    StopOnce().install()
    signal.raise_signal(signal.SIGHUP)
    heard = []
    signals = StopSignals(lambda number, frame: heard.append(number))
    signals.catch()
    signal.raise_signal(signal.SIGHUP)
    signals.set_back()
    assert heard == [] and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_one_that_got_lost_is_no_reason_not_to_hear_the_next(capsys):
    stop = StopOnce()
    stop.install()
    stop.keep_quiet()

    class Last:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    Last()
    gc.collect()
    assert capsys.readouterr().err == ""
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_terminal_that_closes_is_told_of_once():
    heard = []
    signals = StopSignals(lambda number, frame: heard.append(number))
    for _ in range(2):
        signals.catch()
        for number in (signal.SIGHUP, signal.SIGHUP, signal.SIGINT, signal.SIGINT):
            signal.raise_signal(number)
        signals.set_back()
    assert heard == [signal.SIGHUP, signal.SIGINT, signal.SIGINT] * 2


def test_statuses_are_those_that_shells_give():
    assert {143, 129} == stop_signals.ENDED
