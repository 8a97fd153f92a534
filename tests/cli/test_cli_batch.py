"""`hotvid batch` as its user meets it: what is written, what is said, and how it ends."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_poses import some_poses
from stand_ins import write_coded_clip
from typer.testing import CliRunner

from hotvid.batch.find import find_videos
from hotvid.cli.batch import _plain
from hotvid.cli.main import app
from hotvid.stored.pose_store import save_poses

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Nobody is in it; it takes some seconds."""
    return write_coded_clip(tmp_path_factory.mktemp("clip") / "coded.mp4", 400)


@pytest.fixture
def videos(tmp_path):
    """Two short videos in which nobody is, and one that is none."""
    for name in ("a.mp4", "day/a.mp4"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        write_coded_clip(tmp_path / "in" / name, 6)
    (tmp_path / "in" / "bad.mp4").write_text("no video")
    return tmp_path / "in"


def call(*words, expect=0):
    result = CliRunner().invoke(app, ["batch", *[str(w) for w in words]])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def test_a_gpu_that_is_not_there_is_one_error_for_all(videos, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    done = call(videos, "--out-dir", tmp_path / "out", "--device", "cuda", expect=2)
    assert "no CUDA device" in done.stderr and not (tmp_path / "out").exists()


def test_files_of_models_are_named_as_they_are_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "m.onnx").write_text("")
    monkeypatch.chdir(tmp_path)
    named = {"pose2d": "rtmpose:m.onnx", "detector": "yolo:gone.pt", "weights": Path("w.pth")}
    assert _plain(**named, mode="fast") == {
        "pose2d": f"rtmpose:{tmp_path / 'm.onnx'}",
        "detector": "yolo:gone.pt",
        "weights": str(tmp_path / "w.pth"),
        "mode": "fast",
    }


def rows(out):
    with (out / "summary.csv").open(newline="") as file:
        return {row["folder"]: row for row in csv.DictReader(file)}


def manifest(out):
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_folder_of_videos(videos, tmp_path):
    out = tmp_path / "out"
    words = (videos, "--out-dir", out, "--recursive", "--mode", "fast", "--workers", 1)
    result = call(*words, expect=1)
    outputs = ["poses.json", "poses.npz", "skeleton.mp4"]
    of_videos = [f"{name}/{file}" for name in ("a.mp4", "day/a.mp4") for file in outputs]
    assert files(out) == sorted([*of_videos, "manifest.jsonl", "summary.csv"])
    found = rows(out)
    assert [(f, r["state"], r["frames"]) for f, r in found.items()] == [
        ("a.mp4", "done", "6"),
        ("bad.mp4", "failed", ""),
        ("day/a.mp4", "done", "6"),
    ]
    assert "not a video that can be read" in found["bad.mp4"]["error"]
    assert found["a.mp4"]["warnings"].startswith(f"nobody was found in {videos / 'a.mp4'}; ")
    said = result.stdout.splitlines()
    assert said[0].split() == ["video", "state", "people", "frames", "video", "s", "took", "s"]
    assert said[1].split()[:5] == ["a.mp4", "done", "0", "6", "0.2"]
    last = result.stderr.splitlines()[-1]
    assert last == f"error: 1 of 3 videos failed; see {out / 'summary.csv'}"
    assert said[-2:] == ["3 videos: 2 done, 1 failed", f"wrote {out / 'summary.csv'}"]
    assert "Traceback" not in result.output
    last = {entry["input"]: entry for entry in manifest(out)}
    assert len(manifest(out)) == 6 and len(last) == 3
    entry = last[str(videos / "day" / "a.mp4")]
    assert entry["state"] == "done" and entry["outputs"] == ["poses.json", "skeleton.mp4"]
    assert entry["people"] == 0 and entry["frames"] == 6 and entry["wall_s"] > 0
    assert json.loads((out / "day/a.mp4/poses.json").read_text())["people"] == []


def test_resuming_does_only_what_is_not_done(videos, tmp_path):
    out = tmp_path / "out"
    words = (videos, "--out-dir", out, "--recursive", "--format", "json", "--quiet")
    call(*words, expect=1)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("poses.*")}
    (videos / "bad.mp4").unlink()
    write_coded_clip(videos / "new.mp4", 3)
    result = call(*words[:-1], "--resume")
    assert "3 videos: 1 done, 2 done before" in result.stdout
    assert result.stderr.splitlines()[0] == "3 videos, 2 of them done before"
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert {f: r["state"] for f, r in rows(out).items()} == {
        "a.mp4": "done before",
        "new.mp4": "done",
        "day/a.mp4": "done before",
    }


def test_formats_are_added_from_the_poses_that_are_there(videos, tmp_path):
    out = tmp_path / "out"
    words = (videos / "a.mp4", "--out-dir", out, "--quiet", "--format")
    call(*words, "json")
    poses = (out / "a.mp4/poses.npz").stat().st_mtime_ns
    call(*words, "json,csv", "--resume")
    assert files(out / "a.mp4") == ["poses.csv", "poses.json", "poses.npz"]
    assert (out / "a.mp4/poses.npz").stat().st_mtime_ns == poses
    call(*words, "mp4", "--resume")
    assert len(files(out / "a.mp4")) == 4
    # All of them count as made, whichever run made them.
    before = {path: path.stat().st_mtime_ns for path in (out / "a.mp4").iterdir()}
    call(*words, "json,csv,mp4", "--resume")
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_outputs_of_other_settings_do_not_stay_beside_the_new_ones(videos, tmp_path):
    out = tmp_path / "out"
    words = (videos, "--out-dir", out, "--recursive", "--glob", "*a.mp4", "--quiet", "--format")
    call(*words, "json,mp4,openpose")
    other = files(out / "a.mp4")
    assert "skeleton.mp4" in other and any("openpose" in name for name in other)
    narrow = (videos / "day", "--out-dir", out, "--quiet", "--resume", "--time-range", 0, 0.1)
    call(*narrow, "--format", "json")
    assert files(out / "day/a.mp4") == ["poses.json", "poses.npz"]
    assert files(out / "a.mp4") == other
    # The table is of all that is in the folder.
    found = {folder: (row["state"], row["frames"]) for folder, row in rows(out).items()}
    assert found == {"a.mp4": ("done before", "6"), "day/a.mp4": ("done", "3")}


def test_a_second_batch_into_the_same_folder_must_say_how(videos, tmp_path):
    out = tmp_path / "out"
    words = (videos / "a.mp4", "--out-dir", out, "--format", "json", "--quiet")
    call(*words)
    line = call(*words, expect=1).stderr
    assert re.fullmatch(r"error: '.*out' holds the results of a batch; .*--resume.*\n", line)
    call(*words, "--overwrite")
    assert [entry["state"] for entry in manifest(out)] == ["started", "done"] * 2
    line = call(*words, "--overwrite", "--resume", expect=2).stderr
    assert line.startswith("error: --resume and --overwrite exclude each other")


def test_the_output_folder_is_no_input(videos):
    line = call(videos, "--out-dir", videos, "--recursive", expect=2).stderr
    assert line.startswith(f"error: '{videos}' is the output folder, too; name another")
    assert not (videos / "manifest.jsonl").exists()


def test_a_dry_run_changes_nothing(videos, tmp_path):
    out = tmp_path / "out"
    said = call(videos, "--out-dir", out, "--dry-run").stdout.splitlines()
    assert said == [
        f"new: {videos / 'a.mp4'} -> {out / 'a.mp4'}",
        f"new: {videos / 'bad.mp4'} -> {out / 'bad.mp4'}",
    ]
    assert not out.exists()
    call(videos / "a.mp4", "--out-dir", out, "--format", "json")
    before = files(tmp_path)
    words = (videos, "--out-dir", out, "--dry-run", "--resume", "--format")
    assert [line.split(":")[0] for line in call(*words, "json,mp4").stdout.splitlines()] == [
        "changed",
        "new",
    ]
    said = call(*words, "json").stdout.splitlines()
    assert [line.split(":")[0] for line in said] == ["done", "new"]
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "status", "match"),
    [
        (["missing"], 1, "'missing' does not exist"),
        (["empty"], 1, "no videos in 'empty'; choose them with --glob"),
        (["outer"], 1, "no videos in 'outer' itself; --recursive takes the 1 in folders within"),
        (["in", "--glob", "*.xyz"], 1, "no videos in 'in'"),
        (["in", "--format", "json,gif"], 2, "unknown format 'gif'; choose of: npz, json, mp4"),
        (["in", "--format", ","], 2, "no format is given"),
        (["in", "--engine", "steam"], 2, "unknown engine 'steam'; choose one of: local"),
        (["in", "--workers", "0"], 2, "workers"),
        (["in", "--bbox-thr", "7"], 2, "bbox-thr is 7"),
        (["in", "--weights", "missing.pth"], 1, "missing.pth"),
        (["in", "--pose2d", "rtmpos:x.onnx"], 2, "unknown 2D backend 'rtmpos'; choose one of"),
        (["in", "--pose2d", "rtmo"], 2, "give it as --pose2d rtmo:FILE.onnx"),
        (["in", "--pose2d", "rtmo:missing.onnx"], 1, "the model 'missing.onnx' does not exist"),
        (["in", "--pose2d", "yolo:in/missing.pt"], 1, "missing.pt' does not exist"),
        (["in", "--detector", "rtmdt:x.onnx"], 2, "unknown person detector 'rtmdt'; choose one"),
        (["in", "--detector", "rtmdet:missing.onnx"], 1, "'missing.onnx' does not exist"),
        (["in", "--tokens", "243"], 2, "243"),
        ([], 2, "(?i)missing argument"),
    ],
)
def test_what_cannot_be_gives_one_line(videos, tmp_path, monkeypatch, words, status, match):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    (tmp_path / "outer" / "inner" / "a.mp4").write_bytes(b"")
    result = call(*words, "--out-dir", "out", expect=status)
    assert result.stdout == "" and len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("error: ") and re.search(match, result.stderr)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--pose2d", "rtmpos:x.onnx"), 2),
        (("--pose2d", "rtmpose:missing.onnx"), 1),
        (("--detector", "dog"), 2),
        (("--tokens", "5000"), 2),
    ],
)
def test_a_model_that_cannot_be_leaves_what_is_done(make_stores, tmp_path, words, status):
    make_stores(tmp_path / "in", 1)
    out = tmp_path / "out"
    every = (tmp_path / "in", "--glob", "*.npz", "--out-dir", out, "--format", "json")
    call(*every, "--quiet", "--workers", 1)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for how in ("--resume", "--overwrite"):
        assert len(call(*every, how, *words, expect=status).stderr.splitlines()) == 1
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_an_output_folder_that_is_none(videos, tmp_path):
    (tmp_path / "out").write_text("a file")
    line = call(videos, "--out-dir", tmp_path / "out", expect=1).stderr
    assert "is not a folder" in line and len(line.splitlines()) == 1


def test_many_videos_are_not_all_listed(make_stores, tmp_path):
    make_stores(tmp_path / "in", 45)
    (tmp_path / "in" / "x.npz").write_text("no store")
    words = (tmp_path / "in", "--glob", "*.npz", "--out-dir", tmp_path / "out", "--format", "json")
    said = call(*words, expect=1).stdout.splitlines()
    assert [line.split()[0] for line in said[:2]] == ["video", "x.npz"]
    assert said[3] == "... and 45 more, see summary.csv"
    assert len(rows(tmp_path / "out")) == 46


@pytest.fixture
def make_stores():
    def make(folder, n):
        folder.mkdir()
        for k in range(n):
            save_poses(some_poses(seed=k), folder / f"{k}.npz")

    return make


def start(*words, folder):
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "hotvid", "batch", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def begun(process, n=1):
    """Wait until `n` videos are being worked on."""
    for line in process.stderr:
        n -= line.endswith(" ...\n")
        if n == 0:
            return
    raise AssertionError(f"it ended before, with status {process.wait()}")


@pytest.fixture
def long_videos(clip, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / "in" / name).hardlink_to(clip)
    return tmp_path / "in"


LONG = ("--out-dir", "out", "--format", "json", "--workers", 2, "--mode", "fast")


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter there")
@pytest.mark.parametrize(
    ("names", "status"),
    [
        (["SIGINT"], 130),
        (["SIGINT", "SIGINT"], 130),
        (["SIGTERM"], 143),
        (["SIGHUP", "SIGHUP"], 129),
    ],
)
def test_stopped_in_the_middle_and_gone_on_with(long_videos, tmp_path, names, status):
    process = start("in", *LONG, folder=tmp_path)
    begun(process, 2)
    time.sleep(0.5)
    for name in names:
        os.killpg(process.pid, getattr(signal, name))
        time.sleep(0.1)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == status, err
    assert "3 videos: 3 not done" in out and "--resume" in out
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "interrupted: nothing half-written is left"
    assert not list((tmp_path / "out").rglob("poses.json"))
    second = start("in", *LONG, "--resume", folder=tmp_path)
    out, err = second.communicate(timeout=TIMEOUT_S)
    assert second.returncode == 0 and "3 videos: 3 done" in out, err
    assert files(tmp_path / "out") == sorted(
        [f"{n}.mp4/poses.{kind}" for n in "abc" for kind in ("json", "npz")]
        + ["manifest.jsonl", "summary.csv"]
    )


def test_two_at_once_into_one_folder(long_videos, tmp_path):
    first = start("in", *LONG, folder=tmp_path)
    begun(first)
    second = start("in", *LONG, "--resume", folder=tmp_path)
    out, err = second.communicate(timeout=TIMEOUT_S)
    assert second.returncode == 1 and out == ""
    assert re.fullmatch(
        rf"error: '.*out' is in use by another run \(process {first.pid} on .*\); wait .*\n", err
    )
    out, err = first.communicate(timeout=TIMEOUT_S)
    assert first.returncode == 0 and "3 videos: 3 done" in out, err


def test_a_killed_batch_does_not_bar_the_next(long_videos, tmp_path):
    first = start("in", *LONG, folder=tmp_path)
    begun(first, 2)
    time.sleep(0.5)
    first.kill()
    first.communicate()
    second = start("in", *LONG, "--resume", folder=tmp_path)
    out, err = second.communicate(timeout=TIMEOUT_S)
    assert second.returncode == 0 and "3 videos: 3 done" in out, err
    found = find_videos([tmp_path / "out"], recursive=True, patterns=[".*", "*"])
    assert {one.path.name for one in found} == {
        "manifest.jsonl", "poses.json", "poses.npz", "summary.csv",
    }  # fmt: skip
