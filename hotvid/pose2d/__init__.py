"""2D keypoints of everyone in a frame: one file a backend, chosen by name."""

from __future__ import annotations

from collections.abc import Callable

from hotvid.config import Pose2DConfig, check_choice
from hotvid.pose2d.base import Pose2DBackend


def _blazepose(config: Pose2DConfig) -> Pose2DBackend:
    from hotvid.pose2d.blazepose import BlazePose

    return BlazePose(config)


# Imported on use: a backend may need a runtime that the others do not.
BACKENDS: dict[str, Callable[[Pose2DConfig], Pose2DBackend]] = {
    "blazepose": _blazepose,
}


def load_backend(config: Pose2DConfig) -> Pose2DBackend:
    """The backend that `config` names, its models loaded; UsageError if there is none."""
    return BACKENDS[check_choice("2D backend", config.backend, tuple(BACKENDS))](config)


__all__ = ["BACKENDS", "Pose2DBackend", "load_backend"]
