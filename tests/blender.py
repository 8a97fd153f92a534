"""Files opened in Blender itself, where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

needs_blender = pytest.mark.skipif(shutil.which("blender") is None, reason="needs Blender")
_FRAME = """
import bpy, json, sys
given, result = sys.argv[-2:]
found = []
{script}
json.dump(found, open(result, "w"))
"""


def in_blender(script: str, given: Path) -> Any:
    """What `script` appends to `found`; it sees the path of the file as `given`."""
    program, result = given.with_suffix(".py"), given.with_suffix(".found.json")
    program.write_text(_FRAME.replace("{script}", script))
    done = subprocess.run(
        ["blender", "--background", "--factory-startup", "--python", program, "--", given, result],
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert result.is_file(), done.stdout + done.stderr
    return json.loads(result.read_text())
