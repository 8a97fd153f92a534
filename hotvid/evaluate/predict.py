"""A model's answers for clips of a data set, by the protocol that it was published with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from hotvid.errors import UsageError
from hotvid.evaluate.clips import Clip, image_target, metres_per_px
from hotvid.evaluate.protocols import Answer
from hotvid.evaluate.windows import centred_starts, chunk_starts, edge_rows, window_rows
from hotvid.geometry import assumed_focal_px
from hotvid.lift.inputs import WindowInputs, prepare
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.protocols import centre_pose, flipped, protocol_of
from hotvid.skeleton import H36M17, JointSet

BATCH_SIZE = 16


class WindowPredictor:
    """Runs a model over clips.

    Seq2seq models get each frame in one window, what is lacking filled with the first and last
    frame; seq2frame models get a window around each frame and give that frame.

    model  of the zoo, with its weights.
    flip   averages with the answer for the mirrored clip.
    order  the joints' order of the clips, which must be the one that the model was trained on.
    metres_per_unit  of the model's answers.
    places_root      it was trained to answer where the root is in the picture, too (MotionBERT's
                     weights with "global" in their names, `rootrel: False`): its poses are taken
                     relative to that. Of others the root is put at 0, as published (MotionBERT,
                     train.py: `evaluate`). Weights do not show which they are.
    """

    def __init__(
        self,
        model: Hourglass,
        *,
        flip: bool = True,
        batch_size: int = BATCH_SIZE,
        order: JointSet = H36M17,
        metres_per_unit: float = 1.0,
        places_root: bool = False,
    ) -> None:
        if batch_size < 1:
            raise UsageError(f"batch size is {batch_size}", "give a whole number from 1 up")
        self._model, self._flip, self._batch = model, flip, batch_size
        self._protocol = protocol_of(model)
        self._device = next(model.parameters()).device
        self._mirror = torch.as_tensor(order.mirror, device=self._device)
        self._metres_per_unit = metres_per_unit
        self._places_root = places_root
        self._root_sum_m, self._n_answers = 0.0, 0

    @property
    def in_picture(self) -> bool:
        """Whether the model answers in picture space, as MotionBERT's do."""
        return not self._protocol.metric

    @property
    def root_off_m(self) -> float:
        """How far from 0 the model's answers had the root, metres: the mean of all so far."""
        return self._root_sum_m / max(self._n_answers, 1)

    def target(self, clip: Clip) -> np.ndarray:
        """(F, 17, 3) metres: what is right for this model."""
        return image_target(clip) if self.in_picture else clip.xyz_m

    def __call__(self, clip: Clip) -> Answer:
        """The model's poses for a clip, in metres, the root at 0."""
        length, n = self._model.frames, len(clip)
        starts = centred_starts(n, length) if self.slides else chunk_starts(n, length)
        rows = window_rows(starts, length)
        poses = np.concatenate(list(self._poses(clip, edge_rows(rows, n))))
        if self.slides:
            return Answer(self._in_metres(clip, poses[:, 0], np.arange(n)))
        inside = ((rows >= 0) & (rows < n)).ravel()
        frames = edge_rows(rows, n).ravel()
        poses = self._in_metres(clip, poses.reshape(-1, 17, 3), frames)
        return Answer(poses[inside], poses[~inside], frames[~inside])

    @property
    def slides(self) -> bool:
        """Whether there is a window around each frame (seq2frame)."""
        return self._protocol.seq2frame

    def _poses(self, clip: Clip, frames: np.ndarray) -> Iterator[np.ndarray]:
        """Poses (B, L or 1, 17, 3) of windows of `frames` (W, L), batch by batch."""
        own = self._protocol.inputs == "body"
        whole = None if own else self._prepared(clip, np.arange(len(clip)), "screen").inputs
        for at in range(0, len(frames), self._batch):
            batch = frames[at : at + self._batch]
            if whole is not None:
                yield self._forward(whole[batch])
                continue
            windows = [self._prepared(clip, rows, "body") for rows in batch]
            poses = self._forward(np.stack([w.inputs for w in windows]))
            poses = poses - poses[:, :, clip.root, None]
            yield poses @ np.stack([w.rotation for w in windows]).swapaxes(-1, -2)

    def _prepared(self, clip: Clip, rows: np.ndarray, kind: str) -> WindowInputs:
        focal = clip.lens.focal_px[0] if clip.lens else assumed_focal_px(clip.size_px)
        xy_px, score = clip.xy_px[rows], clip.score[rows]
        return prepare(kind, xy_px, score, clip.size_px, focal, self._model.in_channels)

    @torch.inference_mode()
    def _forward(self, windows: np.ndarray) -> np.ndarray:
        """(B, L, 17, C) -> (B, L or 1, 17, 3), both flip halves in one batch where that may be."""
        straight = torch.from_numpy(windows).to(self._device)
        if not self._flip:
            return self._answer(straight).float().cpu().numpy()
        mirrored = flipped(straight, self._mirror)
        if self.slides and self._model.cuts:
            # The published evaluation keeps the same frames in the mirror.
            poses, kept = self._model.forward_kept(straight)
            with _keeping(self._model, kept):
                other, kept_there = self._model.forward_kept(mirrored)
            poses = centre_pose(poses, kept, self._model.frames)
            other = centre_pose(other, kept_there, self._model.frames)
        else:
            poses, other = self._answer(torch.cat([straight, mirrored])).chunk(2)
        return ((poses + flipped(other, self._mirror)) / 2).float().cpu().numpy()

    def _answer(self, windows: Tensor) -> Tensor:
        poses, kept = self._model.forward_kept(windows)
        return centre_pose(poses, kept, self._model.frames) if self.slides else poses

    def _in_metres(self, clip: Clip, poses: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Poses (N, 17, 3) of `frames` (N,) in metres, the root at 0."""
        scale: float | np.ndarray = self._metres_per_unit
        if self.in_picture:
            scale = (metres_per_px(clip) * clip.size_px[0] / 2)[frames, None, None]
        poses = poses * scale
        root = poses[:, clip.root].copy()
        self._root_sum_m += float(np.linalg.norm(root, axis=-1).sum())
        self._n_answers += len(root)
        if self._places_root:
            poses -= root[:, None]
        poses[:, clip.root] = 0
        return poses


@contextmanager
def _keeping(model: Hourglass, kept: Tensor) -> Iterator[None]:
    """Let `model` keep given frames (B, f) instead of choosing; only where it prunes once."""
    choose = model.choose_frames
    if len(model.cuts) == 1:
        model.choose_frames = lambda cues, n, keep: kept
    try:
        yield
    finally:
        model.choose_frames = choose
