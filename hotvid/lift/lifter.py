"""2D tracks in, 3D motion out: windows through a video pose transformer, blended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hotvid import weights as shipped_weights
from hotvid.config import LiftConfig
from hotvid.errors import HotvidError, UsageError
from hotvid.geometry import assumed_focal_px
from hotvid.lift.checkpoint import load_checkpoint
from hotvid.lift.compiled import Compiled
from hotvid.lift.inputs import WindowInputs, fill_missing, prepare
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.models.products import products
from hotvid.lift.protocols import (
    LIMBS,
    MEAN_LIMBS_M,
    Protocol,
    centre_pose,
    flipped,
    protocol_of,
)
from hotvid.lift.windows import Blender, take_window, window_starts
from hotvid.skeleton import H36M17
from hotvid.types import Lifted, Track2D

# Bodies move below some 15 Hz, so nothing is lost at this rate; above it every second (third, ...)
# frame is lifted and the rest lies on a spline through them.
MAX_RATE_HZ = 90.0
# What a body's size in picture units is smoothed over (standard deviation).
_SIZE_S = 0.25

WindowsDone = Callable[[int, int], None]


def resolve_device(device: str) -> torch.device:
    """`auto` is CUDA where there is one; UsageError if CUDA is asked for and absent."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError("no CUDA device was found", "use --device cpu or auto")
    return torch.device(device)


def load_lifter(
    name: str | None = None,
    weights: str | Path | None = None,
    device: str = "auto",
    **sizes: Any,
) -> Lifter:
    """The lifter `name`, ready to run.

    name     of the model; None: the one that a file of hotvid's own says it is of, and without
             `weights` the default.
    weights  a checkpoint file; None: those that travel with hotvid or were imported.
    device   auto, cpu or cuda.
    sizes    that are to be others than the weights' own (`build_model`): other ways of pruning
             and recovery, as far as the same weights fit.
    returns  weights loaded strictly, the model in evaluation mode on the device.
    """
    path = shipped_weights.locate(name, weights)
    model, metadata = load_checkpoint(path, resolve_device(device), name, **sizes)
    name = metadata["name"]
    return Lifter(name, model, protocol_of(model), shipped_weights.sha256(path))


@dataclass(frozen=True)
class _Series:
    """One track, filled and thinned to a rate that the model knows."""

    xy_px: np.ndarray  # (F', 17, 2)
    score: np.ndarray  # (F', 17)
    lifted_at: np.ndarray  # (F',) rows of the track
    n_frames: int
    rate_hz: float  # of F'
    starts: np.ndarray  # (W,) of its windows


class Lifter:
    """A model and the protocol it was trained with."""

    def __init__(
        self, name: str, model: Hourglass, protocol: Protocol, weights_sha256: str
    ) -> None:
        self.name, self.weights_sha256 = name, weights_sha256
        self._model, self._protocol = model, protocol
        self._device = next(model.parameters()).device
        self._compiled = Compiled(model.forward_kept)

    def check(self, config: LiftConfig) -> None:
        """UsageError where the model cannot do what `config` asks; `lift` would say so late."""
        self._model.use_tokens(config.tokens)

    def lift(
        self,
        tracks: Sequence[Track2D],
        fps: float,
        size_px: tuple[int, int],
        config: LiftConfig | None = None,
        progress: WindowsDone | None = None,
    ) -> list[Lifted]:
        """Lift every track; all their windows go through the model in common batches.

        tracks    H36M-17 keypoints, pixels, NaN where missing.
        fps       frames a second of the tracks.
        size_px   (width, height) of the picture.
        progress  called with (windows done, windows in all).
        returns   for each track its poses, and how far the answers for them are apart.
        warns     HotvidWarning where it is to be compiled but cannot.
        """
        config = config or LiftConfig()
        focal_px = config.focal_px or assumed_focal_px(size_px)
        self._model.use_tokens(config.tokens)
        series = [self._series(track, fps, config.overlap) for track in tracks]
        blenders = [Blender(len(s.lifted_at), self._model.frames) for s in series]
        total = sum(len(s.starts) for s in series)
        done = 0
        windows = self._windows(series, size_px, focal_px)
        while batch := list(islice(windows, config.batch_size)):
            inputs = np.stack([w.inputs for _, _, w in batch])
            if config.compile:
                # One size for all: for another, the model would be compiled anew.
                inputs = np.resize(inputs, (min(total, config.batch_size), *inputs.shape[1:]))
            poses, apart = (found[: len(batch)] for found in self._forward(inputs, config))
            for (which, start, window), pose, off in zip(batch, poses, apart, strict=True):
                first, rotation = start, window.rotation
                if self._protocol.seq2frame:
                    centre = self._model.frames // 2
                    first, rotation = start + centre, rotation[centre, None]
                blenders[which].add(pose @ np.swapaxes(rotation, -1, -2), first, off)
            done += len(batch)
            if progress is not None:
                progress(done, total)
        blenders.reverse()  # and given back one by one
        return [self._finish(blenders.pop(), one, config) for one in series]

    def _series(self, track: Track2D, fps: float, overlap: float) -> _Series:
        if track.joint_set != H36M17.name:
            raise HotvidError(f"expected an h36m17 track, got '{track.joint_set}'")
        xy_px, score = fill_missing(track.xy_px, track.score)
        step = max(int(np.ceil(fps / MAX_RATE_HZ)), 1)
        at = np.unique(np.append(np.arange(0, len(xy_px), step), len(xy_px) - 1))
        if self._protocol.seq2frame:
            starts = np.arange(len(at)) - self._model.frames // 2
        else:
            starts = window_starts(len(at), self._model.frames, overlap)
        return _Series(xy_px[at], score[at], at, len(xy_px), fps / step, starts)

    def _windows(
        self, series: Sequence[_Series], size_px: tuple[int, int], focal_px: float
    ) -> Iterator[tuple[int, int, WindowInputs]]:
        """(which series, first frame, window), made as they are needed."""
        length, protocol = self._model.frames, self._protocol
        for which, one in enumerate(series):
            for start in one.starts.tolist():
                xy_px = take_window(one.xy_px, start, length, protocol.pad)
                score = take_window(one.score, start, length, protocol.pad)
                channels = self._model.in_channels
                yield (
                    which,
                    start,
                    prepare(protocol.inputs, xy_px, score, size_px, focal_px, channels),
                )

    @torch.inference_mode()
    def _forward(self, windows: np.ndarray, config: LiftConfig) -> tuple[np.ndarray, np.ndarray]:
        """(B, L, 17, C) -> (B, L or 1, 17, 3), pelvis at 0; both flip halves in one batch.

        Also (B, L or 1, 17): how far the halves are from their mean.
        """
        forward = self._compiled if config.compile else self._model.forward_kept
        batch = torch.from_numpy(windows).to(self._device)
        mirror = torch.as_tensor(H36M17.mirror, device=self._device)
        both = torch.cat([batch, flipped(batch, mirror)]) if config.flip else batch
        with products(config.precision):
            poses, kept = forward(both)
        if self._protocol.seq2frame:
            poses = centre_pose(poses, kept, self._model.frames)
        poses = poses - poses[:, :, :1]
        apart = torch.zeros_like(poses[..., 0])
        if config.flip:
            straight, other = poses.chunk(2)
            other = flipped(other, mirror)
            poses, apart = (straight + other) / 2, torch.linalg.norm(straight - other, dim=-1) / 2
        return poses.float().cpu().numpy(), apart.float().cpu().numpy()

    def _finish(self, blender: Blender, one: _Series, config: LiftConfig) -> Lifted:
        """In metres, float32, a row for each of the track's."""
        motion, apart = blender.finish()
        if not config.flip:
            apart = None
        if not self._protocol.metric:
            from scipy.ndimage import gaussian_filter1d

            # Picture units: who comes nearer grows, and each window has a scale of its own.
            limbs = sum(np.linalg.norm(motion[:, a] - motion[:, b], axis=-1) for a, b in LIMBS)
            limbs = gaussian_filter1d(limbs, _SIZE_S * one.rate_hz, mode="nearest")
            size = MEAN_LIMBS_M / np.maximum(limbs, 1e-6)
            motion *= size[:, None, None]
            if apart is not None:
                apart *= size[:, None]
        if len(one.lifted_at) < one.n_frames:
            from scipy.interpolate import CubicSpline  # takes half a second to import

            rows = np.arange(one.n_frames)
            motion = CubicSpline(one.lifted_at, motion, axis=0)(rows)
            if apart is not None:
                apart = np.stack([np.interp(rows, one.lifted_at, column) for column in apart.T], 1)
        return Lifted(
            motion.astype(np.float32), None if apart is None else apart.astype(np.float32)
        )
