"""MotionBERT's own file says what VideoPose3D's files say, where both are of the same takes."""

import json
import pickle

import numpy as np
import pytest
import torch
from small_data_sets import write_human36m, write_motionbert_h36m
from typer.testing import CliRunner

from hotvid.cli.main import app
from hotvid.errors import InputError, UsageError
from hotvid.evaluate.human36m import load_human36m
from hotvid.evaluate.motionbert_h36m import load_motionbert_h36m
from hotvid.lift.checkpoint import save_checkpoint
from hotvid.lift.models.zoo import build_model
from hotvid.train.published_data import Windows

SIZES = {"frames": 9, "channel": 16, "mlp_hidden": 32, "depth": 3, "heads": 2, "representation": 8}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Both in one folder: VideoPose3D's with keypoints called gt, MotionBERT's with sh."""
    folder = tmp_path_factory.mktemp("h36m")
    actions = ("Walking 1", "Greeting", "Waiting 1")  # of S9 the last two are displaced
    write_human36m(folder, ("S1", "S9", "S11"), actions, n_frames=20)
    sets = {"train": ["S1"], "test": ["S9", "S11"]}
    write_motionbert_h36m(folder, {k: load_human36m(folder, v, "gt") for k, v in sets.items()})
    return folder


def call(*words, expect=0):
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def test_takes_come_as_they_are_stored(folder):
    clips = load_motionbert_h36m(folder / "h36m_sh.pkl", "test")
    plain = {c.name: c for c in load_human36m(folder, ["S9", "S11"], "gt")}
    assert len(clips) == 2 * 3 * 4 - 2 * 4
    named = {c.name: c for c in clips}
    clip, same = named["s_09_act_14_subact_01_ca_02"], plain["S9/Walking 1/55011271"]
    assert (clip.group, clip.size_px) == ("Walking", same.size_px)
    np.testing.assert_array_equal(clip.xy_px, same.xy_px)
    assert not any(name.startswith(("s_09_act_13", "s_09_act_05")) for name in named)
    assert {"s_11_act_13_subact_01_ca_01", "s_11_act_05_subact_02_ca_04"} < set(named)


@pytest.mark.parametrize("more", [[], ["--whole-windows"]])
def test_the_same_takes_give_the_same_errors(folder, tmp_path, more):
    torch.manual_seed(0)
    save_checkpoint(build_model("motionbert", **SIZES), tmp_path / "w.safetensors", "motionbert")
    words = ["eval", "h36m", "--data", folder, "--weights", tmp_path / "w.safetensors", "--quiet"]
    words += [*more, "--overwrite", "--json", tmp_path / "o.json"]
    found = {}
    for keypoints in ("gt", "sh"):
        call(*words, "--keypoints", keypoints)
        found[keypoints] = json.loads((tmp_path / "o.json").read_text())
    wanted, got = found["gt"]["groups"], found["sh"]["groups"]
    assert set(wanted) == set(got) == {"Walking", "Greeting", "Waiting"}
    for group, errors in wanted.items():
        for name, value in errors.items():
            assert got[group][name] == pytest.approx(value, rel=1e-4), (group, name)


def test_it_trains_on_the_same_windows(folder):
    tables = [
        Windows(
            clips,
            length=9,
            stride=3,
            padded=False,
            in_channels=3,
            in_picture=True,
            device=torch.device("cpu"),
        )
        for clips in (
            load_human36m(folder, ["S1"], "gt"),
            load_motionbert_h36m(folder / "h36m_sh.pkl", "train"),
        )
    ]
    assert len(tables[0]) == len(tables[1]) == 3 * 4 * 4
    which = np.arange(len(tables[0]))
    for wanted, got in zip(*(t.batch(which, which % 2 == 1) for t in tables), strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=0)


def test_the_command_trains_on_it(folder, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "h36m_sh.pkl").write_bytes((folder / "h36m_sh.pkl").read_bytes())
    words = ["train", "--data", data, "--out", tmp_path / "out", "--keypoints", "sh", "--quiet"]
    words += ["--threads", "1", "--epochs", "1"]
    sizes = [f"--size={name}={value}" for name, value in SIZES.items()]
    call(*words, "--model", "motionbert", *sizes)
    row = json.loads((tmp_path / "out" / "log.jsonl").read_text())
    words = ["eval", "h36m", "--data", data, "--keypoints", "sh", "--whole-windows", "--weights"]
    words += [tmp_path / "out" / "motionbert.last.safetensors", "--json", tmp_path / "o.json"]
    call(*words)
    mean = json.loads((tmp_path / "o.json").read_text())["mean"]
    assert row["mpjpe_mm"] == pytest.approx(mean["mpjpe_mm"], rel=1e-4)
    words = ["train", "--data", data, "--out", tmp_path / "b", "--keypoints", "sh"]
    refused = call(*words, "--model", "mixste", expect=2)
    assert "in MotionBERT's picture space" in refused.stderr and not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.pop("test"), "expected a table 'test'"),
        (lambda c: c["test"].pop("action"), "expected 'action' in it, got joint_2d"),
        (lambda c: c["test"].update(confidence=np.ones(3)), r"confidence: expected \(480, 17\) or"),
        (lambda c: c["test"].update(camera_name=["x"] * 480), "unknown camera 'x'"),
    ],
)
def test_what_does_not_fit_is_named(folder, tmp_path, change, says):
    content = pickle.loads((folder / "h36m_sh.pkl").read_bytes())
    change(content)
    path = tmp_path / "h36m_sh.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(InputError, match=says):
        load_motionbert_h36m(path, "test")


def test_other_models_are_refused(folder):
    with pytest.raises(UsageError, match="picture space, and no others"):
        load_motionbert_h36m(folder / "h36m_sh.pkl", "test", in_picture=False)


def test_code_in_it_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path / "made").touch, ()

    path = tmp_path / "h36m_sh.pkl"
    path.write_bytes(pickle.dumps({"test": Evil()}))
    with pytest.raises(InputError, match="it holds code"):
        load_motionbert_h36m(path, "test")
    assert not (tmp_path / "made").exists()
