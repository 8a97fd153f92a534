"""The models by name, with the sizes they were published in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hotvid.errors import UsageError
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.models.mhformer import MHFormer
from hotvid.lift.models.mixste import MixSTE
from hotvid.lift.models.motionbert import MotionBERT


@dataclass(frozen=True)
class ModelSpec:
    """A backbone and its sizes; each of them can be given anew to `build_model`."""

    backbone: type[Hourglass]
    sizes: Mapping[str, Any]


PRUNING = ("token_num", "layer_index", "prune", "recover")  # sizes that weights need not show
_PLAIN = {"token_num": None, "layer_index": None, "prune": "tpc", "recover": None}
_MIXSTE = {
    "frames": 243,
    "channel": 512,
    "mlp_hidden": 1024,
    "in_channels": 2,
    "depth": 8,
    "heads": 8,
    **_PLAIN,
}
_MIXSTE_S = {**_MIXSTE, "channel": 128, "mlp_hidden": 256, "in_channels": 3, "depth": 4, "heads": 2}
_MOTIONBERT = {
    "frames": 243,
    "channel": 256,
    "mlp_hidden": 1024,
    "in_channels": 3,
    "depth": 5,
    "heads": 8,
    "representation": 512,
    **_PLAIN,
}
_MHFORMER = {**_MIXSTE, "frames": 351, "depth": 3}


def _hot(sizes: Mapping[str, Any], layer_index: int, token_num: int) -> dict[str, Any]:
    return {**sizes, "layer_index": layer_index, "token_num": token_num, "recover": "tra"}


def _tpc(sizes: Mapping[str, Any], layer_index: int, token_num: int) -> dict[str, Any]:
    return {**sizes, "layer_index": layer_index, "token_num": token_num}


MODELS = {
    "mixste": ModelSpec(MixSTE, _MIXSTE),
    "hot-mixste": ModelSpec(MixSTE, _hot(_MIXSTE, 3, 81)),
    "tpc-mixste": ModelSpec(MixSTE, _tpc(_MIXSTE, 7, 61)),
    "motionbert": ModelSpec(MotionBERT, _MOTIONBERT),
    "hot-motionbert": ModelSpec(MotionBERT, _hot(_MOTIONBERT, 1, 81)),
    "tpc-motionbert": ModelSpec(MotionBERT, _tpc(_MOTIONBERT, 2, 121)),
    "mhformer": ModelSpec(MHFormer, _MHFORMER),
    "hot-mhformer": ModelSpec(MHFormer, _hot(_MHFORMER, 1, 117)),
    "tpc-mhformer": ModelSpec(MHFormer, _tpc(_MHFORMER, 1, 117)),
    "mixste-s": ModelSpec(MixSTE, {**_MIXSTE_S, "prune": "uniform"}),
    "hot-mixste-s": ModelSpec(MixSTE, {**_hot(_MIXSTE_S, 1, 81), "prune": "uniform"}),
}

_COUNTS = {"frames", "channel", "mlp_hidden", "in_channels", "depth", "heads", "representation"}
_SYNONYMS = {"layers": "depth"}  # MHFormer's own word


def model_sizes(name: str, **sizes: Any) -> dict[str, Any]:
    """All sizes of the model `name`: the published ones, with `sizes` in their place.

    Of another window the published share of the frames is kept, unless `token_num` says otherwise.

    UsageError names what is not a model or not a size, or says how to prune where nothing is.
    """
    if name not in MODELS:
        raise UsageError(f"unknown model '{name}'", f"choose one of: {', '.join(MODELS)}")
    published = MODELS[name].sizes
    sizes = {_SYNONYMS.get(size, size): value for size, value in sizes.items()}
    unknown = [size for size in sizes if size not in published]
    if unknown:
        raise UsageError(
            f"unknown size '{unknown[0]}' of model '{name}'",
            f"choose among: {', '.join(published)}",
        )
    for size in _COUNTS & sizes.keys():
        if not isinstance(sizes[size], int) or sizes[size] < 1:
            raise UsageError(f"{size}: expected a whole number above 0, got {sizes[size]!r}")
    if "frames" in sizes and "token_num" not in sizes and isinstance(published["token_num"], int):
        share = sizes["frames"] / published["frames"]
        sizes["token_num"] = max(2, round(share * published["token_num"]))
    if "token_num" not in sizes:
        check_prunes(sizes, published["token_num"])
    return {**published, **sizes}


def check_prunes(sizes: Mapping[str, Any], token_num: int | Sequence[int] | None) -> None:
    """Raise UsageError where `sizes` say how to prune a model that keeps all its frames.

    token_num  of the model, where `sizes` have none.
    """
    if sizes.get("token_num", token_num) is not None:
        return
    for size in PRUNING:
        if sizes.get(size) is not None:
            raise UsageError(
                f"{size}={sizes[size]} is given but token_num is not, so that nothing is pruned",
                "say how many frames are kept, as in token_num=81 layer_index=3, or leave it out",
            )


def build_model(name: str, **sizes: Any) -> Hourglass:
    """The model `name`, freshly initialised, in training mode.

    name     a key of MODELS.
    sizes    frames, channel, mlp_hidden, in_channels, depth, heads, token_num, layer_index,
             prune, recover (see `Hourglass`); what is left out has the published value.
             token_num None or equal to frames builds the plain backbone.
    returns  a module: keypoints (B, F, 17, in_channels) -> poses (B, F', 17, 3), F' = F, or
             token_num for `tpc-` models.
    """
    sizes = model_sizes(name, **sizes)
    model = MODELS[name].backbone(**sizes)
    model.name, model.sizes = name, sizes
    return model


def read_sizes(name: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The sizes of the model `name` that the shapes of its weights tell.

    shapes   key -> shape; keys of other models are passed over.
    returns  sizes for `build_model`; heads, layer_index and the like leave no trace in shapes.
    """
    found = MODELS[name].backbone.read_sizes(shapes)
    return {size: value for size, value in found.items() if size in MODELS[name].sizes}
