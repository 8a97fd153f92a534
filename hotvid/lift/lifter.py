"""2D tracks in, 3D motion out: windows through a video pose transformer, blended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import nn

from hotvid import weights as shipped_weights
from hotvid.config import LiftConfig
from hotvid.errors import HotvidError, UsageError
from hotvid.geometry import assumed_focal_px, rays, to_screen
from hotvid.lift.checkpoint import load_checkpoint
from hotvid.lift.inputs import body_inputs, fill_missing
from hotvid.lift.windows import blend_windows, take_window, window_starts
from hotvid.skeleton import H36M17
from hotvid.types import Track2D

# Bodies move below some 15 Hz, so 60 frames a second lose nothing; above, every second (third,
# ...) frame is lifted and the rest lies on a spline through them.
MAX_RATE_HZ = 90.0

ProgressFn = Callable[[int, int], None]


def resolve_device(device: str) -> torch.device:
    """`auto` is CUDA where there is one; UsageError if CUDA is asked for and absent."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError("no CUDA device was found", "use --device cpu or auto")
    return torch.device(device)


def load_lifter(
    name: str = "hot-mixste-s", weights: str | None = None, device: str = "auto"
) -> Lifter:
    """The lifter `name`, ready to run.

    weights  a checkpoint file; None: the weights that travel with hotvid.
    device   auto, cpu or cuda.
    returns  weights loaded strictly, the model in evaluation mode on the device.
    """
    if weights is None:
        if name not in shipped_weights.SHIPPED:
            raise UsageError(
                f"no weights for '{name}' travel with hotvid",
                "give its authors' checkpoint with --weights FILE",
            )
        path = shipped_weights.find(name)
    else:
        path = Path(weights).expanduser()
    target = resolve_device(device)
    model, metadata = load_checkpoint(path, target)
    return Lifter(
        name=metadata.get("name", name),
        model=model.eval(),
        inputs=metadata.get("inputs", "body"),
        weights_sha256=shipped_weights.sha256(path),
    )


@dataclass(frozen=True)
class _Prepared:
    """One track, thinned to a rate the model knows, and its windows."""

    inputs: np.ndarray  # (W, L, 17, C)
    rotation: np.ndarray  # (W, L, 3, 3)
    starts: np.ndarray  # (W,)
    lifted_at: np.ndarray  # (F',) rows of the track that are lifted
    n_frames: int


class Lifter:
    """A model and how its inputs are normalised.

    inputs  `body`: hotvid's own (`lift.inputs`); `screen`: as VideoPose3D, MixSTE and MHFormer.
    """

    def __init__(self, name: str, model: nn.Module, inputs: str, weights_sha256: str) -> None:
        if inputs not in ("body", "screen"):
            raise UsageError(f"unknown input normalisation '{inputs}'", "choose body or screen")
        self.name, self.weights_sha256 = name, weights_sha256
        self._model, self._inputs = model, inputs
        self._device = next(model.parameters()).device
        self._length: int = model.frames

    def lift(
        self,
        tracks: Sequence[Track2D],
        fps: float,
        size_px: tuple[int, int],
        config: LiftConfig | None = None,
        progress: ProgressFn | None = None,
    ) -> list[np.ndarray]:
        """Lift every track; all their windows go through the model in common batches.

        tracks    H36M-17 keypoints, pixels, NaN where missing.
        fps       frames a second of the tracks.
        size_px   (width, height) of the picture.
        progress  called with (windows done, windows in all).
        returns   for each track (F, 17, 3) float32, metres, camera axes, the pelvis at 0.
        """
        config = config or LiftConfig()
        focal_px = config.focal_px or assumed_focal_px(size_px)
        prepared = [self._prepare(track, fps, size_px, focal_px, config) for track in tracks]
        if not prepared:
            return []
        windows = np.concatenate([p.inputs for p in prepared])
        lifted = self._run(windows, config, progress)
        out, at = [], 0
        for one in prepared:
            out.append(_to_track(lifted[at : at + len(one.starts)], one))
            at += len(one.starts)
        return out

    def _prepare(
        self,
        track: Track2D,
        fps: float,
        size_px: tuple[int, int],
        focal_px: float,
        config: LiftConfig,
    ) -> _Prepared:
        if track.joint_set != H36M17.name:
            raise HotvidError(f"expected an h36m17 track, got '{track.joint_set}'")
        xy_px, score = fill_missing(track.xy_px, track.score)
        n_frames = len(xy_px)
        step = max(int(np.ceil(fps / MAX_RATE_HZ)), 1)
        lifted_at = np.unique(np.append(np.arange(0, n_frames, step), n_frames - 1))
        xy_px, score = xy_px[lifted_at], score[lifted_at]
        starts = window_starts(len(lifted_at), self._length, config.overlap)
        xy_px = np.stack([take_window(xy_px, s, self._length) for s in starts])
        score = np.stack([take_window(score, s, self._length) for s in starts])
        if self._inputs == "body":
            seen = body_inputs(rays(xy_px, focal_px, size_px), score)
            inputs, rotation = seen.inputs, seen.rotation
        else:
            inputs = to_screen(xy_px, size_px).astype(np.float32)
            if self._model.in_channels == 3:
                inputs = np.concatenate([inputs, score[..., None]], -1).astype(np.float32)
            rotation = np.broadcast_to(np.eye(3, dtype=np.float32), (*score.shape[:2], 3, 3))
        return _Prepared(inputs, rotation, starts, lifted_at, n_frames)

    def _run(
        self, windows: np.ndarray, config: LiftConfig, progress: ProgressFn | None
    ) -> np.ndarray:
        out = np.empty((*windows.shape[:3], 3), np.float32)
        for start in range(0, len(windows), config.batch_size):
            batch = torch.from_numpy(windows[start : start + config.batch_size])
            out[start : start + len(batch)] = self._forward(batch.to(self._device), config.flip)
            if progress is not None:
                progress(start + len(batch), len(windows))
        return out

    @torch.inference_mode()
    def _forward(self, batch: torch.Tensor, flip: bool) -> np.ndarray:
        """(B, L, 17, C) -> (B, L, 17, 3), pelvis at 0; both halves of a flip in one batch."""
        order = torch.as_tensor(H36M17.mirror, device=batch.device)

        def mirrored(x: torch.Tensor) -> torch.Tensor:
            x = x[:, :, order]
            return torch.cat([-x[..., :1], x[..., 1:]], -1)

        if flip:
            straight, flipped = self._model(torch.cat([batch, mirrored(batch)])).chunk(2)
            poses = (straight + mirrored(flipped)) / 2
        else:
            poses = self._model(batch)
        return (poses - poses[:, :, :1]).cpu().numpy()


def _to_track(lifted: np.ndarray, one: _Prepared) -> np.ndarray:
    """Windows (W, L, 17, 3) in the virtual cameras' axes -> (F, 17, 3) in the camera's."""
    turned = lifted @ np.swapaxes(one.rotation, -1, -2)
    motion = blend_windows(turned, one.starts, len(one.lifted_at))
    if len(one.lifted_at) < one.n_frames:
        motion = CubicSpline(one.lifted_at, motion, axis=0)(np.arange(one.n_frames))
    return motion.astype(np.float32)
