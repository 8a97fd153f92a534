"""Learning from the answers of other weights."""

import numpy as np
import pytest
import torch
from test_train_trainer import SIZES, WIDTHS, _motions, _recipe

from hotvid.errors import UsageError, WeightsError
from hotvid.lift.checkpoint import save_checkpoint
from hotvid.lift.models.zoo import build_model
from hotvid.lift.protocols import flipped
from hotvid.skeleton import H36M17
from hotvid.train.loss import centred
from hotvid.train.recipe import Recipe, adjusted
from hotvid.train.sampled import SampledModel, middle_sample
from hotvid.train.teacher import Teacher
from hotvid.train.trainer import Trainer, recipe_as_begun

FRAMES = dict(SIZES)["frames"]
MIRROR = torch.tensor(H36M17.mirror)


def write(path, name="mixste-s", seed=0, **sizes):
    torch.manual_seed(seed)
    model = build_model(name, **{**dict(WIDTHS), "frames": FRAMES, **sizes}).eval()
    save_checkpoint(model, path, name)
    return model


def both_ways(model, inputs):
    """(B, F, 17, 3): the mean of a model's answers to windows and their mirror images."""
    with torch.no_grad():
        mirrored = flipped(centred(model(flipped(inputs, MIRROR))), MIRROR)
        return (centred(model(inputs)) + mirrored) / 2


@pytest.fixture
def inputs():
    return torch.randn(2, FRAMES, 17, 3, generator=torch.Generator().manual_seed(5))


def test_a_teacher_says_what_its_models_say_on_average_of_a_window_and_its_mirror_image(
    tmp_path, inputs
):
    plain = write(tmp_path / "a.safetensors")
    pruned = write(tmp_path / "b.safetensors", "hot-mixste-s", 1, token_num=3)
    teacher = Teacher([str(tmp_path / "a.safetensors"), str(tmp_path / "b.safetensors")], plain)
    said = teacher(inputs, middle_sample(FRAMES, 1, FRAMES))
    wanted = (both_ways(plain, inputs) + both_ways(pruned, inputs)) / 2
    torch.testing.assert_close(said, wanted)
    assert not said.requires_grad


def test_short_windows_are_not_pruned(tmp_path, inputs):
    pruned = write(tmp_path / "b.safetensors", "hot-mixste-s", 1, token_num=3)
    sample, short = middle_sample(5, 1, FRAMES), inputs[:, :5]
    whole = SampledModel("hot-mixste-s", pruned.sizes, 5, None)
    wanted = both_ways(lambda x: whole(pruned, x, sample), short)
    said = Teacher([str(tmp_path / "b.safetensors")], pruned)(short, sample)
    torch.testing.assert_close(said, wanted)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("mixste-s", {"frames": FRAMES + 2}),
        ("mixste", {"in_channels": 2}),
        ("hot-motionbert", {"in_channels": 3, "token_num": 3}),
    ],
)
def test_weights_that_cannot_teach_are_one_line(tmp_path, name, sizes):
    write(tmp_path / "t.safetensors", name, **sizes)
    recipe = _recipe(teachers=(str(tmp_path / "t.safetensors"),))
    with pytest.raises(WeightsError, match=rf"t\.safetensors' cannot teach: it is {name} with"):
        Trainer(tmp_path / "run", recipe, _motions())
    assert not (tmp_path / "run").exists()


def test_plain_weights_begin_a_twin_that_prunes(tmp_path):
    plain = write(tmp_path / "plain.safetensors")
    trainer = Trainer(tmp_path / "run", _recipe(), _motions())
    own = {k: v.clone() for k, v in trainer.model.state_dict().items()}
    trainer.start_from(tmp_path / "plain.safetensors")
    taken = plain.state_dict()
    for key, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, taken.get(key, own[key]))


def test_a_run_of_another_model_is_not_gone_on_with(tmp_path):
    Trainer(tmp_path / "run", _recipe(), _motions()).save()
    twin = _without_pruning(adjusted(_recipe(), model="mixste-s"))
    with pytest.raises(UsageError, match="trains hot-mixste-s, not mixste-s"):
        Trainer(tmp_path / "run", twin, _motions()).resume()


def test_who_learns_comes_nearer_to_the_teacher(tmp_path):
    teacher = write(tmp_path / "t.safetensors", seed=7)
    recipe = adjusted(
        _recipe(minutes=60, warmup_steps=1),
        model="mixste-s",
        teachers=(str(tmp_path / "t.safetensors"),),
        truth_weight=0.0,
    )
    trainer = Trainer(tmp_path / "run", _without_pruning(recipe), _motions())
    windows = trainer._stream.batch(4, FRAMES, 1)
    inputs = torch.from_numpy(windows.inputs)

    def apart():
        with torch.no_grad():
            answer = centred(trainer.model.eval()(inputs))
        return float((answer - both_ways(teacher, inputs)).norm(dim=-1).mean())

    before = apart()
    for _ in range(60):
        trainer._train_step()
    assert apart() < 0.6 * before


def _without_pruning(recipe):
    sizes = tuple((name, value) for name, value in recipe.sizes if name != "token_num")
    return adjusted(recipe, sizes=sizes)


def test_a_resumed_run_has_the_teachers_the_model_and_the_share_it_was_begun_with(tmp_path):
    write(tmp_path / "t.safetensors")
    teachers = (str(tmp_path / "t.safetensors"),)
    recipe = adjusted(_recipe(), model="mixste-s", teachers=teachers, invent=0.6)
    Trainer(tmp_path / "run", _without_pruning(recipe), _motions()).save()
    begun = recipe_as_begun(tmp_path / "run", _without_pruning(_recipe()))
    assert (begun.model, begun.teachers, begun.stream.invent) == ("mixste-s", teachers, 0.6)
    assert all(kind.tokens == (None,) for kind in begun.windows)


def test_a_teacher_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(WeightsError, match=r"gone\.safetensors"):
        Trainer(tmp_path, _recipe(teachers=(str(tmp_path / "gone.safetensors"),)), _motions())


def test_the_twin_that_prunes_nothing_is_trained_with_nothing_pruned():
    own = Recipe()
    assert any(kind.tokens != (None,) for kind in own.windows)
    twin = adjusted(own, model="mixste-s")
    assert [k.tokens for k in twin.windows] == [(None,)] * len(own.windows)
    assert [k.frames for k in twin.windows] == [k.frames for k in own.windows]
    assert adjusted(own) == own and adjusted(own, minutes=None, model=own.model) == own


def test_weights_that_prune_begin_a_twin_that_does_not(tmp_path):
    pruning = write(tmp_path / "hot.safetensors", "hot-mixste-s", token_num=3)
    recipe = _without_pruning(adjusted(_recipe(), model="mixste-s"))
    trainer = Trainer(tmp_path / "run", recipe, _motions())
    trainer.start_from(tmp_path / "hot.safetensors")
    for key, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, pruning.state_dict()[key])
