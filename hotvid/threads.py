"""How many threads this process may use: what several processes beside each other must agree on."""

from __future__ import annotations

import math
import os

from hotvid.machine_limits import cores_allowed

VARIABLE = "HOTVID_THREADS"


def n_cores() -> int:
    """The cores that this process may run on, or as many as it may have the time of."""
    has_affinity = hasattr(os, "sched_getaffinity")
    here = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return max(1, min(here, math.ceil(cores_allowed() or here)))


def thread_limit() -> int | None:
    """What the variable HOTVID_THREADS allows; None where it says nothing."""
    given = os.environ.get(VARIABLE, "")
    return int(given) if given.isascii() and given.isdigit() and int(given) > 0 else None


def thread_share(at_most: int | None = None) -> int:
    """Threads for something that makes use of `at_most`; None: of all that there are."""
    share = thread_limit() or n_cores()
    return max(1, share if at_most is None else min(at_most, share))


def environment_of_share(n_threads: int) -> dict[str, str]:
    """Variables that hold a process, and the libraries in it, to `n_threads`."""
    names = (VARIABLE, "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return dict.fromkeys(names, str(n_threads))
