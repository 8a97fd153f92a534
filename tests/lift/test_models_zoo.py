"""Names, sizes, and the costs that the papers print."""

import pytest
import torch

import hotvid
from hotvid.errors import UsageError
from hotvid.lift.models.complexity import count
from hotvid.lift.models.zoo import MODELS, build_model, model_sizes, read_sizes

# name: parameters M, FLOPs G as published (hot-mhformer and hot-mixste-s are our own), and FLOPs
# with attention, worked out by hand below for MixSTE.
COSTS = {
    "mixste": ("33.784", "277.248"),
    "hot-mixste": ("35.000", "167.512"),
    "motionbert": ("16.002", "131.094"),
    "hot-motionbert": ("16.348", "63.209"),
    "mhformer": ("31.516", "14.146"),
    "tpc-mhformer": ("31.516", "8.220"),
}


def on_meta(name, **sizes):
    with torch.device("meta"):
        return build_model(name, **sizes)


@pytest.mark.parametrize("name", COSTS)
def test_costs_equal_the_papers(name):
    cost = count(on_meta(name))
    assert (f"{cost.parameters / 1e6:.3f}", f"{cost.flops / 1e9:.3f}") == COSTS[name]


def test_attention_is_counted_by_hand():
    frames, joints, width, depth = 9, 17, 16, 2
    cost = count(on_meta("mixste", frames=frames, channel=width, mlp_hidden=32, depth=depth))
    over_joints = 2 * 2 * frames * joints * joints * width
    over_frames = 2 * 2 * joints * frames * frames * width
    assert cost.flops_with_attention - cost.flops == depth * (over_joints + over_frames)


def test_recovery_is_counted_by_hand():
    frames, kept, joints, width = 9, 3, 17, 16
    sizes = {"frames": frames, "channel": width, "mlp_hidden": 32, "depth": 2, "layer_index": 1}
    hot = count(on_meta("hot-mixste", token_num=kept, **sizes))
    bare = count(on_meta("tpc-mixste", token_num=kept, **sizes))
    queries_and_output = 2 * 2 * frames * joints * width**2
    keys_and_values = 2 * 2 * kept * joints * width**2
    head_of_more_frames = 2 * (frames - kept) * joints * width * 3
    assert hot.flops - bare.flops == queries_and_output + keys_and_values + head_of_more_frames
    attention = 2 * 2 * joints * frames * kept * width
    more_attention = hot.flops_with_attention - bare.flops_with_attention
    assert more_attention == hot.flops - bare.flops + attention


def test_counting_leaves_the_model_as_it_was():
    model = build_model("hot-mixste", frames=9, channel=16, mlp_hidden=32, token_num=3)
    count(model)
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())
    assert model.x_token.device.type == "cpu"


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("frames", "in_channels"), [(27, 2), (36, 3)])
def test_sizes_are_read_back_from_the_shapes(name, frames, in_channels):
    sizes = {"frames": frames, "channel": 72, "mlp_hidden": 40, "token_num": 6}
    sizes["in_channels"] = in_channels
    if name in ("mixste", "mixste-s", "motionbert", "mhformer"):
        del sizes["token_num"]
    model = on_meta(name, **sizes)
    if model.recovery != "tra":
        sizes.pop("token_num", None)
    found = read_sizes(name, {key: tuple(v.shape) for key, v in model.state_dict().items()})
    assert {size: found.get(size) for size in sizes} == sizes
    assert found == {size: model.sizes[size] for size in found}


def test_models_are_exported_by_the_package():
    model = hotvid.build_model("hot-mixste-s")
    assert hotvid.build_model is build_model
    expected = dict(frames=243, channel=128, mlp_hidden=256, in_channels=3)
    expected |= dict(token_num=81, layer_index=1, depth=4, heads=2)
    assert {size: model.sizes[size] for size in expected} == expected
    assert model.name == "hot-mixste-s"


def test_mhformers_own_word_for_depth():
    assert model_sizes("mhformer", layers=4)["depth"] == 4


def test_unknown_names_list_the_known_ones():
    with pytest.raises(UsageError, match="unknown model 'mixte'; choose one of: mixste, hot-mix"):
        build_model("mixte")
    with pytest.raises(UsageError, match="unknown size 'width' of model 'mixste'; choose among: f"):
        build_model("mixste", width=3)


@pytest.mark.parametrize(
    ("sizes", "problem"),
    [
        ({"layer_index": 0}, r"layer_index: expected ascending blocks in 1\.\.7, got \[0\]"),
        ({"layer_index": 8}, r"layer_index: expected ascending blocks in 1\.\.7, got \[8\]"),
        ({"layer_index": None}, "token_num is given but layer_index is not"),
        ({"layer_index": (1, 3)}, "expected as many of one as of the other, got 1 and 2"),
        ({"layer_index": (3, 1), "token_num": (6, 3)}, "expected ascending blocks"),
        ({"layer_index": (1, 3), "token_num": (6, 6)}, r"expected to fall from 27 frames"),
        ({"token_num": 28}, r"token_num: expected to fall from 27 frames, got \[28\]"),
        ({"token_num": 1}, "at least 2 frames"),
        ({"prune": "best"}, "unknown prune 'best'; choose one of: tpc, uniform, motion, attention"),
        ({"recover": "cubic"}, "unknown recover 'cubic'; choose one of: tra, linear, nearest"),
    ],
)
def test_senseless_sizes_are_refused(sizes, problem):
    with pytest.raises(UsageError, match=problem):
        build_model("hot-mixste", **{"frames": 27, "channel": 16, "token_num": 9, **sizes})


@pytest.mark.parametrize(
    ("name", "sizes", "problem"),
    [
        ("mixste", {"prune": "uniform"}, "prune=uniform is given but token_num is not"),
        ("mixste", {"prune": "tpc"}, "prune=tpc is given but token_num is not"),
        ("mhformer", {"recover": "linear"}, "recover=linear is given but token_num is not"),
        ("motionbert", {"layer_index": 3}, "layer_index=3 is given but token_num is not"),
        ("mixste", {"layer_index": 3, "token_num": None, "recover": "bogus"}, "unknown recover"),
        ("hot-mixste", {"recover": "bogus", "token_num": None}, "unknown recover 'bogus'"),
        (
            "mixste",
            {"token_num": 243, "layer_index": 99},
            r"ascending blocks in 1\.\.7, got \[99\]",
        ),
    ],
)
def test_ways_of_pruning_are_not_passed_over_where_nothing_is_pruned(name, sizes, problem):
    with pytest.raises(UsageError, match=problem):
        on_meta(name, **sizes)


@pytest.mark.parametrize("name", MODELS)
def test_all_frames_may_be_kept_of_every_model(name):
    for token_num in (None, MODELS[name].sizes["frames"]):
        model = on_meta(name, token_num=token_num)
        assert model.cuts == {} and model.recovery is None
        # And the file of such a model, which states all sizes, builds it again.
        assert on_meta(name, **model.sizes).sizes == model.sizes
    assert on_meta("mixste", token_num=243, prune="uniform", recover="linear").cuts == {}


@pytest.mark.parametrize("name", ["hot-mixste", "tpc-mixste", "hot-mhformer"])
def test_of_another_window_the_published_share_of_frames_is_kept(name):
    published = model_sizes(name)
    short = model_sizes(name, frames=published["frames"] // 3)
    assert short["token_num"] == pytest.approx(published["token_num"] / 3, abs=0.5)
    assert on_meta(name, frames=81).cuts
    assert model_sizes(name, frames=81, token_num=None)["token_num"] is None
    assert model_sizes("mixste", frames=81)["token_num"] is None
