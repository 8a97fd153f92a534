"""How a lifter is trained: the kinds of windows, their shares, the optimiser's settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hotvid.train.stream import StreamConfig
from hotvid.weights import ACCURATE_LIFTER, DEFAULT_LIFTER


@dataclass(frozen=True)
class WindowKind:
    """Windows of one length, samples of the model's own.

    share    of all steps.
    tokens   how many frames the hourglass keeps, a choice for each step; None: nothing is pruned.
    strides  every how-manieth frame of the long window, least and most (`train.sampled`).
    """

    frames: int
    tokens: tuple[int | None, ...]
    batch: int
    share: float
    strides: tuple[int, int]


# Every step draws a kind. Short windows cost little, and nearly all that is to be learned of
# bodies and cameras is in a few frames; long ones teach the hourglass and smoothness. Several
# numbers of tokens make weights that stand any number (`hotvid run --tokens`).
WINDOWS = (
    WindowKind(9, (None,), 16, 0.64, (1, 30)),
    WindowKind(81, (27, 27, 27, 9, 40), 4, 0.18, (1, 3)),
    WindowKind(243, (81, 81, 81, 27, 121, None), 2, 0.18, (1, 1)),
)


@dataclass(frozen=True)
class Recipe:
    """All settings of a training run; a run with the same recipe and seed starts the same."""

    model: str = DEFAULT_LIFTER
    sizes: tuple[tuple[str, int], ...] = ()  # of the model, over its published ones
    windows: tuple[WindowKind, ...] = WINDOWS  # the last: the model's own, to validate on
    minutes: float = 60.0
    muon_rate: float = 2e-3
    adamw_rate: float = 1.5e-3
    rate: float = 1.0  # share of both; less goes on gently from weights that are good already
    warmup_steps: int = 300
    final_rate: float = 0.01  # share of the learning rates left at the end
    weight_decay: float = 0.02
    clip_norm: float = 1.0
    average: float = 0.999  # of the weights, exponentially; the average is what ships
    teachers: tuple[str, ...] = ()  # files of weights whose mean answer is learned
    truth_weight: float = 0.3  # of the truth beside what teachers say
    velocity_weight: float = 2.0
    acceleration_weight: float = 0.5
    seed: int = 0
    threads: int = 2
    bfloat16: bool = False  # products of wide layers (`lift.models.products`)
    stream: StreamConfig = field(default_factory=StreamConfig)


def adjusted(
    recipe: Recipe, *, model: str | None = None, invent: float | None = None, **settings: Any
) -> Recipe:
    """`recipe` with other settings; None leaves one as it is.

    model     one of hotvid's own; ACCURATE_LIFTER is trained with nothing pruned in any step.
    invent    of `StreamConfig`.
    settings  fields of `Recipe`.
    """
    changes = {name: value for name, value in settings.items() if value is not None}
    if model is not None:
        changes["model"] = model
        if model == ACCURATE_LIFTER:
            changes["windows"] = tuple(replace(k, tokens=(None,)) for k in recipe.windows)
    if invent is not None:
        changes["stream"] = replace(recipe.stream, invent=invent)
    return replace(recipe, **changes)
