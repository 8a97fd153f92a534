"""The models by name, with the sizes they were published in."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from hotvid.errors import UsageError
from hotvid.lift.models.mixste import MixSTE


@dataclass(frozen=True)
class ModelSpec:
    """A backbone and its sizes; every size can be given anew to `build_model`."""

    backbone: type[nn.Module]
    sizes: dict[str, int | None]
    recover: bool = False


_MIXSTE = {
    "frames": 243,
    "channel": 512,
    "mlp_hidden": 1024,
    "in_channels": 2,
    "depth": 8,
    "heads": 8,
    "token_num": None,
    "layer_index": None,
}
_MIXSTE_S = {
    "frames": 243,
    "channel": 128,
    "mlp_hidden": 256,
    "in_channels": 3,
    "depth": 4,
    "heads": 2,
    "token_num": 81,
    "layer_index": 1,
}

MODELS = {
    "mixste": ModelSpec(MixSTE, _MIXSTE),
    "hot-mixste": ModelSpec(MixSTE, {**_MIXSTE, "token_num": 81, "layer_index": 3}, recover=True),
    "tpc-mixste": ModelSpec(MixSTE, {**_MIXSTE, "token_num": 61, "layer_index": 7}),
    "hot-mixste-s": ModelSpec(MixSTE, _MIXSTE_S, recover=True),
}


def build_model(name: str, **sizes: int | None) -> nn.Module:
    """The model `name`, freshly initialised, in training mode.

    name     a key of MODELS.
    sizes    frames, channel, mlp_hidden, in_channels, depth, heads, token_num, layer_index;
             what is left out has the published value. token_num None or equal to frames builds
             the plain backbone.
    returns  a module: keypoints (B, F, 17, in_channels) -> poses (B, F', 17, 3), F' = F, or
             token_num for `tpc-` models.
    """
    if name not in MODELS:
        raise UsageError(f"unknown model '{name}'", f"choose one of: {', '.join(MODELS)}")
    spec = MODELS[name]
    unknown = sorted(set(sizes) - set(spec.sizes))
    if unknown:
        raise UsageError(
            f"unknown size '{unknown[0]}' of model '{name}'",
            f"choose among: {', '.join(spec.sizes)}",
        )
    return spec.backbone(**{**spec.sizes, **sizes}, recover=spec.recover)
