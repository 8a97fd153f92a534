"""What the report's page is told of a clip: plain values, numbers as compact arrays."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.config import RenderConfig
from hotvid.file_names import as_unicode
from hotvid.joint_angles import TABLE
from hotvid.post.quality import AS_LIFTED, Quality, quality
from hotvid.render import palette
from hotvid.render.in_picture import EDGE_SIDES, JOINT_SIDES
from hotvid.render.opacity import opacity_3d
from hotvid.render.palette import Colour, person_colours
from hotvid.render.plot3d import SKULL_M
from hotvid.skeleton import H36M17
from hotvid.types import Motion3D, Person, Poses

MOST_FRAMES = 20_000  # eleven minutes at 30 a second; of longer clips every second, third, ... one
_LOW_RATE = 15.0  # frames a second, below which fast movements are lost
_MANY = 0.1  # a share that is worth a warning
_LEAP_M_S = 8.0  # nobody runs so fast: the track has changed its person, or its place is wrong


def content(
    poses: Poses,
    lifted: Sequence[Motion3D | None] = (),
    kpt_thr: float = RenderConfig.kpt_thr,
    was_cleaned: bool = False,
) -> dict[str, Any]:
    """Everything that the page shows but the picture itself; ready for JSON, no NaN.

    lifted   the people's motions before they were cleaned, in their order; empty: they were not,
             or nobody knows them.
    was_cleaned  they were cleaned before they came here, as those of JSON are.
    kpt_thr  a gap in which no joint is as sure as this shows nobody, as in the picture.
    Numbers are base64 of little-endian arrays of float32, NaN where unknown: times (seconds from
    the first frame, which is at `start` in the video), places (metres, world), angles (degrees,
    which go on beyond whole turns), speeds (metres a second); opacities are bytes, 255 whole.
    """
    step = max(1, math.ceil(poses.n_frames / MOST_FRAMES))
    size_px = poses.video.width, poses.video.height
    found = [
        quality(person, poses.frame_rate, size_px, as_lifted, was_cleaned)
        for person, as_lifted in zip_longest(poses.people, lifted)
    ]
    start_s = float(poses.pts_s[0]) if poses.n_frames else 0.0
    return {
        "name": as_unicode(Path(poses.video.path).name) if poses.video.path else "keypoints",
        "size": [poses.video.width, poses.video.height],
        "rate": round(poses.frame_rate, 3),
        "firstFrame": poses.first_frame,
        "step": step,
        "start": round(start_s, 6),
        "times": _packed(poses.pts_s[::step] - start_s),
        "models": {
            "2D": as_unicode(poses.models.pose2d),
            "3D": poses.models.lifter or "nothing lifted",
        },
        "edges": [list(edge) for edge in H36M17.edges],
        "sides": list(EDGE_SIDES),
        "skull": SKULL_M,
        "jointSides": list(JOINT_SIDES),
        # The hues of people are made for this ground: on white the left side's would be lost.
        "ground": {
            "panel": palette.PANEL,
            "floor": palette.FLOOR,
            "grid": palette.GRID,
            "shadow": _css(palette.SHADOW_BGR),
        },
        "either": [_css(palette.NEUTRAL.left), _css(palette.NEUTRAL.right)],
        "angles": [{"name": a.name.replace("_", " "), "meaning": a.meaning} for a in TABLE],
        "people": [
            _person(poses, person, step, of_person, kpt_thr)
            for person, of_person in zip(poses.people, found, strict=True)
        ],
        # Of these nobody knows what they were, which is no sign that all is well.
        "unknown": list(AS_LIFTED) if was_cleaned and not lifted else [],
        "warnings": [*map(as_unicode, poses.warnings), *_warnings(poses, found)],
    }


def _person(
    poses: Poses, person: Person, step: int, found: Quality, kpt_thr: float
) -> dict[str, Any]:
    index = person.keypoints.frame_index - poses.first_frame
    first = -(-int(index[0]) // step)  # the first frame of the thinned clip in which it is
    rows = np.arange(first * step - int(index[0]), len(index), step)
    colours = person_colours(person.track_id)
    out: dict[str, Any] = {
        "id": person.track_id,
        "first": first,
        "count": len(rows),
        "frames": [int(person.keypoints.frame_index[0]), int(person.keypoints.frame_index[-1])],
        "colours": [_css(colours.left), _css(colours.middle), _css(colours.right)],
        "quality": {name: _finite(value) for name, value in asdict(found).items()},
        "leaps": leaps(person, poses.pts_s[index]),
    }
    if person.world is not None:
        in_sight = person.keypoints.in_sight(kpt_thr)[rows]
        shown_m = np.where(in_sight[:, None, None], person.world.xyz_m[rows], np.nan)
        out["xyz"] = _packed(shown_m)
        opacity = opacity_3d(person, kpt_thr, poses.frame_rate)[rows]
        out["opacity"] = _base64(np.rint(255 * opacity).astype(np.uint8))
        out["speed"] = _packed(_speed(person, poses.pts_s[index])[rows])
    if person.angles is not None:
        out["degrees"] = _packed(person.angles.degrees[rows])
    return out


def leaps(person: Person, pts_s: np.ndarray) -> int:
    """How often a person is suddenly elsewhere: suspected mistakes of identity."""
    if person.world is None or len(pts_s) < 2:
        return 0
    fast = _pelvis_speed(person, pts_s) > _LEAP_M_S
    return int((fast[1:] & ~fast[:-1]).sum() + fast[0])


def _pelvis_speed(person: Person, pts_s: np.ndarray) -> np.ndarray:
    """(F - 1,) metres a second, from each frame to the next; 0 where unknown."""
    moved = np.linalg.norm(np.diff(person.world.xyz_m[:, 0].astype(np.float64), axis=0), axis=-1)
    return np.nan_to_num(moved / np.maximum(np.diff(pts_s), 1e-3))


def _speed(person: Person, pts_s: np.ndarray) -> np.ndarray:
    """(F,) metres a second of the pelvis, over a third of a second about each frame."""
    path = person.world.xyz_m[:, 0].astype(np.float64)
    after = np.minimum(np.searchsorted(pts_s, pts_s + 1 / 6), len(pts_s) - 1)
    before = np.maximum(np.searchsorted(pts_s, pts_s - 1 / 6), 0)
    moved = np.linalg.norm(path[after] - path[before], axis=-1)
    return moved / np.maximum(pts_s[after] - pts_s[before], 1e-3)


def _warnings(poses: Poses, found: Sequence[Quality]) -> list[str]:
    said = []
    if poses.n_frames > 1 and poses.frame_rate < _LOW_RATE:
        said.append(
            f"{poses.frame_rate:.0f} frames a second are few: fast movements are lost between them"
        )
    for person, of_person in zip(poses.people, found, strict=True):
        said += [f"person {person.track_id}: {text}" for text in _remarks(of_person)]
        n = leaps(person, poses.pts_s[person.keypoints.frame_index - poses.first_frame])
        if n:
            said.append(f"person {person.track_id}: moves faster than anyone can {n} times")
    if poses.world is not None and poses.world.focal_assumed and poses.people:
        said.append("the lens is not known: distances from the camera are estimates (--focal)")
    return said


def _remarks(found: Quality) -> list[str]:
    shares = (
        (found.cropped, "of the frames have limbs outside of the picture"),
        (found.interpolated, "of the frames are bridged: nobody was seen in them"),
        (found.unseen, "of the joints are hidden or unsure"),
    )
    return [f"{share:.0%} {text}" for share, text in shares if share > _MANY]


def _finite(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


def _packed(values: np.ndarray) -> str:
    return _base64(np.ascontiguousarray(values, "<f4"))


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")


def _css(colour: Colour) -> str:
    blue, green, red = colour
    return f"#{red:02x}{green:02x}{blue:02x}"
