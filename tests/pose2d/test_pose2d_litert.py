"""Loading a network leaves stderr as it was, and uses no more threads than help."""

import os
import subprocess
import sys

import pytest

from hotvid import weights
from hotvid.pose2d import litert

AT_ONCE = """
import os, sys, threading, time
from hotvid import weights
from hotvid.pose2d import litert

path = weights.find("blazepose-detector")
load = litert.Interpreter

def slowly(**how):
    # Long enough that, without a lock, each would begin before the other has ended.
    os.write(2, b"announced\\n")
    time.sleep(0.2)
    return load(**how)

litert.Interpreter = slowly
loading = [threading.Thread(target=litert.load_network, args=(path, 1)) for _ in range(3)]
for n, thread in enumerate(loading):
    thread.start()
    time.sleep(0.07)
for thread in loading:
    thread.join()
os.write(2, b"still here\\n")
print("and here", file=sys.stderr)
"""


def run(code, redirection=""):
    command = f'exec "$0" -c "$1" {redirection}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable, code], capture_output=True, text=True, check=True
    )


def test_threads_that_load_at_once_lose_no_stderr():
    assert run(AT_ONCE).stderr == "still here\nand here\n"


@pytest.mark.skipif(os.name == "nt", reason="a shell's way of closing stderr")
def test_a_network_is_loaded_without_stderr():
    code = """
from hotvid import weights
from hotvid.pose2d import litert
import sys
assert sys.stderr is None
network = litert.load_network(weights.find("blazepose-detector"), 1)
print(network.get_input_details()[0]["shape"].tolist())
"""
    assert run(code, "2>&-").stdout == "[1, 224, 224, 3]\n"


@pytest.mark.parametrize(("given", "share", "used"), [(None, 8, 2), (None, 1, 1), (4, 8, 4)])
def test_more_threads_than_help_are_not_taken_unasked(monkeypatch, given, share, used):
    monkeypatch.setenv("HOTVID_THREADS", str(share))
    load, taken = litert.Interpreter, []
    monkeypatch.setattr(
        litert, "Interpreter", lambda **how: taken.append(how["num_threads"]) or load(**how)
    )
    litert.load_network(weights.find("blazepose-detector"), given)
    assert taken == [used]


@pytest.mark.parametrize("outputs", [None, [(1, 195)]])
def test_no_path_is_given_to_native_code(monkeypatch, outputs):
    """On Windows it would open none with letters of another code page."""
    given = []

    class Interpreter:
        def __init__(self, **how):
            given.append(how)

        def allocate_tensors(self):
            pass

    monkeypatch.setattr(litert, "Interpreter", Interpreter)
    litert.load_network(weights.find("blazepose-lite"), 1, outputs)
    assert given[0].keys() == {"model_content", "num_threads"}
