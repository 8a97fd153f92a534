"""Runs hotvid's command line over and over in one process, and notes what it does besides.

A line of JSON on stdin is a command line, with the folder to run it in and the folders it may
write to; a line on stdout tells how it ended, what it said, and everything it did that it had no
business doing: writing elsewhere, starting programs other than ffmpeg, talking to the network.
"""

import io
import json
import os
import sys
from pathlib import Path

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.link", "os.symlink", "os.chmod"}
_CHANGES |= {"os.truncate", "shutil.rmtree", "shutil.move"}
_NEVER = {"os.system", "os.exec", "os.posix_spawn", "os.fork", "pty.spawn", "webbrowser.open"}
_NEVER |= {"socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.Request"}


class Watch:
    """What happens while a command runs, by Python's audit events (PEP 578)."""

    def __init__(self):
        self.allowed = None
        self.may_start = ()
        self.seen = []
        sys.addaudithook(self._hook)

    def _hook(self, event, arguments):
        if self.allowed is None:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = (mode and set(mode) & set("wax+")) or (not mode and flags & _WRITING)
            if writes and not self._may_write(path):
                self.seen.append(f"wrote to {path!r}")
        elif event in _CHANGES:
            for path in arguments[: 2 if event in ("os.rename", "os.link", "shutil.move") else 1]:
                if event in ("os.remove", "os.rmdir") and arguments[-1] >= 0:
                    # Relative to a folder that is open, as shutil.rmtree has it.
                    path = Path(f"/proc/self/fd/{arguments[-1]}").resolve() / os.fsdecode(path)
                if not self._may_write(path):
                    self.seen.append(f"{event} {path!r}")
        elif event == "subprocess.Popen":
            name = Path(os.fsdecode(arguments[0])).name
            if not name.startswith(self.may_start):
                self.seen.append(f"started {arguments[0]!r}")
        elif event in _NEVER:
            self.seen.append(f"{event} {arguments!r}")

    def _may_write(self, path):
        if isinstance(path, int):
            return True
        path = os.path.realpath(os.fsdecode(path))
        return path == os.devnull or any(
            path == folder or path.startswith(folder + os.sep) for folder in self.allowed
        )


def main():
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    watch = Watch()
    from hotvid.cli.main import app

    answers.write(b"{}\n")
    for line in orders:
        order = json.loads(line)
        os.chdir(order["folder"])
        out = io.TextIOWrapper(io.BytesIO(), "utf-8", "strict", write_through=True)
        err = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", write_through=True)
        sys.stdout, sys.stderr = out, err
        watch.seen, watch.allowed = [], [os.path.realpath(path) for path in order["may_write"]]
        # Importing torch and matplotlib looks for libraries and fonts; batches have workers.
        watch.may_start = ("ffmpeg", "ldconfig", "fc-list")
        watch.may_start += ("python",) if order["words"][0] == "batch" else ()
        try:
            app(order["words"])
            status = "it returned"
        except SystemExit as end:
            status = end.code
        except BaseException as error:  # noqa: BLE001 whatever it is, it is told
            status = f"raised {type(error).__name__}: {error}"
        watch.allowed = None
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        said = [pipe.buffer.getvalue().decode("utf-8", "backslashreplace") for pipe in (out, err)]
        answer = {"status": status, "out": said[0], "err": said[1], "seen": watch.seen}
        answers.write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
