"""Everyone's 3D skeleton in one scene, drawn per frame over axes that are drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hotvid.render import palette, strokes
from hotvid.render.axes3d import SceneAxes
from hotvid.render.in_picture import EDGE_SIDES
from hotvid.render.lettering import Lettering, put_mask
from hotvid.render.opacity import opacity_3d
from hotvid.render.palette import PersonColours, person_colours
from hotvid.render.scene import Scene, arrange, levelled, to_plot
from hotvid.skeleton import H36M17
from hotvid.types import Motion3D, Person, WorldFrame

_THORAX, _NOSE, _HEAD = map(H36M17.index, ("thorax", "nose", "head"))
_HAIR = 1e-9  # of depth
_BONE_M = 0.035
_LEAST_KNOBBED = 5  # pixels of a bone's width: round ends do for thinner ones, in half the time
SKULL_M = 0.1  # the radius of the ball that is drawn for the bone from the nose to the head's top
_ONE_UP = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class _Figure:
    """A person prepared for drawing.

    place    (F, 3) the pelvis in plot axes.
    shown    (F,) bool: not where nobody was seen for so long that the picture shows nobody either.
    opacity  (F, 17) 0..1, as `opacity_3d` has it.
    """

    motion: Motion3D
    place: np.ndarray
    first: int
    shown: np.ndarray
    opacity: np.ndarray
    colours: PersonColours
    label: np.ndarray


@dataclass(frozen=True)
class _Body:
    """A person in one frame: `pixels`, `shadow` (17, 2) in the panel, `depth`, `known`, `opacity`
    (17,)."""

    pixels: np.ndarray
    depth: np.ndarray
    shadow: np.ndarray
    known: np.ndarray
    opacity: list[float]
    metre_px: float
    width: int
    colours: PersonColours
    label: np.ndarray


def _lifted(people: Sequence[Person], world: WorldFrame | None) -> list[tuple[Person, Motion3D]]:
    return [
        (p, p.motion if world is None or p.world is None else levelled(p.world, world))
        for p in people
        if p.motion is not None and len(p.keypoints)
    ]


def scene_of(people: Sequence[Person], fps: float, world: WorldFrame | None = None) -> Scene:
    """Where those of `people` who have 3D stand in the plot."""
    floor_m = None if world is None else -float(world.camera_m[1])
    return arrange([motion for _, motion in _lifted(people, world)], fps, floor_m)


def _skull_depth(depth: Sequence[float]) -> float:
    """Where a skull comes among the bones: before the neck if the nose is on its far side, and
    else behind it, so that one sees who looks this way."""
    thorax, nose = depth[_THORAX], depth[_NOSE]
    middle, neck = (nose + depth[_HEAD]) / 2, (thorax + nose) / 2
    return min(middle, neck - _HAIR) if nose > middle else max(middle, neck + _HAIR)


class Plot3D:
    """Draws everyone's 3D skeleton in one scene.

    people   those with `motion` are drawn; the others are left out.
    kpt_thr  a joint less sure than this in 2D is drawn faintly, and a gap in which all are shows
             nobody, as in the picture.
    world    the camera in the world, where everyone was placed: they are then drawn upright.
    size_px  (width, height) of the panel.
    scene    what `scene_of` makes of the same people; None: it is made here.
    """

    def __init__(
        self,
        people: Sequence[Person],
        *,
        size_px: tuple[int, int],
        fps: float,
        azimuth_deg: float,
        elevation_deg: float,
        kpt_thr: float = 0.0,
        world: WorldFrame | None = None,
        scene: Scene | None = None,
    ) -> None:
        lifted = _lifted(people, world)
        self.scene = scene or scene_of(people, fps, world)
        self.axes = SceneAxes(self.scene, size_px, azimuth_deg, elevation_deg)
        self._letters = Lettering(float(np.clip(size_px[1] / 56, 11, 22)))
        self._figures = [
            _Figure(
                motion=motion,
                place=place,
                first=int(person.keypoints.frame_index[0]),
                shown=person.keypoints.in_sight(kpt_thr),
                opacity=opacity_3d(person, kpt_thr, fps),
                colours=person_colours(person.track_id),
                label=self._letters.number(str(person.track_id)),
            )
            for (person, motion), place in zip(lifted, self.scene.places, strict=True)
        ]
        self._words = {w: self._letters.word(w) for w in ("t =", "s", "frame")}
        if people:
            self._letter_legend()
        if not lifted:
            self._letter_remark("no 3D" if people else "nobody found", centred=True)
        elif not self.scene.metric:
            self._letter_remark("distances shortened", centred=False)

    def _letter_legend(self) -> None:
        """Which side is light and which is deep, at the panel's lower left."""
        image, letters = self.axes.background, self._letters
        margin = letters.height
        x, y = margin, image.shape[0] - 2 * margin
        middle = y + margin // 2
        for side in ("left", "right"):
            end = x + 1.6 * margin
            strokes.bone(
                image, (x, middle), (end, middle), palette.NEUTRAL.side(side), max(2, margin // 6)
            )
            word = letters.word(side)
            put_mask(image, word, int(end + 0.4 * margin), y, palette.FAINT_BGR)
            x = int(end + 1.4 * margin) + word.shape[1]

    def _letter_remark(self, remark: str, *, centred: bool) -> None:
        """A discreet remark on the whole clip, at the lower right or in the middle."""
        image = self.axes.background
        height, width = image.shape[:2]
        word = self._letters.word(remark)
        margin = self._letters.height
        left = (width - word.shape[1]) // 2 if centred else width - margin - word.shape[1]
        top = height // 2 if centred else height - 2 * margin
        put_mask(image, word, left, top, palette.FAINT_BGR)

    def draw(self, panel: np.ndarray, frame_index: int, pts_s: float) -> None:
        """Fill `panel`, (H, W, 3) BGR, with the scene at video frame `frame_index`."""
        panel[:] = self.axes.background
        bodies = []
        for figure in self._figures:
            row = frame_index - figure.first
            if 0 <= row < len(figure.shown) and figure.shown[row]:
                bodies.append(self._body(figure, row))
        for body in bodies:
            self._draw_shadow(panel, body)
        self._draw_bones(panel, bodies)
        self._draw_caption(panel, frame_index, pts_s)

    def _body(self, figure: _Figure, row: int) -> _Body:
        points = to_plot(figure.motion.xyz_m[row]) + figure.place[row]
        points = np.concatenate([points, points * [1, 1, 0], figure.place[row] + _ONE_UP])
        pixels, depth = self.axes.project(points)
        ok = np.isfinite(pixels).all(-1) & strokes.reachable(pixels)
        metre_px = float(np.nan_to_num(np.hypot(*(pixels[-1] - pixels[-2]))))
        return _Body(
            pixels=pixels[:17],
            depth=depth[:17],
            shadow=pixels[17:34],
            known=ok[:17] & ok[17:34],
            opacity=figure.opacity[row].tolist(),
            metre_px=metre_px,
            width=max(2, round(metre_px * _BONE_M)),
            colours=figure.colours,
            label=figure.label,
        )

    def _draw_shadow(self, panel: np.ndarray, body: _Body) -> None:
        """The bones dropped on the floor: they show where in depth a person stands."""
        known = body.known.tolist()
        seen = [(a, b) for a, b in H36M17.edges if known[a] and known[b]]
        if seen:
            strokes.lines(panel, body.shadow[seen], palette.SHADOW_BGR, body.width + 1)

    def _draw_bones(self, panel: np.ndarray, bodies: list[_Body]) -> None:
        """All bones, joints and skulls of all bodies, the farthest first."""
        strokes_by_depth = []
        for body in bodies:
            at, depth, known = body.pixels.tolist(), body.depth.tolist(), body.known.tolist()
            for (a, b), side in zip(H36M17.edges, EDGE_SIDES, strict=True):
                if known[a] and known[b]:
                    middle = _skull_depth(depth) if b == _HEAD else (depth[a] + depth[b]) / 2
                    faint = 1 - min(body.opacity[a], body.opacity[b])
                    colour = palette.mix(body.colours.side(side), palette.PANEL_BGR, faint)
                    strokes_by_depth.append((middle, body, at[a], at[b], colour, b == _HEAD))
        strokes_by_depth.sort(key=lambda s: -s[0])
        for _, body, a, b, colour, is_skull in strokes_by_depth:
            if is_skull:
                middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
                strokes.joint(panel, middle, colour, body.metre_px * SKULL_M)
                continue
            strokes.bone(panel, a, b, colour, body.width)
            if body.width >= _LEAST_KNOBBED:
                strokes.dot(panel, a, colour, body.width * 0.7)
                strokes.dot(panel, b, colour, body.width * 0.7)
        for body in bodies:
            if body.known[_HEAD] and body.known[_NOSE]:
                x, y = (body.pixels[_HEAD] + body.pixels[_NOSE]) / 2
                height, width = body.label.shape
                top = round(y - body.metre_px * SKULL_M - 1.1 * height)
                left = round(x - width / 2)
                faint = 1 - max(body.opacity)
                colour = palette.mix(body.colours.middle, palette.PANEL_BGR, faint)
                put_mask(panel, body.label, left, top, colour)

    def _draw_caption(self, panel: np.ndarray, frame_index: int, pts_s: float) -> None:
        letters, words = self._letters, self._words
        time = letters.line(words["t ="], letters.number(f"{pts_s:.2f}"), words["s"])
        frame = letters.line(words["frame"], letters.number(str(frame_index)))
        margin = letters.height
        put_mask(panel, time, margin, margin, palette.FAINT_BGR)
        put_mask(panel, frame, panel.shape[1] - margin - frame.shape[1], margin, palette.FAINT_BGR)
