import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_data_sets import write_human36m, write_mpi_inf_3dhp
from typer.testing import CliRunner

from hotvid.cli.main import app
from hotvid.config import configure
from hotvid.errors import InputError
from hotvid.evaluate import real
from hotvid.evaluate.human36m import load_human36m
from hotvid.evaluate.predict import WindowPredictor
from hotvid.lift.checkpoint import load_checkpoint, save_checkpoint
from hotvid.lift.models.zoo import build_model
from hotvid.weights import SHIPPED

SIZES = {"frames": 9, "channel": 16, "mlp_hidden": 32, "depth": 3, "heads": 2}
HOT = {"token_num": 4, "layer_index": 1}
SERIES = ("xy_px", "score", "xyz_m", "root_m")  # of a clip, frame by frame


def call(*words, expect=0):
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    torch.manual_seed(0)
    save_checkpoint(
        build_model("hot-mixste", **SIZES, **HOT), folder / "w.safetensors", "hot-mixste"
    )
    return write_mpi_inf_3dhp(write_human36m(folder, n_frames=20), n_frames=20)


def row(text, name):
    line = next(line for line in text.splitlines() if line.startswith(name))
    return [float(word) for word in line.removeprefix(name).split()]


def test_h36m_prints_a_table_and_writes_json(folder, tmp_path):
    words = ("eval", "h36m", "--data", folder, "--keypoints", "gt")
    words += ("--model", "hot-mixste", "--weights", folder / "w.safetensors")
    result = call(*words, "--json", tmp_path / "o.json")
    assert result.stderr.splitlines() == ["evaluating ..."]
    lines = result.stdout.splitlines()
    assert lines[0] == (
        "hot-mixste, w.safetensors: 9 frames of x, y; 4 from block 1 on by tpc, recovered by tra"
    )
    assert [line[:18].strip() for line in lines[2:6]] == [
        "Photo",  # before Walking, as in papers
        "Walking",
        "mean of the above",
        "all frames",
    ]
    found = json.loads((tmp_path / "o.json").read_text())
    assert (found["data"], found["model"], found["keypoints"]) == ("h36m", "hot-mixste", "gt")
    assert found["flip"] is True and len(found["weights_sha256"]) == 64
    assert found["groups"]["Walking"]["n_frames"] == 2 * 4 * 20
    printed = row(result.stdout, "Walking")
    assert printed[1] == pytest.approx(found["groups"]["Walking"]["mpjpe_mm"], abs=0.006)
    # Untrained, it is far off, and without the mirror's help it is off by something else.
    straight = call(*words, "--no-flip", "--quiet")
    assert straight.stderr == "" and row(straight.stdout, "Walking")[1] != printed[1]


def test_padding_and_tokens_change_what_is_measured(folder):
    words = ("eval", "h36m", "--data", folder, "--keypoints", "gt", "--quiet")
    words += ("--model", "hot-mixste", "--weights", folder / "w.safetensors")
    plain, counted, fewer = (
        row(call(*words, *more).stdout, "all frames")
        for more in ((), ("--count-padding",), ("--tokens", 3))
    )
    # 20 frames in windows of 9: three windows, 27 answers.
    assert plain[0] == 2 * 2 * 4 * 20 and counted[0] == 2 * 2 * 4 * 27
    assert fewer[0] == plain[0] and fewer[1] != plain[1]


@pytest.mark.parametrize("data", ["h36m", "3dhp"])
def test_sizes_build_the_model_otherwise_for_once(folder, tmp_path, data):
    torch.manual_seed(0)
    model = build_model("mixste", **SIZES)
    save_checkpoint(model, tmp_path / "w.safetensors", "mixste")
    words = ("eval", data, "--data", folder, "--quiet", "--overwrite")
    words += ("--keypoints", "gt") if data == "h36m" else ()
    words += ("--weights", tmp_path / "w.safetensors", "--json", tmp_path / "o.json")
    found = {}
    for prune in ("", "uniform", "motion"):
        sizes = ("token_num=3", "layer_index=2", "recover=linear", f"prune={prune}")
        more = [word for size in sizes for word in ("--size", size)] if prune else []
        line = call(*words, *more).stdout.splitlines()[0]
        read = json.loads((tmp_path / "o.json").read_text())
        found[prune] = read["mean"]["mpjpe_mm"]
        if prune:
            assert f"3 from block 2 on by {prune}, recovered by linear" in line
            assert (read["sizes"]["prune"], read["cuts"]) == (prune, {"2": 3})
    assert len(set(found.values())) == 3
    refused = call(*words, "--size", "prune=motion", expect=2)
    assert "so that nothing is pruned" in refused.stderr


def test_whole_windows_count_from_the_first_frame_on_and_no_padding(folder, tmp_path):
    torch.manual_seed(0)
    file = tmp_path / "w.safetensors"
    save_checkpoint(build_model("motionbert", **SIZES, representation=8), file, "motionbert")
    words = ("eval", "h36m", "--data", folder, "--keypoints", "gt", "--quiet", "--weights", file)
    words += ("--whole-windows", "--json", tmp_path / "o.json", "--save-predictions")
    result = call(*words, tmp_path / "p.npz")
    assert "every frame" not in result.stdout
    found = json.loads((tmp_path / "o.json").read_text())
    # Two windows of 9 of each take's 20 frames, 2 subjects, 4 cameras.
    assert found["whole_windows"] and found["groups"]["Walking"]["n_frames"] == 2 * 4 * 18
    model = load_checkpoint(file)[0]
    with np.load(tmp_path / "p.npz") as kept:
        assert kept["predicted/S9/Photo/54138969"].shape == (18, 17, 3)
        xyz = kept["predicted/S9/Photo/54138969"]
        walks = [name for name in kept["clips"] if "/Walking" in name]
        off = [kept[f"predicted/{name}"] - kept[f"reference/{name}"] for name in walks]
    by_hand = np.linalg.norm(np.concatenate(off), axis=-1).mean()
    assert by_hand == pytest.approx(found["groups"]["Walking"]["mpjpe_mm"], rel=1e-5)
    (clip,) = (c for c in load_human36m(folder, ["S9"], "gt") if c.name == "S9/Photo/54138969")
    alone = WindowPredictor(model)(replace(clip, **{n: getattr(clip, n)[9:18] for n in SERIES}))
    np.testing.assert_allclose(xyz[9:], 1000 * alone.xyz_m, atol=1e-2)
    slides = ("eval", "h36m", "--data", folder, "--keypoints", "gt", "--whole-windows", "--weights")
    save_checkpoint(build_model("tpc-mixste", **SIZES, **HOT), file, "tpc-mixste")
    assert "a window around each frame" in call(*slides, file, expect=2).stderr


@pytest.mark.parametrize("data", ["h36m", "3dhp"])
def test_predictions_are_kept_beside_what_is_right(folder, tmp_path, data):
    """Measured again, by hand, they give what was printed."""
    words = ("eval", data, "--data", folder, "--quiet", "--weights", folder / "w.safetensors")
    words += ("--keypoints", "gt") if data == "h36m" else ()
    words += ("--json", tmp_path / "o.json", "--save-predictions", tmp_path / "p.npz")
    call(*words)
    found = json.loads((tmp_path / "o.json").read_text())
    groups = {}
    with np.load(tmp_path / "p.npz") as kept:
        assert json.loads(str(kept["about"]))["weights_sha256"] == found["weights_sha256"]
        joints = list(kept["joints"])
        root = joints.index("pelvis")
        for name in kept["clips"]:
            predicted, reference = kept[f"predicted/{name}"], kept[f"reference/{name}"]
            assert predicted.dtype == np.float32 and predicted.shape == (20, 17, 3)
            assert not predicted[:, root].any() and not reference[:, root].any()
            off = np.linalg.norm(predicted - reference, axis=-1).mean(-1)
            counts = kept[f"valid/{name}"] if f"valid/{name}" in kept else np.ones(20, bool)
            group = name.split("/")[1].split(" ")[0] if data == "h36m" else name
            groups.setdefault(group, []).append(off[counts])
    assert list(groups) == list(found["groups"])
    for group, parts in groups.items():
        wanted = found["groups"][group]
        mean = np.concatenate(parts).mean()
        assert (len(np.concatenate(parts)), mean) == (
            wanted["n_frames"],
            pytest.approx(wanted["mpjpe_mm"], rel=1e-5),
        )
    refused = call(*words, expect=1)
    assert "--overwrite" in refused.stderr
    assert "must end in .npz" in call(*words[:-1], "p.txt", expect=1).stderr


def test_predictions_of_a_run_that_fails_leave_nothing(folder, tmp_path, monkeypatch):
    out = tmp_path / "new" / "p.npz"

    def fail(*_):
        raise InputError("no measure")

    monkeypatch.setattr("hotvid.evaluate.protocols.mpjpe", fail)
    words = ("eval", "3dhp", "--data", folder, "--quiet", "--save-predictions", out)
    assert "no measure" in call(*words, expect=1).stderr and not out.parent.exists()


def test_3dhp_knows_that_hotvids_own_lifter_answers_in_metres(folder, tmp_path):
    """Joints in Human3.6M's order, the pelvis first: else the error is the body's own size."""
    words = ("eval", "3dhp", "--data", folder, "--quiet", "--no-flip")
    call(*words, "--json", tmp_path / "own.json")
    call(*words, "--trained-on", "h36m", "--json", tmp_path / "h36m.json")
    own, same = (json.loads((tmp_path / f"{n}.json").read_text()) for n in ("own", "h36m"))
    assert own["groups"] == same["groups"] and own["trained_on"] == "motion capture"
    said = call(*words, "--trained-on", "3dhp", expect=2)
    assert "was trained on motion capture by hotvid, not on 3dhp" in said.stderr


def test_3dhp_takes_millimetres_of_models_trained_on_it(folder, tmp_path):
    model = build_model("hot-mixste", **SIZES, **HOT)
    with torch.no_grad():
        model.head[1].weight.zero_()
        model.head[1].bias.copy_(torch.tensor([0.0, 0.0, 2.0]))  # its only answer
    save_checkpoint(model, tmp_path / "w.safetensors", "hot-mixste")
    words = ("eval", "3dhp", "--data", folder, "--quiet", "--json")
    words = (*words, tmp_path / "o.json", "--overwrite", "--weights", tmp_path / "w.safetensors")
    found = {}
    for trained_on in ("3dhp", "h36m"):
        text = call(*words, "--trained-on", trained_on).stdout
        assert [line[:18].strip() for line in text.splitlines()[2:4]] == ["TS1", "TS5"]
        found[trained_on] = json.loads((tmp_path / "o.json").read_text())
    assert found["3dhp"]["groups"]["TS1"]["n_frames"] == 15  # of 20, every fourth does not count
    # 2 mm behind the pelvis: what is left is the size of the body; 2 m are more than that.
    with np.load(folder / "data_test_3dhp.npz", allow_pickle=True) as stored:
        truth = stored["data"].item()["TS1"]["data_3d"]
    size_mm = np.linalg.norm(truth - truth[:, 14:15], axis=-1)[np.arange(20) % 4 != 0].mean()
    assert found["3dhp"]["groups"]["TS1"]["mpjpe_mm"] == pytest.approx(size_mm, rel=0.01)
    assert found["h36m"]["groups"]["TS1"]["mpjpe_mm"] > 2 * size_mm


def test_results_tell_models_and_ways_of_pruning_apart(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOTVID_HOME", str(tmp_path / "home"))
    torch.manual_seed(0)
    torch.save(build_model("mixste", **SIZES).state_dict(), tmp_path / "mixste.pth")
    import_words = ("models", "import", tmp_path / "mixste.pth", "--model", "mixste", "--size")
    call(*import_words, "depth=3", "--size", "heads=2")
    pruned = ("depth=3", "heads=2", "token_num=[6,4]", "layer_index=[1,2]", "recover=linear")
    words = [word for size in (*pruned, "prune=motion") for word in ("--size", size)]
    call(*import_words[:-1], *words, "--name", "quick")
    words = ("eval", "h36m", "--data", folder, "--keypoints", "gt", "--quiet", "--overwrite")
    found, lines = {}, {}
    for name in ("mixste", "quick"):
        result = call(*words, "--model", name, "--json", tmp_path / "o.json")
        found[name] = json.loads((tmp_path / "o.json").read_text())
        lines[name] = result.stdout.splitlines()[0]
    assert lines["mixste"] == "mixste, mixste.safetensors: 9 frames of x, y; none pruned"
    assert lines["quick"] == (
        "quick (mixste), quick.safetensors: 9 frames of x, y; "
        "6 from block 1 on, 4 from block 2 on by motion, recovered by linear"
    )
    assert [found[name]["asked_for"] for name in found] == ["mixste", "quick"]
    assert found["quick"]["model"] == "mixste"
    assert found["mixste"]["cuts"] == {} and found["quick"]["cuts"] == {"1": 6, "2": 4}
    sizes = found["quick"]["sizes"]
    assert (sizes["prune"], sizes["recover"], sizes["in_channels"]) == ("motion", "linear", 2)
    assert (sizes["frames"], sizes["channel"]) == (9, 16)
    result = call(*words, "--model", "quick", "--tokens", "5,2", "--json", tmp_path / "o.json")
    assert "5 from block 1 on, 2 from block 2 on by motion" in result.stdout
    assert json.loads((tmp_path / "o.json").read_text())["cuts"] == {"1": 5, "2": 2}
    words = ("--model", "hot-mixste", "--weights", folder / "w.safetensors", "--tokens", 3)
    words = ("eval", "3dhp", "--data", folder, "--quiet", *words, "--json", tmp_path / "n.json")
    assert "; 3 from block 1 on by tpc" in call(*words).stdout.splitlines()[0]
    fewer = json.loads((tmp_path / "n.json").read_text())
    assert fewer["cuts"] == {"1": 3} and fewer["sizes"]["token_num"] == 4


def test_the_model_that_is_named_is_measured(folder, tmp_path):
    own = tmp_path / "own.safetensors"
    save_checkpoint(build_model("mixste", **SIZES), own, "mixste")
    words = ("eval", "h36m", "--data", folder, "--keypoints", "gt", "--quiet", "--weights", own)
    said = call(*words).stdout.splitlines()[0]
    assert said == "mixste, own.safetensors: 9 frames of x, y; none pruned"
    refused = call(*words, "--model", "motionbert", expect=1)
    assert "says that it is of mixste, not of motionbert" in refused.stderr
    refused = call(*words, "--model", "tpc-mixste", expect=1)
    assert "cannot be pruned as tpc-mixste is" in refused.stderr  # the third of three blocks
    save_checkpoint(build_model("mixste", **{**SIZES, "depth": 8}), own, "mixste")
    said = call(*words, "--model", "tpc-mixste").stdout.splitlines()[0]
    assert said == "tpc-mixste, own.safetensors: 9 frames of x, y; 2 from block 7 on by tpc"


def test_a_model_that_places_the_root_is_measured_from_there_and_told_of_if_not(folder, tmp_path):
    """As MotionBERT's "global" weights do; an answer that moves with the pelvis is no error."""
    file, found = tmp_path / "w.safetensors", {}
    words = ("eval", "h36m", "--data", folder, "--keypoints", "gt", "--quiet", "--weights", file)
    for places in (False, True):
        model = build_model("motionbert", **SIZES, representation=8)
        with torch.no_grad():
            model.head.weight.zero_()
            model.head.bias.copy_(torch.tensor([0.0, 0.4, 0.0]) * places)
        save_checkpoint(model, file, "motionbert")
        for more in ((), ("--global-root",)):
            result = call(*words, *more, "--overwrite", "--json", tmp_path / "o.json")
            measured = json.loads((tmp_path / "o.json").read_text())
            assert measured["global_root"] is bool(more)
            found[places, bool(more)] = measured["mean"]["mpjpe_mm"]
            foot = result.stdout.splitlines()[-2:]
            assert foot[0].startswith("left out, as by MotionBERT's authors: S9/Greeting")
            assert foot[1].startswith("every frame of the others counts; as by its authors:")
            said = result.stderr.splitlines()
            assert len(said) == int(places and not more), said
            assert all("from 0 in the mean" in line and "--global-root" in line for line in said)
    assert found[True, True] == pytest.approx(found[False, True], rel=1e-4)
    assert found[False, False] == pytest.approx(found[False, True], rel=1e-4)
    assert found[True, False] > found[True, True] + 100
    refused = call(*words[:-2], "--global-root", expect=2)
    assert "hot-mixste-s answers in metres" in refused.stderr


def test_the_shipped_lifter_is_measured_too(folder):
    text = call("eval", "h36m", "--data", folder, "--keypoints", "gt", "--quiet").stdout
    assert row(text, "all frames")[0] == 2 * 2 * 4 * 20


def test_real_measures_the_chain(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    landmarks = rng.normal(0, 0.4, (6, 33, 3))
    np.savez(tmp_path / "reference_3d.npz", landmarks_world_m=landmarks)
    camera = {"name": "cam", "R": np.eye(3).tolist(), "t": [0, 0, 5]}
    (tmp_path / "cameras.json").write_text(json.dumps([camera]))
    asked = []

    def pipeline_estimate(config):
        asked.append(config)
        truth = real._reference(tmp_path)
        return lambda video: (np.arange(6), truth)

    monkeypatch.setattr(real, "pipeline_estimate", pipeline_estimate)
    out = tmp_path / "o.json"
    text = call("eval", "real", "--data", tmp_path, "--mode", "fast", "--json", out).stdout
    assert text.splitlines()[1].split() == ["cam", "6/6", "0.0", "0.0", "0.0"]
    assert asked[0].pose2d.mode == "fast"
    call("eval", "real", "--data", tmp_path, "--mode", "accurate")
    assert asked[1] == configure(mode="accurate"), "what hotvid run does is what is measured"
    found = json.loads(out.read_text())
    assert found["mean"]["n_mpjpe_mm"] == pytest.approx(0, abs=1e-6)
    assert found["weights_sha256"] == SHIPPED["hot-mixste-s"].sha256
    assert found["views"][0]["n_found"] == 6 and len(found["joint_mm"]) == 15


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("h36m", "--data", "{folder}"), 1, "there are: gt"),
        (("h36m", "--data", "{tmp}"), 1, "data_3d_h36m.npz"),
        (("h36m", "--data", "{folder}", "--model", "mixste"), 1, "--weights FILE"),
        (("h36m", "--data", "{folder}", "--device", "tpu"), 2, "unknown device 'tpu'"),
        (("h36m", "--data", "{folder}", "--json", "o.txt"), 1, ".json"),
        (("h36m", "--data", "{folder}", "--batch-size", "0"), 2, "batch-size"),
        (("3dhp", "--data", "{folder}", "--trained-on", "coco"), 2, "3dhp, h36m"),
        (("3dhp", "--data", "{tmp}"), 1, "data_test_3dhp.npz"),
        (("real", "--data", "{tmp}/absent"), 1, "no folder"),
    ],
)
def test_what_is_wrong_is_one_line(folder, tmp_path, words, status, says):
    words = [word.format(folder=folder, tmp=tmp_path) for word in words]
    result = call("eval", *words, expect=status)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and says in result.stderr


def test_an_output_that_cannot_be_written_is_said_before_the_work(folder, tmp_path, monkeypatch):
    (tmp_path / "o.json").write_text("{}")
    monkeypatch.setattr(
        "hotvid.evaluate.human36m.load_human36m", lambda *_, **__: pytest.fail("it was begun")
    )
    words = ("eval", "h36m", "--data", folder, "--json", tmp_path / "o.json")
    assert "--overwrite" in call(*words, expect=1).stderr
