"""`hotvid train` of published models: what it begins with, on which data, and the same again."""

import json
import shutil

import numpy as np
import pytest
import torch
from small_data_sets import write_human36m, write_mpi_inf_3dhp, write_mpi_inf_3dhp_training
from typer.testing import CliRunner

from hotvid.cli.main import app
from hotvid.evaluate.mpi_inf_3dhp import load_mpi_inf_3dhp
from hotvid.evaluate.predict import WindowPredictor
from hotvid.evaluate.protocols import evaluate_clips
from hotvid.lift.checkpoint import load_checkpoint, save_checkpoint
from hotvid.lift.models.hourglass import Hourglass
from hotvid.lift.models.zoo import build_model
from hotvid.skeleton import H36M17

SUBJECTS = ("S1", "S5", "S6", "S7", "S8", "S9", "S11")
TINY = {"frames": 9, "channel": 16, "mlp_hidden": 32, "depth": 3, "heads": 2}
HOT = {"token_num": 4, "layer_index": 1}
ADDED = ["cross_attention.linear_q.weight", "cross_attention.proj.bias", "pos_embed_token"]


@pytest.fixture(scope="module")
def h36m(tmp_path_factory):
    return write_human36m(tmp_path_factory.mktemp("h36m"), SUBJECTS, ("Photo",), 9)


@pytest.fixture(scope="module")
def mpi(tmp_path_factory):
    folder = write_mpi_inf_3dhp(tmp_path_factory.mktemp("3dhp"), n_frames=(20, 32))
    return write_mpi_inf_3dhp_training(folder, n_frames=20)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def call(data, out, *words, sizes=TINY | HOT, expect=0):
    words = ["train", "--data", data, "--out", out, "--threads", 1, *words]
    words += [f"--size={name}={value}" for name, value in sizes.items()]
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def plain_weights(folder, **changes):
    torch.manual_seed(3)
    model = build_model("mixste", **TINY | changes)
    torch.save({"model_pos": {f"module.{k}": v for k, v in model.state_dict().items()}}, folder)
    return model.state_dict()


def begun(data, out, *words, **more):
    """What a run begins with: its weights when nothing has been learned."""
    call(data, out, "--minutes", 1e-9, "--rate", 1e-9, *words, **more)
    return torch.load(out / "state.pt", weights_only=True)["model"]


def test_a_pruned_model_begins_with_the_plain_ones_weights(h36m, tmp_path):
    state = plain_weights(tmp_path / "mixste.pth")
    words = ("--keypoints", "gt", "--init", tmp_path / "mixste.pth")
    result = call(h36m, tmp_path / "a", *words, "--minutes", 1e-9, "--rate", 1e-9)
    line = result.stdout.splitlines()[1]
    assert line.startswith(f"begun with {tmp_path / 'mixste.pth'}; not in it, and as initialised: ")
    left = line.partition("initialised: ")[2].split(", ")
    assert set(ADDED) < set(left) and len(left) == 10
    assert not set(left) & set(state)
    first = torch.load(tmp_path / "a" / "state.pt", weights_only=True)["model"]
    assert set(first) == set(state) | set(left)
    for key, value in state.items():
        torch.testing.assert_close(first[key], value, atol=1e-5, rtol=0)
    assert first["x_token"].abs().max() < 1e-5  # as HoT's own begin
    random = begun(h36m, tmp_path / "b", "--keypoints", "gt")
    assert (random["STEblocks.0.mlp.fc1.weight"] - state["STEblocks.0.mlp.fc1.weight"]).any()
    torch.testing.assert_close(
        first["cross_attention.proj.weight"],
        random["cross_attention.proj.weight"],
        atol=1e-5,
        rtol=0,
    )


def test_a_file_with_all_weights_leaves_none(h36m, tmp_path):
    torch.manual_seed(4)
    model = build_model("hot-mixste", **TINY, **HOT)
    file = tmp_path / "hot.safetensors"
    save_checkpoint(model, file, "hot-mixste")
    words = ("--keypoints", "gt", "--init", file, "--epochs", 1)
    line = call(h36m, tmp_path / "out", *words, "--rate", 1e-9).stdout.splitlines()[1]
    assert line == f"begun with {file}"
    trained, metadata = load_checkpoint(tmp_path / "out" / "hot-mixste.last.safetensors")
    for key, value in model.state_dict().items():
        torch.testing.assert_close(trained.state_dict()[key], value, atol=1e-5, rtol=0)
    assert metadata["begun_with"].startswith("hot.safetensors, sha256 ")
    call(h36m, tmp_path / "out", *words[:2], "--rate", 1e-9, "--epochs", 2, "--resume")
    resumed = load_checkpoint(tmp_path / "out" / "hot-mixste.last.safetensors")[1]
    assert (resumed["epoch"], resumed["begun_with"]) == ("2", metadata["begun_with"])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda s: s.pop("head.1.bias"), "'head.1.bias' is missing"),
        (lambda s: s.update(x_token=torch.zeros(1, 9, 16)), "is missing (and"),
        (lambda s: s.update(other=torch.zeros(1)), "'other' is left over"),
        (lambda s: s.update(Temporal_pos_embed=torch.zeros(1, 27, 16)), "build the model with fr"),
    ],
)
def test_weights_that_do_not_fit_are_refused_and_nothing_is_left(h36m, tmp_path, spoil, says):
    state = plain_weights(tmp_path / "mixste.pth")
    spoil(state)
    torch.save(state, tmp_path / "mixste.pth")
    words = ("--keypoints", "gt", "--init", tmp_path / "mixste.pth")
    result = call(h36m, tmp_path / "out", *words, expect=1)
    assert len(result.stderr.splitlines()) == 1 and says in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_says_it_has_other_heads_is_refused(h36m, tmp_path):
    save_checkpoint(
        build_model("mixste", **TINY | {"heads": 4}), tmp_path / "w.safetensors", "mixste"
    )
    words = ("--keypoints", "gt", "--init", tmp_path / "w.safetensors")
    assert "give --size heads=4" in call(h36m, tmp_path / "out", *words, expect=2).stderr
    refused = call(h36m, tmp_path / "out", *words, "--resume", expect=2)
    assert "--init begins a run, --resume goes on" in refused.stderr


def test_a_share_of_the_learning_rate(h36m, tmp_path):
    call(h36m, tmp_path, "--keypoints", "gt", "--epochs", 1, "--rate", 0.25)
    assert json.loads((tmp_path / "log.jsonl").read_text())["rate"] == 1e-5


def test_mpi_inf_3dhp_trains_and_what_it_gives_is_measured_as_it_was_trained(mpi, tmp_path):
    out = tmp_path / "out"
    result = call(mpi, out, "--epochs", 1, sizes=TINY | HOT | {"frames": 9})
    # Four clips of 20 frames, in three windows each, both ways, 37 at once.
    assert result.stdout.splitlines()[0].startswith("hot-mixste, 1 batches an epoch; MixSTE")
    last = out / "hot-mixste.last.safetensors"
    model, metadata = load_checkpoint(last)
    assert metadata["data"] == "MPI-INF-3DHP" and "keypoints" not in metadata
    row = json.loads((out / "log.jsonl").read_text())
    clips = load_mpi_inf_3dhp(mpi, H36M17)
    wanted = evaluate_clips(clips, WindowPredictor(model)).all_frames
    assert row["mpjpe_mm"] == pytest.approx(wanted.mpjpe_mm, rel=1e-4)
    words = ["eval", "3dhp", "--data", mpi, "--weights", last, "--json", tmp_path / "o.json"]
    measured = CliRunner().invoke(app, [str(w) for w in [*words, "--quiet"]])
    assert measured.exit_code == 0, measured.output
    found = json.loads((tmp_path / "o.json").read_text())
    assert found["trained_on"] == "3dhp"
    assert found["all_frames"]["mpjpe_mm"] == pytest.approx(wanted.mpjpe_mm, rel=1e-5)
    assert found["all_frames"]["n_frames"] == 15 + 24
    assert found["mean"]["mpjpe_mm"] != pytest.approx(wanted.mpjpe_mm, rel=1e-4)
    refused = CliRunner().invoke(app, [str(w) for w in [*words[:-2], "--trained-on", "h36m"]])
    assert refused.exit_code == 2 and "was trained on 3dhp by hotvid" in refused.stderr


def test_weights_trained_on_human36m_are_measured_on_3dhp_in_metres(h36m, mpi, tmp_path):
    call(h36m, tmp_path, "--keypoints", "gt", "--epochs", 1)
    words = ["eval", "3dhp", "--data", mpi, "--weights", tmp_path / "hot-mixste.last.safetensors"]
    words += ["--quiet", "--overwrite", "--json", tmp_path / "o.json"]
    found = []
    for more in ([], ["--trained-on", "h36m"]):
        assert CliRunner().invoke(app, [str(w) for w in [*words, *more]]).exit_code == 0
        found.append(json.loads((tmp_path / "o.json").read_text()))
    assert found[0] == found[1] and found[0]["trained_on"] == "h36m"


def test_a_folder_with_both_wants_to_be_told_which(h36m, mpi, tmp_path):
    both = tmp_path / "both"
    shutil.copytree(h36m, both)
    shutil.copytree(mpi, both, dirs_exist_ok=True)
    refused = call(both, tmp_path / "out", "--epochs", 1, expect=2)
    assert "say which with --dataset h36m or 3dhp" in refused.stderr
    call(both, tmp_path / "a", "--epochs", 1, "--dataset", "3dhp")
    refused = call(both, tmp_path / "b", "--keypoints", "gt", "--dataset", "3dhp", expect=2)
    assert "--keypoints is for Human3.6M" in refused.stderr
    call(both, tmp_path / "b", "--keypoints", "gt", "--epochs", 1, "--dataset", "h36m")
    found = [load_checkpoint(tmp_path / run / "hot-mixste.last.safetensors")[1] for run in "ab"]
    assert [one["data"] for one in found] == ["MPI-INF-3DHP", "Human3.6M"]
    refused = call(mpi, tmp_path / "c", "--model", "motionbert", sizes={}, expect=2)
    assert "answers in the picture" in refused.stderr and not (tmp_path / "c").exists()


def test_deterministic_runs_give_the_same_file_whole_or_in_parts(h36m, tmp_path, monkeypatch):
    asked = []
    forward = Hourglass.forward_kept

    def forward_kept(self, keypoints):
        asked.append(torch.are_deterministic_algorithms_enabled())
        return forward(self, keypoints)

    monkeypatch.setattr(Hourglass, "forward_kept", forward_kept)
    words = ("--keypoints", "gt", "--deterministic", "--quiet", "--batch-size", 16)
    for run in ("a", "b"):
        torch.rand(7)  # what came before is no matter
        np.random.rand(7)
        call(h36m, tmp_path / run, *words, "--epochs", 2)
    parts = 0
    while not parts or "epoch" not in rows(tmp_path / "c") or rows(tmp_path / "c")["epoch"] < 2:
        more = ("--resume",) if parts else ()
        call(h36m, tmp_path / "c", *words, "--epochs", 2, "--minutes", 1e-9, *more)
        parts += 1
    assert parts > 3
    files = [(tmp_path / run / "hot-mixste.last.safetensors").read_bytes() for run in "abc"]
    assert files[0] == files[1] == files[2]
    assert all(asked) and asked and not torch.are_deterministic_algorithms_enabled()
    words = [word for word in words if word != "--deterministic"]
    refused = call(h36m, tmp_path / "c", *words, "--epochs", 3, "--resume", expect=2)
    assert "begun with deterministic True, not False" in refused.stderr


def rows(folder):
    """The last row of a run's log."""
    log = folder / "log.jsonl"
    return json.loads(log.read_text().splitlines()[-1]) if log.exists() else {}
