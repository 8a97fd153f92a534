"""The weights of a file, for training to begin with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from hotvid.errors import UsageError, WeightsError
from hotvid.lift.fit import check_fit
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.weight_files import read_state
from hotvid.weights import sha256


def begin_with(model: Hourglass, file: str | Path) -> tuple[list[str], str]:
    """Fill `model` with a file's weights; all that the hourglass adds to the plain model may lack.

    returns  the names of the weights that the file lacks, which stay as they are, and which file
             it is: its name and hash.
    raises   WeightsError as `load_state`, for all else that is missing, left over, or of another
             shape; UsageError where the file says that it is of other sizes.
    """
    file = Path(file)
    state, metadata = read_state(file)
    _check_sizes(model, file, metadata)
    state, lacking = with_hourglass(model, state)
    check_fit(model, state, f"'{file}'")
    model.load_state_dict(state)
    return lacking, f"{file.name}, sha256 {sha256(file)}"


def with_hourglass(
    model: Hourglass, state: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], list[str]]:
    """Weights with `model`'s own for what the hourglass adds, where they hold none of that.

    returns  them, and the names of those that were lacking.
    """
    own = model.state_dict()
    added = [key for key in own if model.is_hourglass_key(key)]
    lacking = [] if any(key in state for key in added) else added
    return {**state, **{key: own[key] for key in lacking}}, lacking


def _check_sizes(model: Hourglass, file: Path, metadata: dict[str, str]) -> None:
    """Sizes that shapes do not show: a file with other heads would fit, and answer otherwise."""
    try:
        heads = dict(json.loads(metadata.get("sizes", "{}"))).get("heads", model.sizes["heads"])
    except (ValueError, TypeError) as error:
        raise WeightsError(f"'{file}' has unreadable sizes", "get the file anew") from error
    if heads != model.sizes["heads"]:
        raise UsageError(
            f"'{file}' is of {heads} heads, not {model.sizes['heads']}",
            f"give --size heads={heads}",
        )
