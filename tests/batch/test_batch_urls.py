"""Videos and results behind URLs: here on this machine's own disk, by way of fsspec."""

import csv
import json
import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotvid.batch import lease as lease_module
from hotvid.batch.engine import Ended, Started
from hotvid.batch.find import common_folder, find_videos
from hotvid.batch.lease import leased
from hotvid.batch.manifest import Entry, Manifest
from hotvid.batch.places import below, is_url, place, stamp
from hotvid.batch.run import Request, run_batch
from hotvid.batch.task import Outcome
from hotvid.cli.main import app
from hotvid.errors import HotvidError, InputError, OutputError

pytest.importorskip("upath", reason="needs universal-pathlib")


def url(path):
    return f"file://{path}"


def batch(*words, expect=0):
    result = CliRunner().invoke(app, ["batch", *map(str, words), "--workers", "1"])
    assert result.exit_code == expect, result.output + repr(result.exception)
    assert "Traceback" not in result.output
    return result


def states(out):
    with (out / "summary.csv").open(newline="") as file:
        return {row["folder"]: row["state"] for row in csv.DictReader(file)}


def last_entries(out):
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    return {line["folder"]: line for line in lines}


@pytest.fixture
def stores(tmp_path, make_store):
    make_store(tmp_path / "in/a.npz", n_people=2)
    make_store(tmp_path / "in/day 1/ä.npz", n_people=1)
    make_store(tmp_path / "in/.hidden.npz")
    (tmp_path / "in/bad.npz").write_text("no store")
    return tmp_path / "in"


def test_what_is_a_url():
    assert is_url("s3://bucket/videos") and is_url("memory://a")
    assert not any(map(is_url, ["/a/b", "a.mp4", "C:\\videos", "a:b", "://x"]))
    assert below("s3://b/out/", "x.csv") == "s3://b/out/x.csv"
    assert below("out", "x.csv") == str(Path("out", "x.csv"))


def test_unknown_kinds_and_missing_places_are_one_line(tmp_path):
    with pytest.raises(InputError, match="no such kind of place is known as gopher://"):
        place("gopher://somewhere/x")
    with pytest.raises(InputError, match="does not exist"):
        find_videos([url(tmp_path / "nothing")])
    result = batch("gopher://a", "--out-dir", tmp_path / "out", expect=1)
    assert result.stderr.startswith("error: ") and len(result.stderr.splitlines()) == 1


def test_the_same_videos_are_found_as_without(stores):
    how = {"recursive": True, "patterns": ["*.npz"]}
    here, there = find_videos([stores], **how), find_videos([url(stores)], **how)
    assert [str(f.path) for f in there] == [url(f.path) for f in here] and len(here) == 3
    for one, same in zip(there, here, strict=True):
        assert stamp(one.path) == pytest.approx(stamp(same.path), rel=1e-15)
    assert find_videos([url(stores)], patterns=["day 1/*"], recursive=True) == [there[-1]]
    assert len(find_videos([url(stores)], patterns=["*.npz"])) == 2
    barred = find_videos([url(stores)], leave_out=[place(url(stores / "day 1"))], **how)
    assert barred == there[:-1]
    assert find_videos([url(stores / "a.npz")]) == [there[0]]


def test_the_folder_in_common(stores):
    both = [url(stores / "a.npz"), url(stores / "day 1")]
    assert str(common_folder(both)) == url(stores)
    assert str(common_folder(both[1:])) == both[1]
    with pytest.raises(InputError, match="several kinds of stores"):
        common_folder([both[0], stores])


@pytest.mark.parametrize("ends", ["both", "in", "out"])
def test_results_are_those_without_urls(stores, tmp_path, ends):
    words = ("--recursive", "--glob", "*.npz", "--format", "json,csv,bvh")
    batch(stores, "--out-dir", tmp_path / "plain", *words, expect=1)
    given = stores if ends == "out" else url(stores)
    out = tmp_path / "out"
    batch(given, "--out-dir", out if ends == "in" else url(out), *words, expect=1)
    names = sorted(p.relative_to(tmp_path / "plain") for p in (tmp_path / "plain").rglob("*"))
    assert sorted(p.relative_to(out) for p in out.rglob("*")) == names
    for name in names:
        if (out / name).is_file() and len(name.parts) > 1:
            assert (out / name).read_bytes() == (tmp_path / "plain" / name).read_bytes(), name
    assert states(out) == {"a.npz": "done", "bad.npz": "failed", "day 1/ä.npz": "done"}
    entries = last_entries(out)
    assert entries["a.npz"]["input"] == str(given) + "/a.npz"
    assert [n for n in entries["a.npz"]["outputs"] if n.endswith(".bvh")]
    assert f"'{given}/bad.npz'" in entries["bad.npz"]["error"]


def test_resume_leaves_alone_what_is_done_and_redoes_what_changed(stores, tmp_path, make_store):
    (stores / "bad.npz").unlink()
    out = tmp_path / "out"
    words = (url(stores), "--out-dir", url(out), "--recursive", "--glob", "*.npz")
    words = (*words, "--format", "json")
    batch(*words)
    assert "holds the results of a batch" in batch(*words, expect=1).stderr
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*.json")}
    batch(*words, "--resume")
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.json")} == before
    assert set(states(out).values()) == {"done before"}
    make_store(stores / "a.npz", n_people=1)
    batch(*words, "--resume")
    assert states(out) == {"a.npz": "done", "day 1/ä.npz": "done before"}
    assert len(json.loads((out / "a.npz/poses.json").read_text())["people"]) == 1


def test_files_of_people_that_are_no_more_are_gone_from_there_too(stores, tmp_path, make_store):
    words = (url(stores / "a.npz"), "--out-dir", url(tmp_path / "out"), "--format", "json,bvh")
    batch(*words)
    make_store(stores / "a.npz", n_people=1)
    batch(*words, "--resume")
    assert [p.name for p in (tmp_path / "out/a.npz").glob("*.bvh")] == ["poses.bvh"]


def test_foreign_files_are_not_replaced(stores, tmp_path):
    foreign = tmp_path / "out/a.npz/poses.json"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    words = (url(stores / "a.npz"), "--out-dir", url(tmp_path / "out"), "--format", "json")
    batch(*words, expect=1)
    assert "poses.json' exists" in last_entries(tmp_path / "out")["a.npz"]["error"]
    assert foreign.read_text() == "mine"
    batch(*words, "--overwrite")
    assert foreign.read_text() != "mine"


def test_one_run_at_a_time(tmp_path):
    lease = place(url(tmp_path / ".lock"))
    with leased(lease, "'x'"):
        held = json.loads((tmp_path / ".lock").read_text())
        assert held["pid"] == os.getpid() and held["until"] > time.time() + 60
        with (
            pytest.raises(
                OutputError, match=f"'x' is in use by another run .process {os.getpid()}"
            ),
            leased(lease, "'x'"),
        ):
            pass
    assert not (tmp_path / ".lock").exists()
    # One that was killed is waited for no longer than its lease lasts.
    (tmp_path / ".lock").write_text(json.dumps({**held, "until": time.time() - 1}))
    with leased(lease, "'x'"):
        pass


def test_of_two_that_begin_at_once_one_has_it(tmp_path, monkeypatch):
    lease = place(url(tmp_path / ".lock"))

    def other_writes(_):
        other = {"id": "other", "pid": 1, "host": "h", "since": "now", "until": time.time() + 9}
        (tmp_path / ".lock").write_text(json.dumps(other))

    monkeypatch.setattr("hotvid.batch.lease.time.sleep", other_writes)
    with pytest.raises(OutputError, match="process 1 on h"), leased(lease, "'x'"):
        pass
    assert json.loads((tmp_path / ".lock").read_text())["id"] == "other"


OTHER = {"id": "other", "pid": 7, "host": "desk", "since": "noon"}


@pytest.fixture
def quick(monkeypatch):
    for name in ("_SETTLE_S", "_WAKE_S", "_RENEW_S"):
        monkeypatch.setattr(lease_module, name, 0.01)


def until(true):
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never happened")


@pytest.mark.parametrize("lasts_s", [60, -60])
def test_a_lease_that_another_took_over_is_left_alone(tmp_path, quick, lasts_s):
    other = json.dumps({**OTHER, "until": time.time() + lasts_s})
    with leased(place(url(tmp_path / ".lock")), "'x'") as hold:
        written = (tmp_path / ".lock").read_text()
        until(lambda: (tmp_path / ".lock").read_text() not in (written, ""))
        assert not hold.lost  # renewed
        hold.check()
        while not hold.lost:  # it may be renewed at this very moment
            (tmp_path / ".lock").write_text(other)
            time.sleep(0.05)
        assert hold.lost == "'x' was taken over by another run (process 7 on desk, since noon)"
        with pytest.raises(OutputError, match="when the other run has ended, go on with --resume"):
            hold.check()
        time.sleep(0.1)
        (tmp_path / ".lock").unlink()
        hold.look()
        assert not (tmp_path / ".lock").exists(), "what is lost is not taken again"
        (tmp_path / ".lock").write_text(other)
    assert (tmp_path / ".lock").read_text() == other


def test_a_lease_that_ran_out_and_is_gone_is_lost(tmp_path, quick, monkeypatch):
    with leased(place(url(tmp_path / ".lock")), "'x'") as hold:
        (tmp_path / ".lock").unlink()
        until((tmp_path / ".lock").exists)
        assert not hold.lost
        monkeypatch.setattr(lease_module, "_LASTS_S", -1.0)
        hold.look()
        while not hold.lost:
            (tmp_path / ".lock").unlink(missing_ok=True)
            time.sleep(0.05)
        assert "another run may have begun" in hold.lost


def test_a_clock_that_was_set_back_does_not_end_the_renewing(tmp_path, quick):
    with leased(place(url(tmp_path / ".lock")), "'x'") as hold:
        hold.looked_s = time.time() + 3600
        until(lambda: hold.looked_s < time.time() + 60)
        hold.check()


def test_a_batch_whose_folder_was_taken_over_stops_and_writes_nothing_more(
    stores, tmp_path, quick, as_json
):
    out = tmp_path / "out"

    class Engine:
        def run(self, tasks, say, urgency):
            say(Started(tasks[0]))
            while not urgency():
                (out / ".lock").write_text(json.dumps({**OTHER, "until": time.time() + 60}))
                (out / "manifest.jsonl").write_text("theirs\n")
                time.sleep(0.05)
            assert urgency() == 1
            say(Ended(tasks[0], Outcome(time.time(), error="dropped")))

    request = Request([url(stores)], url(out), as_json, patterns=["a.npz"])
    with pytest.raises(OutputError, match=r"out' was taken over by another run .process 7 on desk"):
        run_batch(request, Engine())
    assert sorted(p.name for p in out.iterdir()) == [".lock", "manifest.jsonl"]
    assert (out / "manifest.jsonl").read_text() == "theirs\n"
    assert json.loads((out / ".lock").read_text())["id"] == "other"


def test_the_manifest_is_sent_when_it_is_closed(tmp_path, monkeypatch):
    manifest = Manifest(place(url(tmp_path)))
    for n in range(3):
        manifest.add(Entry(input=f"s3://b/{n}.mp4", folder=f"{n}.mp4", state="done"))
    assert len((tmp_path / "manifest.jsonl").read_text().splitlines()) == 1
    manifest.close()
    assert len(Manifest(place(url(tmp_path))).entries) == 3
    (tmp_path / "manifest.jsonl").write_bytes((tmp_path / "manifest.jsonl").read_bytes() + b"{torn")
    again = Manifest(place(url(tmp_path)))
    again.add(Entry(input="s3://b/3.mp4", folder="3.mp4", state="done"))
    assert len(Manifest(place(url(tmp_path))).entries) == 4


def test_a_network_that_fails_now_and_then_costs_no_line_of_the_manifest(tmp_path, monkeypatch):
    manifest = Manifest(place(url(tmp_path)))
    kind = type(manifest.path)

    def fail(*_):
        raise OSError("the network is away")

    with monkeypatch.context() as patch:
        patch.setattr(kind, "write_bytes", fail)
        manifest.add(Entry(input="s3://b/0.mp4", folder="0.mp4", state="done"))
        with pytest.raises(HotvidError, match="the network is away"):
            manifest.close()
    manifest.close()
    assert list(Manifest(place(url(tmp_path))).entries) == ["s3://b/0.mp4"]
