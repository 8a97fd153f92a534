import json
import math
import signal

import pytest
import torch
from safetensors import safe_open
from small_data_sets import write_human36m
from typer.testing import CliRunner

from hotvid.cli.main import app
from hotvid.errors import HotvidError, InputError, UsageError
from hotvid.evaluate.human36m import load_human36m
from hotvid.evaluate.predict import WindowPredictor
from hotvid.evaluate.protocols import evaluate_clips
from hotvid.lift.checkpoint import load_checkpoint
from hotvid.lift.models.zoo import build_model
from hotvid.train import published_trainer
from hotvid.train.published import published_recipe
from hotvid.train.published_trainer import PublishedTrainer

TINY = (("frames", 9), ("channel", 16), ("mlp_hidden", 32), ("depth", 3), ("heads", 2))
HOT = (("token_num", 4), ("layer_index", 1))
MOTIONBERT = (("representation", 8),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_human36m(
        tmp_path_factory.mktemp("h36m"), subjects=("S1", "S9"), actions=("Photo",), n_frames=20
    )


@pytest.fixture(scope="module")
def data(folder):
    return load_human36m(folder, ("S1",), "gt"), load_human36m(folder, ("S9",), "gt")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def recipe(model="hot-mixste", sizes=TINY + HOT, **changes):
    settings = {"epochs": 2, "learning_rate": 2e-3, "batch_size": 8, "keypoints": "gt"}
    return published_recipe(model, sizes=sizes, **{**settings, **changes})


def log(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("model", "sizes"),
    [
        ("mixste", TINY),
        ("hot-mixste", TINY + HOT),
        ("tpc-mixste", TINY + HOT),
        ("hot-motionbert", TINY + HOT + MOTIONBERT),
        ("tpc-motionbert", TINY + HOT + MOTIONBERT),
        ("mhformer", TINY),
        ("tpc-mhformer", TINY + HOT),
    ],
)
def test_three_steps_on_one_batch_lower_the_loss(data, tmp_path, model, sizes):
    changes = {"drop_path": 0.0, "dropout": 0.0, "learning_rate": 1e-3}
    trainer = PublishedTrainer(tmp_path, recipe(model, sizes, **changes), *data)
    # As the authors begin, so narrow a model says next to nothing at first.
    trainer.model.load_state_dict(build_model(model, **dict(sizes)).state_dict())
    batch = trainer._windows.batch(*published_trainer.epoch_order(8, "chance", 0, 0))
    losses = []
    for _ in range(4):
        before = float(trainer._loss_sum)
        trainer._step(*batch)
        losses.append(float(trainer._loss_sum) - before)
    assert losses[3] < losses[0]


def test_it_begins_as_the_authors_do(data, tmp_path):
    model = PublishedTrainer(tmp_path, recipe(), *data).model
    assert not model.x_token.any() and not model.Temporal_pos_embed.any()
    sizes = TINY + HOT + MOTIONBERT
    model = PublishedTrainer(tmp_path, recipe("hot-motionbert", sizes), *data).model
    assert (model.ts_attn[0].bias == 0.5).all() and model.temp_embed.std() < 0.03


def test_a_run_leaves_a_log_a_state_and_the_best_and_last_weights(data, tmp_path):
    told = []
    trainer = PublishedTrainer(tmp_path, recipe(epochs=3), *data)
    assert trainer.run(lambda *what: told.append(what))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "hot-mixste.best.safetensors",
        "hot-mixste.last.safetensors",
        "log.jsonl",
        "state.pt",
    ]
    rows = log(tmp_path)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    # Four clips of 20 frames, in three windows each, both ways.
    assert trainer.batches_an_epoch == 3
    assert [done for stage, done, _ in told if stage == "batches"] == list(range(1, 10))
    assert {total for stage, _, total in told if stage == "batches"} == {9}
    best = min(row["mpjpe_mm"] for row in rows)
    assert trainer.best_mm == pytest.approx(best, rel=1e-5)
    model, metadata = load_checkpoint(trainer.weights_file("best"))
    again = evaluate_clips(data[1], WindowPredictor(model)).mean.mpjpe_mm
    assert again == pytest.approx(best, rel=1e-4)
    assert metadata["data"] == "Human3.6M" and json.loads(metadata["recipe"])["batch_size"] == 8
    with safe_open(trainer.weights_file("last"), "pt") as file:
        assert file.metadata()["epoch"] == "3"


@pytest.mark.parametrize(
    ("model", "sizes"), [("hot-mixste", TINY + HOT), ("tpc-mhformer", TINY + HOT)]
)
def test_a_resumed_run_gives_the_numbers_of_one_that_was_never_stopped(
    data, tmp_path, model, sizes
):
    # MixSTE by stochastic depth, MHFormer by dropout too: the chances must go on as well.
    settings = recipe(model, sizes, stride=None if model == "hot-mixste" else 9)
    data = data[0], data[1][:1]
    whole = PublishedTrainer(tmp_path / "whole", settings, *data)
    whole.run()
    stops = 0
    while True:
        part = PublishedTrainer(tmp_path / "parts", settings, *data)
        if stops:
            part.resume()
        if part.run(stop_after_s=part._spent_s + 1e-9):  # a batch, then stop
            break
        stops += 1
    assert stops >= 5
    for key, value in whole.model.state_dict().items():
        assert torch.equal(part.model.state_dict()[key], value), key
    numbers = ("epoch", "rate", "loss", "mpjpe_mm", "pa_mpjpe_mm")
    rows = [[row[n] for n in numbers] for row in log(tmp_path / "parts")]
    assert rows == [[row[n] for n in numbers] for row in log(tmp_path / "whole")]
    assert part.best_mm == whole.best_mm


def test_ctrl_c_saves_what_was_reached(data, tmp_path):
    def interrupt(stage, done, total):
        if done == 2:
            raise KeyboardInterrupt

    first = PublishedTrainer(tmp_path, recipe(), *data)
    with pytest.raises(KeyboardInterrupt):
        first.run(interrupt)
    second = PublishedTrainer(tmp_path, recipe(), *data)
    second.resume()
    assert (second.epoch, second.batch) == (0, 2)
    for key, value in first.model.state_dict().items():
        assert torch.equal(second.model.state_dict()[key], value)


def call_on_the_second_batch(trainer, monkeypatch, action):
    """`action` is called in the middle of the second step, gradients made, nothing learned."""
    step, calls = trainer._scaler.step, []

    def step_of_scaler(optimiser):
        calls.append(optimiser)
        if len(calls) == 2:
            action()
        return step(optimiser)

    monkeypatch.setattr(trainer._scaler, "step", step_of_scaler)


def ctrl_c():
    signal.raise_signal(signal.SIGINT)


def test_a_run_that_was_interrupted_in_a_batch_ends_as_one_that_was_not(
    data, tmp_path, monkeypatch
):
    data = data[0], data[1][:1]
    whole = PublishedTrainer(tmp_path / "whole", recipe(epochs=1), *data)
    whole.run()
    first = PublishedTrainer(tmp_path / "parts", recipe(epochs=1), *data)
    call_on_the_second_batch(first, monkeypatch, ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        first.run()
    second = PublishedTrainer(tmp_path / "parts", recipe(epochs=1), *data)
    second.resume()
    assert (second.epoch, second.batch) == (0, 2)
    second.run()
    for key, value in whole.model.state_dict().items():
        assert torch.equal(second.model.state_dict()[key], value), key
    assert second.best_mm == whole.best_mm


def test_a_second_ctrl_c_ends_the_batch_and_saves_no_half_of_it(data, tmp_path, monkeypatch):
    trainer = PublishedTrainer(tmp_path, recipe(), *data)
    trainer.save()
    before = (tmp_path / "state.pt").read_bytes()
    reached = []

    def twice():
        ctrl_c()
        reached.append("after the first")
        ctrl_c()
        reached.append("after the second")

    call_on_the_second_batch(trainer, monkeypatch, twice)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    assert reached == ["after the first"] and trainer.batch == 1
    assert (tmp_path / "state.pt").read_bytes() == before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_kill_saves_what_was_reached(data, tmp_path, monkeypatch):
    def end(number, frame):
        raise SystemExit(143)

    trainer = PublishedTrainer(tmp_path, recipe(), *data)
    call_on_the_second_batch(trainer, monkeypatch, lambda: signal.raise_signal(signal.SIGTERM))
    before = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(SystemExit):
            trainer.run()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert torch.load(tmp_path / "state.pt", weights_only=True)["batch"] == 2


def test_an_evaluation_that_was_interrupted_is_done_when_the_run_goes_on(data, tmp_path):
    def interrupt(stage, done, total):
        if stage == "evaluating":
            raise KeyboardInterrupt

    whole = PublishedTrainer(tmp_path / "whole", recipe(), *data)
    whole.run()
    for epoch in (0, 1):
        part = PublishedTrainer(tmp_path / "parts", recipe(), *data)
        if epoch:
            part.resume()
        with pytest.raises(KeyboardInterrupt):
            part.run(interrupt)
        assert (part.epoch, part.batch) == (0, part.batches_an_epoch)
    part = PublishedTrainer(tmp_path / "parts", recipe(), *data)
    part.resume()
    assert part.run()
    numbers = ("epoch", "loss", "mpjpe_mm", "pa_mpjpe_mm")
    rows = [[row[n] for n in numbers] for row in log(tmp_path / "parts")]
    assert rows == [[row[n] for n in numbers] for row in log(tmp_path / "whole")]
    assert part.best_mm == whole.best_mm
    for which in ("best", "last"):
        weights, _ = load_checkpoint(part.weights_file(which))
        wanted, _ = load_checkpoint(whole.weights_file(which))
        for key, value in wanted.state_dict().items():
            assert torch.equal(weights.state_dict()[key], value), (which, key)


def test_a_state_of_hotvids_own_lifter_does_not_resume(data, tmp_path):
    torch.save({"step": 3, "recipe": {"minutes": 60.0, "seed": 0}}, tmp_path / "state.pt")
    with pytest.raises(InputError, match="of another kind of training"):
        PublishedTrainer(tmp_path, recipe(), *data).resume()


def test_the_state_is_read_without_running_code(data, tmp_path):
    PublishedTrainer(tmp_path, recipe(), *data).save()
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["epoch"] == 0 and state["best_mm"] == math.inf


def test_other_settings_do_not_resume_but_more_epochs_do(data, tmp_path):
    PublishedTrainer(tmp_path, recipe(epochs=1), *data).run()
    with pytest.raises(UsageError, match="begun with batch_size 8, not 4"):
        PublishedTrainer(tmp_path, recipe(batch_size=4), *data).resume()
    longer = PublishedTrainer(tmp_path, recipe(epochs=2), *data)
    longer.resume()
    longer.run()
    assert [row["epoch"] for row in log(tmp_path)] == [1, 2]
    with pytest.raises(InputError, match="without --resume"):
        PublishedTrainer(tmp_path / "other", recipe(), *data).resume()


def test_a_loss_that_is_no_number_stops_the_run(data, tmp_path):
    trainer = PublishedTrainer(tmp_path, recipe(), *data)
    with torch.no_grad():
        trainer.model.head[1].bias.fill_(math.nan)
    with pytest.raises(HotvidError, match="loss of epoch 1 is nan"):
        trainer.run()


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_state_of_nan_is_never_saved(data, tmp_path, monkeypatch, what):
    monkeypatch.setattr(published_trainer, "SAVE_EVERY_S", 0.0)
    trainer = PublishedTrainer(tmp_path, recipe(), *data)

    def spoil():
        if what == "loss":
            trainer._loss_sum += math.nan
        else:
            trainer.model.head[1].bias.grad.fill_(math.nan)

    call_on_the_second_batch(trainer, monkeypatch, spoil)
    said = {"loss": "the loss of epoch 1 is nan", "gradient": "the weights became no numbers"}
    with pytest.raises(HotvidError, match=said[what]):
        trainer.run()
    again = PublishedTrainer(tmp_path, recipe(), *data)
    again.resume()
    assert (again.epoch, again.batch) == (0, 1)
    again.run()
    assert again.epoch == 2


def test_learning_rates_are_those_of_the_epoch(data, tmp_path):
    trainer = PublishedTrainer(tmp_path, recipe(learning_rate=1e-3, rate_decay=0.5), *data)
    trainer.run()
    assert [row["rate"] for row in log(tmp_path)] == [1e-3, 5e-4]
    assert trainer._optimiser.param_groups[0]["lr"] == 5e-4


def call(*words, expect=0):
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def test_the_command_trains_resumes_and_what_it_wrote_can_be_measured(tmp_path):
    subjects = ("S1", "S5", "S6", "S7", "S8", "S9", "S11")
    data = write_human36m(tmp_path / "data", subjects, ("Photo",), 9)
    out = tmp_path / "out"
    words = ["train", "--data", data, "--out", out, "--keypoints", "gt", "--threads", "1"]
    for name, value in TINY + HOT:
        words += ["--size", f"{name}={value}"]
    result = call(*words, "--epochs", 1, "--model", "hot-mixste")
    assert result.stderr.splitlines() == ["training ...", "evaluating ..."]
    said = result.stdout.splitlines()
    assert said[0].startswith("hot-mixste, 10 batches an epoch; MixSTE")
    best = out / "hot-mixste.best.safetensors"
    assert said[1].startswith("best: ") and said[1].endswith(str(best))
    assert "--resume" in call(*words, "--epochs", 1, expect=2).stderr
    result = call(*words, "--epochs", 2, "--resume", "--quiet")
    assert result.output == "" and [row["epoch"] for row in log(out)] == [1, 2]
    late = call(*words, "--epochs", 3, "--resume", "--minutes", 1e-9)
    assert late.stdout.splitlines()[-1] == "the time is up in epoch 3; go on with --resume"
    measured = call(
        "eval", "h36m", "--data", data, "--keypoints", "gt", "--weights", best, "--quiet"
    )
    mean = next(line for line in measured.stdout.splitlines() if line.startswith("mean of"))
    wanted = min(row["mpjpe_mm"] for row in log(out))
    assert float(mean.removeprefix("mean of the above").split()[1]) == pytest.approx(
        wanted, abs=0.01
    )


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--model", "walk"), 2, "'walk' is not trained on Human3.6M"),
        (("--size", "frames"), 2, "expected NAME=VALUE"),
        (("--size", "fames=9"), 2, "unknown size 'fames'"),
        (("--real", "."), 2, "--real is for motion capture"),
        (("--dataset", "coco"), 2, "unknown data set 'coco'; choose one of: h36m, 3dhp"),
        (("--minutes", "0"), 2, "more than 0"),
        (("--keypoints", "sh"), 1, "there are: gt"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(folder, tmp_path, words, status, says):
    words = ("train", "--data", folder, "--out", tmp_path / "out", "--keypoints", "gt", *words)
    result = call(*words, expect=status)
    assert len(result.stderr.splitlines()) == 1 and says in result.stderr
    assert not (tmp_path / "out").exists()


def test_options_of_published_models_want_their_data(tmp_path):
    words = ("train", "--data", tmp_path, "--out", tmp_path / "out")
    for more in (("--model", "mixste"), ("--epochs", "3"), ("--no-amp",), ("--device", "cpu")):
        assert "data_3d_h36m.npz" in call(*words, *more, expect=2).stderr
    assert "BVH" in call("train", "--data", tmp_path / "no", "--out", tmp_path, expect=1).stderr
