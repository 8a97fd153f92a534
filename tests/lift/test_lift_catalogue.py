"""What is said of each lifter is what would be built and run."""

import pytest
import torch
from golden_cases import golden_model
from safetensors.torch import save_file

from hotvid import weights
from hotvid.lift.catalogue import lifters, unreadable
from hotvid.lift.checkpoint import save_checkpoint
from hotvid.lift.models.complexity import count
from hotvid.lift.models.zoo import MODELS, build_model

SMALL = {"frames": 27, "channel": 16, "mlp_hidden": 16}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTVID_HOME", str(tmp_path))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def by_name():
    return {one.name: one for one in lifters()}


def test_the_published_models_as_published(home):
    found = by_name()
    assert list(found) == list(MODELS)
    for name, one in found.items():
        if name not in weights.PUBLISHED:
            continue
        with torch.device("meta"):
            model = build_model(name)
        assert one.cost == count(model)
        assert (one.frames, one.tokens) == (model.frames, tuple(model.cuts.values()))
        assert (one.weights_path, one.origin) == (None, None)
    mixste, mhformer = found["hot-mixste"], found["tpc-mhformer"]
    assert (mixste.gives, mixste.inputs, mixste.in_channels) == ("all", "screen", 2)
    assert (mhformer.gives, mhformer.tokens, mhformer.frames) == ("centre", (117,), 351)
    assert found["motionbert"].inputs == "crop" and found["motionbert"].in_channels == 3
    assert "github.com/Vegetebird/MHFormer" in found["mhformer"].url


def test_what_is_here_is_described_by_its_file(home):
    sizes = {**SMALL, "token_num": (14, 5), "layer_index": (1, 2)}
    for name, path in (("hot-mixste", "hot-mixste"), ("hot-motionbert", "mine")):
        save_checkpoint(golden_model(name, **sizes), home / f"{path}.safetensors", name)
    found = by_name()
    assert list(found) == [*MODELS, "mine"]
    for name in ("hot-mixste", "mine"):
        one = found[name]
        assert (one.frames, one.tokens, one.origin) == (27, (14, 5), "imported")
        assert one.weights_path == home / f"{name}.safetensors"
        assert one.cost == count(build_model(one.model, **sizes))
    assert found["mine"].model == "hot-motionbert"
    shipped = found["hot-mixste-s"]
    assert (shipped.origin, shipped.weights_path) == ("shipped", weights.find("hot-mixste-s"))
    assert (shipped.wants, shipped.url) == ("", "")


def test_missing_shipped_weights_are_not_here(home, monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "_PACKAGE", tmp_path / "hotvid")
    one = by_name()["hot-mixste-s"]
    assert (one.origin, one.weights_path) == (None, None)


def test_files_that_cannot_be_used_are_named_and_left_out(home):
    (home / "damaged.safetensors").write_bytes(b"not safetensors")
    tensor = {"a": torch.zeros(1)}
    save_file(tensor, home / "foreign.safetensors")
    save_file(tensor, home / "mixste.safetensors", {"name": "mixste", "sizes": '{"heads": 3}'})
    bad = unreadable()
    assert list(bad) == ["damaged", "foreign", "mixste"]
    assert "damaged" in bad["damaged"] and "no known model" in bad["foreign"]
    assert "senseless sizes" in bad["mixste"]
    found = by_name()
    assert list(found) == list(MODELS) and found["mixste"].origin is None
