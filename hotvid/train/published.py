"""How the published models were trained: their authors' settings.

All of them publish how they train on Human3.6M. On MPI-INF-3DHP their papers give the length of the
windows, and no code: all else is here as on Human3.6M.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hotvid.errors import UsageError
from hotvid.evaluate.human36m import KEYPOINTS

H36M, MPI_INF_3DHP = "Human3.6M", "MPI-INF-3DHP"
# Its takes are shorter. As in the papers' tables, of each model and its kin.
_FRAMES_3DHP = {"mixste": 27, "mhformer": 9}
_FRAMES_H36M = 243  # of the windows whose strides are published
_MIXSTE_BATCH = 1024  # frames, as MixSTE's own code counts it: of 243, 4 windows


@dataclass(frozen=True)
class PublishedRecipe:
    """All settings of a run.

    The same recipe gives the same run on the same machine's CPU. On CUDA the windows, their order
    and the chances are the same, but unless it is to be deterministic some gradients are summed in
    no fixed order: weights differ from run to run, by rounding first.

    paper             whose settings these are.
    data              H36M or MPI_INF_3DHP, trained and measured on.
    loss              mixste, motionbert or mpjpe (`published_loss`).
    optimiser         adamw, or adam (its AMSGrad variant).
    rate_decay        factor on the learning rate from epoch to epoch, and
    big_decay         the factor in its place after every `big_decay_every` epochs.
    stride            frames from window to window; None: as many as a window has; 1: a window
                      around each frame.
    padded            clips are covered to their ends; False: only by windows that lie within.
    mirrored          each: an epoch has every window as it is and mirrored; chance: every window
                      once, mirrored or not.
    drop_path         share of samples that skip the last block, less for those before (stochastic
                      depth); dropout: of the tokens, where the paper has it.
    mixed_precision   half-precision products where CUDA runs them, but for the embedding and the
                      head; the authors train in float32.
    deterministic     torch takes none but deterministic algorithms, also on CUDA.
    """

    model: str
    paper: str
    loss: str
    learning_rate: float
    batch_size: int
    epochs: int
    stride: int | None
    data: str = H36M
    padded: bool = True
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
    deterministic: bool = False
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
    padded=False,
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


def published_recipe(
    model: str, data: str = H36M, rate: float | None = None, **changes: Any
) -> PublishedRecipe:
    """The published settings of `model` with `changes`; those that are None stay as published.

    data  H36M, or MPI_INF_3DHP.
    rate  share of the published learning rate.
    """
    if model not in RECIPES:
        raise UsageError(
            f"'{model}' is not trained on {data}", f"choose one of: {', '.join(RECIPES)}"
        )
    recipe = RECIPES[model]
    if data == MPI_INF_3DHP:
        recipe = _on_3dhp(recipe)
    changes = {name: value for name, value in changes.items() if value is not None}
    for name in ("batch_size", "epochs", "evaluate_every"):
        if changes.get(name, 1) < 1:
            raise UsageError(f"{name} is {changes[name]}", "give a whole number from 1 up")
    if "sizes" in changes:
        changes["sizes"] = tuple({**dict(recipe.sizes), **dict(changes["sizes"])}.items())
    if recipe.stride not in (None, 1):
        changes.setdefault("stride", _stride(recipe, dict(changes.get("sizes", ()))))
    if rate is not None:
        changes["learning_rate"] = rate * recipe.learning_rate
    return replace(recipe, **changes)


def _stride(recipe: PublishedRecipe, sizes: Mapping[str, Any]) -> int:
    """The published share of a window; where it is shorter, no frame is to lie in none."""
    # 1 would be a window around each frame.
    return max(2, recipe.stride * sizes.get("frames", _FRAMES_H36M) // _FRAMES_H36M)


def _on_3dhp(recipe: PublishedRecipe) -> PublishedRecipe:
    family = recipe.model.rpartition("-")[2]
    if family not in _FRAMES_3DHP:
        raise UsageError(
            f"{recipe.model} answers in the picture, and P-STMO's files have no cameras",
            f"train it on {H36M}, or another model",
        )
    frames = _FRAMES_3DHP[family]
    batch = _MIXSTE_BATCH // frames if family == "mixste" else recipe.batch_size
    return replace(
        recipe,
        paper=f"{recipe.paper}, with MPI-INF-3DHP's windows",
        data=MPI_INF_3DHP,
        sizes=(("frames", frames),),
        batch_size=batch,
    )
