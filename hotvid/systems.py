"""Which system this is, and how processes are started on it out of reach of the user's Ctrl-C."""

from __future__ import annotations

import os
import subprocess
from typing import Any

ON_WINDOWS = os.name == "nt"


def apart() -> dict[str, Any]:
    """What `subprocess` is to be told, so that a terminal's Ctrl-C reaches hotvid alone.

    hotvid ends its processes itself, in order. On Windows no console window opens for them.
    """
    if ON_WINDOWS:
        flags = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW")  # there on Windows alone
        return {"creationflags": sum(getattr(subprocess, flag) for flag in flags)}
    return {"start_new_session": True}
