"""`hotvid models` lists what there is; `hotvid models import` makes a checkpoint part of it."""

import json

import pytest
import torch
from typer.testing import CliRunner

from hotvid import weights
from hotvid.cli.main import app
from hotvid.lift.models.zoo import MODELS, build_model

SMALL = {"frames": 27, "channel": 16, "mlp_hidden": 16}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTVID_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "weights"


def call(*words, expect=0):
    result = CliRunner().invoke(app, ["models", *map(str, words)])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def cells(text, name):
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [name])


def checkpoint(folder, name, **sizes):
    state = build_model(name, **SMALL, **sizes).state_dict()
    torch.save({f"module.{key}": value for key, value in state.items()}, folder / "w.pth")
    return folder / "w.pth"


def test_everything_is_listed_and_what_is_not_here_is_told_where_to_get(home):
    text = call().stdout
    assert cells(text, "hot-mixste")[1:] == (
        ["35.000", "167.512", "176.178", "243", "81", "all", "xy", "screen", "-"]
    )
    assert cells(text, "mhformer")[4:7] == ["351", "-", "centre"]
    assert cells(text, "hot-mixste-s")[-1:] == ["shipped*"]
    assert cells(text, "mixste-s")[-3:] == ["xys", "body", "shipped"]
    for published in weights.PUBLISHED.values():
        assert f" {published.wants}\n" in text and published.url in text
    assert "MISSING" not in text and "pose_landmark_full.tflite" in text and "blazepose" in text
    table = text.partition("lifters (--model):\n")[2].partition("\n\n")[0].splitlines()
    assert len(table) == 1 + len(MODELS) + 1
    # Only commands and paths, which are copied whole, are longer than a terminal is wide.
    long = [line for line in text.splitlines() if len(line) > 80]
    assert all(" pip install " in line or line.lstrip().startswith("/") for line in long)


def test_the_list_as_json(home):
    found = json.loads(call("--json").stdout)
    lifters = {one["name"]: one for one in found["lifters"]}
    assert list(lifters) == list(MODELS)
    assert lifters["motionbert"]["cost"]["parameters"] == 16_001_549
    assert lifters["tpc-mixste"]["tokens"] == [61] and not lifters["tpc-mixste"]["here"]
    own = lifters["hot-mixste-s"]
    assert own["here"] and own["default"] and own["weights_path"].endswith("-s.safetensors")
    assert [one["name"] for one in found["shipped"]] == list(weights.SHIPPED)
    backend = found["pose2d"][0]
    assert (backend["name"], backend["default"]) == ("blazepose", True)


def test_an_import_is_listed(home, tmp_path):
    file = checkpoint(tmp_path, "hot-motionbert", token_num=9)
    said = call("import", file).stdout.splitlines()
    assert said == [
        f"{file} holds weights of hot-motionbert (frames 27, channel 16)",
        f"wrote {home / 'hot-motionbert.safetensors'}; use them with --model hot-motionbert",
    ]
    call("import", file, "--name", "mine", "--model", "hot-motionbert")
    text = call().stdout
    assert cells(text, "hot-motionbert")[4:6] == ["27", "9"]
    assert cells(text, "mine")[-1] == "imported"
    assert f"  mine: hot-motionbert, imported\n      {home / 'mine.safetensors'}" in text
    again = call("import", file, expect=1)
    assert again.stderr.count("\n") == 1 and "--overwrite" in again.stderr
    call("import", file, "--overwrite")


def test_other_ways_of_pruning_are_listed_beside_the_plain_model(home, tmp_path):
    file = checkpoint(tmp_path, "mixste")
    words = ("--size", "token_num=[9,3]", "--size", "layer_index=[2,4]", "--size", "recover=linear")
    said = call("import", file, "--model", "mixste", "--name", "quick", *words).stdout
    assert "(frames 27, channel 16, token_num [9, 3], layer_index [2, 4], recover linear)" in said
    call("import", file, "--model", "mixste")
    found = {one["name"]: one for one in json.loads(call("--json").stdout)["lifters"]}
    assert found["quick"]["tokens"] == [9, 3] and found["mixste"]["tokens"] == []
    assert found["quick"]["cost"]["flops"] < found["mixste"]["cost"]["flops"]


def test_a_damaged_import_is_named_in_the_list(home):
    home.mkdir(parents=True)
    (home / "mixste.safetensors").write_bytes(b"damaged")
    assert "UNREADABLE" in call().stdout
    assert list(json.loads(call("--json").stdout)["unreadable"]) == ["mixste"]


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("import",), 2, "FILE"),
        (("import", "{tmp}/absent.pth"), 1, "absent.pth"),
        (("import", "{tmp}"), 1, "is not a file"),
        (("import", "{file}"), 2, "mixste and tpc-mixste alike; say which it is with --model"),
        (("import", "{file}", "--model", "hot-mixste"), 1, "'pos_embed_token' is missing"),
        (("import", "{file}", "--model", "mixste", "--name", "a/b"), 2, "cannot be a name"),
        (("import", "{file}", "--size", "frames"), 2, "expected NAME=VALUE, got 'frames'"),
        (("import", "{file}", "--size", "heads=1.5"), 2, "'1.5' is no size"),
        (("import", "{file}", "--model", "mixste", "--size", "x=1"), 2, "unknown size 'x'"),
        (("list",), 2, "list"),
    ],
)
def test_what_is_wrong_is_one_line(home, tmp_path, words, status, says):
    file = checkpoint(tmp_path, "mixste")
    result = call(*(word.format(tmp=tmp_path, file=file) for word in words), expect=status)
    assert result.stdout == "" and not home.exists()
    assert len(result.stderr.splitlines()) == 1 and says in result.stderr
