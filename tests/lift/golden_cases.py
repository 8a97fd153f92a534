"""The published models' cases in tests/golden, and the formula their weights are drawn from."""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hotvid.lift.models.zoo import build_model

FOLDER = Path(__file__).resolve().parents[1] / "golden"
INDEX = json.loads((FOLDER / "index.json").read_text())
HOT_KEPT = json.loads((FOLDER / "kept_frames.json").read_text())  # case -> frames


@dataclass(frozen=True)
class GoldenCase:
    sizes: dict
    shapes: dict  # key -> shape
    inputs: torch.Tensor  # (1, F, 17, C)
    output: np.ndarray
    kept_frames: np.ndarray | None


def golden_case(name: str) -> GoldenCase:
    entry = dict(INDEX[name])
    shapes = {key: tuple(shape) for key, shape in entry.pop("state_dict").items()}
    with np.load(FOLDER / f"{name}.npz") as arrays:
        kept = arrays.get("kept_frames", HOT_KEPT.get(name))
        return GoldenCase(
            entry,
            shapes,
            torch.from_numpy(arrays["input"])[None],
            arrays["output"],
            None if kept is None else np.asarray(kept),
        )


def golden_weight(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    generator = np.random.default_rng(zlib.crc32(key.encode()))
    r = generator.standard_normal(shape).astype(np.float32)
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if key.endswith("running_var"):
        r = 1 + 0.1 * abs(r)
    elif key.endswith("running_mean"):
        r = 0.05 * r
    elif len(shape) == 2 or (len(shape) == 3 and shape[-1] == 1):
        r = r / np.sqrt(np.float32(shape[1]))
    elif len(shape) >= 3:
        r = 0.1 * r
    elif key.endswith("weight"):
        r = 1 + 0.1 * r
    else:
        r = 0.05 * r
    return torch.from_numpy(r)


def golden_model(name: str, **sizes) -> torch.nn.Module:
    """A model in evaluation mode with weights from the formula."""
    model = build_model(name, **sizes).eval()
    fill(model)
    return model


def fill(model: torch.nn.Module) -> None:
    state = model.state_dict()
    model.load_state_dict({k: golden_weight(k, tuple(v.shape)) for k, v in state.items()})
