"""Weights that other weights learn from: their answers are free of the noise that the truth has.

What a window's keypoints leave open no model can know, and the truth is one draw of it. A trained
model's answer is near the mean of them, which is what is to be learned (Hinton et al. 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from hotvid.errors import WeightsError
from hotvid.lift.checkpoint import load_checkpoint
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.protocols import flipped
from hotvid.skeleton import H36M17
from hotvid.train.loss import centred
from hotvid.train.sampled import Sample, SampledModel
from hotvid.weights import OWN_LIFTERS


class Teacher:
    """The mean answer of some models, each to a window and to its mirror image.

    files    of weights of hotvid's own lifters.
    learner  the model that learns; its windows are the teachers', too.
    about    what each file says of itself.
    raises   WeightsError as `load_checkpoint`, and for weights of other models and windows.
    """

    def __init__(self, files: Sequence[str], learner: Hourglass) -> None:
        loaded = [load_checkpoint(Path(file)) for file in files]
        for file, (model, _) in zip(files, loaded, strict=True):
            if model.name not in OWN_LIFTERS or _windows(model) != _windows(learner):
                raise WeightsError(
                    f"'{file}' cannot teach: it is {model.name} with {_windows(model)}",
                    f"give weights of {' or '.join(OWN_LIFTERS)} with {_windows(learner)}",
                )
        self._models = [model for model, _ in loaded]
        self.about = [about for _, about in loaded]
        self._sampled: dict[tuple[int, int], SampledModel] = {}
        self._mirror = torch.tensor(H36M17.mirror)

    @torch.no_grad()
    def __call__(self, inputs: Tensor, sample: Sample) -> Tensor:
        """inputs (B, F, 17, C) -> poses (B, F, 17, 3), metres, pelvis at 0."""
        both = torch.cat([inputs, flipped(inputs, self._mirror)])
        answers = []
        for number, model in enumerate(self._models):
            straight, mirrored = centred(self._of(number, sample)(model, both, sample)).chunk(2)
            answers += [straight, flipped(mirrored, self._mirror)]
        return torch.stack(answers).mean(0)

    def _of(self, number: int, sample: Sample) -> SampledModel:
        """The model on such windows: pruned as it was built on whole ones, else not at all."""
        at = number, sample.n_frames
        if at not in self._sampled:
            model = self._models[number]
            whole = sample.n_frames == model.frames
            tokens = next(iter(model.cuts.values()), None) if whole else None
            self._sampled[at] = SampledModel(model.name, model.sizes, sample.n_frames, tokens)
        return self._sampled[at]


def _windows(model: Hourglass) -> str:
    return f"windows of {model.frames} frames, {model.in_channels} numbers a joint"
