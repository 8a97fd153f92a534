"""Tasks and outcomes as lines of JSON, for processes to talk in."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from hotvid.batch.settings import Settings
from hotvid.batch.task import Outcome, Task


def to_line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode("ascii") + b"\n"


def from_line(line: bytes) -> dict[str, Any]:
    return json.loads(line)


def task_to_plain(task: Task) -> dict[str, Any]:
    return asdict(task)


def task_from_plain(plain: dict[str, Any]) -> Task:
    settings = plain["settings"]
    settings = Settings(**{**settings, "formats": tuple(settings["formats"])})
    return Task(**{**plain, "settings": settings, "kept": tuple(plain["kept"])})


def outcome_to_plain(outcome: Outcome) -> dict[str, Any]:
    return asdict(outcome)


def outcome_from_plain(plain: dict[str, Any]) -> Outcome:
    lists = {name: tuple(plain[name]) for name in ("outputs", "warnings")}
    return Outcome(**{**plain, **lists})
