"""The command as a process: exit statuses, signals, and a disk that is full."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from stand_ins import write_coded_clip

resource = pytest.importorskip("resource", reason="limits of a process on Unix")

ROOT = Path(__file__).resolve().parents[2]
HOTVID = [sys.executable, "-m", "hotvid"]
TIMEOUT_S = 120


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    """Nobody is in it; drawing it takes seconds."""
    return write_coded_clip(tmp_path_factory.mktemp("long") / "long.mp4", 400)


def environment():
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def start(*words, folder, **more):
    return subprocess.Popen(
        [*HOTVID, *map(str, words)],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **more,
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def until(process, line):
    for said in process.stderr:
        if line in said:
            return
    raise AssertionError(f"'{line}' was never said; exit status {process.wait()}")


def test_a_missing_file(tmp_path):
    process = start("run", "missing.mp4", "--out", "o.mp4", folder=tmp_path)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1 and out == ""
    assert err.startswith("error: ") and "missing.mp4" in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_command_line(tmp_path):
    process = start("run", "a.mp4", "--out", "o.mp4", "--bbox-thr", "2", folder=tmp_path)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2 and out == ""
    assert err == "error: bbox-thr is 2.0; give a number from 0 to 1\n"


def test_quiet_means_that_libraries_are_quiet_too(tmp_path):
    write_coded_clip(tmp_path / "coded.mp4", 5)
    process = start("run", "coded.mp4", "--out", "o.mp4", "--quiet", folder=tmp_path)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0
    assert out == "" and err.count("\n") == 1
    assert err.startswith("warning: nobody was found in coded.mp4; people may be too small")
    assert err.endswith(": try --mode accurate\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["coded.mp4", "o.mp4"]


@pytest.mark.parametrize("stage", ["finding people", "drawing"])
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_stopped_in_the_middle_nothing_stays(long_clip, tmp_path, stage, number, status):
    process = start("run", long_clip, "--out", tmp_path / "new" / "o.mp4", folder=tmp_path)
    until(process, stage)
    time.sleep(0.5)
    # As a terminal does it: to the whole group, the encoder's process included.
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == status, err
    assert out == ""
    said = [line for line in err.splitlines() if not line.startswith(("warning", "drawing"))]
    assert said == ["interrupted: nothing half-written is left"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("apart_s", [0.0, 0.02])
def test_ctrl_c_again_while_cleaning_up_says_and_leaves_nothing_more(long_clip, tmp_path, apart_s):
    process = start("run", long_clip, "--out", tmp_path / "new" / "o.mp4", folder=tmp_path)
    until(process, "drawing")
    time.sleep(0.3)
    for _ in range(8):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(apart_s)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130, err
    said = [line for line in err.splitlines() if not line.startswith(("warning", "drawing"))]
    assert said == ["interrupted: nothing half-written is left"]
    assert list(tmp_path.iterdir()) == []


def test_with_nohup_a_closed_terminal_stops_nothing(long_clip, tmp_path):
    words = ("run", long_clip, "--out", tmp_path / "o.mp4", "--time-range", 0, 1)
    ignored = partial(signal.signal, signal.SIGHUP, signal.SIG_IGN)
    process = start(*words, folder=tmp_path, preexec_fn=ignored)
    until(process, "finding people")
    os.killpg(process.pid, signal.SIGHUP)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, err
    assert names(tmp_path) == ["o.mp4"]


@pytest.mark.parametrize("closed", [(2,), (0, 1, 2)])
def test_without_stderr_the_work_is_done(tmp_path, closed):
    def close():
        for number in closed:
            os.close(number)

    write_coded_clip(tmp_path / "coded.mp4", 5)
    process = start("run", "coded.mp4", "--out", "o.mp4", folder=tmp_path, preexec_fn=close)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, err) == (0, "")
    assert ("o.mp4" in out) == (1 not in closed)
    assert names(tmp_path) == ["coded.mp4", "o.mp4"] and (tmp_path / "o.mp4").stat().st_size > 500
    process = start("run", "missing.mp4", "--out", "p.mp4", folder=tmp_path, preexec_fn=close)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, out, err) == (1, "", "")


def test_a_disk_that_is_full(long_clip, tmp_path):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    words = ("run", long_clip, "--out", tmp_path / "o.mp4", "--quiet", "--time-range", 0, 3)
    process = start(*words, folder=tmp_path, preexec_fn=small_files)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    last = err.splitlines()[-1]
    assert last.startswith("error: ") and "disk" in last and "bug" not in last
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_the_console_has_no_letters_for(tmp_path):
    (tmp_path / "прогулка.mp4").touch()
    done = subprocess.run(
        [*HOTVID, "batch", ".", "--out-dir", "out", "--dry-run"],
        cwd=tmp_path,
        env={**environment(), "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0 and done.stderr == b""
    assert b"new: " in done.stdout and rb"\u043f\u0440\u043e" in done.stdout
