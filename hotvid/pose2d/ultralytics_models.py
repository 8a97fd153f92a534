"""Loads models of Ultralytics: their package, under AGPL-3.0, kept quiet, offline and honest."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import cv2

from hotvid import weights
from hotvid.config import Pose2DConfig
from hotvid.errors import HotvidError, HotvidWarning, UsageError, WeightsError
from hotvid.extras import YOLO

_SUFFIXES = (".pt", ".onnx", ".engine", ".torchscript")
_LICENCE = (
    "Ultralytics' code and models are under AGPL-3.0 (ultralytics.com/license): what you build on "
    "them, and offer over a network, must be open under it, too, unless you have their licence"
)


def load_yolo(named: str, task: str) -> Any:
    """An `ultralytics.YOLO` for `task`, "pose" or "detect".

    named   a file, or the name of one of Ultralytics' own ("yolo11n-pose.pt"), which they download
            where there is a network and no folder of `weights.search_path` holds it.
    warns   HotvidWarning: the licence.
    raises  WeightsError where the file is not to be had, damaged or for another task, HotvidError
            where the package is not installed.
    """
    path = find_model(named)
    ultralytics = _package(offline=path is not None)
    warnings.warn(_LICENCE, HotvidWarning, stacklevel=2)
    if path is None:
        path = _downloaded(named)
    try:
        model = ultralytics.YOLO(str(path), task=task, verbose=False)
        names = model.names
    except Exception as error:  # whatever a damaged or hostile file makes of their loader
        raise WeightsError(
            f"{path} is no model that Ultralytics can load ({first_line(error)})",
            "is the file whole, and of a version up to 8.4?",
        ) from error
    if task == "pose" and model.task != "pose":
        raise WeightsError(
            f"{path} is for '{model.task}', not for poses",
            f"give it as --detector yolo:{named}, or a pose model",
        )
    if not names:
        raise WeightsError(f"{path} names no classes", "give a model trained to find people")
    return model


def person_classes(model: Any) -> list[int] | None:
    """The classes that are people; None, all, for a pose model without a class of that name."""
    found = [number for number, name in dict(model.names).items() if name == "person"]
    if found or model.task == "pose":
        return found or None
    raise WeightsError(
        f"the detector knows no 'person' but {', '.join(list(dict(model.names).values())[:10])}",
        "give one that finds people",
    )


def torch_device(config: Pose2DConfig) -> str:
    """ "cpu" or "cuda:0"; UsageError where CUDA is asked for and not here."""
    import torch

    if config.device == "cpu" or (config.device == "auto" and not torch.cuda.is_available()):
        return "cpu"
    if not torch.cuda.is_available():
        raise UsageError("there is no CUDA device", "leave --device at auto, or say cpu")
    return "cuda:0"


def _package(offline: bool) -> Any:
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    if offline:
        os.environ.setdefault("YOLO_OFFLINE", "true")  # it would look for a network on import
    n_threads = cv2.getNumThreads()
    package = YOLO.load()
    cv2.setNumThreads(n_threads)  # which it sets to none, for everybody
    from ultralytics.nn import tasks
    from ultralytics.utils.events import events

    tasks.SAFE_LOAD = True  # or a .pt could run code; the variable for it is read on import only
    events.enabled = False  # hotvid tells nobody what it is used for
    return package


def find_model(named: str) -> Path | None:
    """The file, as a path or by its name in the folders of weights; None: it may be downloaded.

    Raises UsageError for a name that is none of a model, WeightsError for a path without a file.
    """
    path = Path(named).expanduser()
    if path.suffix not in _SUFFIXES:
        raise UsageError(f"'{named}' is no model", f"give a file that ends in {_SUFFIXES[0]}")
    if path.is_file():
        return path
    if path.name != named:
        raise WeightsError(f"the model '{path}' does not exist", "check the path")
    return next((f / named for f in weights.search_path() if (f / named).is_file()), None)


def _downloaded(named: str) -> Path:
    from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES, attempt_download_asset

    target = weights.own_folder() / named
    put_it = f"put the file into {target.parent}, or give its path"
    if named not in GITHUB_ASSETS_NAMES:
        raise WeightsError(
            f"'{named}' is neither a file here nor one that Ultralytics offers", put_it
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        attempt_download_asset(str(target))
    except Exception as error:  # of requests, of theirs, of the disk
        raise HotvidError(f"'{named}' could not be downloaded: {first_line(error)}", put_it) from (
            error
        )
    if not target.is_file():
        raise HotvidError(f"'{named}' could not be downloaded", put_it)
    return target


def first_line(error: Exception) -> str:
    """What went wrong in their code, short."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
