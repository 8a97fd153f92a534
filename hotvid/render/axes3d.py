"""The empty 3D scene: matplotlib draws its axes once, and tells how it projects points."""

from __future__ import annotations

from collections.abc import Collection

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import Formatter, FuncFormatter, MultipleLocator
from matplotlib.transforms import Affine2D, Bbox
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.axis3d import Axis

from hotvid.render import palette
from hotvid.render.scene import Scene

_DPI = 72  # so that points are pixels
_FITTINGS = 6  # rounds of moving labels and filling the panel
_APART_PX = 2.0  # of a label from the numbers


def _style(font_px: float) -> dict[str, object]:
    """matplotlib's settings for the scene, over its defaults."""
    pane = mpl.colors.to_rgba(palette.PANE)
    return {
        "font.size": font_px,
        "axes3d.xaxis.panecolor": pane,
        "axes3d.yaxis.panecolor": pane,
        "axes3d.zaxis.panecolor": mpl.colors.to_rgba(palette.FLOOR),
        "grid.color": palette.GRID,
        "grid.linewidth": 1.0,
        "axes.edgecolor": palette.GRID,
        "axes.labelcolor": palette.FAINT,
        "xtick.color": palette.FAINT,
        "ytick.color": palette.FAINT,
        "xtick.labelsize": font_px * 0.85,
        "ytick.labelsize": font_px * 0.85,
        "axes.labelpad": 0.45 * font_px,
    }


class SceneAxes:
    """The empty scene as an image, and the projection matplotlib drew it with.

    background  (H, W, 3) uint8 BGR.
    """

    def __init__(
        self, scene: Scene, size_px: tuple[int, int], azimuth_deg: float, elevation_deg: float
    ) -> None:
        self._height = size_px[1]
        font_px = float(np.clip(size_px[1] / 52, 10, 24))
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_style(font_px))
            figure = Figure(
                figsize=(size_px[0] / _DPI, size_px[1] / _DPI), dpi=_DPI, facecolor=palette.PANEL
            )
            canvas = FigureCanvasAgg(figure)
            self.axes = _make_axes(figure, scene, azimuth_deg, elevation_deg)
            band = 3.2 * font_px  # of captions above and below
            room = Bbox([[font_px, band], [size_px[0] - font_px, size_px[1] - band]])
            self._fill_panel(canvas, room)
            self._thin_numbers(canvas)
            canvas.draw()
        rgba = np.asarray(canvas.buffer_rgba())
        self.background = np.ascontiguousarray(rgba[..., 2::-1])
        self.matrix = self._pixel_matrix()

    def _fill_panel(self, canvas: FigureCanvasAgg, room: Bbox) -> None:
        """Move and scale the axes until they, with their labels, fill `room` (pixels, y up)."""
        width, height = canvas.get_width_height()
        self.axes.set_position([0, 0, 1, 1])
        for turn in range(_FITTINGS):  # the labels' distance does not scale with the axes
            canvas.draw()
            moved = self._part_labels(canvas)
            if turn > 1 and not moved:
                break
            left, bottom, side, _ = self.axes.bbox.bounds
            drawn = self._drawn_extent(canvas)
            scale = min(room.width / drawn.width, room.height / drawn.height)
            centre = (drawn.x0 + drawn.x1) / 2, (drawn.y0 + drawn.y1) / 2
            left = (room.x0 + room.x1) / 2 + (left - centre[0]) * scale
            bottom = (room.y0 + room.y1) / 2 + (bottom - centre[1]) * scale
            side *= scale
            self.axes.set_position([left / width, bottom / height, side / width, side / height])

    def _part_labels(self, canvas: FigureCanvasAgg) -> bool:
        """Move further out those of the axes' labels that were last drawn over numbers."""
        renderer, moved = canvas.get_renderer(), False
        for axis in (self.axes.xaxis, self.axes.yaxis, self.axes.zaxis):
            numbers = [number.get_window_extent(renderer) for number in numbers_of(axis)]
            if any(covers(axis.label, box.padded(_APART_PX), renderer) for box in numbers):
                axis.labelpad += 0.5 * axis.label.get_fontsize()
                moved = True
        return moved

    def _thin_numbers(self, canvas: FigureCanvasAgg) -> None:
        """Leave out those numbers that an axis would write over another's, where they meet."""
        canvas.draw()
        taken: list[Bbox] = []
        for axis in (self.axes.xaxis, self.axes.yaxis, self.axes.zaxis):
            boxes = {
                number.get_text(): number.get_window_extent(canvas.get_renderer())
                for number in numbers_of(axis)
            }
            left_out = {
                number
                for number, box in boxes.items()
                if any(map(box.padded(_APART_PX).overlaps, taken))
            }
            taken += [box for number, box in boxes.items() if number not in left_out]
            if left_out:
                axis.set_major_formatter(_without(left_out, axis.get_major_formatter()))

    def _drawn_extent(self, canvas: FigureCanvasAgg) -> Bbox:
        """What the scene's box and the axes' labels cover, pixels from the bottom."""
        self.matrix = self._pixel_matrix()
        limits = [self.axes.get_xlim(), self.axes.get_ylim(), self.axes.get_zlim()]
        corners, _ = self.project(np.stack(np.meshgrid(*limits), -1).reshape(-1, 3))
        corners = corners * [1, -1] + [0, self._height]
        axes = (self.axes.xaxis, self.axes.yaxis, self.axes.zaxis)
        parts = [axis.get_tightbbox(canvas.get_renderer()) for axis in axes]
        return Bbox.union([Bbox([corners.min(0), corners.max(0)]), *(p for p in parts if p)])

    def _pixel_matrix(self) -> np.ndarray:
        """(4, 4): homogeneous plot coordinates to (u, v, depth, w), pixels of the image from top.

        matplotlib's pixels are squares whose lower corner is a whole number, from the bottom;
        OpenCV's are points at whole numbers, from the top: hence the halves.
        """
        screen = self.axes.transData.get_matrix()
        flat = np.eye(4)
        flat[0, [0, 1, 3]] = screen[0]
        flat[1, [0, 1, 3]] = screen[1]
        flip = np.eye(4)
        flip[0, 3] = -0.5
        flip[1, 1], flip[1, 3] = -1, self._height - 0.5
        return flip @ flat @ self.axes.get_proj()

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Plot points (..., 3) to pixels (..., 2) and depth (...), growing away from the eye."""
        out = points @ self.matrix[:, :3].T + self.matrix[:, 3]
        return out[..., :2] / out[..., 3:], out[..., 2] / out[..., 3]


def numbers_of(axis: Axis) -> list[Text]:
    """The numbers along an axis, where they were last drawn.

    `get_ticklabels` would move them to where an axis in 2D had them.
    """
    low, high = axis.get_view_interval() + [-1e-6, 1e-6]  # as those at the ends are drawn, too
    ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [tick.label1 for tick in ticks if tick.label1.get_text()]


def covers(text: Text, box: Bbox, renderer: RendererAgg) -> bool:
    """Whether `text`, slanted as it is, touches `box` (pixels)."""
    around = text.get_window_extent(renderer)
    if not around.overlaps(box):
        return False
    width, height, _ = renderer.get_text_width_height_descent(
        text.get_text(), text.get_fontproperties(), False
    )
    centre = around.p0 + around.size / 2
    upright = Affine2D().rotate_deg_around(*centre, -text.get_rotation())
    corners = upright.transform(box.corners()) - centre
    reach = np.array([width, height]) / 2
    return bool((corners.max(0) > -reach).all() and (corners.min(0) < reach).all())


def _without(numbers: Collection[str], formatter: Formatter) -> FuncFormatter:
    def text(value: float, place: int | None) -> str:
        number = formatter(value, place)
        return "" if number in numbers else number

    return FuncFormatter(text)


def _make_axes(figure: Figure, scene: Scene, azimuth_deg: float, elevation_deg: float) -> Axes3D:
    axes = figure.add_subplot(projection="3d")
    axes.view_init(elev=elevation_deg, azim=azimuth_deg)
    extent = scene.high - scene.low
    names = ("right", "away", "up")
    for name, axis, low, high in zip(names, "xyz", scene.low, scene.high, strict=True):
        getattr(axes, f"set_{axis}lim")(low, high)
        part = getattr(axes, f"{axis}axis")
        part.set_major_locator(MultipleLocator(1.0))
        if scene.metric:
            part.set_major_formatter("{x:g}")
            part.set_tick_params(pad=0)
        else:
            part.set_ticklabels([])
        getattr(axes, f"set_{axis}label")(f"{name} (m)" if scene.metric else name)
    axes.set_box_aspect(tuple(extent))
    axes.patch.set_visible(False)
    return axes
