"""What carries out the tasks of a batch, seen from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hotvid.batch.task import Outcome, Task


@dataclass(frozen=True)
class Started:
    """A task is being worked on; a second time where its first worker was lost."""

    task: Task


@dataclass(frozen=True)
class Advanced:
    """How far a task is; as `hotvid.progress.Progress`."""

    task: Task
    stage: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Ended:
    """A task is over."""

    task: Task
    outcome: Outcome


Event = Started | Advanced | Ended

# How much the user wants it to stop: 0 not, 1 (Ctrl-C) in order, 2 (again) at once.
Urgency = Callable[[], int]


class Engine(Protocol):
    """Carries out tasks, many at a time."""

    def run(self, tasks: Sequence[Task], say: Callable[[Event], None], urgency: Urgency) -> None:
        """Carry out `tasks`, in their order as far as that goes.

        say      called in this thread: a task that was started ends once, unless it is stopped.
        urgency  looked at several times a second. Asked to stop, it drops what is being worked
                 on, in a state from which it can be gone on with, and returns.
        """
        ...
