"""Runs that follow each other into one folder: only what is right stays beside the new outputs."""

import json
import time
from dataclasses import replace

import pytest
from stand_ins import write_coded_clip

from hotvid.batch.engine import Ended, Started
from hotvid.batch.run import Request, run_batch
from hotvid.batch.settings import make_settings
from hotvid.batch.task import Outcome, perform
from hotvid.stored.pose_store import load_poses, save_poses

OFF = {"smooth": "off"}


class InThisProcess:
    """Performs the tasks, or ends them otherwise.

    end  "well"; "killed early" or "killed late", before and after the work; "lost": its worker
         was; "broken": it fails at its outputs.
    """

    def __init__(self, end):
        self.end = end

    def run(self, tasks, say, urgency):
        for task in tasks:
            say(Started(task))
            if self.end == "lost":
                say(Ended(task, Outcome(time.time(), error="its worker was lost")))
            elif self.end != "killed early":
                outcome = perform(task)
                if self.end != "killed late":
                    say(Ended(task, outcome))


@pytest.fixture(params=["path", "url"])
def batch(request, tmp_path, make_store, monkeypatch):
    """batch("json,csv", options): a run over one pose store; what lies in its folder then."""
    if request.param == "url":
        pytest.importorskip("upath", reason="needs universal-pathlib")
    begin = "file://" if request.param == "url" else ""
    make_store(tmp_path / "in/a.npz", n_people=2)

    def fail(*_, **__):
        raise ZeroDivisionError

    def run(formats, options=None, end="well", **how):
        settings = make_settings(options or {}, tuple(formats.split(",")))
        given = [f"{begin}{tmp_path}/in/a.npz"]
        wanted = Request(given, f"{begin}{tmp_path}/out", settings, **{"resume": True, **how})
        with monkeypatch.context() as patch:
            if end == "broken":
                patch.setattr("hotvid.job.run", fail)
            report = run_batch(wanted, InThisProcess(end))
        (row,) = report.rows
        states = {"well": ("done", "done before"), "lost": ("failed",), "broken": ("failed",)}
        assert row.state in states.get(end, ("not done",)), row.entry
        return held(tmp_path)

    return run


def held(tmp_path):
    return sorted(path.name for path in (tmp_path / "out/a.npz").iterdir())


def last_entry(tmp_path):
    return json.loads((tmp_path / "out/manifest.jsonl").read_text().splitlines()[-1])


ENDS = ("killed early", "killed late", "lost", "broken")


@pytest.mark.parametrize("end", ENDS)
def test_other_settings_that_did_not_end_leave_nothing_of_the_old(batch, tmp_path, end):
    assert len(batch("json,csv,openpose,bvh")) == 6
    batch("json", OFF, end)
    batch("json", OFF, end)
    assert batch("json", OFF) == ["poses.json", "poses.npz"]
    assert last_entry(tmp_path)["outputs"] == ["poses.json"]


@pytest.mark.parametrize("end", [None, *ENDS])
def test_another_video_under_the_name_leaves_nothing_of_the_old(batch, tmp_path, make_store, end):
    batch("json,csv,openpose,bvh")
    make_store(tmp_path / "in/a.npz", n_people=1, seed=3)
    if end is not None:
        batch("json", end=end)
    assert batch("json") == ["poses.json", "poses.npz"]
    assert len(json.loads((tmp_path / "out/a.npz/poses.json").read_text())["people"]) == 1


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("added", ["trc", pytest.param("json,csv,bvh,trc", marks=pytest.mark.slow)])
def test_adding_a_format_loses_nothing(batch, tmp_path, end, added):
    before = batch("json,csv,bvh")
    times = {name: (tmp_path / "out/a.npz" / name).stat().st_mtime_ns for name in before}
    batch(added, end=end)
    batch("trc", end=end)
    want = sorted([*before, "poses.person0.trc", "poses.person1.trc"])
    assert batch("trc") == want
    if added == "trc":
        for name, mtime_ns in times.items():
            assert (tmp_path / "out/a.npz" / name).stat().st_mtime_ns == mtime_ns, name
    entry = last_entry(tmp_path)
    assert entry["formats"] == ["trc", "json", "csv", "bvh"]
    assert sorted([*entry["outputs"], "poses.npz"]) == want
    # All of it counts as made.
    n_lines = len((tmp_path / "out/manifest.jsonl").read_text().splitlines())
    assert batch("json,csv,bvh,trc") == want
    assert len((tmp_path / "out/manifest.jsonl").read_text().splitlines()) == n_lines


@pytest.mark.parametrize(("end", "stays"), [("killed early", True), ("killed late", False)])
def test_back_to_the_first_settings(batch, tmp_path, end, stays):
    batch("json,csv")
    first = (tmp_path / "out/a.npz/poses.json").read_bytes()
    batch("json", OFF, end)
    assert ("poses.csv" in batch("json")) is stays
    assert (tmp_path / "out/a.npz/poses.json").read_bytes() == first
    assert last_entry(tmp_path)["formats"] == (["json", "csv"] if stays else ["json"])
    assert batch("json,csv") == ["poses.csv", "poses.json", "poses.npz"]


def test_what_other_settings_began_is_not_kept_for_the_first(batch):
    batch("json,csv")
    batch("csv", OFF, "killed late")
    batch("trc", OFF, "killed early")
    assert "poses.csv" not in batch("json")


def test_what_hotvid_would_not_have_written_stays(batch, tmp_path):
    batch("json,bvh,openpose")
    folder = tmp_path / "out/a.npz"
    foreign = ["notes.txt", "poses.person_x.bvh", "poses.arrays.npz", "poses.openpose/notes.txt"]
    for name in (*foreign, "poses.trc/notes.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")
    assert batch("json", OFF) == sorted(
        [*foreign[:3], "poses.json", "poses.npz", "poses.openpose", "poses.trc"]
    )
    assert [path.name for path in (folder / "poses.openpose").iterdir()] == ["notes.txt"]
    assert (folder / "poses.trc/notes.txt").read_text() == "mine"


def test_what_was_converted_in_the_folder_stays_as_long_as_it_is_right(batch, tmp_path):
    batch("json")
    (tmp_path / "out/a.npz/poses.glb").write_text("as hotvid convert makes it")
    assert batch("json,csv") == ["poses.csv", "poses.glb", "poses.json", "poses.npz"]
    assert batch("csv", OFF) == ["poses.csv", "poses.npz"]


def test_over_what_a_video_failed_before_is_not_replaced_on_resuming(batch, tmp_path):
    foreign = tmp_path / "out/a.npz/poses.json"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    for number in range(2):
        with pytest.raises(AssertionError, match=r"poses.json' exists"):
            batch("json", resume=number > 0)
    assert foreign.read_text() == "mine"
    batch("json", resume=False, overwrite=True)
    assert foreign.read_text() != "mine"


def test_manifests_of_earlier_versions_are_gone_on_with(batch, tmp_path):
    def forget():
        file = tmp_path / "out/manifest.jsonl"
        plain = [json.loads(line) for line in file.read_text().splitlines()]
        texts = [json.dumps({k: v for k, v in p.items() if k != "made_of"}) for p in plain]
        file.write_text("\n".join(texts) + "\n")

    batch("json,csv")
    forget()
    assert batch("trc")[:2] == ["poses.csv", "poses.json"]
    forget()
    assert batch("json", OFF) == ["poses.json", "poses.npz"]


def test_a_drawn_video_of_other_settings_is_gone(batch, tmp_path):
    clip = write_coded_clip(tmp_path / "clip.mp4", 12)
    source = tmp_path / "in/a.npz"
    poses = load_poses(source)
    video = replace(poses.video, path=str(clip), width=320, height=240)
    save_poses(replace(poses, video=video), source, overwrite=True)
    assert batch("mp4,json") == ["poses.json", "poses.npz", "skeleton.mp4"]
    batch("json", OFF, "lost")
    assert batch("json", OFF) == ["poses.json", "poses.npz"]
