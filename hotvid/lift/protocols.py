"""How each model wants its windows: the protocol it was trained and published with."""

from __future__ import annotations

from dataclasses import dataclass

# Thighs, shins, trunk, upper arms and forearms of a mean adult of 1.75 m, added up.
MEAN_LIMBS_M = 3.32
LIMBS = ((1, 2), (2, 3), (4, 5), (5, 6), (0, 8), (11, 12), (12, 13), (14, 15), (15, 16))


@dataclass(frozen=True)
class Protocol:
    """What stands around a model's forward pass.

    inputs     the normalisation: body, screen or crop (`lift.inputs.prepare`).
    seq2frame  a window gives its centre frame, and windows slide by one; else all its frames.
    metric     it answers in metres; else its bodies are scaled to a mean adult's limbs.
    pad        what a window holds outside of the track (`lift.windows.take_window`).
    """

    inputs: str = "screen"
    seq2frame: bool = False
    metric: bool = True
    pad: str = "edge"


PROTOCOLS = {
    "mixste": Protocol(),
    "hot-mixste": Protocol(),
    "tpc-mixste": Protocol(seq2frame=True),
    "motionbert": Protocol(inputs="crop", metric=False),
    "hot-motionbert": Protocol(inputs="crop", metric=False),
    "tpc-motionbert": Protocol(inputs="crop", metric=False, seq2frame=True),
    "mhformer": Protocol(seq2frame=True),
    "hot-mhformer": Protocol(),
    "tpc-mhformer": Protocol(seq2frame=True),
    "hot-mixste-s": Protocol(inputs="body", pad="swing"),
}
