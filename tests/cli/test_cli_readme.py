"""The README's commands for the published models, as they stand there, on small data."""

import re
import shlex
from pathlib import Path

import pytest
import torch
from small_data_sets import write_human36m, write_mpi_inf_3dhp, write_mpi_inf_3dhp_training
from stand_ins import StandInBackend, write_coded_clip
from typer.testing import CliRunner

from hotvid import pipeline, weights
from hotvid.cli.main import app
from hotvid.evaluate.human36m import KEYPOINTS, TRAIN_SUBJECTS
from hotvid.lift.models.hourglass import RECOVERIES
from hotvid.lift.models.prune import PRUNERS
from hotvid.lift.models.zoo import build_model

README = Path(__file__).resolve().parents[2] / "README.md"
SMALL = {"frames": 90, "channel": 16, "mlp_hidden": 16}
# A published model takes days to train.
TRAINED = "channel=16 mlp_hidden=16 heads=2 depth=4 frames=9 token_num=3"
# As the weights that it begins with.
BEGUN = "channel=16 mlp_hidden=16 frames=90 token_num=30"


def commands():
    section = README.read_text(encoding="utf-8").partition("### The published models")[2]
    fences = re.findall(r"```\n(.*?)```", section.partition("\n### ")[0], re.S)
    lines = "".join(fences).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTVID_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pipeline, "load_backend", lambda config: StandInBackend(range(8)))
    monkeypatch.chdir(tmp_path)
    write_coded_clip(tmp_path / "walk.mp4", 10)
    torch.manual_seed(0)
    torch.save(build_model("mixste", **SMALL).state_dict(), "mixste.pth")
    hot = build_model("hot-mixste", **SMALL, token_num=30)
    torch.save(hot.state_dict(), "hot_mixste.pth")
    for name in ("h36m", "3dhp"):
        (tmp_path / name).mkdir()
    subjects = (*TRAIN_SUBJECTS, "S9", "S11")
    write_human36m(tmp_path / "h36m", subjects, ["Photo"], 12, KEYPOINTS)
    write_mpi_inf_3dhp(tmp_path / "3dhp", n_frames=12)
    write_mpi_inf_3dhp_training(tmp_path / "3dhp", ["S1 Seq1"], n_frames=12)
    return tmp_path


def test_every_command_works_in_turn(folder):
    done = []
    for words in commands():
        if words[0] == "train":
            sizes = (BEGUN if "--init" in words else TRAINED).split()
            words += ["--epochs", "1", "--threads", "1", *(f"--size={size}" for size in sizes)]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, f"{words}: {result.output}{result.exception!r}"
        done.append(words[0])
    assert set(done) == {"models", "run", "export-json", "eval", "train"}
    assert set(weights.imported()) == {"hot-mixste", "mine"}
    for name in ("skeleton.mp4", "b.mp4", "c.json", "h36m.json", "hot.npz"):
        assert (folder / name).stat().st_size > 500


def test_the_ways_of_pruning_and_recovering_are_all_named():
    section = " ".join(README.read_text(encoding="utf-8").split())
    assert f"`prune` is {named(PRUNERS)};" in section
    assert f"`recover` is {named(RECOVERIES).replace('`tra`', '`tra` (learned)')};" in section


def named(words):
    *first, last = (f"`{word}`" for word in words)
    return f"{', '.join(first)} or {last}"
