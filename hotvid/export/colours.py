"""A colour for each person, the same in every format that has colours."""

from __future__ import annotations

# The hues in which hotvid draws people, after Okabe and Ito (2008).
_HEX = ("56b4e9", "f5a31f", "2fc792", "e586b8", "efe142", "f4743b", "a594f9", "b8b8b8")
N_COLOURS = len(_HEX)


def person_colour_srgb(track_id: int) -> tuple[int, int, int]:
    """The colour of a person, 0..255."""
    red, green, blue = bytes.fromhex(_HEX[track_id % N_COLOURS])
    return red, green, blue


def person_colour(track_id: int) -> tuple[float, float, float]:
    """The same in linear light, 0..1."""
    r, g, b = (_linear(c / 255) for c in person_colour_srgb(track_id))
    return r, g, b


def _linear(c: float) -> float:
    return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
