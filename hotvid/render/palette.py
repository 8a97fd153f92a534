"""The colours of people, of their left and right sides, and of the panel; all BGR uint8.

The hues are those of Okabe and Ito (2008), which stay apart for colour-blind viewers. A person's
left side is the light tint of the hue and the right side the deep one: they differ in lightness,
so they stay apart without any colour vision, on the dark panel and on outlined lines in a picture.
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


def _bgr(rgb_hex: str) -> Colour:
    red, green, blue = bytes.fromhex(rgb_hex.removeprefix("#"))
    return blue, green, red


@dataclass(frozen=True)
class PersonColours:
    """One hue in three lightnesses: left limbs, torso and label, right limbs."""

    left: Colour
    middle: Colour
    right: Colour

    def side(self, name: str) -> Colour:
        """The colour of 'left', 'middle' or 'right', as `JointSet.side` names them."""
        return {"left": self.left, "middle": self.middle, "right": self.right}[name]


_PEOPLE = tuple(
    PersonColours(*(_bgr(c) for c in triple))
    for triple in (
        ("#a9dcff", "#56b4e9", "#0d7fd1"),  # blue
        ("#ffd894", "#f5a31f", "#d97400"),  # orange
        ("#97f0cf", "#2fc792", "#00936a"),  # green
        ("#fbc0de", "#e586b8", "#bf4a8b"),  # pink
        ("#fbf4a6", "#efe142", "#ab9c00"),  # yellow
        ("#ffc3ac", "#f4743b", "#cc420a"),  # vermilion
        ("#dcd6ff", "#a594f9", "#7059e0"),  # violet
        ("#f2f2f2", "#b8b8b8", "#858585"),  # grey
    )
)

OUTLINE: Colour = _bgr("#14161a")
PANEL = "#16181d"
PANEL_BGR: Colour = _bgr(PANEL)
PANE = "#1a1d24"
FLOOR = "#252a34"
GRID = "#3d4554"
FAINT = "#8a93a3"
FAINT_BGR: Colour = _bgr(FAINT)
SHADOW_BGR: Colour = _bgr("#13151a")


NEUTRAL = _PEOPLE[-1]  # for what is said of everyone


def person_colours(track_id: int) -> PersonColours:
    """The colours of a person; the same id has the same colours in every video."""
    return _PEOPLE[track_id % len(_PEOPLE)]


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with `share` (0..1) of `other` in it."""
    b, g, r = (round(a + (z - a) * share) for a, z in zip(colour, other, strict=True))
    return b, g, r
