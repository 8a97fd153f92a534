"""What control groups allow of the machine."""

import os

import pytest

from hotvid import machine_limits
from hotvid.batch.local import default_workers
from hotvid.threads import n_cores


@pytest.fixture
def groups(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_limits, "_GROUPS", tmp_path)

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_of_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    return write


def test_without_limits_it_is_the_machine(groups):
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert machine_limits.memory_bytes() == machine and machine_limits.cores_allowed() is None
    groups(memory_of_max="max\n", cpu_of_max="max 100000\n")
    assert machine_limits.memory_bytes() == machine and machine_limits.cores_allowed() is None
    assert n_cores() == len(os.sched_getaffinity(0))


def test_limits_of_version_2(groups):
    groups(memory_of_max=str(2**30), cpu_of_max="150000 100000\n")
    assert machine_limits.memory_bytes() == 2**30
    assert machine_limits.cores_allowed() == 1.5
    assert default_workers() == 1


def test_limits_of_version_1(groups):
    groups(memory__memory_of_limit_in_bytes=str(5 * 2**30))
    groups(cpu__cpu_of_cfs_quota_us="50000", cpu__cpu_of_cfs_period_us="100000")
    assert machine_limits.memory_bytes() == 5 * 2**30
    assert machine_limits.cores_allowed() == 0.5 and n_cores() == 1


def test_where_nobody_says_memory_is_a_laptops(groups, monkeypatch):
    def unknown(name):
        raise ValueError

    monkeypatch.setattr(machine_limits.os, "sysconf", unknown)
    monkeypatch.setattr("hotvid.batch.local.n_cores", lambda: 64)
    assert machine_limits.memory_bytes() is None
    assert default_workers() == 4
