import pytest

from hotvid.render.layout import MAX_WIDTH_PX, MIN_HEIGHT_PX, lay_out

SIZES = [
    (1920, 1080),
    (1768, 994),
    (1080, 1920),
    (3840, 2160),
    (320, 240),
    (641, 481),
    (720, 720),
    (64, 48),
    (4000, 300),
    (9000, 2000),
    (100, 2000),
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("aspect", [0.5, 1.5, 5.0])
def test_the_canvas_is_even_within_the_limits_and_holds_both_parts(size, aspect):
    layout = lay_out(size, 1080, aspect)
    width, height = layout.size_px
    assert width % 2 == 0 and height % 2 == 0
    assert width <= MAX_WIDTH_PX
    assert MIN_HEIGHT_PX <= height <= 1080
    assert layout.picture_top + layout.picture_px[1] <= height
    assert layout.panel_px[0] >= 0.8 * height
    assert layout.scale[0] == pytest.approx(layout.scale[1], rel=0.02)


@pytest.mark.parametrize("size", [(1920, 1080), (1768, 994), (641, 481), (720, 720)])
def test_a_video_of_common_size_keeps_its_pixels(size):
    assert lay_out(size, 1080).picture_px == size


def test_tall_videos_shrink_and_tiny_ones_grow():
    assert lay_out((1080, 1920), 1080).picture_px == (608, 1080)
    assert lay_out((3840, 2160), 1080).picture_px == (1920, 1080)
    assert lay_out((320, 240), 1080).picture_px == (640, 480)
    assert lay_out((1920, 1080), 540).picture_px == (960, 540)


def test_beside_a_narrow_picture_the_panel_is_as_wide_as_its_scene():
    def panels(size):
        wide = (lay_out(size, 1080, aspect).panel_px for aspect in (0.6, 1.0, 1.3, 1.4, 3.0))
        return [round(width / height, 2) for width, height in wide]

    assert panels((1080, 1920)) == [0.85, 0.88, 1.14, 1.23, 1.25]
    assert panels((1600, 1080)) == [0.85, 0.88, 1.14, 1.15, 1.15]
    assert panels((1920, 1080)) == [0.85] * 5
