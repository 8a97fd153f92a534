"""Short windows as samples of the model's long one.

A model of 243 frames is trained mostly on windows of 9, 27 and 81, which cost a fraction of a long
one and differ more from each other. A short window is every s-th frame of a long one, from some
frame on, and is given the position embeddings of just those frames: so all lengths train one set
of tables, a distance in time looks the same in each, and nothing is interpolated between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hotvid.lift.models.zoo import build_model

_BY_FRAME = ("Temporal_pos_embed", "x_token")
_BY_SLOT = "pos_embed_token"
TABLES = (*_BY_FRAME, _BY_SLOT)


@dataclass(frozen=True)
class Sample:
    """Which frames of the long window a short one holds: `first`, then every `stride`-th."""

    first: int
    stride: int
    n_frames: int

    @property
    def frames(self) -> np.ndarray:
        return self.first + self.stride * np.arange(self.n_frames)


def draw_sample(
    rng: np.random.Generator, n_frames: int, strides: tuple[int, int], long: int
) -> Sample:
    """A random sample of a window of `long` frames; its stride is log-uniform in `strides`."""
    low, high = np.log(strides[0]), np.log(strides[1] + 1)
    stride = min(int(np.exp(rng.uniform(low, high))), strides[1])
    room = long - (n_frames - 1) * stride
    return Sample(int(rng.integers(room)), stride, n_frames)


def middle_sample(n_frames: int, stride: int, long: int) -> Sample:
    """The sample about the long window's centre."""
    return Sample((long - (n_frames - 1) * stride - 1) // 2, stride, n_frames)


class SampledModel:
    """The model `name` on windows of `n_frames`, with the weights of one of `long` frames.

    tokens  frames kept by the hourglass; None: nothing is pruned.
    """

    def __init__(
        self, name: str, sizes: Mapping[str, int], n_frames: int, tokens: int | None
    ) -> None:
        with torch.device("meta"):
            self._shape = build_model(
                name, **{**sizes, "frames": n_frames, "token_num": tokens or n_frames}
            )
        self._names = [key for key, _ in self._shape.named_parameters()]
        self._tokens = tokens

    def __call__(self, weights: nn.Module, inputs: Tensor, sample: Sample) -> Tensor:
        """inputs (B, n_frames, 17, C) -> (B, n_frames, 17, 3)."""
        self._shape.train(weights.training)
        return torch.func.functional_call(self._shape, self._take(weights, sample), (inputs,))

    def _take(self, weights: nn.Module, sample: Sample) -> dict[str, Tensor]:
        owned = dict(weights.named_parameters())
        taken = {name: owned[name] for name in self._names}
        at = torch.from_numpy(sample.frames)
        for name in _BY_FRAME:
            if name in taken:
                taken[name] = owned[name][:, at]
        if _BY_SLOT in taken:
            taken[_BY_SLOT] = self._slots(owned[_BY_SLOT], sample, owned[_BY_FRAME[0]].shape[1])
        return taken

    def _slots(self, table: Tensor, sample: Sample, long: int) -> Tensor:
        """The rows (1, tokens, C) of a table over slots, for evenly spread frames of the sample.

        For the whole window they are those that `Hourglass.use_tokens` makes.
        """
        share = np.linspace(0, 1, self._tokens) * (sample.n_frames - 1) * sample.stride
        at = torch.from_numpy((sample.first + share) / (long - 1) * (table.shape[1] - 1))
        low = at.floor().long().clamp(max=table.shape[1] - 2)
        part = (at - low).to(table.dtype)[:, None]
        return table[:, low] * (1 - part) + table[:, low + 1] * part
