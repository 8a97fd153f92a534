"""JSON read piece by piece: only what is asked for, and some text around it, is in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

_DECODER = json.JSONDecoder()
_SPACE = " \t\n\r"
_AFTER_NUMBERS = {*_SPACE, ",", "]", "}"}
_CHARACTERS_AT_ONCE = 1 << 18
_LONGEST_WORD = 32  # characters of a number or a name, half of which may lie before the text's end


class NotJsonError(ValueError):
    """The text is no JSON."""


class JsonStream:
    """Walks through one JSON text, from its beginning to its end.

    What lies ahead is read whole with `value`, or walked into with `entries` and `items`: between
    two of those the value must be read, whole or walked into.
    raises  NotJsonError; OSError and UnicodeDecodeError where the file cannot be read;
            RecursionError; TypeError where an object or an array is walked into that is none.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._n_before = 0  # characters that were read and dropped

    def peek(self) -> str:
        """The next character that is no space, which stays; "" at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def value(self) -> Any:
        """The value that lies ahead, as `json.loads` has it."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._is_wrong(error) or not self._more():
                    raise self._no_json(error.msg, error.pos) from None
                continue
            # A number that ends where the text does may go on: "2" and "2." of "2.5".
            is_whole = self._text[end - 1] in '"]}' or self._text[end : end + 1] in _AFTER_NUMBERS
            if is_whole or not self._more():
                self._at = end
                return value

    def entries(self) -> Iterator[str]:
        """The keys of the object that lies ahead; after each its value lies ahead."""
        if self.peek() != "{":
            raise TypeError(f"an object was expected, not {self._ahead()}")
        for _ in self._parts("}"):
            if self.peek() != '"':
                raise self._no_json("Expecting property name enclosed in double quotes")
            key = self.value()
            if self.peek() != ":":
                raise self._no_json("Expecting ':' delimiter")
            self._at += 1
            yield key

    def items(self) -> Iterator[None]:
        """Once for each value of the array that lies ahead, which then lies ahead."""
        if self.peek() != "[":
            raise TypeError(f"a list was expected, not {self._ahead()}")
        yield from self._parts("]")

    def end(self) -> None:
        """Raise NotJsonError unless nothing follows."""
        if self.peek():
            raise self._no_json("Extra data")

    def _parts(self, close: str) -> Iterator[None]:
        self._at += 1
        if self.peek() != close:
            while True:
                yield
                if (mark := self.peek()) == close:
                    break
                if mark != ",":
                    raise self._no_json("Expecting ',' delimiter")
                self._at += 1
        self._at += 1

    def _more(self) -> bool:
        """Read as much again as there is, so that no value is looked at too often."""
        rest = self._text[self._at :]
        fresh = self._file.read(max(_CHARACTERS_AT_ONCE, len(rest)))
        if fresh:
            self._n_before += self._at
            self._text, self._at = rest + fresh, 0
        return bool(fresh)

    def _is_wrong(self, error: json.JSONDecodeError) -> bool:
        """Whether the text itself is no JSON, and not only cut where its reading ended."""
        unterminated = error.msg.startswith("Unterminated")
        return not unterminated and error.pos < len(self._text) - _LONGEST_WORD

    def _ahead(self) -> str:
        return repr(self._text[self._at : self._at + 10])

    def _no_json(self, what: str, at: int | None = None) -> NotJsonError:
        at = self._at if at is None else at
        return NotJsonError(f"{what} (char {self._n_before + at})")
