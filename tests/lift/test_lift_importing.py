"""Authors' checkpoints become files of our own, whole, exact, and only where they fit."""

import json
import re

import pytest
import torch
from golden_cases import golden_model
from safetensors.torch import save_file

from hotvid import weights
from hotvid.errors import HotvidError, OutputError, UsageError, WeightsError
from hotvid.lift.checkpoint import load_checkpoint, save_checkpoint
from hotvid.lift.importing import import_weights
from hotvid.lift.lifter import load_lifter
from hotvid.lift.models.zoo import MODELS

SMALL = {"frames": 27, "channel": 16, "mlp_hidden": 16}
# Plain and seq2frame models have the same parameters: only the user knows which was trained.
ALIKE = ("mixste", "motionbert", "mhformer")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTVID_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "weights"


def authors_file(folder, name, **sizes):
    """As authors save them: no name, no sizes, wrapped, from a model on several GPUs."""
    tokens = {"token_num": 9} if MODELS[name].sizes["token_num"] else {}
    state = golden_model(name, **SMALL, **tokens, **sizes).state_dict()
    path = folder / f"{name}.pth"
    torch.save({"epoch": 3, "model_pos": {f"module.{k}": v for k, v in state.items()}}, path)
    return path, state


@pytest.mark.parametrize("name", weights.PUBLISHED)
def test_what_is_imported_is_remembered_exactly(home, tmp_path, name):
    file, state = authors_file(tmp_path, name)
    done = import_weights(file, name)
    assert (done.name, done.model_name, done.path) == (name, name, home / f"{name}.safetensors")
    assert [p.name for p in home.iterdir()] == [done.path.name]
    model, metadata = load_checkpoint(done.path)
    assert metadata["source_file"] == file.name
    assert metadata["source_sha256"] == weights.sha256(file)
    assert json.loads(metadata["sizes"])["frames"] == 27
    for key, value in model.state_dict().items():
        assert torch.equal(value, state[key]), key
    assert weights.locate(name) == done.path
    assert load_lifter(name, device="cpu").weights_sha256 == weights.sha256(done.path)


@pytest.mark.parametrize("name", weights.PUBLISHED)
def test_the_keys_tell_the_model_or_the_models(home, tmp_path, name):
    file, _ = authors_file(tmp_path, name)
    backbone = name.rpartition("-")[2]
    if name.startswith("hot-"):
        assert import_weights(file).model_name == name
    else:
        both = f"fits {backbone} and tpc-{backbone} alike; say which it is with --model"
        with pytest.raises(UsageError, match=both):
            import_weights(file)
        assert not home.exists()


def test_names_of_ones_own(home, tmp_path):
    file, _ = authors_file(tmp_path, "hot-mixste")
    import_weights(file, name="mine-2.1_b")
    lifter = load_lifter("mine-2.1_b", device="cpu")
    assert lifter.name == "hot-mixste"
    assert weights.imported() == {"mine-2.1_b": home / "mine-2.1_b.safetensors"}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../a", "cannot be a name"),
        ("", "cannot be a name"),
        (".a", "cannot be a name"),
        ("a b", "cannot be a name"),
        ("hot-mixste-s", "weights that travel with hotvid"),
        ("blazepose-full", "weights that travel with hotvid"),
        ("mixste", "another model's name than hot-mixste"),
    ],
)
def test_names_that_cannot_be(home, tmp_path, name, problem):
    file, _ = authors_file(tmp_path, "hot-mixste")
    with pytest.raises(UsageError, match=problem):
        import_weights(file, name=name)
    assert not home.exists()


def test_what_was_imported_before_is_kept_unless_told(home, tmp_path):
    file, _ = authors_file(tmp_path, "hot-mixste")
    before = import_weights(file).path.read_bytes()
    other, state = authors_file(tmp_path, "hot-mixste", prune="uniform")
    torch.save({key: value + 1 for key, value in state.items()}, other)
    with pytest.raises(OutputError, match=r"'hot-mixste' were imported before .*--overwrite"):
        import_weights(other)
    assert (home / "hot-mixste.safetensors").read_bytes() == before
    path = import_weights(other, overwrite=True).path
    assert torch.equal(load_checkpoint(path)[0].x_token, state["x_token"] + 1)


def test_files_of_hotvids_own_keep_what_they_say(home, tmp_path):
    sizes = {**SMALL, "depth": 4, "token_num": (9, 5), "layer_index": (1, 2), "prune": "motion"}
    model = golden_model("hot-mixste", **sizes)
    file = tmp_path / "trained.safetensors"
    save_checkpoint(model, file, "hot-mixste", {"epochs": "12"})
    with pytest.raises(WeightsError, match="says that it is of hot-mixste, not of hot-motionbert"):
        import_weights(file, "hot-motionbert")
    loaded, metadata = load_checkpoint(import_weights(file).path)
    assert metadata["epochs"] == "12" and loaded.cuts == model.cuts == {1: 9, 2: 5}
    assert loaded.sizes["prune"] == "motion"


def test_weights_that_fit_nothing_are_refused(home, tmp_path):
    file, state = authors_file(tmp_path, "hot-mixste")
    del state["x_token"]
    torch.save(state, file)
    with pytest.raises(WeightsError, match=r"fits no model exactly; its keys fit hot-mixste best"):
        import_weights(file)
    with pytest.raises(WeightsError, match="does not fit hot-mixste: 'x_token' is missing"):
        import_weights(file, "hot-mixste")
    with pytest.raises(UsageError, match="unknown model 'mixte'; choose one of: mixste"):
        import_weights(file, "mixte")
    assert not home.exists()


def test_weights_with_values_that_are_no_numbers_are_refused(home, tmp_path):
    file, state = authors_file(tmp_path, "hot-mixste")
    state["x_token"][0, 3, 3] = torch.nan
    torch.save(state, file)
    with pytest.raises(WeightsError, match="'x_token' holds values that are no numbers"):
        import_weights(file)
    assert not home.exists()


def test_other_ways_of_pruning_the_same_weights(home, tmp_path):
    file, state = authors_file(tmp_path, "mixste")
    sizes = {"token_num": [14, 5], "layer_index": [2, 4], "prune": "uniform", "recover": "linear"}
    import_weights(file, "mixste", "quick", sizes=sizes)
    model, _ = load_checkpoint(weights.locate("quick"))
    assert (model.cuts, model.recovery) == ({2: 14, 4: 5}, "linear")
    assert torch.equal(model.Spatial_pos_embed, state["Spatial_pos_embed"])
    x = torch.randn(1, 27, 17, 2, generator=torch.Generator().manual_seed(0))
    expected = golden_model("mixste", **SMALL, **sizes)
    with torch.inference_mode():
        assert torch.equal(model(x), expected(x))


@pytest.mark.parametrize(
    ("name", "sizes", "problem"),
    [
        ("mixste", {"width": 3}, "unknown size 'width' of model 'mixste'"),
        (
            "mixste",
            {"prune": "uniform", "recover": "linear"},
            "prune=uniform is given but token_num",
        ),
        ("mixste", {"token_num": 9, "layer_index": 3}, "gives all frames of a window, but"),
        ("mixste", {"token_num": 9, "layer_index": 30}, "expected ascending blocks in 1..7"),
        ("mixste", {"token_num": "a", "layer_index": 3}, "token_num: expected a whole number"),
        (
            "mixste",
            {"token_num": 9, "layer_index": 3, "recover": "tra"},
            "'pos_embed_token' is missing",
        ),
        ("mixste", {"depth": 4}, "'STEblocks.4.norm1.weight' is left over"),
    ],
)
def test_sizes_that_cannot_be(home, tmp_path, name, sizes, problem):
    file, _ = authors_file(tmp_path, name)
    with pytest.raises(HotvidError, match=re.escape(problem)):
        import_weights(file, name, sizes=sizes)
    assert not home.exists()


def test_files_of_hotvids_own_become_the_model_that_is_named(home, tmp_path):
    file = tmp_path / "trained.safetensors"
    save_checkpoint(golden_model("mixste", **SMALL), file, "mixste", {"epochs": "12"})
    done = import_weights(file, "tpc-mixste")
    assert (done.name, done.path) == ("tpc-mixste", home / "tpc-mixste.safetensors")
    model, metadata = load_checkpoint(done.path)
    assert (model.name, model.cuts, metadata["epochs"]) == ("tpc-mixste", {7: 7}, "12")
    wanted = {"token_num": 9, "layer_index": 2}
    model = import_weights(file, "tpc-mixste", overwrite=True, sizes=wanted).model
    assert model.cuts == {2: 9}


def test_files_of_hotvids_own_are_pruned_otherwise_only_where_they_are_pruned(home, tmp_path):
    plain, pruned = tmp_path / "plain.safetensors", tmp_path / "pruned.safetensors"
    save_checkpoint(golden_model("mixste", **SMALL), plain, "mixste")
    sizes = {**SMALL, "token_num": 9, "layer_index": 3, "recover": "linear"}
    save_checkpoint(golden_model("mixste", **sizes), pruned, "mixste")
    with pytest.raises(UsageError, match="prune=uniform is given but token_num is not"):
        import_weights(plain, sizes={"prune": "uniform"})
    assert not home.exists()
    model = import_weights(pruned, sizes={"prune": "uniform"}).model
    assert model.cuts == {3: 9} and model.sizes["prune"] == "uniform"


@pytest.mark.parametrize(
    ("sizes", "says"),
    [("{", "has unreadable sizes"), ('{"depth": 1000000}', "fewer weights than its depth needs")],
)
def test_sizes_given_do_not_hide_what_the_file_itself_claims(home, tmp_path, sizes, says):
    file = tmp_path / "a.safetensors"
    metadata = {"name": "mixste", "sizes": sizes}
    save_file({"head.0.weight": torch.zeros(4)}, file, metadata)
    with pytest.raises(WeightsError, match=says):
        import_weights(file, sizes={"prune": "uniform"})
