"""Windows of Human3.6M or MPI-INF-3DHP, cut on the device that trains.

All training clips together are 0.6 or 0.4 GB: they stay on the device, and a batch is one look-up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hotvid.evaluate.clips import Clip, image_pose
from hotvid.evaluate.windows import centred_starts, chunk_starts, whole_starts, window_rows
from hotvid.lift.inputs import prepare
from hotvid.lift.protocols import flipped
from hotvid.skeleton import H36M17


class Windows:
    """Every window of some clips, as it is and mirrored.

    stride      frames from window to window; None: the length; 1: a window around each frame.
    padded      clips are covered to their ends, what a window lacks filled with their edges; else
                the windows are those that lie within (`whole_starts`).
    in_picture  targets are as MotionBERT has them: `image_pose` in screen units; else metres.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        *,
        length: int,
        stride: int | None,
        padded: bool = True,
        in_channels: int,
        in_picture: bool,
        device: torch.device,
    ) -> None:
        self._length = length
        starts, first, last, at = [], [], [], 0
        for clip in clips:
            n = len(clip)
            if stride == 1:
                own = centred_starts(n, length)
            else:
                own = (chunk_starts if padded else whole_starts)(n, length, stride)
            starts.append(at + own)
            first.append(np.full(len(own), at))
            last.append(np.full(len(own), at + n - 1))
            at += n
        self._starts, self._first, self._last = (np.concatenate(x) for x in (starts, first, last))
        inputs = [_inputs(clip, in_channels) for clip in clips]
        targets = [_picture_units(clip) if in_picture else clip.xyz_m for clip in clips]
        self._inputs = torch.from_numpy(np.concatenate(inputs)).to(device)
        self._targets = torch.from_numpy(np.concatenate(targets)).to(device)
        self._mirror = torch.as_tensor(H36M17.mirror, device=device)

    def __len__(self) -> int:
        return len(self._starts)

    def batch(self, which: np.ndarray, mirrored: np.ndarray) -> tuple[Tensor, Tensor]:
        """Inputs (B, L, 17, C) and targets (B, L, 17, 3) of windows `which` (B,).

        mirrored  (B,) bool: those to be given as in a mirror.
        """
        rows = window_rows(self._starts[which], self._length)
        rows = rows.clip(self._first[which, None], self._last[which, None])
        device = self._inputs.device
        index = torch.from_numpy(rows).to(device)
        mirror = torch.from_numpy(mirrored).to(device)[:, None, None, None]
        inputs, targets = self._inputs[index], self._targets[index]
        return (
            torch.where(mirror, flipped(inputs, self._mirror), inputs),
            torch.where(mirror, flipped(targets, self._mirror), targets),
        )


def epoch_order(
    n_windows: int, mirrored: str, seed: int, epoch: int
) -> tuple[np.ndarray, np.ndarray]:
    """The windows of an epoch in random order, and whether each is mirrored.

    mirrored  each: every window both ways; chance: every window once.
    """
    rng = np.random.default_rng((seed, epoch))
    if mirrored == "each":
        order = rng.permutation(2 * n_windows)
        return order % n_windows, order >= n_windows
    return rng.permutation(n_windows), rng.random(n_windows) < 0.5


def _inputs(clip: Clip, in_channels: int) -> np.ndarray:
    focal_px = clip.lens.focal_px[0] if clip.lens else float(max(clip.size_px))
    return prepare("screen", clip.xy_px, clip.score, clip.size_px, focal_px, in_channels).inputs


def _picture_units(clip: Clip) -> np.ndarray:
    pose = image_pose(clip)
    return ((pose - pose[:, clip.root, None]) * (2 / clip.size_px[0])).astype(np.float32)
