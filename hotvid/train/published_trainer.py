"""The training loop of the published models: resumable to the batch, measured every epoch."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import torch
from torch import Tensor, nn

from hotvid.atomic import remove_leftovers
from hotvid.errors import HotvidError, UsageError
from hotvid.evaluate.clips import Clip
from hotvid.evaluate.human36m import counted
from hotvid.evaluate.predict import WindowPredictor
from hotvid.evaluate.protocols import Report, evaluate_clips
from hotvid.lift.checkpoint import save_checkpoint
from hotvid.lift.models.prune import take_frames
from hotvid.lift.models.zoo import build_model
from hotvid.progress import Progress, no_progress
from hotvid.train.begin import begin_with
from hotvid.train.published import H36M, PublishedRecipe
from hotvid.train.published_data import Windows, epoch_order
from hotvid.train.published_loss import LOSSES
from hotvid.train.regularise import regularise
from hotvid.train.state import add_to_log, read_training_state, write_training_state
from hotvid.train.whole_steps import WholeSteps

log = logging.getLogger(__name__)

SAVE_EVERY_S = 180.0
_MAY_CHANGE = ("epochs", "evaluate_every", "evaluate_batch_size")  # of the recipe, on resuming


class PublishedTrainer:
    """Trains one model in a folder, by its authors' recipe.

    The folder holds `state.pt` (everything a later run needs to go on), `log.jsonl` (a line an
    epoch), and the weights of the last and of the best epoch, MODEL.last.safetensors and
    MODEL.best.safetensors. Best is what has the lowest protocol-1 error on `test`, as in the
    papers, which have no validation set: the mean of the actions on Human3.6M, of all frames on
    MPI-INF-3DHP. MotionBERT is measured on whole windows, as by its authors.

    begun_with  the file whose weights the run began with; None: random ones.
    """

    def __init__(
        self,
        folder: str | Path,
        recipe: PublishedRecipe,
        train: Sequence[Clip],
        test: Sequence[Clip],
        device: torch.device | str = "cpu",
    ) -> None:
        self.folder, self.recipe = Path(folder), recipe
        self.device = torch.device(device)
        torch.manual_seed(recipe.seed)
        self.model = build_model(recipe.model, **dict(recipe.sizes)).to(self.device)
        self.model.initialise()
        self.folder.mkdir(parents=True, exist_ok=True)
        regularise(self.model, recipe.drop_path, recipe.dropout)
        self._predictor = WindowPredictor(self.model, batch_size=recipe.evaluate_batch_size)
        self._test = counted(test, self._predictor.in_picture)
        if not (recipe.padded or self._predictor.slides):
            self._test = [clip.of_whole_windows(self.model.frames) for clip in self._test]
        self._windows = Windows(
            train,
            length=self.model.frames,
            stride=recipe.stride,
            padded=recipe.padded,
            in_channels=self.model.in_channels,
            in_picture=self._predictor.in_picture,
            device=self.device,
        )
        self._optimiser = _optimiser(self.model, recipe)
        self._halves = recipe.mixed_precision and self.device.type == "cuda"
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=self._halves)
        self.epoch, self.batch, self.best_mm = 0, 0, math.inf
        self.begun_with: str | None = None
        self._spent_s, self._saved_s = 0.0, 0.0
        self._whole = WholeSteps()
        self._loss_sum = torch.zeros((), dtype=torch.float64, device=self.device)

    def start_from(self, weights: str | Path) -> list[str]:
        """Begin with the weights of a file instead of random ones.

        returns  the names of those that it lacks, which begin as released: the hourglass's, where
                 it is of the plain model. Everything else must fit (`begin_with`).
        """
        lacking, self.begun_with = begin_with(self.model, weights)
        return lacking

    @property
    def batches_an_epoch(self) -> int:
        windows = len(self._windows) * (2 if self.recipe.mirrored == "each" else 1)
        return math.ceil(windows / self.recipe.batch_size)

    def weights_file(self, which: str) -> Path:
        """The file of the `best` or the `last` epoch's weights."""
        return self.folder / f"{self.recipe.model}.{which}.safetensors"

    def run(
        self,
        progress: Progress = no_progress,
        stop_after_s: float | None = None,
    ) -> bool:
        """Train what is left of the recipe's epochs; False if the time is up before that.

        Ctrl-C and `kill` save what was reached; a second one in the middle of a batch does not.

        progress      called in the stages "batches", with those done, and "evaluating".
        stop_after_s  seconds, over all resumed runs.
        """
        try:
            while self.epoch < self.recipe.epochs:
                if not self._train_epoch(progress, stop_after_s):
                    self.save()
                    return False
                self._end_epoch(progress)
        except (KeyboardInterrupt, SystemExit):
            if not self._whole.broken:
                self.save()
            raise
        return True

    def _train_epoch(self, progress: Progress, stop_after_s: float | None) -> bool:
        """The batches that are left of the epoch; False if the time is up."""
        total = self.recipe.epochs * self.batches_an_epoch
        order, mirrored = epoch_order(
            len(self._windows), self.recipe.mirrored, self.recipe.seed, self.epoch
        )
        while self.batch < self.batches_an_epoch:
            at = self.batch * self.recipe.batch_size
            part = slice(at, at + self.recipe.batch_size)
            with self._whole:
                begun = time.monotonic()
                self._step(*self._windows.batch(order[part], mirrored[part]))
                self.batch += 1
                self._spent_s += time.monotonic() - begun
            progress("batches", self.epoch * self.batches_an_epoch + self.batch, total)
            if self._spent_s - self._saved_s > SAVE_EVERY_S:
                self.save()
            if stop_after_s is not None and self._spent_s >= stop_after_s:
                return False
        return True

    def evaluate(self, progress: Progress = no_progress) -> Report:
        """The errors on the test subjects, flip averaging included."""
        self.model.eval()
        return evaluate_clips(
            self._test, self._predictor, target=self._predictor.target, progress=progress
        )

    def _step(self, inputs: Tensor, targets: Tensor) -> None:
        self.model.train()
        for group in self._optimiser.param_groups:
            group["lr"] = self.recipe.rate(self.epoch)
        with torch.autocast(self.device.type, torch.float16, enabled=self._halves):
            poses, kept = self.model.forward_kept(inputs)
        if kept is not None and poses.shape[1] != targets.shape[1]:
            targets = take_frames(targets, kept)
        loss = LOSSES[self.recipe.loss](poses, targets)
        self._optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self._loss_sum += loss.detach()

    def _end_epoch(self, progress: Progress) -> None:
        """Measure the epoch and write its weights; only then is it over.

        A run that is interrupted before measures again when it goes on, and trains nothing twice.
        """
        done = self.epoch + 1
        self._check_finite()
        loss = float(self._loss_sum) / self.batches_an_epoch
        row = {"epoch": done, "rate": self.recipe.rate(self.epoch), "loss": loss}
        if done % self.recipe.evaluate_every == 0 or done == self.recipe.epochs:
            report = self.evaluate(progress)
            mean = report.mean if self.recipe.data == H36M else report.all_frames
            row |= {"mpjpe_mm": mean.mpjpe_mm, "pa_mpjpe_mm": mean.pa_mpjpe_mm}
            if mean.mpjpe_mm < self.best_mm:
                # The file before the number: with the number alone it would not be written again.
                self._save_weights("best", row)
                self.best_mm = mean.mpjpe_mm
        self._save_weights("last", row)
        with self._whole:
            self._log(row)
            self.epoch, self.batch = done, 0
            self._loss_sum.zero_()
            self.save()

    def _check_finite(self) -> None:
        """Before anything is written: weights of such a loss must not replace good ones."""
        loss, hint = float(self._loss_sum), "train without mixed precision, or at a lower rate"
        if not math.isfinite(loss):
            raise HotvidError(f"the loss of epoch {self.epoch + 1} is {loss}", hint)
        if not all(weights.isfinite().all() for weights in self.model.parameters()):
            raise HotvidError(f"in epoch {self.epoch + 1} the weights became no numbers", hint)

    def _log(self, row: dict[str, float]) -> None:
        row = row | {"minutes": self._spent_s / 60}
        log.info("%s", row)
        add_to_log(self.folder, {k: float(f"{v:.6g}") for k, v in row.items()})

    def _save_weights(self, which: str, row: dict[str, float]) -> None:
        notes = {"data": self.recipe.data, "recipe": self._recipe()}
        if self.recipe.data == H36M:
            notes["keypoints"] = self.recipe.keypoints
        if self.begun_with is not None:
            notes["begun_with"] = self.begun_with
        notes |= {name: f"{value:.6g}" for name, value in row.items()}
        save_checkpoint(self.model, self.weights_file(which), self.recipe.model, notes)

    def _recipe(self) -> str:
        return json.dumps(asdict(self.recipe))

    def save(self) -> None:
        """Write `state.pt`, whole or not at all; HotvidError where the loss is no finite number."""
        self._check_finite()
        state = {
            "recipe": self._recipe(),
            "epoch": self.epoch,
            "batch": self.batch,
            "best_mm": self.best_mm,
            "spent_s": self._spent_s,
            "loss_sum": self._loss_sum,
            "model": self.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "scaler": self._scaler.state_dict(),
            "begun_with": self.begun_with,
            "random": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            state["random_cuda"] = torch.cuda.get_rng_state(self.device)
        write_training_state(self.folder, state)
        self._saved_s = self._spent_s

    def resume(self) -> None:
        """Go on from `state.pt`: with the numbers of a run that was never stopped.

        To the last bit on a CPU; on CUDA where the recipe is deterministic (`PublishedRecipe`).

        What was half-written in the folder when a run was killed is removed.
        InputError if the folder holds none, or one of another kind of training; UsageError if it
        was begun with other settings.
        """
        state = read_training_state(self.folder, "epoch")
        self._check_same(json.loads(state["recipe"]))
        remove_leftovers(self.folder)
        self.epoch, self.batch = state["epoch"], state["batch"]
        self.best_mm, self.begun_with = state["best_mm"], state.get("begun_with")
        self._spent_s = self._saved_s = state["spent_s"]
        self._loss_sum = state["loss_sum"].to(self.device)
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        if state["scaler"]:
            self._scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and "random_cuda" in state:
            torch.cuda.set_rng_state(state["random_cuda"], self.device)

    def _check_same(self, begun: dict) -> None:
        now = json.loads(self._recipe())
        plain = {field.name: field.default for field in fields(PublishedRecipe)}
        for name in now:
            begun.setdefault(name, plain[name])  # settings that there were not yet
            if name not in _MAY_CHANGE and begun[name] != now[name]:
                raise UsageError(
                    f"{self.folder} was begun with {name} {begun.get(name)}, not {now[name]}",
                    "resume with the same settings, or choose another folder",
                )


def _optimiser(model: nn.Module, recipe: PublishedRecipe) -> torch.optim.Optimizer:
    if recipe.optimiser == "adam":
        return torch.optim.Adam(model.parameters(), lr=recipe.learning_rate, amsgrad=True)
    return torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
