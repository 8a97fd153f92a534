"""The files of a training run's folder: `state.pt`, from which a later run goes on, and the log."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from hotvid.atomic import as_output_error, atomic_output
from hotvid.errors import InputError, UsageError

STATE_FILE = "state.pt"
LOG_FILE = "log.jsonl"
_UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError)


def check_no_state(folder: Path) -> None:
    """UsageError if a run's folder holds a state, which another run would write over."""
    if (folder / STATE_FILE).exists():
        raise UsageError(
            f"{folder} holds a training state", "go on with --resume, or choose another"
        )


def write_training_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write `state.pt`, whole or not at all; a full disk is an OutputError.

    state  tensors and plain values, so that it can be read without running code.
    """
    # Not by torch's own hand: on a full disk it speaks of its zip files.
    whole = io.BytesIO()
    torch.save(dict(state), whole)
    with atomic_output(folder / STATE_FILE, overwrite=True) as temporary:
        temporary.write_bytes(whole.getbuffer())


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


def add_to_log(folder: Path, row: Mapping[str, Any]) -> None:
    """Append a line to `log.jsonl`; a full disk is an OutputError."""
    path = folder / LOG_FILE
    with as_output_error(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
