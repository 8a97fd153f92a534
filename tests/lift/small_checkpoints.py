"""Weights of a small model in files, as others save them."""

from pathlib import Path

import torch
from safetensors.torch import save_file

SIZES = {"frames": 9, "channel": 16, "mlp_hidden": 32, "token_num": 3, "depth": 4}


def assert_loaded(model, state):
    for key, value in model.state_dict().items():
        assert torch.equal(value, state[key]), key


def with_prefix(state, prefix):
    return {f"{prefix}{key}": value for key, value in state.items()}


def write(content, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(content, path)
    else:
        torch.save(content, path)
    return path
