"""hotvid: any video of people into 3D skeletons."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from hotvid.types import Poses

__version__ = "0.1.0"
__all__ = ["analyze", "build_model", "load_lifter", "load_state", "run"]

# Imported when first asked for: they need torch, which takes seconds to import.
_MODELS = {
    "build_model": "hotvid.lift.models.zoo",
    "load_state": "hotvid.lift.checkpoint",
    "load_lifter": "hotvid.lift.lifter",
}


def __getattr__(name: str) -> Any:
    if name in _MODELS:
        return getattr(import_module(_MODELS[name]), name)
    raise AttributeError(f"module 'hotvid' has no attribute '{name}'")


def analyze(video: str | Path, **options: Any) -> Poses:
    """Everyone in a video, in 2D and 3D: cleaned, in one world, with joint angles.

    options  those of `hotvid.config.configure`, and `progress` of `hotvid.pipeline.analyze`.
    raises   HotvidError, which says what happened and what to do.
    """
    from hotvid.config import configure
    from hotvid.pipeline import analyze, no_progress, settle

    progress = options.pop("progress", no_progress)
    config = configure(**options)
    return settle(analyze(video, config, progress), config)


def run(source: str | Path, out: str | Path | None = None, **options: Any) -> Poses:
    """A video, or a pose store, to a video with the skeletons drawn over it.

    options  those of `hotvid.config.configure`, and `json`, `save`, `video`, `overwrite`,
             `progress`, `on_written` of `hotvid.job.run`.
    raises   HotvidError, which says what happened and what to do.
    """
    from hotvid.config import configure
    from hotvid.job import run

    names = ("json", "save", "video", "overwrite", "progress", "on_written")
    of_job = {name: options.pop(name) for name in names if name in options}
    return run(source, out, configure(**options), **of_job)
