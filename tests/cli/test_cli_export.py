"""`hotvid export`, `hotvid convert` and `hotvid run --format`."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from stand_ins import StandInBackend, StandInLifter, write_coded_clip
from test_cli_main import call, names, one_line

from hotvid import pipeline
from hotvid.export.formats import FORMATS
from hotvid.stored.pose_store import load_poses, save_poses

N_FRAMES = 24
HIPS_AND_SHOULDERS = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")


@pytest.fixture
def backend(monkeypatch):
    backend = StandInBackend(range(4, 20))
    monkeypatch.setattr(pipeline, "load_backend", lambda config: backend)
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    return backend


@pytest.fixture
def clip(tmp_path):
    return write_coded_clip(tmp_path / "coded.mp4", N_FRAMES)


def frames_of(path):
    with path.open(newline="") as file:
        return sorted({int(row["frame"]) for row in csv.DictReader(file)})


def test_export_writes_each_format_and_says_so(clip, backend, tmp_path):
    out = tmp_path / "new" / "walk"
    said = call("export", clip, "--format", "csv,trc,mmpose", "--out", out).stdout.splitlines()
    wanted = ["walk.csv", "walk.mmpose.json", "walk.trc"]
    assert names(tmp_path / "new") == wanted
    assert said[0].startswith("1 person in 24 frames")
    assert sorted(said[-3:]) == [f"wrote {tmp_path / 'new' / name}" for name in wanted]
    assert frames_of(tmp_path / "new" / "walk.csv") == list(range(4, 20))


def test_a_slash_at_the_end_makes_a_folder(clip, backend, tmp_path):
    call("export", clip, "--format", "csv,trc", "--out", f"{tmp_path / 'new' / 'dir'}/")
    assert names(tmp_path / "new") == ["dir"]
    assert names(tmp_path / "new" / "dir") == ["coded.csv", "coded.trc"]
    store = tmp_path / "p.npz"
    call("export-json", clip, "--out", tmp_path / "a.json", "--save-poses", store)
    call("convert", store, "--format", "glb", "--out", f"{tmp_path / 'other'}/")
    assert names(tmp_path / "other") == ["p.glb"]
    (tmp_path / "file").write_text("somebody's")
    done = call("convert", store, "--format", "glb", "--out", f"{tmp_path / 'file'}/", expect=1)
    assert "is not a folder" in one_line(done)


def test_run_writes_formats_beside_the_video(clip, backend, tmp_path):
    out = tmp_path / "new" / "o.mp4"
    said = call("run", clip, "--out", out, "--format", "csv,alphapose").stdout
    assert names(tmp_path / "new") == ["o.alphapose.json", "o.csv", "o.mp4"]
    assert all(f"wrote {tmp_path / 'new' / name}" in said for name in names(tmp_path / "new"))


def test_files_of_people_of_an_earlier_run_are_told_of_and_kept(clip, backend, tmp_path):
    old, out = tmp_path / "new" / "walk.person7.trc", tmp_path / "new" / "walk.trc"
    old.parent.mkdir()
    old.write_text("somebody")
    done = call("export", clip, "--format", "trc", "--out", out, "--overwrite", "--quiet")
    assert one_line(done).startswith("warning: of an earlier run")
    assert old.name in done.stderr and old.read_text() == "somebody"
    old.unlink()
    assert not call(
        "export", clip, "--format", "trc", "--out", out, "--overwrite", "--quiet"
    ).stderr


def test_convert_gives_the_same_files_without_the_video(clip, backend, tmp_path):
    store, first, second, third = (tmp_path / n for n in ("p.npz", "a", "b", "c"))
    call("run", clip, "--out", tmp_path / "o.mp4", "--save-poses", store, "--format", "csv")
    call("export", clip, "--format", "trc,json", "--out", first)
    n_batches = len(backend.batches)
    clip.unlink()
    call("convert", store, "--format", "trc,json,csv", "--out", second, "--quiet")
    call("convert", tmp_path / "b.json", "--format", "trc,json,csv", "--out", third, "--quiet")
    assert len(backend.batches) == n_batches, "nothing is to be estimated anew"
    for name in ("a.trc", "a.json"):
        assert (tmp_path / name).read_bytes() == (tmp_path / name.replace("a", "b", 1)).read_bytes()
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    one, other = (json.loads((tmp_path / n).read_text())["people"] for n in ("b.json", "c.json"))
    assert one == other
    assert frames_of(tmp_path / "c.csv") == list(range(4, 20))


def test_convert_goes_on_from_what_it_wrote(clip, backend, tmp_path):
    pytest.importorskip("pyarrow")
    call("export", clip, "--format", "npz,parquet,trc", "--out", tmp_path / "a")
    for source in ("a.arrays.npz", "a.parquet"):
        out = tmp_path / source.replace(".", "_")
        call("convert", tmp_path / source, "--format", "trc,openpose,glb", "--out", out)
        wanted, found = (
            np.genfromtxt(p, skip_header=6) for p in (tmp_path / "a.trc", f"{out}.trc")
        )
        np.testing.assert_allclose(found, wanted, atol=1e-3)
        assert len(names(tmp_path / f"{out.name}.openpose")) == N_FRAMES


def points_of(path):
    """(N, 17, 3): all sightings in a file of AlphaPose's layout, by picture."""
    people = sorted(json.loads(path.read_text()), key=lambda p: p["image_id"])
    return np.array([p["keypoints"] for p in people]).reshape(len(people), -1, 3)


@pytest.mark.parametrize("source", ["a.mmpose.json", "a.openpose", "a.csv"])
def test_convert_takes_keypoints_as_they_are(clip, backend, tmp_path, source):
    call("export", clip, "--format", "mmpose,openpose,csv,alphapose", "--out", tmp_path / "a")
    n_batches, out = len(backend.batches), tmp_path / "b.json"
    words = ("convert", tmp_path / source, "--size", "160x120", "--fps", 30)
    call(*words, "--format", "alphapose", "--out", out)
    assert len(backend.batches) == n_batches
    found, wanted = points_of(out), points_of(tmp_path / "a.alphapose.json")
    assert len(found) == len(wanted) > 10
    # Some joints are in one layout and not in the other.
    both = (found[..., 2] > 0) & (wanted[..., 2] > 0)
    assert both.mean() > 0.5
    np.testing.assert_allclose(found[both][:, :2], wanted[both][:, :2], atol=0.02)
    line = one_line(call(*words, "--format", "bvh", "--out", tmp_path / "c", expect=2))
    assert "bvh needs 3D" in line and "hotvid lift" in line
    line = one_line(call(*words[:2], "--format", "csv", "--out", tmp_path / "c", expect=2))
    assert "--size" in line
    assert ("--fps" in line) == (source != "a.csv"), "our own table has its times"


def test_convert_takes_what_lift_takes_of_a_file(tmp_path):
    rows = [
        "frame,joint,x,y",
        *(f"{f},{j},{10 + f},20" for f in (5, 6) for j in HIPS_AND_SHOULDERS),
    ]
    (tmp_path / "k.csv").write_text("\n".join(rows), encoding="utf-8")
    words = ("convert", tmp_path / "k.csv", "--size", "64x48", "--fps", 30, "--format", "csv")
    call(*words, "--first-frame", 5, "--from", "csv", "--out", tmp_path / "a")
    assert frames_of(tmp_path / "a.csv") == [0, 1]
    for more, said in (
        (("--height", 1.8), "no motion to clean or to place"),
        (("--video", tmp_path / "x.mp4"), "a video has its own size"),
    ):
        line = one_line(call(*words, *more, "--out", tmp_path / "b", expect=2))
        assert said in line
    (tmp_path / "000001.txt").write_text(" ".join(["0", *["0.5"] * 55]), encoding="utf-8")
    words = ("convert", tmp_path / "000001.txt", *words[2:])
    call(*words, "--out", tmp_path / "c")
    assert len(frames_of(tmp_path / "c.csv")) == 1


def test_convert_takes_no_video(clip, tmp_path):
    line = one_line(call("convert", clip, "--format", "csv", "--out", tmp_path / "a", expect=2))
    assert "hotvid export" in line


@pytest.mark.parametrize(
    ("words", "status", "names_it"),
    [
        (["--format", "obj", "--out", "a"], 2, "choose one of: json, csv"),
        (["--format", ",", "--out", "a"], 2, "choose from: json, csv"),
        (["--out", "a"], 2, "--format"),
        (["--format", "csv"], 2, "--out"),
        (["--format", "trc", "--out", "a.csv"], 1, ".trc"),
        (["--format", "csv", "--out", "taken.csv"], 1, "exists"),
        (["--format", "openpose", "--out", "coded.mp4"], 1, "input"),
    ],
)
def test_a_wrong_export_gives_one_line_before_any_work(
    clip, backend, tmp_path, monkeypatch, words, status, names_it
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken.csv").write_text("mine")
    before = names(tmp_path)
    line = one_line(call("export", clip, *words, expect=status))
    assert line.startswith("error: ") and names_it in line
    assert backend.batches == [] and names(tmp_path) == before


def test_two_outputs_of_one_name_are_refused(clip, backend, tmp_path):
    words = ("--out", tmp_path / "o.mp4", "--json", tmp_path / "o.json", "--format", "json")
    assert "two outputs" in one_line(call("run", clip, *words, expect=1))
    assert names(tmp_path) == ["coded.mp4"]


def test_help_names_every_format():
    said = " ".join(call("export", "--help").stdout.split())
    assert [name for name in FORMATS if name not in said] == []


def places_in(path):
    (person,) = json.loads(path.read_text())["people"]
    return np.array([row["keypoints_3d"] for row in person["frames"]])


def test_what_is_made_of_the_motion_is_chosen_on_the_command_line(clip, backend, tmp_path):
    store = tmp_path / "raw.npz"
    call("export-json", clip, "--out", tmp_path / "first.json", "--save-poses", store)
    found = load_poses(store)
    (person,) = found.people
    raw = person.motion.xyz_m
    raw = raw + np.random.default_rng(0).normal(0, 0.02, raw.shape).astype(np.float32)
    raw -= raw[:, :1]
    person = replace(person, motion=replace(person.motion, xyz_m=raw))
    save_poses(replace(found, people=(person,)), store, overwrite=True)
    plain = ("--smooth", "off", "--no-outliers", "--free-bones")
    written = {}
    for name, words in {
        "default": (),
        "as lifted": plain,
        "smooth": ("--smooth", "gaussian", "--cutoff", "2", *plain[2:]),
        "tall": (*plain, "--height", "1.9"),
    }.items():
        out = tmp_path / f"{name}.json"
        call("convert", store, "--format", "json", "--out", out, *words)
        written[name] = places_in(out)
    assert np.abs(written["default"] - raw).max() > 1e-3
    np.testing.assert_allclose(written["as lifted"], raw, atol=1e-4)
    assert np.abs(written["smooth"] - raw).max() > 1e-3
    size = written["tall"][:, 1:] / np.where(raw[:, 1:] == 0, np.nan, raw[:, 1:])
    assert np.nanstd(size) < 0.01 * np.nanmean(size)
    again = tmp_path / "again.json"
    call("convert", tmp_path / "tall.json", "--format", "json", "--out", again)
    np.testing.assert_array_equal(places_in(again), written["tall"])


def test_to_put_sides_back_a_pose_store_has_to_be_lifted_anew(clip, backend, tmp_path):
    store = tmp_path / "raw.npz"
    call("export-json", clip, "--out", tmp_path / "first.json", "--save-poses", store)
    words = ("export-json", store, "--out", tmp_path / "o.json", "--no-swaps")
    assert "only a lifter that is named" in one_line(call(*words, expect=2))
