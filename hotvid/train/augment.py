"""Bodies that were never captured: other proportions, mirrored, limbs exchanged and turned.

Arrays are (B, F, 17, 3), metres, y up, H36M-17.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from hotvid.skeleton import H36M17
from hotvid.train.motions import fill_torso

# Mean adult of 1.75 m. Segment lengths follow Drillis and Contini (1966) as in Winter,
# Biomechanics; hips and shoulders are joint centres, not the outline of the body.
_BONES = (  # (parent, child, mean length in metres; None keeps the captured one)
    (0, 1, 0.105),
    (1, 2, 0.43),
    (2, 3, 0.425),
    (0, 4, 0.105),
    (4, 5, 0.43),
    (5, 6, 0.425),
    (0, 8, 0.50),
    (8, 9, None),
    (9, 10, None),
    (8, 11, 0.175),
    (11, 12, 0.30),
    (12, 13, 0.255),
    (8, 14, 0.175),
    (14, 15, 0.30),
    (15, 16, 0.255),
)
_ARMS = ((11, 12, 13), (14, 15, 16))


def resize_bones(rng: np.random.Generator, xyz: np.ndarray, spread: float = 0.1) -> np.ndarray:
    """Each clip gets a body of its own: bone lengths log-normal about the mean adult's.

    Left and right are alike. The whole is scaled back to the mean adult's size, since a single
    camera cannot tell size from distance.
    """
    batch = len(xyz)
    factor = np.exp(spread * rng.standard_normal((batch, len(_BONES))))
    for right, left in ((0, 3), (1, 4), (2, 5), (9, 12), (10, 13), (11, 14)):
        factor[:, left] = factor[:, right]
    out = xyz.copy()
    new_sum, mean_sum = np.zeros(batch), 0.0
    for bone, (parent, child, mean_m) in enumerate(_BONES):
        vector = xyz[:, :, child] - xyz[:, :, parent]
        captured = np.linalg.norm(vector, axis=-1).mean(-1)
        target = captured if mean_m is None else np.full(batch, mean_m)
        length = target * factor[:, bone]
        out[:, :, child] = out[:, :, parent] + vector * (length / captured)[:, None, None]
        if mean_m is not None:
            new_sum += length
            mean_sum += mean_m
    return fill_torso(out * (mean_sum / new_sum)[:, None, None, None])


def mirror(xyz: np.ndarray, which: np.ndarray) -> np.ndarray:
    """The clips of `which` (B,) bool as in a mirror: x negated, left and right exchanged."""
    flipped = xyz[:, :, H36M17.mirror] * np.array([-1, 1, 1], xyz.dtype)
    return np.where(which[:, None, None, None], flipped, xyz)


def _frame(x: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(..., 3, 3) orthonormal axes as columns: x, up made orthogonal to it, their product."""
    x = x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-6)
    up = up - (up * x).sum(-1, keepdims=True) * x
    up = up / np.maximum(np.linalg.norm(up, axis=-1, keepdims=True), 1e-6)
    return np.stack([x, up, np.cross(x, up)], -1)


def pelvis_axes(xyz: np.ndarray) -> np.ndarray:
    """(..., 3, 3) of the pelvis: left, up the trunk, forward."""
    return _frame(xyz[..., 4, :] - xyz[..., 1, :], xyz[..., 8, :] - xyz[..., 0, :])


def chest_axes(xyz: np.ndarray) -> np.ndarray:
    """(..., 3, 3) of the chest: left, up the trunk, forward."""
    return _frame(xyz[..., 11, :] - xyz[..., 14, :], xyz[..., 8, :] - xyz[..., 0, :])


def _graft(
    xyz: np.ndarray,
    donor: np.ndarray,
    axes: np.ndarray,
    donor_axes: np.ndarray,
    limb: tuple[int, int, int],
    which: np.ndarray,
) -> None:
    """Give the clips of `which` the donor's limb, turned into our trunk's axes; in place."""
    turn = axes @ np.swapaxes(donor_axes, -1, -2)
    root = limb[0]
    for joint in limb[1:]:
        moved = (turn @ (donor[:, :, joint] - donor[:, :, root])[..., None])[..., 0]
        xyz[which, :, joint] = (xyz[:, :, root] + moved)[which]


def exchange_limbs(
    rng: np.random.Generator, xyz: np.ndarray, donor: np.ndarray, chance: float
) -> np.ndarray:
    """Legs together, or an arm, or both arms, taken from another motion of the same length."""
    out, batch = xyz.copy(), len(xyz)
    legs = rng.random(batch) < chance
    both, left, right = (rng.random(batch) < chance / 2 for _ in range(3))
    if legs.any():
        axes, donor_axes = pelvis_axes(xyz), pelvis_axes(donor)
        for limb in ((1, 2, 3), (4, 5, 6)):
            _graft(out, donor, axes, donor_axes, limb, legs)
    if (both | left | right).any():
        axes, donor_axes = chest_axes(xyz), chest_axes(donor)
        _graft(out, donor, axes, donor_axes, _ARMS[0], both | left)
        _graft(out, donor, axes, donor_axes, _ARMS[1], both | right)
    return out


def turn_limbs(rng: np.random.Generator, xyz: np.ndarray, degrees: float) -> np.ndarray:
    """Turn thighs, shins, upper arms and forearms by a small constant angle of their own."""
    out, batch = xyz.copy(), len(xyz)
    axes = pelvis_axes(xyz)
    for limb in ((1, 2, 3), (4, 5, 6), *_ARMS):
        for start in (0, 1):
            vector = np.radians(degrees) * rng.standard_normal((batch, 3))
            small = Rotation.from_rotvec(vector).as_matrix().astype(xyz.dtype)
            turn = axes @ small[:, None] @ np.swapaxes(axes, -1, -2)
            pivot = out[:, :, limb[start]].copy()
            for joint in limb[start + 1 :]:
                arm = (out[:, :, joint] - pivot)[..., None]
                out[:, :, joint] = pivot + (turn @ arm)[..., 0]
    return out


def tilt_bodies(rng: np.random.Generator, xyz: np.ndarray, chance: float) -> np.ndarray:
    """Turn some clips out of the upright about their mean pelvis: lying, tumbling, handstands."""
    batch = len(xyz)
    vector = np.radians(6.0) * rng.standard_normal((batch, 3))
    wild = rng.random(batch) < chance
    axis = rng.standard_normal((batch, 3))
    axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
    vector[wild] = (axis * rng.uniform(0.3, np.pi, (batch, 1)))[wild]
    turn = Rotation.from_rotvec(vector).as_matrix().astype(xyz.dtype)
    centre = xyz[:, :, :1].mean(1, keepdims=True)
    return (xyz - centre) @ np.swapaxes(turn, -1, -2)[:, None] + centre
