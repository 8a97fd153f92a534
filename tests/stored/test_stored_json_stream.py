"""JSON walked through piece by piece is the JSON that the json module sees."""

import io
import json

import pytest

from hotvid.stored import json_stream
from hotvid.stored.json_stream import JsonStream, NotJsonError

HELD = {
    "a": [1, -2.5e-3, 12345, True, None, "x,]}", []],
    "b": {"c": {"d": [{"e": 1}, {}]}, "ä\n\u2028": "\U0001f600"},
    "f": 1234567,
    "a text that is longer than a number": "as warnings are, or a video's path in many folders",
    "g": "",
}


def walked(stream):
    """All of it again, objects and lists walked into wherever there are some."""
    if stream.peek() == "{":
        return {key: walked(stream) for key in stream.entries()}
    if stream.peek() == "[":
        return [walked(stream) for _ in stream.items()]
    return stream.value()


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("how", [{}, {"indent": 2}, {"separators": (",", ":")}])
def test_what_is_walked_into_is_what_is_parsed(monkeypatch, at_once, how):
    monkeypatch.setattr(json_stream, "_CHARACTERS_AT_ONCE", at_once)
    for held in (HELD, [HELD, 12], 345678, "a text", []):
        stream = JsonStream(io.StringIO(json.dumps(held, **how) + "\n"))
        assert walked(stream) == held
        stream.end()


def test_values_are_read_whole_wherever_the_reading_paused(monkeypatch):
    text = json.dumps(HELD)
    for at_once in range(1, len(text)):
        monkeypatch.setattr(json_stream, "_CHARACTERS_AT_ONCE", at_once)
        stream = JsonStream(io.StringIO(text))
        assert {key: stream.value() for key in stream.entries()} == HELD


BROKEN_OBJECTS = ["{", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a" 1}', '{"a":1 "b":2}', "{1:2}"]
BROKEN_LISTS = ["[1", "[1 2]", "[1,]", "[nul]", "[1;2]", '["a]', "[1]]", "[1] x"]


@pytest.mark.parametrize("text", ["", *BROKEN_OBJECTS, *BROKEN_LISTS])
@pytest.mark.parametrize("at_once", [1, 1000])
def test_what_is_no_json_is_said_so(monkeypatch, text, at_once):
    monkeypatch.setattr(json_stream, "_CHARACTERS_AT_ONCE", at_once)
    stream = JsonStream(io.StringIO(text))
    with pytest.raises(NotJsonError, match="char"):
        walked(stream)
        stream.end()


def test_a_mistake_is_found_without_reading_on(monkeypatch):
    monkeypatch.setattr(json_stream, "_CHARACTERS_AT_ONCE", 100)
    file = io.StringIO("[{]" + " " * 10_000)
    with pytest.raises(NotJsonError, match=r"char 2\)"):
        walked(JsonStream(file))
    assert file.tell() == 100
    file = io.StringIO(json.dumps([12] * 100) + "nul" + " " * 10_000)
    with pytest.raises(NotJsonError, match=r"char 400\)"):
        walked(stream := JsonStream(file))
        stream.end()
    file = io.StringIO("[1, nul, 2" + " " * 10_000)
    with pytest.raises(NotJsonError, match=r"char 4\)"):
        walked(JsonStream(file))
    assert file.tell() == 100


def test_other_kinds_of_values_cannot_be_walked_into():
    for text in ("7", '"a"', "[]"):
        with pytest.raises(TypeError, match="object was expected"):
            list(JsonStream(io.StringIO(text)).entries())
    with pytest.raises(TypeError, match="list was expected"):
        list(JsonStream(io.StringIO("{}")).items())
