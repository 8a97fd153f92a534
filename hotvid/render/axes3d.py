"""The empty 3D scene: matplotlib draws its axes once, and tells how it projects points."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from matplotlib.transforms import Bbox
from mpl_toolkits.mplot3d import Axes3D

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
            label = axis.label.get_window_extent(renderer)
            numbers = [t.get_window_extent(renderer) for t in axis.get_ticklabels() if t.get_text()]
            if any(label.overlaps(number.padded(_APART_PX)) for number in numbers):
                axis.labelpad += 0.5 * label.height
                moved = True
        return moved

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
