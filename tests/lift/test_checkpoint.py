"""Checkpoints of every kind load into the right model, and nothing else does."""

import json
import os
import pickle
import random
import re
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from golden_cases import INDEX, golden_model, golden_weight
from safetensors.torch import save_file

import hotvid
from hotvid.errors import OutputError, WeightsError
from hotvid.lift.checkpoint import load_checkpoint, load_state, save_checkpoint
from hotvid.lift.fit import best_fit
from hotvid.lift.models.zoo import MODELS, build_model
from hotvid.lift.weight_files import unwrap

SIZES = {"frames": 9, "channel": 16, "mlp_hidden": 32, "token_num": 3, "depth": 4}


@pytest.fixture(scope="module")
def state():
    return golden_model("hot-mixste", **SIZES).state_dict()


@pytest.fixture
def model():
    return build_model("hot-mixste", **SIZES)


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


def test_a_missing_key_is_named(model, state):
    rest = {key: value for key, value in state.items() if key != "x_token"}
    with pytest.raises(WeightsError, match=r"does not fit hot-mixste: 'x_token' is missing;"):
        load_state(model, rest)


def test_a_left_over_key_is_named(model, state):
    more = {**state, "extra.weight": torch.zeros(1), "extra.bias": torch.zeros(1)}
    with pytest.raises(WeightsError, match=r"'extra\.weight' is left over \(and 1 more\)"):
        load_state(model, more)


def test_what_is_not_the_models_is_named_behind_a_prefix_too(tmp_path, model, state):
    """The prefix of nearly all keys goes; what lacks it is what is left over."""
    more = with_prefix(state, "module.") | {"total_ops": torch.zeros(1)}
    with pytest.raises(WeightsError, match=r"'total_ops' is left over; its keys"):
        load_state(model, write(more, tmp_path / "a.pth"))
    twice = with_prefix(state, "module.") | {"x_token": state["x_token"] + 1}
    with pytest.raises(WeightsError, match=r"both with and without 'module\.' before their names"):
        load_state(model, write(twice, tmp_path / "a.pth"))


def test_nothing_is_loaded_from_weights_that_do_not_fit(model, state):
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(WeightsError):
        load_state(model, {**state, "extra": torch.zeros(1)})
    assert_loaded(model, before)


def test_other_sizes_are_named(state):
    longer = build_model("hot-mixste", **{**SIZES, "frames": 27})
    message = r"'x_token' has shape \(1, 9, 16\), expected \(1, 27, 16\).*; build .* with frames=9"
    with pytest.raises(WeightsError, match=message):
        load_state(longer, state)


def with_nan(value):
    spoilt = value.clone()
    spoilt[0, 3, 3] = torch.nan
    return spoilt


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (with_nan, "holds values that are no numbers"),
        (lambda value: value - torch.inf, "holds values that are no numbers"),
        (lambda value: value.double() + 1e300, "holds values that are no numbers"),
        (lambda value: value.long(), "is of int64, expected floating-point numbers"),
        (lambda value: value.to(torch.complex64), "is of complex64, expected"),
        (lambda value: value.to_sparse(), "is sparse or empty"),
        (lambda value: value.to("meta"), "is sparse or empty"),
    ],
)
def test_weights_that_are_no_real_finite_numbers_are_named(tmp_path, state, model, spoil, problem):
    before = {key: value.clone() for key, value in model.state_dict().items()}
    wrong = {**state, "x_token": spoil(state["x_token"])}
    with pytest.raises(WeightsError, match=f"^the dict: 'x_token' {problem}") as caught:
        load_state(model, wrong)
    assert "\n" not in str(caught.value)
    assert_loaded(model, before)
    path = write(wrong, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=f"a.pth': 'x_token' {problem}"):
        load_checkpoint(path, name="hot-mixste", depth=4)


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("mixste-243", "mixste or tpc-mixste"),
        ("hot-mixste-243", "hot-mixste"),
        ("motionbert-243", "motionbert or tpc-motionbert"),
        ("hot-motionbert-243", "hot-motionbert"),
        ("mhformer-351", "mhformer or tpc-mhformer"),
        ("mhformer-tiny", "mhformer or tpc-mhformer"),
    ],
)
def test_weights_tell_their_model(case, name):
    shapes = INDEX[case]["state_dict"]
    state = {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}
    assert best_fit(state) == name
    with torch.device("meta"):
        wrong = build_model("hot-mixste-s")
    with pytest.raises(WeightsError, match=f"its keys fit {name} best"):
        load_state(wrong, state)


@pytest.mark.parametrize("name", ["mhformer", "tpc-mhformer"])
def test_where_no_model_fits_better_the_hint_is_not_the_model_itself(tmp_path, name):
    shapes = INDEX["mhformer-tiny"]["state_dict"]
    state = {key: torch.zeros(shape) for key, shape in shapes.items() if key != "norm_2.bias"}
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(
        WeightsError, match=r"'norm_2.bias' is missing; its keys fit no other bette"
    ):
        load_checkpoint(tmp_path / "a.pth", name=name)
    state = {**state, "norm_2.bias": torch.zeros(81), "embedding_1.weight": torch.zeros(47, 34, 1)}
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"got 47; its keys fit no other better"):
        load_checkpoint(tmp_path / "a.pth", name=name)


def test_sizes_that_only_another_models_file_can_show(tmp_path):
    shapes = INDEX["hot-mixste-243"]["state_dict"] | {"pos_embed_token": [1, 300, 512]}
    state = {key: torch.zeros(()).expand(shape) for key, shape in shapes.items()}
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"fit hot-motionbert: .*keys fit hot-mixste"):
        load_checkpoint(tmp_path / "a.pth", name="hot-motionbert")


def test_weights_of_nothing_known():
    assert best_fit({"conv1.weight": torch.zeros(1)}) == "no model"


@pytest.mark.parametrize("name", MODELS)
def test_our_own_files_need_no_flags(tmp_path, name):
    sizes = {"frames": 27, "channel": 24, "mlp_hidden": 32, "depth": 3}
    if MODELS[name].sizes["token_num"]:
        sizes |= {"token_num": (9, 5), "layer_index": (1, 2), "prune": "motion"}
    model = golden_model(name, **sizes)
    path = tmp_path / "own.safetensors"
    save_checkpoint(model, path, name, {"inputs": "body", "date": "2024-05-06"})
    loaded, metadata = load_checkpoint(path, "cpu")
    assert (metadata["name"], metadata["inputs"], metadata["date"]) == (name, "body", "2024-05-06")
    assert not loaded.training
    assert_loaded(loaded, model.state_dict())
    x = torch.randn(1, 27, 17, model.in_channels, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(loaded(x), model(x))
    assert [p.name for p in tmp_path.iterdir()] == ["own.safetensors"]


def test_a_loaded_model_can_be_trained_and_saved_again(tmp_path, model):
    save_checkpoint(model, tmp_path / "a.safetensors", "hot-mixste")
    loaded, _ = load_checkpoint(tmp_path / "a.safetensors")
    loaded(torch.randn(1, 9, 17, 2)).sum().backward()
    assert loaded.x_token.grad is not None
    save_checkpoint(loaded, tmp_path / "b.safetensors", "hot-mixste")
    assert load_checkpoint(tmp_path / "b.safetensors")[1] == {
        "name": "hot-mixste",
        "sizes": json.dumps(model.sizes),
    }


def test_authors_files_need_the_name_only(tmp_path, state):
    path = write({"model_pos": with_prefix(state, "module.")}, tmp_path / "best.bin")
    loaded, metadata = load_checkpoint(path, "cpu", "hot-mixste", depth=4)
    assert metadata == {"name": "hot-mixste"}
    assert (loaded.frames, loaded.cuts) == (9, {3: 3})
    assert_loaded(loaded, state)
    with pytest.raises(WeightsError, match="does not say which model it is; its keys fit hot-mix"):
        load_checkpoint(path)


def test_sizes_of_authors_files_come_from_their_shapes(tmp_path):
    shapes = INDEX["mhformer-tiny"]["state_dict"]
    state = {key: golden_weight(key, tuple(shape)) for key, shape in shapes.items()}
    loaded, _ = load_checkpoint(write(state, tmp_path / "a.pth"), name="tpc-mhformer", token_num=9)
    assert (loaded.frames, loaded.sizes["channel"], loaded.cuts) == (81, 48, {1: 9})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_single(tmp_path, state, dtype):
    other = {key: value.to(dtype) for key, value in state.items()}
    loaded, _ = load_checkpoint(write(other, tmp_path / "h.pth"), name="hot-mixste", depth=4)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    assert_loaded(loaded, {key: value.float() for key, value in other.items()})


def own_file(folder, name, **sizes):
    model = golden_model(name, **{"frames": 27, "channel": 24, "mlp_hidden": 32, **sizes})
    save_checkpoint(model, folder / "own.safetensors", name, {"epochs": "3"})
    return folder / "own.safetensors", model


@pytest.mark.parametrize("backbone", ["mixste", "motionbert", "mhformer"])
def test_the_model_that_is_named_wins_where_its_weights_fit(tmp_path, backbone):
    """A plain model's weights prune by TPC, and a pruned one's run plain."""
    file, plain = own_file(tmp_path, backbone, heads=2)
    loaded, metadata = load_checkpoint(file, name=f"tpc-{backbone}")
    assert (metadata["name"], metadata["epochs"]) == (f"tpc-{backbone}", "3")
    pruning = {size: MODELS[f"tpc-{backbone}"].sizes[size] for size in ("layer_index", "prune")}
    share = 27 * MODELS[f"tpc-{backbone}"].sizes["token_num"] / MODELS[backbone].sizes["frames"]
    pruning |= {"recover": None, "token_num": round(share)}
    assert loaded.name == f"tpc-{backbone}" and loaded.sizes == {**plain.sizes, **pruning}
    assert_loaded(loaded, plain.state_dict())
    save_checkpoint(loaded, file, loaded.name)
    again, _ = load_checkpoint(file, name=backbone)
    assert (again.name, again.sizes, again.cuts) == (backbone, plain.sizes, {})


@pytest.mark.parametrize(
    ("name", "sizes", "asked", "problem"),
    [
        ("hot-mixste", {}, "mixste", r"does not fit mixste: 'cross_.* is left over"),
        ("mixste", {}, "hot-mixste", "does not fit hot-mixste: 'pos_embed_token' is missing"),
        ("mixste", {}, "motionbert", "says that it is of mixste, not of motionbert; name mixste"),
        ("hot-mixste-s", {}, "hot-mixste", "says that it is of hot-mixste-s, not of hot-mixste"),
        (
            "mixste",
            {"depth": 4},
            "tpc-mixste",
            r"cannot be pruned as tpc-mixste is: layer_index: .*7",
        ),
    ],
)
def test_a_model_that_is_named_is_never_passed_over(tmp_path, name, sizes, asked, problem):
    file, _ = own_file(tmp_path, name, **sizes)
    with pytest.raises(WeightsError, match=problem):
        load_checkpoint(file, name=asked)
    assert load_checkpoint(file)[0].name == name
    # A name that imported weights go by is none of a model.
    assert load_checkpoint(file, name="quick")[0].name == name


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({"name": "hot-mixste", "sizes": "{"}, "unreadable sizes"),
        ({"name": "hot-mixste", "sizes": "[1, 2]"}, "unreadable sizes"),
        ({"name": "hot-mixste", "sizes": '{"depth": 1000000000}'}, "fewer weights than its depth"),
        ({"name": "hot-mixste", "sizes": '{"width": 1}'}, "cannot be built: unknown size 'width'"),
        ({"name": "hot-mixste", "sizes": '{"channel": -1}'}, "above 0, got -1"),
        ({"name": "hot-mixste", "sizes": '{"channel": "x"}'}, "above 0, got 'x'"),
        (
            {"name": "hot-mixste", "sizes": '{"heads": 3}'},
            "a multiple of 3 attention heads, got 512",
        ),
        ({"name": "hot-mixste", "sizes": '{"token_num": "many"}'}, "cannot be built"),
        ({"name": "other"}, "cannot be built: unknown model 'other'"),
    ],
)
def test_senseless_metadata(tmp_path, state, metadata, problem):
    save_file(state, tmp_path / "a.safetensors", metadata=metadata)
    with pytest.raises(WeightsError, match=problem):
        load_checkpoint(tmp_path / "a.safetensors")


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


@pytest.mark.parametrize("suffix", [".pth", ".old.pth", ".safetensors"])
def test_truncated_files(tmp_path, model, state, suffix):
    whole = tmp_path / f"whole{suffix}"
    if suffix == ".old.pth":
        torch.save(state, whole, _use_new_zipfile_serialization=False)
    else:
        write(state, whole)
    content = whole.read_bytes()
    path = tmp_path / f"part{suffix}"
    for share in (0.001, 0.1, 0.5, 0.9, 0.999):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(WeightsError) as caught:
            load_state(model, path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".pth", ".old.pth", ".safetensors"])
def test_damaged_files_never_fail_otherwise(tmp_path, model, state, suffix):
    """Bytes changed at random in the file's structure: it loads, or one line says why not."""
    whole = tmp_path / f"whole{suffix}"
    if suffix == ".old.pth":
        torch.save(state, whole, _use_new_zipfile_serialization=False)
    else:
        write(state, whole)
    content = whole.read_bytes()
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


def test_a_full_disk_leaves_the_old_file_and_says_which_could_not_be_written(
    tmp_path, model, small_files
):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"the old one")
    said = rf"cannot write '{re.escape(str(path))}': File too large"
    with small_files(), pytest.raises(OutputError, match=said):
        save_checkpoint(model, path, "hot-mixste")
    assert path.read_bytes() == b"the old one"
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]
