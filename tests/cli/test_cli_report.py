"""`hotvid report`."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest
from stand_ins import FPS, StandInBackend, StandInLifter, read_code, write_coded_clip
from test_cli_main import call, names, one_line

from hotvid import pipeline
from hotvid.io.reader import VideoReader
from hotvid.io.writer import VideoWriter
from hotvid.stored.pose_store import load_poses, save_poses


@pytest.fixture
def clip(monkeypatch, tmp_path):
    monkeypatch.setattr(pipeline, "load_backend", lambda config: StandInBackend(range(4, 20)))
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    return write_coded_clip(tmp_path / "coded.mp4", 24)


def film_in(page, path):
    text = page.read_text(encoding="utf-8").partition('<script id="mp4"')[2]
    path.write_bytes(base64.b64decode(text.partition(">")[2].partition("<")[0]))
    return path


def test_a_video_becomes_one_page_that_holds_it(clip, tmp_path):
    out = tmp_path / "new" / "report.html"
    result = call("report", clip, "--out", out)
    assert result.stdout.splitlines()[-1] == f"wrote {out}"
    assert names(out.parent) == ["report.html"]
    with VideoReader(film_in(out, tmp_path / "film.mp4")) as frames:
        assert (frames.info.width, frames.info.height) == (320, 240), "the picture alone"
        assert [read_code(frame.bgr) for frame in frames] == list(range(24))


def test_a_store_whose_video_is_gone_is_shown_without(clip, tmp_path):
    store, out = tmp_path / "p.npz", tmp_path / "r.html"
    call("export-json", clip, "--out", tmp_path / "p.json", "--save-poses", store)
    call("report", store, "--out", out, "--quiet")
    assert "was not found" not in out.read_text(encoding="utf-8")
    clip.unlink()
    result = call("report", store, "--out", out, "--overwrite", "--quiet")
    assert f"the video of these poses is not at {clip}" in one_line(result)
    gone = call("report", store, "--video", clip, "--out", tmp_path / "s.html", expect=1)
    assert f"'{clip}' does not exist" in one_line(gone) and not (tmp_path / "s.html").exists()
    assert "The video 'coded.mp4' was not found" in out.read_text(encoding="utf-8")
    assert film_in(out, tmp_path / "film.mp4").read_bytes() == b""


def test_of_a_file_of_cleaned_motion_it_says_what_is_unknown(clip, tmp_path):
    store, held = tmp_path / "p.npz", tmp_path / "p.json"
    call("export-json", clip, "--out", held, "--save-poses", store)
    told = {}
    for source, *more in ((store,), (held,), (held, "--model", "hot-mixste-s")):
        out = tmp_path / f"{len(told)}.html"
        call("report", source, *more, "--out", out, "--quiet")
        data = out.read_text(encoding="utf-8").partition('id="data"')[2]
        told[len(told)] = json.loads(data.partition(">")[2].partition("</script>")[0])
    assert [of_clip["unknown"] for of_clip in told.values()] == [
        [],
        ["bone_variation", "acceleration_m_s2"],
        [],
    ]
    of_store, of_json, _ = (of_clip["people"][0]["quality"] for of_clip in told.values())
    assert of_store["bone_variation"] is not None and of_json["bone_variation"] is None
    assert of_store["foot_skate_m_s"] == pytest.approx(of_json["foot_skate_m_s"], abs=0.01)


def test_a_video_of_another_size_is_refused(clip, tmp_path):
    store, other = tmp_path / "p.npz", tmp_path / "other.mp4"
    call("export-json", clip, "--out", tmp_path / "p.json", "--save-poses", store)
    with VideoWriter(other, (160, 120), FPS) as writer:
        for number in range(24):
            writer.write(np.zeros((120, 160, 3), np.uint8), number / FPS)
    refused = call("report", store, "--video", other, "--out", tmp_path / "r.html", expect=1)
    assert f"{other} is 160x120, but the poses were made on 320x240" in one_line(refused)
    other.replace(clip)
    refused = call("report", store, "--out", tmp_path / "r.html", expect=1)
    assert f"{clip} is 160x120, but the poses were made on 320x240" in one_line(refused)
    assert not (tmp_path / "r.html").exists()


def test_what_is_wrong_is_one_line_before_any_work(clip, tmp_path):
    wrong = call("report", clip, "--out", tmp_path / "r.pdf", expect=1)
    assert "must end in .html" in one_line(wrong)
    (tmp_path / "r.html").write_text("mine")
    refused = call("report", clip, "--out", tmp_path / "r.html", expect=1)
    assert "exists" in one_line(refused)
    assert (tmp_path / "r.html").read_text() == "mine"
    gone = call("report", tmp_path / "no.mp4", "--out", tmp_path / "s.html", expect=1)
    assert "no.mp4" in one_line(gone)
    assert names(tmp_path) == ["coded.mp4", "r.html"]


def test_a_part_of_a_store_is_told_of_as_it_was_lifted(clip, tmp_path):
    store = tmp_path / "p.npz"
    call("export-json", clip, "--out", tmp_path / "p.json", "--save-poses", store)
    poses = load_poses(store)
    (early,) = poses.people
    track = early.keypoints
    unseen_late = replace(track, interpolated=track.frame_index >= 8)
    shaken = early.motion.xyz_m * np.linspace(1, 1.2, len(track), dtype=np.float32)[:, None, None]
    late = replace(
        early,
        detected=replace(early.detected, track_id=1),
        keypoints=replace(track, track_id=1),
        motion=replace(early.motion, xyz_m=shaken),
    )
    save_poses(replace(poses, people=(replace(early, keypoints=unseen_late), late)), store, True)
    told = []
    for more in ((), ("--person", 1)):
        out = tmp_path / f"{len(told)}.html"
        call("report", store, "--time-range", "0.3", "0.5", *more, "--out", out, "--quiet")
        data = out.read_text(encoding="utf-8").partition('id="data"')[2]
        told.append(json.loads(data.partition(">")[2].partition("</script>")[0]))
    assert told[0]["people"] == told[1]["people"]
    (person,) = told[0]["people"]
    assert person["id"] == 1 and person["frames"] == [9, 14] and told[0]["firstFrame"] == 9
    assert 0.01 < person["quality"]["bone_variation"] < 0.03, "before cleaning, of this part"
    with VideoReader(film_in(out, tmp_path / "film.mp4")) as frames:
        assert [read_code(frame.bgr) for frame in frames] == list(range(9, 15))
