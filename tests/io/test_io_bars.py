"""Black bars are found, and nothing dark is taken for them."""

import numpy as np
import pytest

from hotvid.io.bars import BarFinder

RNG = np.random.default_rng(4)


def shown_px(pictures):
    finder = BarFinder()
    for picture in pictures:
        for _ in range(15):  # of which one is looked at
            finder.look(picture)
    return finder.shown_px()


def scene(width, height, low=30, high=250):
    return RNG.integers(low, high, (height, width, 3)).astype(np.uint8)


def framed(inside, width, height, dx=0, dy=0):
    """`inside` in the middle of black with a compression's noise, moved by dx, dy."""
    picture = RNG.integers(0, 14, (height, width, 3)).astype(np.uint8)
    h, w = inside.shape[:2]
    x, y = (width - w) // 2 + dx, (height - h) // 2 + dy
    picture[y : y + h, x : x + w] = inside
    return picture


@pytest.mark.parametrize(
    ("inside", "size_px", "shown"),
    [
        ((360, 202), (360, 640), 360),
        ((270, 480), (854, 480), 480),
        ((320, 240), (480, 360), 320),
        ((320, 120), (480, 360), 320),
    ],
)
def test_what_is_between_bars_is_measured(inside, size_px, shown):
    pictures = [framed(scene(*inside), *size_px) for _ in range(3)]
    assert shown_px(pictures) == pytest.approx(shown, abs=2)
    assert shown_px([np.zeros_like(pictures[0]), *pictures]) == pytest.approx(shown, abs=2)


def test_a_blurred_edge_is_an_edge():
    inside = scene(360, 202)
    inside[[0, 1, -2, -1]] //= 4
    assert shown_px([framed(inside, 360, 640)]) == 360


def test_a_single_picture_tells():
    finder = BarFinder()
    finder.look(framed(scene(360, 202), 360, 640))
    assert finder.shown_px() == 360


def test_what_is_lit_in_any_picture_is_no_bar():
    bars = framed(scene(360, 202), 360, 640)
    assert shown_px([bars, bars, scene(360, 640)]) is None
    assert shown_px([bars, scene(360, 640), bars]) is None
    assert shown_px([scene(360, 202)]) is None
    subtitled = bars.copy()
    subtitled[560:580, 100:260] = 255
    assert shown_px([bars, subtitled]) is None


def test_the_dark_is_no_bar():
    assert shown_px([np.zeros((360, 640, 3), np.uint8)]) is None
    assert shown_px([]) is None
    night = framed(scene(640, 160, 0, 20), 640, 360)
    night[150:210, 300:340] = 220  # lamps
    assert shown_px([night]) is None
    # It fades out to both sides.
    glow = 255 * np.exp(-(((np.arange(360) - 180) / 60.0) ** 2))
    assert shown_px([np.tile(glow.astype(np.uint8)[:, None, None], (1, 640, 3))]) is None


def test_a_dark_ceiling_or_one_bar_alone_is_none():
    assert shown_px([framed(scene(640, 260), 640, 360, dy=50)]) is None
    assert shown_px([framed(scene(640, 300), 640, 360, dy=20)]) is None
