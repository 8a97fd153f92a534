"""`hotvid train` on motion capture."""

import json
from functools import partial

import pytest
import torch
from small_data_sets import write_bvh
from typer.testing import CliRunner

from hotvid.cli.main import app
from hotvid.lift.checkpoint import load_checkpoint
from hotvid.train import recipe as recipe_module
from hotvid.train.recipe import Recipe, WindowKind
from hotvid.train.trainer import Trainer

SIZES = (("channel", 16), ("mlp_hidden", 32), ("depth", 2), ("heads", 2))
SIZES = (*SIZES, ("frames", 9), ("token_num", 3))
WINDOWS = (WindowKind(9, (3,), 2, 1.0, (1, 1)),)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(recipe_module, "Recipe", partial(Recipe, sizes=SIZES, windows=WINDOWS))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def data(tmp_path):
    return write_bvh(tmp_path / "bvh", ["walk", "turn"])


@pytest.fixture
def recipes(monkeypatch):
    """The recipes of the runs, which train nothing, but save."""
    seen = []
    monkeypatch.setattr(
        Trainer, "run", lambda self, report: (seen.append(self.recipe), self.save())
    )
    return seen


def call(*words, expect=0):
    result = CliRunner().invoke(app, ["train", "--threads", "1", *map(str, words)])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def test_a_run_says_which_motions_its_errors_are_of(data, tmp_path):
    out = tmp_path / "out"
    result = call("--data", data, "--out", out, "--minutes", "0.005")
    said = result.stdout.splitlines()
    assert said[0] == f"weights: {out / 'hot-mixste-s.safetensors'}"
    assert said[1].startswith("training motions: N-MPJPE ")
    assert "held_out" not in json.loads((out / "report.json").read_text())
    write_bvh(data, ["09_01"])
    result = call("--data", data, "--out", tmp_path / "other", "--minutes", "0.005")
    assert result.stdout.splitlines()[1].startswith("held-out subjects: N-MPJPE ")


def test_a_resumed_run_has_the_minutes_and_the_seed_it_was_begun_with(data, tmp_path, recipes):
    words = ("--data", data, "--out", tmp_path / "out")
    call(*words, "--minutes", "90", "--seed", "5")
    call(*words, "--resume")
    call(*words, "--resume", "--minutes", "120")
    call(*words, "--resume", "--seed", "0")
    told = [(recipe.minutes, recipe.seed) for recipe in recipes]
    assert told == [(90, 5), (90, 5), (120, 5), (120, 0)]
    call("--data", data, "--out", tmp_path / "plain")
    assert (recipes[-1].minutes, recipes[-1].seed) == (60, 0)


def test_weights_to_begin_with_and_a_state_to_go_on_from_exclude_each_other(
    data, tmp_path, recipes
):
    words = ("--data", data, "--out", tmp_path / "out")
    call(*words)
    result = call(*words, "--resume", "--init", "x.safetensors", expect=2)
    assert "--init begins a run, --resume goes on with one" in result.stderr
    assert len(recipes) == 1
    assert "--resume" in call(*words, expect=2).stderr


def test_a_folder_of_real_cameras_that_is_not_there_is_noticed_at_the_start(
    data, tmp_path, recipes
):
    out = tmp_path / "out"
    result = call("--data", data, "--out", out, "--real", tmp_path / "raal", expect=1)
    assert len(result.stderr.splitlines()) == 1 and "raal" in result.stderr
    assert recipes == [] and not out.exists()


def test_a_folder_of_a_published_model_does_not_resume_on_motion_capture(data, tmp_path):
    torch.save({"epoch": 1, "recipe": "{}"}, tmp_path / "state.pt")
    result = call("--data", data, "--out", tmp_path, "--resume", expect=1)
    assert "of another kind of training" in result.stderr and "bug" not in result.stderr


@pytest.mark.parametrize("rate", ["0", "-1", "1.5"])
def test_a_rate_that_is_no_share_is_refused(data, tmp_path, rate):
    result = call("--data", data, "--out", tmp_path / "out", "--rate", rate, expect=2)
    assert "--rate: expected a share" in result.stderr and not (tmp_path / "out").exists()


def test_the_share_of_invented_motions_is_chosen_and_remembered(data, tmp_path, recipes):
    words = ("--data", data, "--out", tmp_path / "out")
    call(*words, "--invent", "0.45", "--minutes", "3")
    assert (tmp_path / "out" / "hot-mixste-s.safetensors").is_file()
    call(*words, "--resume")
    call("--data", data, "--out", tmp_path / "plain")
    assert [recipe.stream.invent for recipe in recipes] == [0.45, 0.45, 0.25]


def test_a_model_that_there_is_not_is_one_line(data, tmp_path):
    result = call("--data", data, "--out", tmp_path / "out", "--model", "mixtse-s", expect=2)
    assert result.stderr.strip() == (
        "error: unknown model 'mixtse-s'; choose one of: hot-mixste-s, mixste-s"
    )
    result = call("--data", data, "--out", tmp_path / "out", "--model", "mixste", expect=2)
    assert "holds no data_3d_h36m.npz" in result.stderr


def test_the_twin_learns_from_a_run_that_prunes(data, tmp_path, monkeypatch):
    words = ("--data", data, "--minutes", "0.005")
    call(*words, "--out", tmp_path / "hot")
    plain = partial(Recipe, sizes=SIZES[:-1], windows=WINDOWS)
    monkeypatch.setattr(recipe_module, "Recipe", plain)
    taught = ("--teacher", tmp_path / "hot" / "hot-mixste-s.safetensors")
    call(*words, "--out", tmp_path / "twin", "--model", "mixste-s", *taught)
    _, notes = load_checkpoint(tmp_path / "twin" / "mixste-s.safetensors")
    assert notes["name"] == "mixste-s" and notes["taught_by"].endswith("motions: 2")


@pytest.mark.parametrize("share", ["-0.1", "1.5", "nan"])
def test_a_share_that_is_none_is_refused(data, tmp_path, share):
    result = call("--data", data, "--out", tmp_path / "out", "--invent", share, expect=2)
    assert "--invent: expected a share from 0 to 1" in result.stderr


def test_a_teacher_that_is_no_file_is_one_line(data, tmp_path):
    words = ("--data", data, "--out", tmp_path / "out", "--teacher", tmp_path / "gone.safetensors")
    result = call(*words, expect=1)
    assert "gone.safetensors" in result.stderr and len(result.stderr.splitlines()) <= 2
