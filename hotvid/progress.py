"""How far work has come, told to whoever wants to know."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Called as progress(stage, done, total): the stage's name, and numbers of frames, windows or
whatever else it is made of; total None where it is not known."""


def no_progress(stage: str, done: int, total: int | None) -> None:
    """Tells nobody."""
