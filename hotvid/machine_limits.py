"""What a container or a batch queue leaves this process of the machine (Linux's control groups)."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")


def memory_bytes() -> int | None:
    """The machine's memory, or what of it is allowed; None where nobody says."""
    found = [_whole(_read("memory.max")), _whole(_read("memory/memory.limit_in_bytes"))]
    with contextlib.suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    if sys.platform == "win32":
        found.append(_of_windows())
    return min((n for n in found if n), default=None)


def _of_windows() -> int:
    """Bytes of memory as GlobalMemoryStatusEx has them; 0 where it fails."""
    import ctypes

    # MEMORYSTATUSEX: its own length and the load, 32 bits each, then seven numbers of 64 bits.
    status = (ctypes.c_uint64 * 8)()
    status[0] = ctypes.sizeof(status)
    done = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status[1]) if done else 0


def cores_allowed() -> float | None:
    """How many cores' time this process may use; None where there is no limit."""
    quota, _, period = _read("cpu.max").partition(" ")
    if not _whole(quota):
        quota, period = _read("cpu/cpu.cfs_quota_us"), _read("cpu/cpu.cfs_period_us")
    return _whole(quota) / _whole(period) if _whole(quota) and _whole(period) else None


def _read(name: str) -> str:
    try:
        return (_GROUPS / name).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _whole(text: str) -> int:
    """0 for what is no number above 0: "max", -1, nothing."""
    return int(text) if text.isascii() and text.isdigit() else 0
