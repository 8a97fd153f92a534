"""What processes of a batch say to each other: tasks, outcomes, and how far they are."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

from hotvid.batch.settings import Settings
from hotvid.batch.task import Before, Outcome, Task
from hotvid.progress import Progress


def to_line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode("ascii") + b"\n"


def from_line(line: bytes) -> dict[str, Any]:
    return json.loads(line)


def task_to_plain(task: Task) -> dict[str, Any]:
    return asdict(task)


def task_from_plain(plain: dict[str, Any]) -> Task:
    settings = plain["settings"]
    settings = Settings(**{**settings, "formats": tuple(settings["formats"])})
    before = Before(**{**plain["before"], "outputs": tuple(plain["before"]["outputs"])})
    return Task(**{**plain, "settings": settings, "before": before})


def outcome_to_plain(outcome: Outcome) -> dict[str, Any]:
    return asdict(outcome)


def outcome_from_plain(plain: dict[str, Any]) -> Outcome:
    lists = {name: tuple(plain[name]) for name in ("outputs", "warnings")}
    return Outcome(**{**plain, **lists})


class Seldom:
    """A progress that is passed on no oftener than every `every_s` seconds.

    But for the first and the last of each stage, which always are.
    """

    def __init__(self, tell: Progress, every_s: float) -> None:
        self._tell, self._every_s = tell, every_s
        self._stage, self._told_s = "", 0.0

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        now_s = time.monotonic()
        if stage == self._stage and done != total and now_s - self._told_s < self._every_s:
            return
        self._stage, self._told_s = stage, now_s
        self._tell(stage, done, total)
