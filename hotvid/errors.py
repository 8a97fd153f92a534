"""What can go wrong, as the user meets it: what happened, and what to do."""

from __future__ import annotations


class HotvidError(Exception):
    """A failure that one line explains.

    message  what was expected and what came instead.
    hint     what the user can do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message}; {hint}" if hint else message)


class InputError(HotvidError):
    """A source that cannot be read or holds nothing usable."""


class OutputError(HotvidError):
    """An output that cannot or must not be written."""


class WeightsError(HotvidError):
    """A weights file that is missing, damaged, or belongs to another model."""


class UsageError(HotvidError):
    """A command line or argument that asks for something that does not exist."""


class ShapeError(HotvidError):
    """An array whose shape does not fit; a mistake in calling code."""


class HotvidWarning(UserWarning):
    """Something the user should know, that does not stop the work."""
