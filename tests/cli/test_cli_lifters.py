"""Every published model from its authors' file to the end: `run` and `export-json` of a pose store.

The store's people were found before, so no 2D model runs; the lifters are as published but narrow.
"""

import json

import numpy as np
import pytest
import torch
from jsonschema import Draft202012Validator
from stand_ins import FPS, SIZE_PX, StandInBackend, StandInLifter, write_coded_clip
from typer.testing import CliRunner

from hotvid import job, pipeline, weights
from hotvid.cli.main import app
from hotvid.config import LiftConfig
from hotvid.io.reader import VideoReader
from hotvid.lift import compiled
from hotvid.lift.checkpoint import save_checkpoint
from hotvid.lift.lifter import load_lifter
from hotvid.lift.models.zoo import build_model
from hotvid.stored.pose_store import load_poses
from hotvid.stored.poses_json import schema

N_FRAMES, SEEN = 14, range(2, 12)
WINDOWS = [(name, 243) for name in weights.PUBLISHED if "mhformer" not in name]
WINDOWS += [(name, n) for name in weights.PUBLISHED if "mhformer" in name for n in (243, 351)]
TOKENS = {"hot-mixste": 81, "hot-motionbert": 81, "hot-mhformer": 117}  # shown by the file


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A clip and the pose store of it, with one person."""
    folder = tmp_path_factory.mktemp("stored")
    clip = write_coded_clip(folder / "coded.mp4", N_FRAMES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "load_backend", lambda config: StandInBackend(SEEN))
        patch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
        job.run(clip, save=folder / "store.npz")
    return folder


@pytest.fixture(autouse=True)
def nothing_is_searched(monkeypatch):
    monkeypatch.setattr(pipeline, "load_backend", lambda config: pytest.fail("2D was begun"))


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTVID_HOME", str(tmp_path / "home"))


def authors_file(folder, name, frames=243):
    """Random weights in the layout in which the model's authors give theirs."""
    torch.manual_seed(0)
    sizes = {"token_num": TOKENS[name] * frames // 351} if name == "hot-mhformer" else {}
    model = build_model(name, frames=frames, channel=16, mlp_hidden=16, **sizes)
    state = model.state_dict()
    parallel = {f"module.{key}": value for key, value in state.items()}
    beside = {"epoch": 60, "lr": 4e-5, "optimizer": torch.optim.AdamW(model.parameters())}
    beside["optimizer"] = beside["optimizer"].state_dict()
    if name == "mixste":  # MixSTE's own
        beside |= {"random_state": np.random.RandomState(0), "model_pos": parallel}
        path, content = folder / "best_epoch.bin", beside
    elif name.endswith("motionbert"):
        beside |= {"min_loss": np.float64(39.2), "model_pos": parallel}
        path, content = folder / "best_epoch.bin", beside
    else:  # HoT's and MHFormer's
        path, content = folder / "model_14_4100.pth", state
    torch.save(content, path)
    return path


# So that what is written is what the lifter said.
AS_LIFTED = ("--no-outliers", "--smooth", "off", "--free-bones")


def call(*words, expect=0):
    words = (*words, *AS_LIFTED) if words[0] in ("run", "export-json") else words
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def expected(folder, name, file, **config):
    """The stored person's poses, lifted outside of the commands: (F, 17, 3)."""
    (person,) = load_poses(folder / "store.npz").people
    lifter = load_lifter(name, file, "cpu")
    return lifter.lift([person.keypoints], FPS, SIZE_PX, LiftConfig(**config))[0].xyz_m


def poses_in(path):
    found = json.loads(path.read_text())
    Draft202012Validator(schema()).validate(found)
    (person,) = found["people"]
    assert [row["frame"] for row in person["frames"]] == list(SEEN)
    return found, np.array([row["keypoints_3d"] for row in person["frames"]])


@pytest.mark.parametrize(("name", "frames"), WINDOWS)
def test_export_json_with_weights_as_published(folder, tmp_path, name, frames):
    file, out = authors_file(tmp_path, name, frames), tmp_path / "o.json"
    result = call(
        "export-json", folder / "store.npz", "--out", out, "--model", name, "--weights", file
    )
    assert result.stderr.splitlines() == ["lifting to 3D ..."]
    found, xyz = poses_in(out)
    assert found["models"] == {
        "pose2d": "stand-in",
        "lifter": name,
        "weights_sha256": weights.sha256(file),
    }
    assert np.isfinite(xyz).all() and np.ptp(xyz, axis=1).min() > 1e-3
    np.testing.assert_allclose(xyz, expected(folder, name, file), atol=1e-4)
    model = load_lifter(name, file, "cpu")._model
    assert (model.frames, model.sizes["channel"]) == (frames, 16)


@pytest.mark.parametrize("name", ["hot-mixste", "tpc-motionbert", "mhformer"])
def test_run_draws_what_it_lifted_anew(folder, tmp_path, name):
    file = authors_file(tmp_path, name)
    out, to_json, store = (tmp_path / n for n in ("o.mp4", "o.json", "o.npz"))
    words = ("run", folder / "store.npz", "--model", name, "--weights", file, "--quiet")
    call(*words, "--out", out, "--json", to_json, "--save-poses", store)
    with VideoReader(out) as reader:
        assert sum(1 for _ in reader) == N_FRAMES
    poses = load_poses(store)
    assert poses.models.lifter == name and poses.models.pose2d == "stand-in"
    (person,) = poses.people
    np.testing.assert_allclose(poses_in(to_json)[1], person.motion.xyz_m, atol=1e-4)
    np.testing.assert_allclose(person.motion.xyz_m, expected(folder, name, file), atol=1e-5)


@pytest.mark.parametrize("name", ["hot-motionbert", "tpc-mixste"])
def test_after_an_import_the_name_is_enough(folder, tmp_path, home, name):
    file, out = authors_file(tmp_path, name), tmp_path / "o.json"
    words = ("export-json", folder / "store.npz", "--out", out, "--quiet", "--overwrite")
    refused = call(*words, "--model", name, expect=1)
    assert refused.stderr.count("\n") == 1 and "hotvid models import FILE" in refused.stderr
    call("models", "import", file, "--model", name)
    call(*words, "--model", name)
    np.testing.assert_allclose(poses_in(out)[1], expected(folder, name, file), atol=1e-4)
    call("models", "import", file, "--model", name, "--name", "mine")
    call(*words, "--model", "mine")
    assert poses_in(out)[0]["models"]["lifter"] == name


def test_plain_weights_run_pruned(folder, tmp_path, home):
    """H2OT's cheapest pair: frames evenly spread, the poses between interpolated; no training."""
    file, out = authors_file(tmp_path, "mixste"), tmp_path / "o.json"
    sizes = ("token_num=41", "layer_index=3", "prune=uniform", "recover=linear")
    words = [word for size in sizes for word in ("--size", size)]
    call("models", "import", file, "--model", "mixste", "--name", "quick", *words)
    words = ("export-json", folder / "store.npz", "--out", out, "--quiet", "--overwrite")
    call(*words, "--model", "quick")
    quick = poses_in(out)[1]
    # Every sixth frame is kept; the first of the track is, and those between lie on a line.
    np.testing.assert_allclose(quick[3], (quick[0] + quick[6]) / 2, atol=2e-4)
    call(*words, "--model", "quick", "--tokens", 122)
    finer = poses_in(out)[1]
    np.testing.assert_allclose(finer[3], (finer[2] + finer[4]) / 2, atol=2e-4)
    assert np.abs(finer[3] - (finer[0] + finer[6]) / 2).max() > 2e-4


def test_sizes_on_the_command_line_are_those_of_an_import(folder, tmp_path, home):
    file, out = authors_file(tmp_path, "mixste"), tmp_path / "o.json"
    sizes = ("token_num=[121,61]", "layer_index=[2,5]", "prune=motion", "recover=linear")
    sizes = [word for size in sizes for word in ("--size", size)]
    call("models", "import", file, "--model", "mixste", "--name", "steps", *sizes)
    words = ("export-json", folder / "store.npz", "--out", out, "--quiet", "--overwrite")
    call(*words, "--model", "steps")
    imported = poses_in(out)[1]
    words += ("--model", "mixste", "--weights", file)
    call(*words)
    plain = poses_in(out)[1]
    call(*words, *sizes, "--save-poses", tmp_path / "again.npz")
    np.testing.assert_array_equal(poses_in(out)[1], imported)
    assert np.abs(imported - plain).max() > 2e-4
    said = "token_num=[121, 61] layer_index=[2, 5] prune=motion recover=linear"
    assert poses_in(out)[0]["models"]["sizes"] == said
    assert load_poses(tmp_path / "again.npz").models.sizes == said
    call("export-json", tmp_path / "again.npz", "--out", tmp_path / "p.json", "--quiet")
    assert poses_in(tmp_path / "p.json")[0]["models"]["sizes"] == said
    call("export-json", tmp_path / "p.json", "--out", tmp_path / "q.json", "--quiet")
    assert poses_in(tmp_path / "q.json")[0]["models"]["sizes"] == said
    call(*words, *sizes, "--tokens", "31,11")
    assert np.abs(poses_in(out)[1] - imported).max() > 2e-4
    assert poses_in(out)[0]["models"]["sizes"] == f"{said} tokens=[31, 11]"


@pytest.mark.parametrize(
    ("sizes", "status", "says"),
    [
        ("prune=motion", 2, "token_num is not, so that nothing is pruned"),
        ("token_num=81 layer_index=3", 2, "with these sizes those it keeps only"),
        ("token_num=81 layer_index=9 recover=linear", 2, "blocks in 1..7, got [9]"),
        ("token_num=81 layer_index=3 recover=tra", 1, "'pos_embed_token' is missing"),
        ("frames=81", 1, "has shape (1, 243, 16), expected (1, 81, 16)"),
        ("tokens=81", 2, "unknown size 'tokens'"),
        ("token_num", 2, "expected NAME=VALUE"),
    ],
)
def test_sizes_that_cannot_be_are_one_line(folder, tmp_path, sizes, status, says):
    file, out = authors_file(tmp_path, "mixste"), tmp_path / "o.json"
    words = [word for size in sizes.split() for word in ("--size", size)]
    words += ["--model", "mixste", "--weights", file]
    result = call("export-json", folder / "store.npz", "--out", out, *words, expect=status)
    assert result.stdout == "" and result.stderr.count("\n") == 1 and says in result.stderr
    assert not out.exists()


def test_sizes_alone_do_not_lift_a_pose_store_and_say_so(folder, tmp_path):
    words = ("export-json", folder / "store.npz", "--out", tmp_path / "o.json")
    refused = call(*words, "--size", "prune=tpc", expect=2)
    assert "only a lifter that is named lifts them anew" in refused.stderr


@pytest.mark.parametrize("name", ["hot-mixste", "tpc-mixste"])
def test_tokens_reach_the_lifter(folder, tmp_path, name):
    file, out = authors_file(tmp_path, name), tmp_path / "o.json"
    words = ("export-json", folder / "store.npz", "--out", out, "--quiet", "--overwrite")
    words += ("--model", name, "--weights", file)
    call(*words)
    before = poses_in(out)[1]
    call(*words, "--tokens", 20)
    fewer = poses_in(out)[1]
    np.testing.assert_allclose(fewer, expected(folder, name, file, tokens=20), atol=1e-4)
    assert np.abs(fewer - before).max() > 2e-4


def test_tokens_of_each_step_reach_a_lifter_that_prunes_by_steps(folder, tmp_path):
    file, out = tmp_path / "own.safetensors", tmp_path / "o.json"
    sizes = {"token_num": (121, 61), "layer_index": (2, 5), "recover": "linear"}
    torch.manual_seed(0)
    model = build_model("mixste", channel=16, mlp_hidden=16, prune="uniform", **sizes)
    save_checkpoint(model, file, "mixste")
    words = ("export-json", folder / "store.npz", "--out", out, "--quiet", "--overwrite")
    words += ("--weights", file)
    call(*words)
    before = poses_in(out)[1]
    call(*words, "--tokens", "61,31")
    fewer = poses_in(out)[1]
    np.testing.assert_allclose(fewer, expected(folder, "mixste", file, tokens=(61, 31)), atol=1e-4)
    assert np.abs(fewer - before).max() > 2e-4
    for given, says in (
        ("31", "keeps 121, 61 frames by steps, not 31; give 2 numbers"),
        ("61,31,9", "expected as many of one as of the other, got 3 and 2"),
        ("31,61", "expected to fall from 243 frames, got [31, 61]"),
        ("61,1", "tokens is 1; keep 2 frames"),
        ("61,few", "'61,few' is no number of frames: give one, as 61, or one for each step"),
    ):
        refused = call(*words, "--tokens", given, expect=2)
        assert says in refused.stderr and refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "tokens", "says"),
    [
        ("hot-mixste", 243, "can keep 2 to 242 frames of its 243"),
        ("hot-mixste", 1, "tokens is 1; keep 2 frames"),
        ("mixste", 81, "prunes no frames"),
    ],
)
def test_tokens_that_cannot_be_are_one_line(folder, tmp_path, name, tokens, says):
    file, out = authors_file(tmp_path, name), tmp_path / "o.json"
    words = ("--model", name, "--weights", file, "--tokens", tokens)
    result = call("export-json", folder / "store.npz", "--out", out, *words, expect=2)
    assert result.stdout == "" and result.stderr.count("\n") == 1 and says in result.stderr
    assert not out.exists()


def test_compiled_it_gives_the_same(folder, tmp_path, monkeypatch):
    torch._dynamo.reset()
    monkeypatch.setattr(compiled, "BACKEND", "aot_eager")
    file, out = authors_file(tmp_path, "mixste"), tmp_path / "o.json"
    words = ("export-json", folder / "store.npz", "--out", out, "--model", "mixste")
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    result = call(*words, "--weights", file, "--compile", "--quiet")
    assert result.output == ""
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs + 1
    np.testing.assert_allclose(poses_in(out)[1], expected(folder, "mixste", file), atol=1e-4)
    torch._dynamo.reset()


def test_where_nothing_compiles_a_warning_is_all(folder, tmp_path, monkeypatch):
    def no_compiler(graph, inputs):
        raise RuntimeError("no working compiler")

    torch._dynamo.reset()
    monkeypatch.setattr(compiled, "BACKEND", no_compiler)
    file, out = authors_file(tmp_path, "mixste"), tmp_path / "o.json"
    words = ("export-json", folder / "store.npz", "--out", out, "--model", "mixste")
    result = call(*words, "--weights", file, "--compile", "--quiet")
    assert result.stderr.startswith("warning: the lifter runs uncompiled")
    assert result.stderr.count("\n") == 1
    np.testing.assert_allclose(poses_in(out)[1], expected(folder, "mixste", file), atol=1e-4)
    torch._dynamo.reset()


def test_weights_of_another_model_are_one_line(folder, tmp_path):
    file, out = authors_file(tmp_path, "hot-mixste"), tmp_path / "o.json"
    words = ("--model", "motionbert", "--weights", file)
    result = call("export-json", folder / "store.npz", "--out", out, *words, expect=1)
    line = result.stderr.splitlines()[-1]
    assert "does not fit motionbert: 'pos_embed' is missing" in line
    assert line.endswith("its keys fit hot-mixste best")
    assert not out.exists()


def test_weights_of_hotvids_own_say_whose_they_are_unless_a_model_is_named(folder, tmp_path):
    file, out = tmp_path / "own.safetensors", tmp_path / "o.json"
    save_checkpoint(build_model("mixste", frames=27, channel=16, mlp_hidden=16), file, "mixste")
    words = ("export-json", folder / "store.npz", "--out", out, "--quiet", "--overwrite")
    words += ("--weights", file)
    for named, lifter in (((), "mixste"), (("--model", "tpc-mixste"), "tpc-mixste")):
        call(*words, *named)
        found, xyz = poses_in(out)
        assert found["models"]["lifter"] == lifter
        np.testing.assert_allclose(xyz, expected(folder, lifter, file), atol=1e-4)
    refused = call(*words, "--model", "hot-mixste-s", expect=1)
    assert "says that it is of mixste, not of hot-mixste-s" in refused.stderr


def test_the_default_lifter_lifts_anew_where_it_is_named(folder, tmp_path):
    out = tmp_path / "o.json"
    words = ("export-json", folder / "store.npz", "--out", out, "--quiet", "--overwrite")
    call(*words)
    assert poses_in(out)[0]["models"]["lifter"] == "stand-in-lifter"
    call(*words, "--model", "hot-mixste-s")
    assert poses_in(out)[0]["models"]["lifter"] == "hot-mixste-s"
