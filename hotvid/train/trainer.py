"""The training loop of hotvid's own lifter: resumable, measured as it goes."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from hotvid.atomic import remove_leftovers
from hotvid.errors import HotvidError, InputError, UsageError
from hotvid.evaluate.metrics import acceleration_error, mpjpe, pa_mpjpe, scaled
from hotvid.evaluate.real import COUNTED
from hotvid.lift.checkpoint import load_state
from hotvid.lift.models.products import products
from hotvid.lift.models.zoo import build_model
from hotvid.lift.weight_files import read_state
from hotvid.train.begin import with_hourglass
from hotvid.train.loss import centred, motion_loss
from hotvid.train.motions import Motion, split
from hotvid.train.optimiser import MuonAdamW
from hotvid.train.recipe import Recipe, adjusted
from hotvid.train.sampled import TABLES, SampledModel, draw_sample, middle_sample
from hotvid.train.state import add_to_log, read_training_state, write_training_state
from hotvid.train.stream import WindowStream
from hotvid.train.teacher import Teacher
from hotvid.train.whole_steps import WholeSteps

log = logging.getLogger(__name__)

SAVE_EVERY_S = 120.0
REPORT_EVERY = 50  # steps; the loss that is reported is the mean of so many
VALIDATED_HZ = 30.0  # of the long window
LONGEST_STEP_S = 5.0  # a machine that slept or was stopped has not trained
# Of the recipe, kept for those who resume.
_OF_THE_RUN = ("minutes", "seed", "rate", "model", "teachers")
_MARK = "step"  # which states of this trainer have, and those of published models do not


@dataclass(frozen=True)
class Reached:
    """What the loop reports now and then."""

    step: int
    trained_s: float
    total_s: float
    loss: float


@dataclass(frozen=True)
class Validation:
    """Errors on motions, millimetres, 15 joints (without nose and head)."""

    n_mpjpe_mm: float
    pa_mpjpe_mm: float
    acceleration_mm: float


class Trainer:
    """Trains one model in a folder.

    The folder holds `state.pt` (everything a later run needs to go on) and `log.jsonl`.

    trained_on  the names of the motions trained on, over all resumed runs.
    held_out    the names of those that are only measured on; with none, training's are measured.
    begun_with  what the file says of itself whose weights the run began with; None: random ones.
    teacher     whose answers are learned; None: only the truth is.
    taught_by   what the teachers' files say of themselves, over all resumed runs.
    """

    def __init__(self, folder: str | Path, recipe: Recipe, motions: Sequence[Motion]) -> None:
        torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        self.folder, self.recipe = Path(folder), recipe
        self._train, self._held_out = split(motions)
        if not self._train:
            raise InputError("no motions to train on", "give BVH files of more subjects")
        self.trained_on = [m.name for m in self._train]
        self.held_out = [m.name for m in self._held_out]
        self.begun_with: dict[str, str] | None = None
        self.step, self.trained_s = 0, 0.0
        self._whole = WholeSteps()
        self.model = build_model(recipe.model, **dict(recipe.sizes))
        self.average = copy.deepcopy(self.model)
        self._sampled = {
            (kind.frames, tokens): SampledModel(recipe.model, self.model.sizes, kind.frames, tokens)
            for kind in recipe.windows
            for tokens in kind.tokens
        }
        self.teacher = Teacher(recipe.teachers, self.model) if recipe.teachers else None
        self.taught_by = [] if self.teacher is None else list(self.teacher.about)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.optimiser = MuonAdamW(self.model, recipe.weight_decay)
        self._begin_stream()

    @property
    def total_s(self) -> float:
        return self.recipe.minutes * 60

    def _begin_stream(self) -> None:
        """A stream of its own for every run that goes on, so that none sees the same again."""
        seed = self.recipe.seed + 1000 * self.step
        self._stream = WindowStream(self._train, self.recipe.stream, seed)

    def _schedule(self) -> float:
        """The share of the learning rate that holds now: warm-up, then a cosine's fall."""
        done = min(self.trained_s / self.total_s, 1.0)
        fall = 0.5 * (1 + math.cos(math.pi * done))
        warm = min((self.step + 1) / self.recipe.warmup_steps, 1.0)
        floor = self.recipe.final_rate
        return warm * (floor + (1 - floor) * fall)

    def run(self, report: Callable[[Reached], None] = lambda _: None) -> None:
        """Train until the recipe's time is used up, saving every two minutes and at the end.

        Raises HotvidError, and saves nothing, where the loss is no finite number any more.
        """
        saved, losses = self.trained_s, deque(maxlen=REPORT_EVERY)
        try:
            while self.trained_s < self.total_s:
                with self._whole:
                    began = time.monotonic()
                    losses.append(self._train_step())
                    self.trained_s += min(time.monotonic() - began, LONGEST_STEP_S)
                    self.step += 1
                mean = float(np.mean(losses))
                if self.step % REPORT_EVERY == 0:
                    report(Reached(self.step, self.trained_s, self.total_s, mean))
                if self.trained_s - saved > SAVE_EVERY_S:
                    saved = self.trained_s
                    self.save()
                    self._log(loss=mean, rate=self._schedule(), **vars(self.validate()))
        finally:
            if not self._whole.broken:
                self.save()
        self._log(final=True, **vars(self.validate()))

    def _train_step(self) -> float:
        rng, kinds = self._stream.rng, self.recipe.windows
        kind = kinds[rng.choice(len(kinds), p=[k.share for k in kinds])]
        sampled = self._sampled[kind.frames, kind.tokens[rng.integers(len(kind.tokens))]]
        sample = draw_sample(rng, kind.frames, kind.strides, self.model.frames)
        windows = self._stream.batch(kind.batch, kind.frames, sample.stride)
        inputs, target = torch.from_numpy(windows.inputs), torch.from_numpy(windows.xyz_m)
        now = self.recipe.rate * self._schedule()
        self.optimiser.set_learning_rate(self.recipe.muon_rate * now, self.recipe.adamw_rate * now)
        self.model.train()
        with products("bfloat16" if self.recipe.bfloat16 else "float32"):
            predicted = centred(sampled(self.model, inputs, sample))
            taught = self.teacher(inputs, sample) if self.teacher is not None else None
        loss = self._loss(predicted, target)
        if taught is not None:
            loss = self._loss(predicted, taught) + self.recipe.truth_weight * loss
        self.optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        self._check_finite(float(loss.detach()), float(norm))
        self.optimiser.step()
        self._update_average()
        with torch.no_grad():
            return float(torch.linalg.vector_norm(predicted - target, dim=-1).mean()) * 1000

    def _loss(self, predicted: Tensor, target: Tensor) -> Tensor:
        recipe = self.recipe
        return motion_loss(predicted, target, recipe.velocity_weight, recipe.acceleration_weight)

    def _check_finite(self, loss: float, gradient: float) -> None:
        """Before a step is taken: one of NaN would spoil the weights, and soon the state."""
        for what, value in (("loss", loss), ("gradient", gradient)):
            if not math.isfinite(value):
                raise HotvidError(
                    f"the {what} of step {self.step + 1} is {value}",
                    "train at a lower --rate; --resume goes on from the last state that was saved",
                )

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(self.recipe.average, (self.step + 1) / (self.step + 21))
        mine = [p.data for p in self.average.parameters()]
        torch._foreach_lerp_(mine, [p.data for p in self.model.parameters()], 1 - keep)

    @torch.no_grad()
    def validate(self, windows: int = 64) -> Validation:
        """Errors on the held-out motions as they were captured; always the same windows.

        Where no motion is held out, they are errors on those trained on: better than on others.
        Cameras and 2D errors are those of training, bodies nearly the mean adult's, and nothing
        is exchanged or turned. The windows are of the recipe's last kind, at 30 frames a second.
        """
        kind = self.recipe.windows[-1]
        as_captured = replace(
            self.recipe.stream,
            rate_hz=(VALIDATED_HZ, VALIDATED_HZ),
            speed=(1.0, 1.0),
            bone_spread=0.05,
            exchange=0.0,
            turn_deg=0.0,
            tumble=0.0,
            invent=0.0,
        )
        sample = middle_sample(kind.frames, kind.strides[1], self.model.frames)
        sampled = self._sampled[kind.frames, kind.tokens[0]]
        stream = WindowStream(self._held_out or self._train, as_captured, 7)
        batch = stream.batch(windows, kind.frames, sample.stride)
        self.average.eval()
        parts = torch.from_numpy(batch.inputs).split(8)
        predicted = torch.cat([centred(sampled(self.average, p, sample)) for p in parts])
        return measure(predicted, torch.from_numpy(batch.xyz_m))

    def save(self) -> None:
        """Write `state.pt`, whole or not at all."""
        state = {
            "step": self.step,
            "trained_s": self.trained_s,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "recipe": {name: getattr(self.recipe, name) for name in _OF_THE_RUN}
            | {"invent": self.recipe.stream.invent},
            "trained_on": self.trained_on,
            "begun_with": self.begun_with,
            "taught_by": self.taught_by,
        }
        write_training_state(self.folder, state)

    def start_from(self, weights: str | Path) -> None:
        """Begin with the weights of a file instead of random ones; its sizes must be the recipe's.

        Tables over the frames of another window length are interpolated; of a model that prunes
        its unpruned twin takes what it has itself, and gives it all but what recovers the frames,
        which begins at random.
        """
        state, self.begun_with = read_state(Path(weights))
        state, _ = with_hourglass(self.model, state)
        own = self.model.state_dict()
        fitted = {
            key: _stretch(value, own[key].shape[1]) if key in TABLES and key in own else value
            for key, value in state.items()
            if key in own or not self.model.is_hourglass_key(key)
        }
        load_state(self.model, fitted)
        self.average.load_state_dict(self.model.state_dict())

    def resume(self) -> None:
        """Go on from `state.pt`; the minutes are this recipe's (see: `recipe_as_begun`).

        What was half-written in the folder when a run was killed is removed.
        InputError if the folder holds none, or one of another kind of training; UsageError if it
        trains another model; WeightsError if its model is of other sizes.
        """
        state = read_training_state(self.folder, _MARK)
        begun = state.get("recipe", {}).get("model", self.recipe.model)
        if begun != self.recipe.model:
            raise UsageError(
                f"the run in {self.folder} trains {begun}, not {self.recipe.model}",
                "leave --model out, or choose another --out",
            )
        remove_leftovers(self.folder)
        load_state(self.model, state["model"])
        self.step, self.trained_s = state["step"], state["trained_s"]
        earlier = [name for name in state.get("trained_on", ()) if name not in self.trained_on]
        self.trained_on += earlier
        self.begun_with = state.get("begun_with")
        self.taught_by += [one for one in state.get("taught_by", ()) if one not in self.taught_by]
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._begin_stream()

    def _log(self, **values: float | bool) -> None:
        row = {"step": self.step, "minutes": round(self.trained_s / 60, 2)}
        row |= {k: v if isinstance(v, bool) else float(f"{v:.5g}") for k, v in values.items()}
        log.info("%s", row)
        add_to_log(self.folder, row)


def recipe_as_begun(folder: str | Path, recipe: Recipe) -> Recipe:
    """`recipe` with the minutes, the seed, the rate and whatever else was chosen for the run that a
    folder holds.

    As it is where the state does not say them: those of former versions do not. InputError as
    `Trainer.resume`.
    """
    return adjusted(recipe, **read_training_state(Path(folder), _MARK).get("recipe", {}))


def measure(predicted: Tensor, target: Tensor) -> Validation:
    """Errors of clips (B, F, 17, 3), metres, over 15 joints; each clip with a scale of its own."""
    clips = [
        (scaled(p, t), p, t)
        for p, t in zip(
            predicted[:, :, COUNTED].double().numpy(),
            target[:, :, COUNTED].double().numpy(),
            strict=True,
        )
    ]
    return Validation(
        n_mpjpe_mm=float(np.mean([mpjpe(s, t) for s, _, t in clips])),
        pa_mpjpe_mm=float(np.mean([pa_mpjpe(p, t) for _, p, t in clips])),
        acceleration_mm=float(np.mean([acceleration_error(s, t) for s, _, t in clips])),
    )


def _stretch(table: Tensor, length: int) -> Tensor:
    """(1, n, C) -> (1, length, C), interpolated."""
    if table.shape[1] == length:
        return table
    return nn.functional.interpolate(table.mT, length, mode="linear", align_corners=True).mT
