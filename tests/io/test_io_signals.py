"""Ctrl-C at any moment, its exception between any two instructions: nothing waits for ever."""

import subprocess
import sys

import pytest

_OFTEN = """
import random, signal, sys
import numpy as np
from hotvid.io.encoder import Encoder
from hotvid.io.prefetch import Prefetch

class Stop(Exception):
    pass

def stop(number, frame):
    raise Stop

signal.signal(signal.SIGALRM, stop)
random.seed(int(sys.argv[2]))

def prefetch():
    source = iter(range(10**9))
    ahead = Prefetch(source, 2)
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-4, 3e-3))
        for item in ahead:
            pass
    except Stop:
        ahead.close()

def encoder(path):
    encoder = Encoder(path, (64, 64), 30.0)
    picture = np.zeros((96, 64), np.uint8)
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.02, 0.1))
        for number in range(10**9):
            encoder.put(number * 33_000, picture)
    except Stop:
        encoder.abort()

from pathlib import Path
for number in range(int(sys.argv[1])):
    prefetch()
    if number % 50 == 0:
        encoder(Path(sys.argv[3]))
print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such alarm")
@pytest.mark.parametrize("seed", range(2))
def test_stopped_at_any_moment_all_threads_end(tmp_path, seed):
    command = [sys.executable, "-c", _OFTEN, "400", str(seed), str(tmp_path / "o.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr
