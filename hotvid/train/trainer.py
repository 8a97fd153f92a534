"""The training loop of hotvid's own lifter: staged, resumable, measured as it goes."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from hotvid.errors import InputError
from hotvid.evaluate.metrics import acceleration_error, mpjpe, pa_mpjpe, scaled
from hotvid.evaluate.real import COUNTED
from hotvid.lift.models.zoo import build_model
from hotvid.train.loss import centred, motion_loss
from hotvid.train.motions import Motion, split
from hotvid.train.optimiser import MuonAdamW
from hotvid.train.recipe import Recipe, Stage
from hotvid.train.stream import WindowStream

log = logging.getLogger(__name__)

STATE_FILE = "state.pt"
SAVE_EVERY_S = 120.0
SHORTEST_VALIDATED_S = 2.7  # of held-out windows of few frames
LONGEST_STEP_S = 5.0  # a machine that slept or was stopped has not trained
_TABLES = ("Temporal_pos_embed", "x_token", "pos_embed_token")


@dataclass(frozen=True)
class Progress:
    """What the loop reports now and then."""

    step: int
    stage: int
    trained_s: float
    total_s: float
    loss: float


@dataclass(frozen=True)
class Validation:
    """Errors on held-out motions, millimetres, 15 joints (without nose and head)."""

    n_mpjpe_mm: float
    pa_mpjpe_mm: float
    acceleration_mm: float


class Trainer:
    """Trains one model in a folder.

    The folder holds `state.pt` (everything a later run needs to go on) and `log.jsonl`.
    """

    def __init__(self, folder: str | Path, recipe: Recipe, motions: Sequence[Motion]) -> None:
        torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        self.folder, self.recipe = Path(folder), recipe
        self.folder.mkdir(parents=True, exist_ok=True)
        self._train, self._held_out = split(motions)
        if not self._train:
            raise InputError("no motions to train on", "give BVH files of more subjects")
        self.step, self.trained_s, self.stage = 0, 0.0, 0
        self._enter(0, None, None)

    @property
    def total_s(self) -> float:
        return self.recipe.minutes * 60

    def _build(self, stage: Stage) -> nn.Module:
        sizes = dict(self.recipe.sizes)
        sizes |= {"frames": stage.frames, "token_num": stage.tokens or stage.frames}
        return build_model(self.recipe.model, **sizes)

    def _enter(self, stage: int, weights: dict | None, average: dict | None) -> None:
        """Build the stage's model, from the weights of the stage before where there are any."""
        self.stage = stage
        setting = self.recipe.stages[stage]
        self.model, self.average = self._build(setting), self._build(setting)
        if weights is not None:
            _carry_over(weights, self.model)
            _carry_over(average, self.average)
        new = [k for k in self.model.state_dict() if weights is None or k not in weights]
        state = self.average.state_dict()
        for key in new:
            state[key].copy_(self.model.state_dict()[key])
        self.optimiser = MuonAdamW(self.model, self.recipe.weight_decay)
        self._entered = self.step
        stream = replace(self.recipe.stream, rate_hz=setting.rate_hz)
        self._stream = WindowStream(
            self._train, stream, self.recipe.seed + 1000 * self.step + stage
        )

    def _schedule(self) -> float:
        """The share of the learning rate that holds now: warm-up, then a cosine's fall."""
        done = min(self.trained_s / self.total_s, 1.0)
        fall = 0.5 * (1 + math.cos(math.pi * done))
        warm = min((self.step - self._entered + 1) / self.recipe.warmup_steps, 1.0)
        floor = self.recipe.final_rate
        return warm * (floor + (1 - floor) * fall)

    def run(self, report: Callable[[Progress], None] = lambda _: None) -> None:
        """Train until the recipe's time is used up, saving every two minutes and at the end."""
        saved, losses = self.trained_s, []
        try:
            while self.trained_s < self.total_s:
                began = time.monotonic()
                self._next_stage()
                losses.append(self._train_step())
                self.trained_s += min(time.monotonic() - began, LONGEST_STEP_S)
                self.step += 1
                if self.step % 50 == 0:
                    mean, losses = float(np.mean(losses)), []
                    report(Progress(self.step, self.stage, self.trained_s, self.total_s, mean))
                if self.trained_s - saved > SAVE_EVERY_S:
                    saved = self.trained_s
                    self.save()
                    self._log(loss=mean, rate=self._schedule(), **vars(self.validate()))
        finally:
            self.save()
        self._log(final=True, **vars(self.validate()))

    def _next_stage(self) -> None:
        ends = np.cumsum([s.share for s in self.recipe.stages]) * self.total_s
        stage = min(int(np.searchsorted(ends, self.trained_s, "right")), len(ends) - 1)
        if stage != self.stage:
            self._enter(stage, self.model.state_dict(), self.average.state_dict())
            log.info("stage %d: windows of %d frames", stage, self.recipe.stages[stage].frames)

    def _train_step(self) -> float:
        setting = self.recipe.stages[self.stage]
        windows = self._stream.batch(setting.batch, setting.frames)
        target = torch.from_numpy(windows.xyz_m)
        now = self._schedule()
        self.optimiser.set_learning_rate(self.recipe.muon_rate * now, self.recipe.adamw_rate * now)
        self.model.train()
        predicted = centred(self.model(torch.from_numpy(windows.inputs)))
        loss = motion_loss(
            predicted, target, self.recipe.velocity_weight, self.recipe.acceleration_weight
        )
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        self.optimiser.step()
        self._update_average()
        with torch.no_grad():
            return float(torch.linalg.vector_norm(predicted - target, dim=-1).mean()) * 1000

    @torch.no_grad()
    def _update_average(self) -> None:
        age = self.step - self._entered + 1 if self.stage == 0 else self.step
        keep = min(self.recipe.average, age / (age + 20))
        mine = [p.data for p in self.average.parameters()]
        torch._foreach_lerp_(mine, [p.data for p in self.model.parameters()], 1 - keep)

    @torch.no_grad()
    def validate(self, windows: int = 64) -> Validation:
        """Errors on the held-out subjects as they were captured; always the same windows.

        Cameras and 2D errors are those of training, bodies nearly the mean adult's, and nothing
        is exchanged or turned. Windows as long as inference's have its 30 frames a second.
        """
        frames = self.recipe.stages[self.stage].frames
        rate = min(30.0, frames / SHORTEST_VALIDATED_S)
        as_captured = replace(
            self.recipe.stream,
            rate_hz=(rate, rate),
            speed=(1.0, 1.0),
            bone_spread=0.05,
            exchange=0.0,
            turn_deg=0.0,
            tumble=0.0,
        )
        batch = WindowStream(self._held_out or self._train, as_captured, 7).batch(windows, frames)
        self.average.eval()
        parts = torch.from_numpy(batch.inputs).split(8)
        predicted = torch.cat([centred(self.average(p)) for p in parts])
        return measure(predicted, torch.from_numpy(batch.xyz_m))

    def save(self) -> None:
        """Write `state.pt`, whole or not at all."""
        state = {
            "step": self.step,
            "trained_s": self.trained_s,
            "stage": self.stage,
            "entered": self._entered,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        partial = self.folder / (STATE_FILE + ".part")
        torch.save(state, partial)
        partial.replace(self.folder / STATE_FILE)

    def resume(self) -> None:
        """Go on from `state.pt`; InputError if the folder holds none."""
        path = self.folder / STATE_FILE
        if not path.is_file():
            raise InputError(f"no training state in {self.folder}", "start without --resume")
        state = torch.load(path, weights_only=True)
        self.step, self.trained_s = state["step"], state["trained_s"]
        self._enter(state["stage"], state["model"], state["average"])
        self._entered = state["entered"]
        self.optimiser.load_state_dict(state["optimiser"])

    def _log(self, **values: float | bool) -> None:
        row = {"step": self.step, "stage": self.stage, "minutes": round(self.trained_s / 60, 2)}
        row |= {k: v if isinstance(v, bool) else float(f"{v:.5g}") for k, v in values.items()}
        log.info("%s", row)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")


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


def _carry_over(weights: dict[str, Tensor], model: nn.Module) -> None:
    """Copy weights into a model of another window length; tables over frames are interpolated."""
    own = model.state_dict()
    for key, value in weights.items():
        if key not in own:
            continue
        if key in _TABLES and value.shape != own[key].shape:
            value = nn.functional.interpolate(
                value.transpose(1, 2), own[key].shape[1], mode="linear", align_corners=True
            ).transpose(1, 2)
        own[key].copy_(value)
