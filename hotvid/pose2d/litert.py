"""Loads a network into LiteRT, the runtime of .tflite files."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ai_edge_litert.interpreter import Interpreter

from hotvid.errors import WeightsError
from hotvid.pose2d.read_outputs import only_outputs
from hotvid.threads import thread_share

_THREADS_OF_USE = 2  # with more BlazePose's small networks are slower


def network_threads(threads: int | None) -> int:
    """The threads of one network, `threads` at most; None: as many as are of use."""
    return thread_share(threads or _THREADS_OF_USE)


def load_network(
    path: Path, threads: int | None, outputs: Collection[tuple[int, ...]] | None = None
) -> Interpreter:
    """The network in `path`, ready to run; WeightsError if the file is damaged.

    threads  at most; None: as many as are of use.
    outputs  shapes of those that are read: no others are computed. None: all are.
    """
    try:
        # Not by its path: on Windows LiteRT opens none that is not of the system's code page.
        content = path.read_bytes()
        if outputs is not None:
            content = only_outputs(content, outputs)
        with _native_stderr_silenced():
            network = Interpreter(model_content=content, num_threads=network_threads(threads))
            network.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise WeightsError(
            f"the weights in {path} cannot be loaded ({error})",
            "the file is damaged: reinstall hotvid",
        ) from error
    return network


# File descriptor 2 is the process's: of two threads that put it aside and back, each in its own
# time, the second would put back what the first had put there for a while.
_putting_aside = threading.Lock()


@contextmanager
def _native_stderr_silenced() -> Iterator[None]:
    # LiteRT's native code announces its delegate on file descriptor 2, and no setting stops it.
    with _putting_aside:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:  # there is no stderr, so nothing to silence
            yield
            return
        try:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
