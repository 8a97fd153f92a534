"""`state.pt` in the folder of a training run: everything that a later run needs to go on."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from hotvid.errors import InputError, UsageError

STATE_FILE = "state.pt"
_UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError)


def check_no_state(folder: Path) -> None:
    """UsageError if a run's folder holds a state, which another run would write over."""
    if (folder / STATE_FILE).exists():
        raise UsageError(
            f"{folder} holds a training state", "go on with --resume, or choose another"
        )


def write_training_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write `state.pt`, whole or not at all.

    state  tensors and plain values, so that it can be read without running code.
    """
    partial = folder / (STATE_FILE + ".part")
    try:
        torch.save(dict(state), partial)
        partial.replace(folder / STATE_FILE)
    finally:
        partial.unlink(missing_ok=True)


def read_training_state(folder: Path, mark: str) -> dict[str, Any]:
    """What `state.pt` holds, on the CPU.

    mark    a name that the states of one kind of training have, and those of no other.
    raises  InputError if there is no file, or one that is damaged or of another kind of training.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        raise InputError(f"no training state in {folder}", "start without --resume")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        raise InputError(
            f"{path} is damaged or no training state", "start anew in another folder"
        ) from error
    if not isinstance(state, dict) or mark not in state:
        raise InputError(
            f"{path} is of another kind of training",
            "give the kind of data that it was begun with, or choose another folder",
        )
    return state
