"""Where hostile files meet hotvid: each within bounds of time and memory, everything looked at."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Far more than any case takes (a second, 400 MB): a loaded machine must not fail one.
CPU_S, WALL_S, MEMORY_MB = 60, 240, 2048
_LOOK_S = 0.05
_PROC = Path("/proc")


@dataclass
class Ending:
    """How a command ended.

    status    the exit status; None where it was stopped for going beyond its bounds.
    broke     which bounds, and what else it did that it must not; empty if all is well.
    """

    status: object = None
    out: str = ""
    err: str = ""
    broke: list[str] = field(default_factory=list)
    wall_s: float = 0.0
    peak_mb: float = 0.0


class Arena:
    """Runs command lines in a process that is replaced when one has brought it down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.home = folder / "home"
        self._process: subprocess.Popen | None = None
        self._heard: queue.Queue[bytes] = queue.Queue()
        for name in ("home", "temporary", "caches"):
            (folder / name).mkdir()

    def run(self, words: list[str], folder: Path, may_write: list[Path]) -> Ending:
        """Run `hotvid WORDS` in `folder`, of which only `may_write` may change."""
        process = self._started()
        before = snapshot(folder, may_write) | snapshot(self._folder / "temporary", [])
        order = {"words": words, "folder": str(folder)}
        order["may_write"] = [str(p) for p in (*may_write, self._folder / "temporary")]
        order["may_write"].append(str(self._folder / "caches"))
        begun, cpu_s = time.monotonic(), cpu_time_s(process.pid)
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
        ending = Ending()
        answer = None
        while answer is None and not ending.broke:
            with contextlib.suppress(queue.Empty):
                answer = self._heard.get(timeout=_LOOK_S)
            ending.wall_s = time.monotonic() - begun
            ending.peak_mb = max(ending.peak_mb, memory_mb(process.pid))
            ending.broke += _beyond(ending, cpu_time_s(process.pid) - cpu_s)
            if answer == b"":
                ending.broke.append(f"the process died with status {process.wait()}")
        if ending.broke:
            self.close()
        else:
            found = json.loads(answer)
            ending.status, ending.out, ending.err = found["status"], found["out"], found["err"]
            ending.broke += found["seen"]
        after = snapshot(folder, may_write) | snapshot(self._folder / "temporary", [])
        names = sorted(before.keys() | after.keys())
        ending.broke += [
            f"changed: {name}" for name in names if before.get(name) != after.get(name)
        ]
        return ending

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process = None

    def _started(self) -> subprocess.Popen:
        if self._process is None or self._process.poll() is not None:
            self._heard = queue.Queue()
            path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
            own = {
                "HOME": str(self._folder / "home"),
                "HOTVID_HOME": str(self._folder / "home"),
                "TMPDIR": str(self._folder / "temporary"),
                "MPLCONFIGDIR": str(self._folder / "caches"),
                "PYTHONPATH": os.pathsep.join(path),
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("child.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **own},
            )
            listen = (self._process.stdout, self._heard)
            threading.Thread(target=_listen, args=listen, daemon=True).start()
            self._heard.get(timeout=WALL_S)
        return self._process


def _listen(lines, heard: queue.Queue) -> None:
    with lines:
        for line in lines:
            heard.put(line)
    heard.put(b"")


def _beyond(ending: Ending, cpu_s: float) -> list[str]:
    broke = []
    if cpu_s > CPU_S:
        broke.append(f"took {cpu_s:.0f} s of the processor")
    if ending.wall_s > WALL_S:
        broke.append(f"hung for {ending.wall_s:.0f} s")
    if ending.peak_mb > MEMORY_MB:
        broke.append(f"took {ending.peak_mb:.0f} MB of memory")
    return broke


def snapshot(folder: Path, left_out: list[Path]) -> dict[str, str]:
    """What is in a folder: for each file a hash of its content, for anything else what it is."""
    found = {}
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(where, name) not in left_out]
        for name in (*folders, *files):
            path = Path(where, name)
            if path in left_out:
                continue
            if path.is_symlink():
                found[str(path)] = f"link to {path.readlink()}"
            elif not path.is_file():
                found[str(path)] = "no file"
            elif path.stat().st_size < 2**26:
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                found[str(path)] = str(path.stat().st_size)
    return found


def family(pid: int) -> list[int]:
    """A process and all that descend from it; on Linux only."""
    found = [pid]
    for task in (_PROC / str(pid) / "task").glob("*"):
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def memory_mb(pid: int) -> float:
    """Resident memory of a process and all below it."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            for line in (_PROC / str(one) / "status").read_text().splitlines():
                total += int(line.split()[1]) if line.startswith("VmRSS") else 0
    return total / 1024


def cpu_time_s(pid: int) -> float:
    """Processor time of a process and of its children that have ended."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def clear(folder: Path) -> None:
    """Remove a case's folder, whatever its permissions have become."""
    for where, folders, _ in os.walk(folder):
        for name in folders:
            with contextlib.suppress(OSError):
                Path(where, name).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
