"""Where the picture and the panel lie on the canvas."""

from __future__ import annotations

from dataclasses import dataclass

# Below this height the panel's text and figures are too small to read: small videos are enlarged.
MIN_HEIGHT_PX = 480
# Browsers' hardware decoders stop at 4096 pixels a side.
MAX_WIDTH_PX = 4096
# Width by height of the panel: wide enough for people who move sideways; every column more is
# encoded in every frame. Beside a portrait picture it makes 1.4:1 together; a wide scene gets more,
# up to what fills a screen beside a portrait picture, and no more than a landscape one has.
_PANEL, _WIDEST_PANEL, _WIDEST = 0.85, 1.25, 16 / 9 + 0.85
_CAPTIONS = 0.88  # of the panel's height is left for the scene


@dataclass(frozen=True)
class Layout:
    """The picture at the left, the panel at the right, both as high as the canvas allows.

    scale         canvas pixels per video pixel, (x, y); they differ by rounding only.
    picture_px    (width, height) of the picture on the canvas.
    picture_top   rows above the picture (0 but for very wide videos).
    panel_px      (width, height); the panel starts where the picture ends.
    """

    scale: tuple[float, float]
    picture_px: tuple[int, int]
    picture_top: int
    panel_px: tuple[int, int]

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the canvas, both even."""
        return self.picture_px[0] + self.panel_px[0], self.panel_px[1]


def _even_up(n: int) -> int:
    return n + n % 2


def picture_alone(video_px: tuple[int, int], max_height: int) -> Layout:
    """The layout without a panel: the video, no larger than it is; black at odd edges."""
    width, height = video_px
    scale = min(1.0, max_height / height, MAX_WIDTH_PX / width)
    picture = max(1, round(width * scale)), max(1, round(height * scale))
    return Layout(
        scale=(picture[0] / width, picture[1] / height),
        picture_px=picture,
        picture_top=0,
        panel_px=(picture[0] % 2, _even_up(picture[1])),
    )


def lay_out(video_px: tuple[int, int], max_height: int, scene_aspect: float = _PANEL) -> Layout:
    """The layout for a video of (width, height) pixels.

    scene_aspect  width by height of what is drawn in the panel.

    A video between the limits keeps its pixels: nothing is resampled, an odd height gets one row
    more. Taller ones are scaled down to `max_height`, smaller ones up.
    """
    width, height = video_px
    panel = min(_CAPTIONS * scene_aspect, _WIDEST_PANEL, _WIDEST - width / height)
    panel = max(panel, _PANEL)
    scale = min(1.0, max_height / height)
    low = min(MIN_HEIGHT_PX, max_height)
    if height < low:
        scale = min(low / height, max(1.0, 1920 / width))
    # The panel is as high as the picture or, beside a very wide one, as `low`.
    room = MAX_WIDTH_PX - 2
    scale = min(scale, room / (width + panel * height), (room - panel * low) / width)
    picture = max(1, round(width * scale)), max(1, round(height * scale))
    canvas_height = _even_up(max(picture[1], low))
    panel_width = round(panel * canvas_height)
    panel_width += (picture[0] + panel_width) % 2
    return Layout(
        scale=(picture[0] / width, picture[1] / height),
        picture_px=picture,
        picture_top=(canvas_height - picture[1]) // 2,
        panel_px=(panel_width, canvas_height),
    )
