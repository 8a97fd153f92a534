"""What of weights does not fit a model is named, and so is the model that they fit."""

import pytest
import torch
from golden_cases import INDEX
from small_checkpoints import SIZES, assert_loaded, with_prefix, write

from hotvid.errors import WeightsError
from hotvid.lift.checkpoint import load_checkpoint, load_state
from hotvid.lift.fit import best_fit
from hotvid.lift.models.zoo import build_model


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
