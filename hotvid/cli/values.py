"""What stands behind an option, as the value that it means."""

from __future__ import annotations

import json
import re
from typing import Any

import typer

from hotvid.errors import UsageError

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d*)?)")


def read_time(given: str) -> float:
    """Seconds, as "90.5", or on a clock, as "1:30.5" and "1:02:03"."""
    if (clock := _CLOCK.fullmatch(given)) and float(clock[3]) < 60:
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])
    try:
        return float(given)
    except ValueError:
        raise typer.BadParameter(
            f"'{given}' is no time: give seconds, as 90.5, or minutes and seconds, as 1:30.5"
        ) from None


def read_tokens(given: str) -> int | tuple[int, ...]:
    """Frames to keep: "61", or by steps "121,61"."""
    try:
        steps = tuple(int(one) for one in given.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"'{given}' is no number of frames: give one, as 61, or one for each step, as 121,61"
        ) from None
    return steps if len(steps) > 1 else steps[0]


def read_lifter_size(given: str) -> tuple[str, Any]:
    """NAME=VALUE: a whole number, a list of them, null, or a word; else UsageError."""
    name, equals, text = given.partition("=")
    if not equals or not name or not text:
        raise UsageError(f"--size: expected NAME=VALUE, got '{given}'", "as in frames=81")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(value, bool | float | dict):
        raise UsageError(f"--size: '{text}' is no size", "as in frames=81, token_num=[81,27]")
    return name, value


def read_picture_size(given: str) -> tuple[int, int]:
    """(width, height) in pixels: "1920x1080"; else UsageError."""
    found = re.fullmatch(r"(\d{1,6})x(\d{1,6})", given.lower())
    if not found:
        raise UsageError(f"the size is '{given}'", "give width and height, as in 1920x1080")
    return int(found[1]), int(found[2])
