"""Rotations: matrices (..., 3, 3), which turn column vectors, and quaternions (..., 4) x y z w."""

from __future__ import annotations

import numpy as np

_WHOLE_TURN = 360.0


def unit(vectors: np.ndarray) -> np.ndarray:
    """(..., 3) of length 1; a vector of no length stays as it is."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 1e-9, length, 1)


def about_axis(axis: np.ndarray, angle_rad: np.ndarray) -> np.ndarray:
    """(..., 3, 3) right-handed turns about unit `axis` (..., 3) (Rodrigues)."""
    axis, angle = np.broadcast_arrays(axis, np.asarray(angle_rad)[..., None])
    x, y, z = np.moveaxis(axis, -1, 0)
    sin, cos = np.sin(angle[..., 0]), np.cos(angle[..., 0])
    rest = 1 - cos
    rows = [
        *(cos + x * x * rest, x * y * rest - z * sin, x * z * rest + y * sin),
        *(y * x * rest + z * sin, cos + y * y * rest, y * z * rest - x * sin),
        *(z * x * rest - y * sin, z * y * rest + x * sin, cos + z * z * rest),
    ]
    return np.stack(rows, -1).reshape(*sin.shape, 3, 3)


def between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(..., 3, 3) the smallest turns that take unit vectors `start` to unit vectors `end`.

    Where they are opposite, half a turn about some axis across them.
    """
    start, end = np.broadcast_arrays(start, end)
    axis = np.cross(start, end)
    sin, cos = np.linalg.norm(axis, axis=-1), (start * end).sum(-1)
    # Any axis across does; the one furthest from `start` is furthest from none at all.
    aside = np.eye(3)[np.abs(start).argmin(-1)]
    across = unit(np.cross(start, aside))
    axis = np.where((sin > 1e-9)[..., None], unit(axis), across)
    return about_axis(axis, np.arctan2(sin, cos))


def frame(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(..., 3, 3) axes as columns: y as given, x as near to the one given as is across it."""
    y = unit(y)
    x = unit(x - (x * y).sum(-1, keepdims=True) * y)
    return np.stack([x, y, np.cross(x, y)], -1)


def to_quaternion(matrix: np.ndarray) -> np.ndarray:
    """(..., 4) unit quaternions x y z w of rotation matrices, by the largest component."""
    m = np.asarray(matrix, np.float64)
    d = np.diagonal(m, axis1=-2, axis2=-1)
    trace = d.sum(-1)
    # Four ways to write it, each of which divides by one component; the largest is safe.
    xyz = [
        [1 + 2 * d[..., 0] - trace, m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0]],
        [m[..., 0, 1] + m[..., 1, 0], 1 + 2 * d[..., 1] - trace, m[..., 1, 2] + m[..., 2, 1]],
        [m[..., 0, 2] + m[..., 2, 0], m[..., 1, 2] + m[..., 2, 1], 1 + 2 * d[..., 2] - trace],
    ]
    w = [m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]]
    ways = [np.stack([*row, w[i]], -1) for i, row in enumerate(xyz)]
    ways.append(np.stack([*w, 1 + trace], -1))
    size = np.stack([d[..., 0], d[..., 1], d[..., 2], trace], -1)
    best = np.take_along_axis(np.stack(ways, -2), size.argmax(-1)[..., None, None], -2)[..., 0, :]
    return best / np.linalg.norm(best, axis=-1, keepdims=True)


def to_matrix(quaternion: np.ndarray) -> np.ndarray:
    """(..., 3, 3) of unit quaternions x y z w."""
    x, y, z, w = np.moveaxis(np.asarray(quaternion, np.float64), -1, 0)
    rows = [
        *(1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        *(2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        *(2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    ]
    return np.stack(rows, -1).reshape(*x.shape, 3, 3)


def without_sign_changes(quaternion: np.ndarray) -> np.ndarray:
    """(F, ..., 4) the same turns, each quaternion on the side of the one before it.

    q and -q are the same turn, but a straight line from one to the other goes all the way round.
    """
    dot = (quaternion[1:] * quaternion[:-1]).sum(-1)
    sign = np.cumprod(np.where(dot < 0, -1.0, 1.0), axis=0)
    return np.concatenate([quaternion[:1], quaternion[1:] * sign[..., None]])


def zxy_degrees(matrix: np.ndarray) -> np.ndarray:
    """(..., 3) angles z, x, y in degrees with R = Rz Rx Ry, x within 90 and the others within 180.

    Each frame by itself, so that the numbers mean what their names say. Where x is 90 degrees, only
    the sum of z and y is fixed: y is 0 then.
    """
    m = np.asarray(matrix, np.float64)
    angles, locked, total = _zxy(m)
    angles[locked] = np.stack([total, angles[..., 1], np.zeros_like(total)], -1)[locked]
    return np.degrees(angles)


def _zxy(m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Angles z, x, y (..., 3) in radians; where x is +-90 degrees (...); z if y is 0.

    There z and y turn about one axis, and only z + y, or z - y, is to be seen.
    """
    x = np.arcsin(np.clip(m[..., 2, 1], -1, 1))
    z = np.arctan2(-m[..., 0, 1], m[..., 1, 1])
    y = np.arctan2(-m[..., 2, 0], m[..., 2, 2])
    locked = np.abs(m[..., 2, 1]) > 1 - 1e-9
    return np.stack([z, x, y], -1), locked, np.arctan2(m[..., 1, 0], m[..., 0, 0])


def continuous_zxy_degrees(matrix: np.ndarray) -> np.ndarray:
    """(F, ..., 3) as `zxy_degrees`, without jumps over the frames, so that x may pass 90 degrees.

    Of the two ways to write a turn, and of those a full turn apart, each frame takes the one
    nearest to the frame before it. Where x is 90 degrees, y keeps what it was.
    """
    m = np.asarray(matrix, np.float64)
    first, locked, total = _zxy(m)
    second = np.pi + first * [1, -1, 1]
    out = np.empty_like(first)
    last = np.zeros_like(first[0])
    for row in range(len(first)):
        ways = np.stack([first[row], second[row]])
        if locked[row].any():
            sign = np.sign(m[row, ..., 2, 1])
            held = first[row].copy()
            held[..., 0], held[..., 2] = total[row] - sign * last[..., 2], last[..., 2]
            ways = np.where(locked[row][..., None], held, ways)
        ways += 2 * np.pi * np.round((last - ways) / (2 * np.pi))
        nearest = ((ways - last) ** 2).sum(-1).argmin(0)
        last = np.take_along_axis(ways, nearest[None, ..., None], 0)[0]
        out[row] = last
    return np.degrees(out)


def without_whole_turns(degrees: np.ndarray) -> np.ndarray:
    """(F,) degrees without jumps of a whole turn, over NaN too; the first within a half turn."""
    known = np.isfinite(degrees)
    out = degrees.copy()
    values = np.unwrap(degrees[known], period=_WHOLE_TURN)
    if len(values):
        out[known] = values - _WHOLE_TURN * np.round(values[0] / _WHOLE_TURN)
    return out
