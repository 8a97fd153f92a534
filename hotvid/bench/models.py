"""How fast each lifter is beside its unpruned twin, and what of the forward pass pruning takes.

A model and its twin are timed in turns, so that a machine that slows down slows both. Weights are
random: they do not change what is computed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch
from torch import Tensor

from hotvid.bench.machine import cpu_name
from hotvid.errors import UsageError
from hotvid.lift.models.complexity import Complexity, count
from hotvid.lift.models.hourglass import JOINTS, Hourglass
from hotvid.lift.models.products import products
from hotvid.lift.models.zoo import MODELS, build_model
from hotvid.progress import Progress, no_progress

STAGE = "timing"
BATCH = {"cpu": 1, "cuda": 16}  # windows at once: a GPU is idle with one
ROUNDS = 5
_LEAST_S = 0.2  # of one measurement: shorter ones are repeated until they have lasted as long
_SEED = 0


@dataclass(frozen=True)
class ModelSpeed:
    """One model, timed.

    name           of the zoo; a twin that is not in it is called "NAME unpruned".
    tokens         frames kept, first to last; () where nothing is pruned.
    s_a_window     seconds, the median of the rounds.
    pruning_share  of the forward pass, 0..1: choosing frames and taking them; None without.
    """

    name: str
    frames: int
    tokens: tuple[int, ...]
    cost: Complexity
    s_a_window: float
    pruning_share: float | None

    @property
    def windows_per_s(self) -> float:
        return 1 / self.s_a_window


@dataclass(frozen=True)
class Gain:
    """What a pruned model saves against its twin: the twin's over its own."""

    pruned: str
    plain: str
    wall: float
    flops: float
    flops_with_attention: float

    @property
    def wall_by_flops(self) -> float:
        """How much of what is saved on paper is saved in time."""
        return self.wall / self.flops


@dataclass(frozen=True)
class ModelBench:
    """What was measured, on what, in which precision of the products; inference mode."""

    device: str
    n_threads: int
    batch_size: int
    rounds: int
    precision: str
    models: tuple[ModelSpeed, ...]
    gains: tuple[Gain, ...]


def bench_models(
    names: Sequence[str] = tuple(MODELS),
    device: torch.device | str = "cpu",
    *,
    batch_size: int | None = None,
    rounds: int | None = None,
    precision: str = "float32",
    progress: Progress = no_progress,
) -> ModelBench:
    """Time the models `names` and the unpruned twins of those that prune.

    batch_size  windows at once; None: BATCH's for the device.
    rounds      that times are medians of; None: ROUNDS.
    precision   of their products: float32 or bfloat16.
    progress    called as progress("timing", rounds done, rounds in all).
    raises      UsageError for a name that is none.
    """
    device = torch.device(device)
    batch_size = BATCH.get(device.type, 1) if batch_size is None else batch_size
    rounds = ROUNDS if rounds is None else rounds
    families = _families(names)
    total = rounds * sum(map(len, families))
    models: list[ModelSpeed] = []
    gains: list[Gain] = []
    for family in families:
        runs = [_Run(candidate, device, batch_size, precision) for candidate in family]
        for _ in range(rounds):
            for run in runs:
                run.measure()
                progress(STAGE, rounds * len(models) + sum(len(r.times_s) for r in runs), total)
        speeds = [run.result() for run in runs]
        models += speeds
        gains += [_gain(speed, speeds[0]) for speed in speeds if speed.tokens]
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
    threads = torch.get_num_threads()
    return ModelBench(where, threads, batch_size, rounds, precision, tuple(models), tuple(gains))


@dataclass(frozen=True)
class _Candidate:
    """A model to be timed: what it is called, and what it is built from."""

    name: str
    model: str
    sizes: Mapping[str, Any] = field(default_factory=dict, hash=False)


def _families(names: Sequence[str]) -> list[list[_Candidate]]:
    """The models with each twin before those it is the twin of."""
    families: dict[_Candidate, list[_Candidate]] = {}
    for name in dict.fromkeys(names):
        if name not in MODELS:
            raise UsageError(f"unknown model '{name}'", f"choose among: {', '.join(MODELS)}")
        twin = _twin(name)
        family = families.setdefault(twin, [twin])
        if name != twin.name:
            family.append(_Candidate(name, name))
    return list(families.values())


def _twin(name: str) -> _Candidate:
    """The same model without pruning, from the zoo where it is there."""
    own = MODELS[name]
    unpruned = {"token_num": None, "layer_index": None, "recover": None}
    for other, spec in MODELS.items():
        if spec.backbone is own.backbone and spec.sizes == {**own.sizes, **unpruned}:
            return _Candidate(other, other)
    return _Candidate(f"{name} unpruned", name, unpruned)


class _Run:
    """One model on the device, and the times it has taken."""

    def __init__(
        self, candidate: _Candidate, device: torch.device, batch_size: int, precision: str
    ) -> None:
        self._precision = precision
        self._name, self._device, self._batch_size = candidate.name, device, batch_size
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_SEED)
            model = build_model(candidate.model, **candidate.sizes)
            keypoints = torch.randn(batch_size, model.frames, JOINTS, model.in_channels)
        self._model, self._keypoints = model.to(device).eval(), keypoints.to(device)
        self._repeats = 0
        self.times_s: list[float] = []
        self._pruning_s: list[float] = []

    @torch.inference_mode()
    def measure(self) -> None:
        """One more round; the first one also warms up and settles how often a round repeats."""
        if not self._repeats:
            self._forward(1)
            self._repeats = max(1, math.ceil(_LEAST_S / self._forward(1)[0]))
        wall_s, pruning_s = self._forward(self._repeats)
        self.times_s.append(wall_s / self._repeats)
        self._pruning_s.append(pruning_s / self._repeats)

    def result(self) -> ModelSpeed:
        share = median(p / t for p, t in zip(self._pruning_s, self.times_s, strict=True))
        return ModelSpeed(
            name=self._name,
            frames=self._model.frames,
            tokens=tuple(self._model.cuts.values()),
            cost=count(self._model),
            s_a_window=median(self.times_s) / self._batch_size,
            pruning_share=share if self._model.cuts else None,
        )

    def _forward(self, repeats: int) -> tuple[float, float]:
        """Seconds of `repeats` forward passes, and of the pruning in them."""
        clock = _CudaClock() if self._device.type == "cuda" else _CpuClock()
        with _pruning_by(clock, self._model), products(self._precision):
            _finish(self._device)
            begun = time.perf_counter()
            for _ in range(repeats):
                self._model(self._keypoints)
            _finish(self._device)
            wall_s = time.perf_counter() - begun
        return wall_s, clock.total_s()


@contextmanager
def _pruning_by(clock: _CpuClock | _CudaClock, model: Hourglass) -> Iterator[None]:
    """Have `clock` measure each call of `model.prune`."""
    prune = model.prune

    def measured(*given: Tensor) -> tuple[Tensor, Tensor]:
        clock.begin()
        result = prune(*given)
        clock.end()
        return result

    model.prune = measured
    try:
        yield
    finally:
        del model.prune


class _CpuClock:
    """Adds up the time between each begin and end."""

    def __init__(self) -> None:
        self._begun = self._sum_s = 0.0

    def begin(self) -> None:
        self._begun = time.perf_counter()

    def end(self) -> None:
        self._sum_s += time.perf_counter() - self._begun

    def total_s(self) -> float:
        return self._sum_s


class _CudaClock:
    """The same by events in the device's own queue, which nothing has to wait for."""

    def __init__(self) -> None:
        self._events: list[torch.cuda.Event] = []

    def begin(self) -> None:
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        self._events.append(event)

    end = begin

    def total_s(self) -> float:
        """Once the device has finished."""
        pairs = zip(self._events[::2], self._events[1::2], strict=True)
        return sum(begun.elapsed_time(ended) for begun, ended in pairs) / 1000


def _finish(device: torch.device) -> None:
    """Wait for what has been queued; on a CPU nothing is."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _gain(pruned: ModelSpeed, plain: ModelSpeed) -> Gain:
    more, less = plain.cost, pruned.cost
    return Gain(
        pruned=pruned.name,
        plain=plain.name,
        wall=plain.s_a_window / pruned.s_a_window,
        flops=more.flops / less.flops,
        flops_with_attention=more.flops_with_attention / less.flops_with_attention,
    )
