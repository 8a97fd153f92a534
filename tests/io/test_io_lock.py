"""One holder at a time; the lock ends with its process, however that ends."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from hotvid.errors import HotvidWarning, OutputError
from hotvid.io import lock
from hotvid.io.lock import locked

HOLD = """
import sys, time
from hotvid.io.lock import locked
with locked(sys.argv[1], "the folder"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock `.lock`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / ".lock")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_is_told_who_the_first_is(tmp_path, holder):
    said = f"the folder is in use by another run .process {holder.pid} on .*, since .*wait"
    with pytest.raises(OutputError, match=said), locked(tmp_path / ".lock", "the folder"):
        raise AssertionError("two hold it")


def test_a_killed_holder_holds_nobody_up(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / ".lock").exists()
    with locked(tmp_path / ".lock", "the folder"):
        pass
    assert not (tmp_path / ".lock").exists()


def test_waiting_for_the_holder_to_end(tmp_path, holder):
    threading.Timer(0.3, holder.kill).start()
    with locked(tmp_path / ".lock", "the folder", wait_s=30):
        assert holder.poll() is not None


def test_many_at_once_one_at_a_time(tmp_path):
    inside, most = [], []

    def work():
        for _ in range(30):
            with locked(tmp_path / ".lock", "it", wait_s=60):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 120
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"), locked(tmp_path / "a" / "b", "it"):
        pass


def test_a_disk_without_locks_is_said_to_be_one(tmp_path, monkeypatch):
    def refuse(file):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock, "_try_lock", refuse)
    with pytest.warns(HotvidWarning, match="knows no locks"), locked(tmp_path / ".lock", "it"):
        pass


def test_a_disk_without_steady_ids_of_files_keeps_nobody_waiting_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "_UNSTEADY_S", 0.2)
    monkeypatch.setattr(lock, "_is_current", lambda *_: False)
    with (
        pytest.warns(HotvidWarning, match="knows no locks"),
        locked(tmp_path / ".lock", "the folder"),
    ):
        assert (tmp_path / ".lock").exists()


def test_on_windows_the_file_is_closed_before_its_name_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "ON_WINDOWS", True)
    opened, open_at, unlink = [], lock._opened, lock.Path.unlink

    def opening(path):
        opened.append(open_at(path))
        return opened[-1]

    def unlinking(self, *_):
        if not opened[-1].closed:
            raise PermissionError(13, "The process cannot access the file")
        unlink(self)

    monkeypatch.setattr(lock, "_opened", opening)
    monkeypatch.setattr(lock.Path, "unlink", unlinking)
    with locked(tmp_path / ".lock", "the folder"):
        pass
    assert list(tmp_path.iterdir()) == []
