"""What a result depends on, as hashes: when they are the same, nothing is done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hotvid import __version__, weights
from hotvid.config import PipelineConfig, Pose2DConfig, configure
from hotvid.export.formats import FORMATS
from hotvid.exports import export_config
from hotvid.pose2d import check_ready

# How something is computed and not what: the same result on another machine.
_NOT_OF_THE_RESULT = {
    "pose2d": ("threads", "device"),
    "lift": ("device", "compile", "batch_size"),
    # Poses that come from a pose store, as a batch's do, are cleaned and placed in any case.
    "clean": ("anew",),
    "world": ("anew",),
}


@dataclass(frozen=True)
class Settings:
    """How a batch treats every video.

    options    those of `hotvid.config.configure`, plain enough for JSON.
    formats    names in `hotvid.batch.outputs.FILES` or `hotvid.export.formats.FORMATS`.
    export     those of `hotvid.exports.export_config`.
    poses_key  a hash of all that the poses depend on besides the video: options, weights, version.
    key        the same for all outputs.
    """

    options: Mapping[str, Any]
    formats: tuple[str, ...]
    poses_key: str
    key: str
    export: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> PipelineConfig:
        return configure(**self.options)


def make_settings(
    options: Mapping[str, Any],
    formats: tuple[str, ...],
    export: Mapping[str, str] | None = None,
) -> Settings:
    """Check the options and hash what they come to.

    Raises at once what every video would fail with: UsageError for options that cannot be,
    HotvidError for a package that is not installed, WeightsError for a file that is not there.
    """
    exported = [FORMATS[name] for name in formats if name in FORMATS]
    config, export = configure(**options), asdict(export_config(exported, **(export or {})))
    _check_models(config)
    depends = asdict(config)
    for part, names in _NOT_OF_THE_RESULT.items():
        for name in names:
            del depends[part][name]
    later = [depends.pop(part) for part in ("render", "clean", "world")]  # made of the poses anew
    lifter = weights.locate(config.lift.model, config.lift.weights)
    depends["lift"]["weights"] = weights.sha256(lifter)
    depends["pose2d"]["files"] = _hashes_of_models(config.pose2d)
    depends["version"] = __version__
    poses_key = _hash(depends)
    return Settings(options, formats, poses_key, _hash([poses_key, later, export]), export)


def _check_models(config: PipelineConfig) -> None:
    check_ready(config.pose2d)
    if config.lift.tokens is not None or config.lift.sizes:
        from hotvid.lift.lifter import load_lifter  # it imports torch, which takes seconds

        # On the CPU: the machines that lift may have a GPU where this one has none.
        lift = config.lift
        load_lifter(lift.model, lift.weights, "cpu", **dict(lift.sizes)).check(lift)


def of_video(key: str, content_sha256: str) -> str:
    """A key of the settings and the content of a video as one."""
    return _hash([key, content_sha256])


def _hashes_of_models(config: Pose2DConfig) -> list[str]:
    """Of the files that stand after the colon, as in rtmpose:FILE.onnx."""
    named = ",".join(spec.partition(":")[2] for spec in (config.backend, config.detector or ""))
    paths = [Path(name).expanduser() for name in named.split(",") if name]
    return [weights.sha256(path) for path in paths if path.is_file()]


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
