"""The picture that users see: the overlay at the left, the 3D plot at the right."""

from __future__ import annotations

import cv2
import numpy as np

from hotvid.config import RenderConfig
from hotvid.render.layout import lay_out, picture_alone
from hotvid.render.overlay import Overlay
from hotvid.render.palette import PANEL_BGR
from hotvid.render.plot3d import Plot3D, scene_of
from hotvid.render.scene import Scene, drawn_aspect
from hotvid.types import Frame, Poses, check_shape


class Composer:
    """Draws the frames of one video with the poses found in it.

    size_px  (width, height) of what `draw` returns, both even.

    Everything slow happens on construction; `draw` keeps nothing between calls.
    """

    def __init__(self, poses: Poses, config: RenderConfig | None = None) -> None:
        config = config or RenderConfig()
        video = poses.video
        video_px, scene = (video.width, video.height), None
        if config.panel:
            scene = scene_of(poses.people, video.fps, poses.world)
            aspect = drawn_aspect(scene, config.azimuth_deg, config.elevation_deg)
            self._layout = lay_out(video_px, config.max_height, aspect)
        else:
            self._layout = picture_alone(video_px, config.max_height)
        self.size_px = self._layout.size_px
        self._overlay = Overlay(
            poses.people,
            scale=self._layout.scale,
            picture_px=self._layout.picture_px,
            fps=video.fps,
            kpt_thr=config.kpt_thr,
        )
        self._plot = None if scene is None else self._plot_of(poses, config, scene)

    def _plot_of(self, poses: Poses, config: RenderConfig, scene: Scene) -> Plot3D:
        return Plot3D(
            poses.people,
            size_px=self._layout.panel_px,
            fps=poses.video.fps,
            azimuth_deg=config.azimuth_deg,
            elevation_deg=config.elevation_deg,
            kpt_thr=config.kpt_thr,
            world=poses.world,
            scene=scene,
        )

    def draw(self, frame: Frame) -> np.ndarray:
        """`frame` with its people, and the 3D plot beside it.

        frame    as read: `frame.index` is the video's frame number, `frame.bgr` is left alone.
        returns  (height, width, 3) uint8 BGR, a new array of `size_px`.
        """
        check_shape("frame.bgr", frame.bgr, (None, None, 3))
        width, height = self.size_px
        canvas = np.empty((height, width, 3), np.uint8)
        picture = self._place_picture(canvas, frame.bgr)
        self._overlay.draw(picture, frame.index)
        panel = canvas[:, self._layout.picture_px[0] :]
        if self._plot is None:
            panel[:] = PANEL_BGR
        else:
            self._plot.draw(panel, frame.index, frame.pts_s)
        return canvas

    def _place_picture(self, canvas: np.ndarray, bgr: np.ndarray) -> np.ndarray:
        """Copy or scale the frame onto `canvas`; returns the view that holds it."""
        width, height = self._layout.picture_px
        top = self._layout.picture_top
        canvas[:top, :width] = PANEL_BGR
        canvas[top + height :, :width] = PANEL_BGR
        picture = canvas[top : top + height, :width]
        _resize_into(bgr, picture)
        return picture


def _resize_into(bgr: np.ndarray, picture: np.ndarray) -> None:
    """Fill `picture` with `bgr`: untouched where the sizes agree, else scaled without aliasing.

    OpenCV averages areas quickly by whole factors only; linear interpolation does the rest, which
    between half and full size leaves no pixel out. (INTER_AREA alone takes 18 ms from 1920 to 1080
    rows where this takes 2.)
    """
    height, width = picture.shape[:2]
    factor = min(bgr.shape[0] // height, bgr.shape[1] // width)
    if factor >= 2:
        part = bgr.shape[1] // factor, bgr.shape[0] // factor
        bgr = cv2.resize(bgr, part, interpolation=cv2.INTER_AREA)
    if bgr.shape[:2] == (height, width):
        picture[:] = bgr
        return
    how = cv2.INTER_LINEAR if bgr.shape[0] > height else cv2.INTER_CUBIC
    cv2.resize(bgr, (width, height), dst=picture, interpolation=how)
