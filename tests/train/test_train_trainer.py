import json
import math
import signal

import numpy as np
import pytest
import torch

from hotvid.errors import HotvidError, InputError, WeightsError
from hotvid.lift.checkpoint import save_checkpoint
from hotvid.train import trainer as trainer_module
from hotvid.train.motions import Motion
from hotvid.train.recipe import Recipe, WindowKind
from hotvid.train.trainer import Trainer, Validation, measure, recipe_as_begun

WIDTHS = (("channel", 16), ("mlp_hidden", 32), ("depth", 2), ("heads", 2))
SIZES = (*WIDTHS, ("frames", 9), ("token_num", 3))
WINDOWS = (WindowKind(5, (None,), 2, 0.5, (1, 2)), WindowKind(9, (3, 4), 2, 0.5, (1, 1)))


def _motions():
    rng = np.random.default_rng(0)
    body = rng.normal(0, 0.4, (1, 17, 3))
    sway = 0.1 * np.sin(np.arange(300) / 20)[:, None, None] * rng.normal(0, 1, (1, 17, 3))
    xyz = (body + sway).astype(np.float32)
    return [Motion("01_01", xyz, 120.0), Motion("09_01", xyz[::-1].copy(), 120.0)]


def _recipe(**changes):
    settings = {"sizes": SIZES, "windows": WINDOWS, "minutes": 0.05, "threads": 1}
    return Recipe(**{**settings, **changes})


def test_a_run_trains_on_every_kind_of_window_and_leaves_a_log_and_a_state(tmp_path):
    trainer = Trainer(tmp_path, _recipe(), _motions())
    shapes = set()
    batch = trainer._stream.batch
    trainer._stream.batch = lambda size, *frames: shapes.add(frames) or batch(size, *frames)
    before = {key: value.clone() for key, value in trainer.model.state_dict().items()}
    trainer.run()
    assert shapes == {(5, 1), (5, 2), (9, 1)}
    after = trainer.model.state_dict()
    assert [key for key in before if torch.equal(before[key], after[key])] == []
    assert trainer.model.x_token.shape[1] == 9 and trainer.model.pos_embed_token.shape[1] == 3
    last = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert last["final"] and last["n_mpjpe_mm"] > 0
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == trainer.step


def test_a_resumed_run_goes_on_from_where_the_first_stopped(tmp_path):
    first = Trainer(tmp_path, _recipe(), _motions())
    first.run()
    second = Trainer(tmp_path, _recipe(minutes=0.1), _motions())
    second.resume()
    assert (second.step, second.trained_s) == (first.step, first.trained_s)
    for key, value in first.average.state_dict().items():
        torch.testing.assert_close(second.average.state_dict()[key], value)
    second.run()
    assert second.step > first.step and second.trained_s >= 6


def test_resuming_nothing_says_so(tmp_path):
    with pytest.raises(InputError, match="without --resume"):
        Trainer(tmp_path, _recipe(), _motions()).resume()


def test_a_state_remembers_the_minutes_the_seed_and_the_motions_of_its_run(tmp_path):
    Trainer(tmp_path, _recipe(minutes=90, seed=5, rate=0.4), _motions()).save()
    begun = recipe_as_begun(tmp_path, _recipe(threads=2))
    assert (begun.minutes, begun.seed, begun.rate, begun.threads) == (90, 5, 0.4, 2)
    more = Trainer(tmp_path, begun, [*_motions(), Motion("02_01", _motions()[0].xyz_m, 120.0)])
    assert more.trained_on == ["01_01", "02_01"] and more.held_out == ["09_01"]
    other = Trainer(tmp_path, begun, [Motion("walk", _motions()[0].xyz_m, 120.0)])
    other.resume()
    assert other.trained_on == ["walk", "01_01"] and other.held_out == []


def test_the_rate_is_a_share_of_both_learning_rates(tmp_path):
    steps = {}
    for rate in (1.0, 0.25):
        trainer = Trainer(tmp_path / str(rate), _recipe(rate=rate), _motions())
        seen = []
        trainer.optimiser.set_learning_rate = lambda *rates, seen=seen: seen.append(rates)
        trainer._train_step()
        steps[rate] = np.array(seen[0])
    np.testing.assert_allclose(steps[0.25], 0.25 * steps[1.0])


def test_a_state_without_a_recipe_resumes(tmp_path):
    trainer = Trainer(tmp_path, _recipe(), _motions())
    trainer.step, trainer.trained_s = 7, 2.5
    trainer.save()
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    former = ("step", "trained_s", "model", "average", "optimiser")
    torch.save({name: state[name] for name in former}, tmp_path / "state.pt")
    assert recipe_as_begun(tmp_path, Recipe()) == Recipe()
    again = Trainer(tmp_path, _recipe(), _motions())
    again.resume()
    assert (again.step, again.trained_s) == (7, 2.5)


def test_what_is_no_state_of_this_training_says_so(tmp_path):
    torch.save({"epoch": 1, "recipe": "{}"}, tmp_path / "state.pt")
    for resume in (
        lambda: recipe_as_begun(tmp_path, _recipe()),
        lambda: Trainer(tmp_path, _recipe(), _motions()).resume(),
    ):
        with pytest.raises(InputError, match=r"state\.pt is of another kind of training"):
            resume()
    (tmp_path / "state.pt").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="damaged or no training state"):
        recipe_as_begun(tmp_path, _recipe())
    Trainer(tmp_path, _recipe(), _motions()).save()
    wider = (("channel", 32), *SIZES[1:])
    with pytest.raises(WeightsError, match="build the model with channel=16"):
        Trainer(tmp_path, _recipe(sizes=wider), _motions()).resume()


def test_a_step_that_takes_long_is_saved_and_logged_with_the_loss_so_far(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer_module, "SAVE_EVERY_S", 0.0)
    trainer = Trainer(tmp_path, _recipe(minutes=0.001), _motions())
    losses = iter(range(100, 10_000, 100))
    train_step = trainer._train_step
    monkeypatch.setattr(trainer, "_train_step", lambda: train_step() and next(losses))
    monkeypatch.setattr(trainer, "validate", lambda: Validation(1.0, 2.0, 3.0))
    trainer.run()
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows[:-1]] == list(range(1, trainer.step + 1))
    # The mean of 100, 200, ... up to the step.
    assert [row["loss"] for row in rows[:-1]] == [50 * (row["step"] + 1) for row in rows[:-1]]


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_loss_of_nan_ends_the_run_and_leaves_the_former_state(tmp_path, monkeypatch, what):
    trainer = Trainer(tmp_path, _recipe(), _motions())
    trainer.step = 4
    trainer.save()
    before = (tmp_path / "state.pt").read_bytes()
    true_loss = trainer_module.motion_loss

    def spoilt(predicted, *others):
        loss = true_loss(predicted, *others)
        if trainer.step < 6:
            return loss
        # The square root's slope at 0 is infinite: only the gradient is no number.
        return loss * math.nan if what == "loss" else loss + (0 * loss).sqrt()

    monkeypatch.setattr(trainer_module, "motion_loss", spoilt)
    monkeypatch.setattr(trainer_module, "SAVE_EVERY_S", 1e9)
    with pytest.raises(HotvidError, match=f"the {what} of step 7 is nan; train at a lower --rate"):
        trainer.run()
    assert (tmp_path / "state.pt").read_bytes() == before
    assert all(value.isfinite().all() for value in trainer.model.state_dict().values())
    monkeypatch.undo()
    again = Trainer(tmp_path, _recipe(minutes=0.001), _motions())
    again.resume()
    assert again.step == 4
    again.run()
    assert again.step > 4


def test_ctrl_c_in_a_step_saves_whole_steps_only(tmp_path, monkeypatch):
    trainer = Trainer(tmp_path, _recipe(), _motions())

    def interrupted(asked):
        def step():
            for _ in range(asked):
                signal.raise_signal(signal.SIGINT)
            with torch.no_grad():
                trainer.model.head[1].bias.fill_(asked)
            return 1.0

        monkeypatch.setattr(trainer, "_train_step", step)
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
        return torch.load(tmp_path / "state.pt", weights_only=True)

    state = interrupted(1)
    assert state["step"] == 1 and (state["model"]["head.1.bias"] == 1).all()
    assert interrupted(2)["step"] == 1  # ended at once, with what was saved before


def test_a_run_begins_with_the_weights_that_it_is_given(tmp_path):
    shorter = (*WIDTHS, ("frames", 5), ("token_num", 2))
    given = Trainer(tmp_path / "a", _recipe(sizes=shorter, windows=WINDOWS[:1]), _motions()).model
    with torch.no_grad():
        ramp = torch.linspace(0, 1, 5)[None, :, None].expand(1, 5, 16)
        given.Temporal_pos_embed.copy_(ramp)
    save_checkpoint(given, tmp_path / "given.safetensors", "hot-mixste-s")
    trainer = Trainer(tmp_path / "b", _recipe(), _motions())
    trainer.start_from(tmp_path / "given.safetensors")
    stretched = torch.linspace(0, 1, 9)[None, :, None].expand(1, 9, 16)
    for model in (trainer.model, trainer.average):
        torch.testing.assert_close(model.Temporal_pos_embed.data, stretched)
        torch.testing.assert_close(model.head[1].weight, given.head[1].weight)


def test_measure_takes_out_what_a_camera_cannot_see():
    target = torch.randn(3, 6, 17, 3, generator=torch.Generator().manual_seed(0))
    target = target - target[:, :, :1]
    scaled = measure(target * 0.5, target)
    assert scaled.n_mpjpe_mm == pytest.approx(0, abs=1e-3)
    turned = measure(target[..., [1, 2, 0]] * 2, target)  # a rotation of the axes
    assert turned.n_mpjpe_mm > 100
    assert turned.pa_mpjpe_mm == pytest.approx(0, abs=1e-3)
