"""Checkpoints of every kind are read, what is none is refused, and no code in any is run."""

import os
import pickle
import random
import re
from argparse import Namespace

import numpy as np
import pytest
import torch
from small_checkpoints import assert_loaded, with_prefix, write

import hotvid
from hotvid.errors import WeightsError
from hotvid.lift.checkpoint import load_state
from hotvid.lift.weight_files import unwrap


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".bin", ".pth.tar", ".safetensors"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.module."])
def test_bare_weights_in_every_kind_of_file(tmp_path, model, state, suffix, prefix):
    load_state(model, write(with_prefix(state, prefix), tmp_path / f"weights{suffix}"))
    assert_loaded(model, state)


WRAPPERS = ("model_pos", "model", "state_dict", "net", "checkpoint", "params", "ema", "model_ema")


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrapped_weights_with_what_authors_save_beside(tmp_path, model, state, wrapper):
    content = {
        "epoch": 59,
        "lr": 4e-5,
        "random_state": None,
        "optimizer": {"state": {}, "param_groups": [{"lr": 1e-3}]},
        "min_loss": np.float64(39.8),
        "best": np.float32(39.8),
        wrapper: with_prefix(state, "module."),
    }
    load_state(model, write(content, tmp_path / "best_epoch.bin"))
    assert_loaded(model, state)


def test_averaged_weights_are_taken_only_where_there_are_no_others(tmp_path, model, state):
    averaged = {key: value + 1 for key, value in state.items()}
    both = {"ema": averaged, "checkpoint": {"epoch": 3, "state_dict": state}}
    load_state(model, write(both, tmp_path / "a.pth"))
    assert_loaded(model, state)
    load_state(model, write({"model": None, "ema": averaged}, tmp_path / "a.pth"))
    assert_loaded(model, averaged)


def test_options_beside_the_weights_are_passed_over(tmp_path, model, state):
    options = Namespace(lr=4e-5, frames=243, layers=[8], nested=Namespace(gpu="0"))
    path = write({"args": options, "model_pos": state}, tmp_path / "a.pth")
    load_state(model, path)
    assert_loaded(model, state)
    torch.save({"args": options, "model_pos": state}, path, _use_new_zipfile_serialization=False)
    load_state(model, path)
    content = {"args": Namespace(hook=Hostile(f"touch {tmp_path / 'was-run'}")), "model": state}
    with pytest.raises(WeightsError, match=r"holds code \(\w+\.system\), which was not run"):
        load_state(model, write(content, path))
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("numpy_module", [b"numpy._core.", b"numpy.core."])
def test_random_states_and_arrays_beside_the_weights_are_passed_over(
    tmp_path, model, state, numpy_module
):
    """VideoPose3D's trainer, and MixSTE's after it, saves its generator's random state."""
    content = {
        "random_state": np.random.RandomState(1126),
        "losses_3d_train": [np.float64(0.05), np.arange(3.0)],
        "model_pos": with_prefix(state, "module."),
    }
    path = tmp_path / "best_epoch.bin"
    torch.save(content, path, _use_new_zipfile_serialization=False)
    written = path.read_bytes()
    assert b"__randomstate_ctor" in written and b"_reconstruct" in written
    path.write_bytes(re.sub(rb"numpy\._?core\.", numpy_module, written))
    load_state(model, path)
    assert_loaded(model, state)
    torch.save(content, path)
    load_state(model, path)


def test_files_written_before_zip(tmp_path, model, state):
    torch.save(state, tmp_path / "old.pth.tar", _use_new_zipfile_serialization=False)
    load_state(model, str(tmp_path / "old.pth.tar"))
    assert_loaded(model, state)


def test_dicts_as_they_are(model, state):
    hotvid.load_state(model, {"model_pos": with_prefix(state, "module.")})
    assert_loaded(model, state)


def test_a_first_word_that_all_keys_share_is_not_needed_in_them():
    one = {"module.head.weight": torch.zeros(1), "module.norm.weight": torch.zeros(1)}
    assert list(unwrap(one)) == ["head.weight", "norm.weight"]


class Hostile:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_code_in_a_file_is_not_run(tmp_path, model):
    mark = tmp_path / "was-run"
    torch.save({"model": Hostile(f"touch {mark}")}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"holds code \(\w+\.system\), which was not run"):
        load_state(model, tmp_path / "a.pth")
    (tmp_path / "b.pth").write_bytes(pickle.dumps({"model": Hostile(f"touch {mark}")}))
    with pytest.raises(WeightsError, match="is not a checkpoint"):
        load_state(model, tmp_path / "b.pth")
    assert not mark.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize(
    "content", [b"", b"hello world\n" * 100, b"\x80\x02}q\x00.", b"PK\x03\x04"]
)
def test_files_that_are_no_checkpoints(tmp_path, model, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"damaged|not a checkpoint|no dict of weights"):
        load_state(model, path)


@pytest.mark.parametrize("content", [{}, [1, 2], 3, {"epoch": 1}, {"model": {"a": 1}}])
def test_files_without_weights(tmp_path, model, content):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="holds no dict of weights"):
        load_state(model, tmp_path / "a.pth")


def test_what_a_file_without_weights_holds_is_told(tmp_path, model):
    content = {"epoch": 1, "optimizer": {"state": {}}, "a\nb": None}
    with pytest.raises(WeightsError) as caught:
        load_state(model, write(content, tmp_path / "a.pth"))
    assert r"holds no dict of weights but 'epoch', 'optimizer', 'a\nb';" in str(caught.value)
    torch.save({f"part{i}": i for i in range(20)}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="'part7', 12 more;"):
        load_state(model, tmp_path / "a.pth")
    torch.save([1, 2], tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="no dict of weights but list;"):
        load_state(model, tmp_path / "a.pth")


def test_no_file_at_all(tmp_path, model):
    for path in (tmp_path / "none.pth", tmp_path):
        with pytest.raises(WeightsError, match="is not a file; check the path"):
            load_state(model, path)


def bytes_of(state, path):
    """Those of weights written to a file as its name says; .old.pth: before torch 1.6."""
    if path.name.endswith(".old.pth"):
        torch.save(state, path, _use_new_zipfile_serialization=False)
    else:
        write(state, path)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", [".pth", ".old.pth", ".safetensors"])
def test_truncated_files(tmp_path, model, state, suffix):
    content = bytes_of(state, tmp_path / f"whole{suffix}")
    path = tmp_path / f"part{suffix}"
    for share in (0.001, 0.1, 0.5, 0.9, 0.999):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(WeightsError) as caught:
            load_state(model, path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".pth", ".old.pth", ".safetensors"])
def test_damaged_files_never_fail_otherwise(tmp_path, model, state, suffix):
    """Bytes changed at random in the file's structure: it loads, or one line says why not."""
    content = bytes_of(state, tmp_path / f"whole{suffix}")
    path = tmp_path / f"damaged{suffix}"
    rng = random.Random(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(4):
            damaged[rng.randrange(3000)] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            load_state(model, path)
        except WeightsError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 20
