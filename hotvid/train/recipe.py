"""How a lifter is trained: the stages, their shares of the time, the optimiser's settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotvid.train.stream import StreamConfig


@dataclass(frozen=True)
class Stage:
    """A stretch of training with windows of one length, samples of the model's own.

    share    of the whole time.
    tokens   frames kept by the hourglass; None: nothing is pruned.
    strides  every how-manieth frame of the long window, least and most (`train.sampled`).
    """

    frames: int
    tokens: int | None
    batch: int
    share: float
    strides: tuple[int, int]


# Short windows first: a step costs little, and nearly all that is to be learned of bodies and
# cameras is in a few frames. The long windows then teach the hourglass and smoothness.
STAGES = (
    Stage(9, None, 16, 0.36, (1, 30)),
    Stage(27, 9, 8, 0.24, (1, 9)),
    Stage(81, 27, 4, 0.20, (1, 3)),
    Stage(243, 81, 2, 0.20, (1, 1)),
)


@dataclass(frozen=True)
class Recipe:
    """All settings of a training run; a run with the same recipe and seed starts the same."""

    model: str = "hot-mixste-s"
    sizes: tuple[tuple[str, int], ...] = ()  # of the model, over its published ones
    stages: tuple[Stage, ...] = STAGES
    minutes: float = 60.0
    muon_rate: float = 2e-3
    adamw_rate: float = 1.5e-3
    warmup_steps: int = 300
    final_rate: float = 0.01  # share of the learning rates left at the end
    weight_decay: float = 0.02
    clip_norm: float = 1.0
    average: float = 0.999  # of the weights, exponentially; the average is what ships
    velocity_weight: float = 2.0
    acceleration_weight: float = 0.5
    seed: int = 0
    threads: int = 2
    stream: StreamConfig = field(default_factory=StreamConfig)
