"""Left and right exchanged for some frames: 2D models do it to legs and arms, and take it back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hotvid.series import bridged
from hotvid.skeleton import H36M17
from hotvid.types import Track2D

_LIMBS = (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
# All in heights of the trunk in the picture.
_MOST = 1.0  # a joint that jumps further is lost, not exchanged
_SWITCH = 2.0  # what an exchange has to save at its beginning, and at its end
_WRONG_PER_S = 4.0  # what it costs to hold the 2D model wrong for a second
_LEAST_TRUNK_PX = 4.0
_UNSURE = 0.3  # what a joint that is hardly seen counts for, of a sure one: exchanged ones are such
_RATE_HZ = 30.0  # of the frames that are compared: at more, jitter would hide motion


def without_swaps(track: Track2D, fps: float) -> Track2D:
    """`track` with left and right put back where a limb pair was exchanged for a while.

    track  H36M-17 keypoints.
    fps    frames a second.
    Legs and arms each have two states a frame, as found and exchanged. The cheapest sequence of
    states is that in which joints change their speed least from frame to frame (Viterbi 1967, over
    pairs of frames); whatever lasts longest is taken to be right.
    """
    xy, score = track.xy_px, track.score
    step = max(1, round(fps / _RATE_HZ))
    if len(track) <= 2 * step:
        return track
    swapped = np.stack([_swapped(xy, score, joints, fps, step) for joints in _pairs()])
    if not swapped.any():
        return track
    xy, score = xy.copy(), score.copy()
    for (right, left), when in zip(_pairs(), swapped, strict=True):
        for each in (xy, score):
            exchanged = each[when][:, left], each[when][:, right]
            each[np.ix_(when, right)], each[np.ix_(when, left)] = exchanged
    return replace(track, xy_px=xy, score=score)


def _pairs() -> list[tuple[list[int], list[int]]]:
    """For legs and arms the joints of the right side and those of the left."""
    return [
        tuple([H36M17.index(f"{side}_{joint}") for joint in limb] for side in ("right", "left"))
        for limb in _LIMBS
    ]


def _swapped(
    xy_px: np.ndarray,
    score: np.ndarray,
    joints: tuple[list[int], list[int]],
    fps: float,
    step: int,
) -> np.ndarray:
    """(F,) bool: the frames in which the sides are exchanged, told from every `step`-th."""
    cost = _costs(xy_px[::step], score[::step], joints)
    rate = _WRONG_PER_S * step / fps
    states = _cheapest(cost, rate)
    return _to_the_frame(states, xy_px, joints, step)


def _to_the_frame(
    states: np.ndarray, xy_px: np.ndarray, joints: tuple[list[int], list[int]], step: int
) -> np.ndarray:
    """(F,) bool from the states of every `step`-th frame: a change is between those two frames
    from one to the other of which the limbs move least, exchanged."""
    out = np.repeat(states, step)[: len(xy_px)]
    right, left = joints
    for k in np.flatnonzero(states[1:] != states[:-1]):
        between = slice(k * step, (k + 1) * step + 1)
        both = bridged(xy_px[between][:, right + left]).reshape(-1, 2, len(right), 2)
        saved = _moved(both[1:], both[:-1]) - _moved(both[1:, ::-1], both[:-1])
        at = k * step + 1 + int(saved.argmax())
        out[k * step : at], out[at : (k + 1) * step] = states[k], states[k + 1]
    return out


def _moved(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """(F,) pixels, summed over the joints of both sides: after, before (F, 2, J, 2)."""
    return np.linalg.norm(after - before, axis=-1).sum((1, 2))


def _costs(xy_px: np.ndarray, score: np.ndarray, joints: tuple[list[int], list[int]]) -> np.ndarray:
    """(F-2, 2, 2, 2) the change of speed, in trunks, for the states of three frames."""
    right, left = joints
    both = bridged(xy_px[:, right + left]).reshape(len(xy_px), 2, len(right), 2)
    sure = score[:, right + left].reshape(len(xy_px), 2, len(right)).min(1)
    pelvis, thorax = H36M17.index("pelvis"), H36M17.index("thorax")
    trunk = np.linalg.norm(bridged(xy_px[:, thorax] - xy_px[:, pelvis]), axis=-1)
    trunk = np.maximum(np.maximum(trunk, np.median(trunk)), _LEAST_TRUNK_PX)
    paths = np.stack([both, both[:, ::-1]], 1) / trunk[:, None, None, None, None]
    least = np.minimum(np.minimum(sure[2:], sure[1:-1]), sure[:-2])
    weight = np.where(least > 0, _UNSURE + (1 - _UNSURE) * least, 0)
    out = np.empty((len(both) - 2, 2, 2, 2))
    for a in range(2):
        for b in range(2):
            for c in range(2):
                change = paths[2:, c] - 2 * paths[1:-1, b] + paths[:-2, a]
                off = np.minimum(np.linalg.norm(change, axis=-1), _MOST)
                out[:, a, b, c] = (off.sum(1) * weight).sum(-1)
    return out


def _cheapest(cost: np.ndarray, wrong: float) -> np.ndarray:
    """(F,) bool: the cheapest states, with what each exchanged frame and each switch costs."""
    n = len(cost)
    total = np.array([[0.0, _SWITCH + wrong], [_SWITCH + wrong, 2 * wrong]])
    came = np.empty((n, 2, 2), np.int8)
    extra = np.array([[0.0, _SWITCH + wrong], [_SWITCH, wrong]])
    for row in range(n):
        ways = total[:, :, None] + cost[row]
        came[row] = ways.argmin(0)
        total = ways.min(0) + extra
    states = np.zeros(n + 2, bool)
    total[:, 1] += _SWITCH  # as if it were taken back behind the end
    b, c = np.unravel_index(int(total.argmin()), (2, 2))
    states[-1], states[-2] = c, b
    for row in range(n - 1, -1, -1):
        a = came[row, b, c]
        states[row] = a
        b, c = a, b
    return states
