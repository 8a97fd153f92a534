"""How the published models were trained on Human3.6M: their authors' settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hotvid.errors import UsageError
from hotvid.evaluate.human36m import KEYPOINTS


@dataclass(frozen=True)
class PublishedRecipe:
    """All settings of a run.

    The same recipe gives the same run on the same machine's CPU. On CUDA the windows, their order
    and the chances are the same, but some gradients are summed in no fixed order: weights differ
    from run to run, by rounding first.

    paper             whose settings these are.
    loss              mixste, motionbert or mpjpe (`published_loss`).
    optimiser         adamw, or adam (its AMSGrad variant).
    rate_decay        factor on the learning rate from epoch to epoch, and
    big_decay         the factor in its place after every `big_decay_every` epochs.
    stride            frames from window to window; None: as many as a window has; 1: a window
                      around each frame.
    mirrored          each: an epoch has every window as it is and mirrored; chance: every window
                      once, mirrored or not.
    drop_path         share of samples that skip the last block, less for those before (stochastic
                      depth); dropout: of the tokens, where the paper has it.
    mixed_precision   half-precision products where CUDA runs them, but for the embedding and the
                      head; the authors train in float32.
    """

    model: str
    paper: str
    loss: str
    learning_rate: float
    batch_size: int
    epochs: int
    stride: int | None
    optimiser: str = "adamw"
    weight_decay: float = 0.0
    rate_decay: float = 0.99
    big_decay: float = 0.5
    big_decay_every: int | None = None
    mirrored: str = "each"
    drop_path: float = 0.0
    dropout: float = 0.0
    keypoints: str = KEYPOINTS
    sizes: tuple[tuple[str, Any], ...] = ()  # of the model, over its published ones
    mixed_precision: bool = True
    evaluate_every: int = 1  # epochs
    evaluate_batch_size: int = 64
    seed: int = 1

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, which count from 0."""
        big = epoch // self.big_decay_every if self.big_decay_every else 0
        return self.learning_rate * self.big_decay**big * self.rate_decay ** (epoch - big)


_MIXSTE = PublishedRecipe(
    model="mixste",
    paper="MixSTE (Zhang et al., CVPR 2022), as the Hourglass Tokenizer (CVPR 2024) trains it",
    loss="mixste",
    learning_rate=4e-5,
    batch_size=4,
    epochs=160,
    stride=None,
    weight_decay=0.1,
    drop_path=0.1,
    seed=1126,
)
_MOTIONBERT = PublishedRecipe(
    model="motionbert",
    paper="MotionBERT (Zhu et al., ICCV 2023), from scratch",
    loss="motionbert",
    learning_rate=5e-4,
    batch_size=32,
    epochs=120,
    stride=81,
    weight_decay=0.01,
    mirrored="chance",
    seed=0,
)
_MHFORMER = PublishedRecipe(
    model="mhformer",
    paper="MHFormer (Li et al., CVPR 2022), as the Hourglass Tokenizer (CVPR 2024) trains it",
    loss="mpjpe",
    learning_rate=1e-3,
    batch_size=128,
    epochs=20,
    stride=1,
    optimiser="adam",
    rate_decay=0.95,
    big_decay_every=5,
    drop_path=0.2,
    dropout=0.1,
)

RECIPES: dict[str, PublishedRecipe] = {
    recipe.model: recipe
    for recipe in (
        _MIXSTE,
        replace(_MIXSTE, model="hot-mixste"),
        replace(_MIXSTE, model="tpc-mixste"),
        _MOTIONBERT,
        replace(_MOTIONBERT, model="hot-motionbert"),
        replace(_MOTIONBERT, model="tpc-motionbert"),
        _MHFORMER,
        replace(_MHFORMER, model="hot-mhformer"),
        replace(_MHFORMER, model="tpc-mhformer", batch_size=210),
    )
}


def published_recipe(model: str, **changes: Any) -> PublishedRecipe:
    """The published settings of `model` with `changes`; those that are None stay as published."""
    if model not in RECIPES:
        raise UsageError(
            f"'{model}' is not trained on Human3.6M", f"choose one of: {', '.join(RECIPES)}"
        )
    changes = {name: value for name, value in changes.items() if value is not None}
    for name in ("batch_size", "epochs", "evaluate_every"):
        if changes.get(name, 1) < 1:
            raise UsageError(f"{name} is {changes[name]}", "give a whole number from 1 up")
    return replace(RECIPES[model], **changes)
