"""Bones and joints as antialiased strokes, at fractions of a pixel; opacity costs only its place.

Coordinates are pixels of the image given, pixel centres at whole numbers, as OpenCV has them.
"""

from __future__ import annotations

import cv2
import numpy as np

from hotvid.render.palette import OUTLINE, Colour

_SHIFT = 4  # OpenCV's fixed point: 1/16 pixel
_OPAQUE = 0.98
_LEAST_OUTLINED = 2.0  # an outline would hide more of the bones than a smaller dot shows
_FAR = 16384  # beyond this OpenCV's fixed point overflows

Point = tuple[float, float]


def line(image: np.ndarray, a: Point, b: Point, colour: Colour, width: int) -> None:
    """An antialiased line from `a` to `b`."""
    one = 1 << _SHIFT
    start = round(a[0] * one), round(a[1] * one)
    end = round(b[0] * one), round(b[1] * one)
    cv2.line(image, start, end, colour, width, cv2.LINE_AA, _SHIFT)


def lines(image: np.ndarray, ends: np.ndarray, colour: Colour, width: int) -> None:
    """Antialiased lines between pairs of `ends`, (N, 2, 2), as `line` draws each."""
    at = np.rint(ends * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(image, list(at), False, colour, width, cv2.LINE_AA, _SHIFT)


def dot(image: np.ndarray, at: Point, colour: Colour, radius: float) -> None:
    """An antialiased disc."""
    one = 1 << _SHIFT
    centre = round(at[0] * one), round(at[1] * one)
    cv2.circle(image, centre, max(1, round(radius * one)), colour, -1, cv2.LINE_AA, _SHIFT)


def reachable(point: np.ndarray) -> np.ndarray:
    """(...,) bool: the points (..., 2) that can be drawn: finite and not absurdly far away."""
    return (np.abs(point) < _FAR).all(-1)


def dashes(a: Point, b: Point, dash: float) -> list[tuple[Point, Point]]:
    """The line from `a` to `b` as dashes of about `dash` pixels and gaps as long, ends included."""
    length = float(np.hypot(b[0] - a[0], b[1] - a[1]))
    n = 2 * max(1, round(length / dash / 2)) + 1
    t = np.linspace(0, 1, n + 1)

    def at(f: float) -> Point:
        return a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f

    return [(at(t[i]), at(t[i + 1])) for i in range(0, n, 2)]


def _stroke(image: np.ndarray, a: Point, b: Point, colour: Colour, width: int, dash: float) -> None:
    pieces = dashes(a, b, dash) if dash else [(a, b)]
    outline = width + 2 * max(1, width // 3)
    for start, end in pieces:
        line(image, start, end, OUTLINE, outline)
    for start, end in pieces:
        line(image, start, end, colour, width)


def bone(
    image: np.ndarray,
    a: Point,
    b: Point,
    colour: Colour,
    width: int,
    opacity: float = 1.0,
    dash: float = 0.0,
) -> None:
    """An outlined line, blended by `opacity` in its own bounding box; `dash` pixels if above 0."""
    if opacity >= _OPAQUE:
        _stroke(image, a, b, colour, width, dash)
        return
    region, x0, y0 = _region(image, a, b, 2 * width + 2)
    if region.size == 0:
        return
    layer = region.copy()
    _stroke(layer, (a[0] - x0, a[1] - y0), (b[0] - x0, b[1] - y0), colour, width, dash)
    cv2.addWeighted(layer, opacity, region, 1 - opacity, 0, dst=region)


def joint(
    image: np.ndarray, at: Point, colour: Colour, radius: float, opacity: float = 1.0
) -> None:
    """A dot, outlined unless it is tiny, blended by `opacity`."""
    if opacity >= _OPAQUE:
        _dot(image, at, colour, radius)
        return
    region, x0, y0 = _region(image, at, at, int(radius) + 3)
    if region.size == 0:
        return
    layer = region.copy()
    _dot(layer, (at[0] - x0, at[1] - y0), colour, radius)
    cv2.addWeighted(layer, opacity, region, 1 - opacity, 0, dst=region)


def _dot(image: np.ndarray, at: Point, colour: Colour, radius: float) -> None:
    if radius >= _LEAST_OUTLINED:
        dot(image, at, OUTLINE, radius + 1)
    dot(image, at, colour, radius)


def _region(image: np.ndarray, a: Point, b: Point, pad: int) -> tuple[np.ndarray, int, int]:
    """The part of `image` (a view) around `a` and `b`, and its left and top."""
    x0, x1 = max(0, int(min(a[0], b[0])) - pad), int(max(a[0], b[0])) + pad + 1
    y0, y1 = max(0, int(min(a[1], b[1])) - pad), int(max(a[1], b[1])) + pad + 1
    return image[y0 : max(y1, 0), x0 : max(x1, 0)], x0, y0
