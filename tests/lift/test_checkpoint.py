"""Weights go into the model that was meant, out of it and back, and nowhere else."""

import json
import re

import pytest
import torch
from golden_cases import INDEX, golden_model, golden_weight
from safetensors.torch import save_file
from small_checkpoints import assert_loaded, with_prefix, write

from hotvid.errors import OutputError, WeightsError
from hotvid.lift.checkpoint import load_checkpoint, save_checkpoint
from hotvid.lift.models.zoo import MODELS


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
