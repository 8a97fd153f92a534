"""Outputs are checked before the work, written whole, and a pose store stands in for a video."""

import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
from stand_ins import (
    StandInBackend,
    StandInLifter,
    coded_picture,
    read_drawn_code,
    write_coded_clip,
)

from hotvid import job, outputs, pipeline
from hotvid.config import configure
from hotvid.errors import HotvidWarning, InputError, OutputError, UsageError
from hotvid.export.formats import FORMATS
from hotvid.exports import Export
from hotvid.geometry import assumed_focal_px
from hotvid.io.reader import VideoReader
from hotvid.stored.pose_store import load_poses, save_poses

N_FRAMES = 24


@pytest.fixture
def backend(monkeypatch):
    backend = StandInBackend(range(0, N_FRAMES))
    monkeypatch.setattr(pipeline, "load_backend", lambda config: backend)
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    return backend


@pytest.fixture
def clip(tmp_path):
    return write_coded_clip(tmp_path / "coded.mp4", N_FRAMES)


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_all_outputs_are_written_and_told_in_order(clip, backend, tmp_path):
    out, to_json, store = (tmp_path / "new" / n for n in ("a.mp4", "a.json", "a.npz"))
    told = []
    poses = job.run(clip, out, json=to_json, save=store, on_written=told.append)
    assert told == [store, to_json, out]
    assert names(tmp_path / "new") == ["a.json", "a.mp4", "a.npz"]
    found = json.loads(to_json.read_text())
    assert [len(p["frames"]) for p in found["people"]] == [N_FRAMES]
    assert load_poses(store).n_frames == poses.n_frames == N_FRAMES


def test_a_pose_store_gives_the_same_json_and_the_same_video(clip, backend, tmp_path):
    job.run(clip, tmp_path / "a.mp4", json=tmp_path / "a.json", save=tmp_path / "a.npz")
    n_batches = len(backend.batches)
    job.run(tmp_path / "a.npz", tmp_path / "b.mp4", json=tmp_path / "b.json")
    assert len(backend.batches) == n_batches, "nothing is to be estimated anew"
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    with VideoReader(tmp_path / "a.mp4") as first, VideoReader(tmp_path / "b.mp4") as second:
        same = [(a.bgr == b.bgr).all() for a, b in zip(first, second, strict=True)]
    assert len(same) == N_FRAMES and all(same)


def test_the_video_of_a_store_may_have_moved(clip, backend, tmp_path):
    job.run(clip, save=tmp_path / "a.npz")
    moved = tmp_path / "elsewhere.mp4"
    clip.rename(moved)
    with pytest.raises(InputError, match=r"is not at .*coded.mp4; .*--video"):
        job.run(tmp_path / "a.npz", tmp_path / "b.mp4")
    job.run(tmp_path / "a.npz", tmp_path / "b.mp4", video=moved)
    with VideoReader(tmp_path / "b.mp4") as reader:
        assert [read_drawn_code(f.bgr) for f in reader] == list(range(N_FRAMES))


def test_a_store_finds_its_video_beside_itself(clip, backend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job.run("coded.mp4", save="a.npz")
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "away")
    job.run(tmp_path / "a.npz", "b.mp4")
    assert names(tmp_path / "away") == ["b.mp4"]


def test_a_folder_of_frames_is_a_video(backend, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for i in range(N_FRAMES):
        cv2.imwrite(str(folder / f"{i}.png"), coded_picture(i))
    poses = job.run(folder, tmp_path / "a.mp4", configure(fps=12.5), save=tmp_path / "a.npz")
    assert poses.pts_s.tolist() == pytest.approx([i / 12.5 for i in range(N_FRAMES)])
    job.run(tmp_path / "a.npz", tmp_path / "b.mp4")
    for name in ("a.mp4", "b.mp4"):
        with VideoReader(tmp_path / name) as reader:
            assert [read_drawn_code(f.bgr) for f in reader] == list(range(N_FRAMES))
            assert reader.info.fps == pytest.approx(12.5)
    moved = folder.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"is not at .*frames; .*--video"):
        job.run(tmp_path / "a.npz", tmp_path / "c.mp4")
    job.run(tmp_path / "a.npz", tmp_path / "c.mp4", video=moved)
    with pytest.warns(HotvidWarning, match="is a folder: 30 frames/s are assumed"):
        assert job.run(moved).video.fps == 30


def test_a_rate_that_is_given_stays_in_the_store(clip, backend, tmp_path):
    """Slow motion: 24 frames that a file spreads over a second were filmed in a tenth of one."""
    slow = configure(fps=240.0, time_range=(0.05, 1.0))
    poses = job.run(clip, tmp_path / "a.mp4", slow, save=tmp_path / "a.npz")
    assert poses.first_frame == 12 and poses.pts_s[0] == pytest.approx(0.05)
    assert poses.video.duration_s == pytest.approx(0.1)
    job.run(tmp_path / "a.npz", tmp_path / "b.mp4")
    for name in ("a.mp4", "b.mp4"):
        with VideoReader(tmp_path / name) as reader:
            assert [read_drawn_code(f.bgr) for f in reader] == list(range(12, N_FRAMES))
            assert reader.info.fps == pytest.approx(240)
    with pytest.raises(UsageError, match=r"holds poses already, and the times .*leave out --fps"):
        job.run(tmp_path / "a.npz", config=configure(fps=30))


def test_a_video_of_another_size_is_refused(clip, backend, tmp_path):
    poses = job.run(clip, save=tmp_path / "a.npz")
    other = replace(poses, video=replace(poses.video, width=640, height=480))
    save_poses(other, tmp_path / "b.npz")
    with pytest.raises(InputError, match=r"320x240.*640x480"):
        job.run(tmp_path / "b.npz", tmp_path / "b.mp4")
    assert not (tmp_path / "b.mp4").exists()


def test_people_of_a_store_can_be_chosen(clip, backend, tmp_path):
    poses = job.run(clip, save=tmp_path / "a.npz")
    (person,) = poses.people
    second = replace(person, keypoints=replace(person.keypoints, track_id=1))
    save_poses(replace(poses, people=(person, second)), tmp_path / "b.npz")
    chosen = job.run(tmp_path / "b.npz", config=configure(person=1), json=tmp_path / "b.json")
    assert [p.track_id for p in chosen.people] == [1]


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "fast"},
        {"mode": "accurate"},
        {"bbox_thr": 0.9},
        {"bbox_thr": 0.9, "model": "hot-mixste-s"},
    ],
)
def test_nobody_is_searched_for_in_a_store(clip, backend, tmp_path, options):
    job.run(clip, save=tmp_path / "a.npz")
    with pytest.raises(UsageError, match="holds poses already: nobody is searched for"):
        job.run(tmp_path / "a.npz", config=configure(**options), json=tmp_path / "a.json")


@pytest.mark.parametrize("options", [{"focal": 900.0}, {"device": "cpu"}, {"tokens": 9}])
def test_a_store_is_lifted_anew_only_by_a_lifter_that_is_named(clip, backend, tmp_path, options):
    job.run(clip, save=tmp_path / "a.npz")
    with pytest.raises(UsageError, match=r"already: only a lifter .* --model or --weights"):
        job.run(tmp_path / "a.npz", config=configure(**options), json=tmp_path / "a.json")


def test_a_store_lifted_anew_by_the_same_lifter_is_the_same(clip, backend, tmp_path, monkeypatch):
    first = job.run(clip, save=tmp_path / "a.npz")
    n_batches, lifter = len(backend.batches), StandInLifter()
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *given: lifter)
    told = []
    again = job.run(
        tmp_path / "a.npz",
        config=configure(model="hot-mixste-s", focal=900.0),
        json=tmp_path / "a.json",
        progress=lambda *now: told.append(now),
    )
    assert len(backend.batches) == n_batches and told == [("lift", 1, 1)]
    assert lifter.size_px == (320, 240) and lifter.fps == pytest.approx(30.0, rel=1e-4)
    (before,), (after,) = first.people, again.people
    assert (after.motion.xyz_m == before.motion.xyz_m).all()
    assert (after.keypoints.xy_px == before.keypoints.xy_px).all()
    # A longer lens sees the same picture from farther away.
    ratio = after.motion.root_m[:, 2] / before.motion.root_m[:, 2]
    assert ratio == pytest.approx(900 / assumed_focal_px((320, 240)), rel=0.05)
    assert again.models == first.models


def test_json_lifted_anew_is_placed_in_the_world_anew(clip, backend, tmp_path):
    first = job.run(clip, json=tmp_path / "a.json")
    config = configure(model="hot-mixste-s", device="cpu")
    again = job.run(tmp_path / "a.json", config=config, json=tmp_path / "b.json")
    (before,), (after,) = first.people, again.people
    assert after.world is not None and after.angles is not None
    assert after.world.xyz_m == pytest.approx(before.world.xyz_m, abs=0.002)
    rows = [
        json.loads((tmp_path / n).read_text())["people"][0]["frames"] for n in ("a.json", "b.json")
    ]
    assert rows[0][3].keys() == rows[1][3].keys()


def test_a_height_scales_json_and_does_not_clean_it_again(clip, backend, tmp_path, monkeypatch):
    job.run(clip, json=tmp_path / "a.json")
    cleaned = []
    monkeypatch.setattr(pipeline, "clean", lambda motion, *_: cleaned.append(motion) or motion)
    tall = job.run(tmp_path / "a.json", config=configure(height=2.0), json=tmp_path / "b.json")
    assert not cleaned and tall.people[0].world is not None
    with pytest.warns(HotvidWarning, match="cleaned before it was written"):
        job.run(tmp_path / "a.json", config=configure(cutoff=3.0), json=tmp_path / "c.json")
    assert len(cleaned) == 1


@pytest.mark.parametrize("name", ["a.npz", "a.json"])
def test_a_part_of_stored_poses_is_that_part_of_the_whole(clip, backend, tmp_path, name):
    job.run(clip, json=tmp_path / "a.json", save=tmp_path / "a.npz")
    whole = json.loads((tmp_path / "a.json").read_text())
    config = configure(time_range=(0.2, 0.5))
    job.run(tmp_path / name, tmp_path / "b.mp4", config, json=tmp_path / "b.json")
    part = json.loads((tmp_path / "b.json").read_text())
    wanted = whole["people"][0]["frames"][6:15]
    assert part["people"][0]["frames"] == wanted and part["world"] == whole["world"]
    about = part["analysed"]
    assert (about["first_frame"], about["frame_count"], about["start_s"]) == (6, 9, 0.2)
    with VideoReader(tmp_path / "b.mp4") as reader:
        assert [read_drawn_code(f.bgr) for f in reader] == list(range(6, 15))


def test_a_part_can_be_kept_and_is_lifted_anew_alone(clip, backend, tmp_path, monkeypatch):
    job.run(clip, save=tmp_path / "a.npz")
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    for options in ({}, {"model": "hot-mixste-s"}):
        config = configure(time_range=(0.2, 0.5), **options)
        job.run(tmp_path / "a.npz", config=config, save=tmp_path / "b.npz", overwrite=True)
        part = load_poses(tmp_path / "b.npz")
        assert part.first_frame == 6 and part.n_frames == 9
        assert part.people[0].keypoints.frame_index.tolist() == list(range(6, 15))
    with pytest.raises(InputError, match=r"no frame is from 3 to 4 s; the last is at 0.77 s"):
        job.run(tmp_path / "a.npz", config=configure(time_range=(3, 4)), json=tmp_path / "c.json")


def test_a_format_that_cannot_count_the_frames_takes_a_part_of_a_store(clip, backend, tmp_path):
    pytest.importorskip("ezc3d")
    job.run(clip, save=tmp_path / "a.npz")
    exports = [Export(replace(FORMATS["c3d"], most_frames=5), tmp_path / "a.c3d")]
    with pytest.raises(OutputError, match="holds 5 at most"):
        job.run(tmp_path / "a.npz", exports=exports)
    job.run(tmp_path / "a.npz", config=configure(time_range=(0.0, 0.1)), exports=exports)
    assert "a.c3d" in names(tmp_path)


def test_cleaned_motion_is_no_pose_store_which_would_be_cleaned_again(clip, backend, tmp_path):
    job.run(clip, json=tmp_path / "a.json")
    with pytest.raises(UsageError, match=r"a.json was cleaned; leave out --save-poses.*--model"):
        job.run(tmp_path / "a.json", save=tmp_path / "a.npz")
    assert names(tmp_path) == ["a.json", "coded.mp4"]
    job.run(tmp_path / "a.json", config=configure(model="hot-mixste-s"), save=tmp_path / "a.npz")
    assert load_poses(tmp_path / "a.npz").n_frames == N_FRAMES


def test_json_is_cleaned_and_placed_again_where_that_is_asked_for_by_name(clip, backend, tmp_path):
    raw = configure(outliers=False, smooth="off", bones=False, feet=False)
    job.run(clip, config=raw, json=tmp_path / "raw.json")

    def again(**options):
        return job.run(tmp_path / "raw.json", config=configure(**options), json=tmp_path / "b.json")

    def moved(one, other):
        return np.abs(one.people[0].world.xyz_m - other.people[0].world.xyz_m).max()

    as_it_is = again()
    (tmp_path / "b.json").unlink()
    with pytest.warns(HotvidWarning, match="cleaned before it was written"):
        assert moved(again(bones=True), as_it_is) > 1e-4, "as by default, but asked for"
    (tmp_path / "b.json").unlink()
    assert moved(again(feet=True), as_it_is) > 1e-4


def test_what_changes_nothing_of_stored_people_is_refused(clip, backend, tmp_path):
    job.run(clip, save=tmp_path / "a.npz")
    config = configure(kpt_thr=0.9)
    with pytest.raises(UsageError, match="kpt-thr changes only what is drawn"):
        job.run(tmp_path / "a.npz", config=config, json=tmp_path / "a.json")
    with pytest.raises(UsageError, match="kpt-thr changes only what is drawn"):
        job.poses_of(tmp_path / "a.npz", config, drawn=False)
    assert job.poses_of(tmp_path / "a.npz", config).people, "as a report does, which draws them"
    job.run(tmp_path / "a.npz", tmp_path / "a.mp4", config)


def test_a_video_shorter_than_its_poses_is_told(clip, backend, tmp_path):
    job.run(clip, save=tmp_path / "a.npz")
    short = write_coded_clip(tmp_path / "short.mp4", 15)
    with pytest.warns(HotvidWarning, match=r"short.mp4 holds 15 of the 24 frames that have poses"):
        job.run(tmp_path / "a.npz", tmp_path / "b.mp4", video=short)


def test_a_second_video_beside_a_video_is_refused(clip, backend, tmp_path):
    with pytest.raises(UsageError, match="pose store"):
        job.run(clip, tmp_path / "a.mp4", video=clip)


def refused(backend, folder, match, *given, **named):
    before = names(folder)
    with pytest.raises(OutputError, match=match):
        job.run(*given, **named)
    assert backend.batches == [], "the work had begun"
    assert names(folder) == before


def test_outputs_are_refused_before_any_work(clip, backend, tmp_path):
    taken = tmp_path / "taken.mp4"
    taken.write_bytes(b"mine")
    refused(backend, tmp_path, "exists.*--overwrite", clip, taken)
    assert taken.read_bytes() == b"mine"
    refused(backend, tmp_path, "end in .mp4", clip, tmp_path / "a.avi")
    refused(backend, tmp_path, "end in .mp4", clip, tmp_path / "a")
    refused(backend, tmp_path, "end in .json", clip, json=tmp_path / "a.txt")
    refused(backend, tmp_path, "end in .npz", clip, save=tmp_path / "a.json")
    refused(backend, tmp_path, "folder", clip, tmp_path / "coded.mp4" / "a.mp4")
    refused(backend, tmp_path, "input", clip, clip, overwrite=True)
    refused(backend, tmp_path, "folder", clip, json=_folder(tmp_path / "a.json"))


def test_a_format_that_cannot_count_the_frames_is_refused_before_any_work(
    clip, backend, tmp_path, monkeypatch
):
    pytest.importorskip("ezc3d")
    short = replace(FORMATS["c3d"], most_frames=5)
    exports = [Export(short, tmp_path / "a.c3d")]
    refused(backend, tmp_path, "frames, and C3D holds 5 at most", clip, exports=exports)
    job.run(clip, config=configure(time_range=(0.0, 0.1)), exports=exports)
    assert "a.c3d" in names(tmp_path), "of few enough frames"


def _folder(path):
    path.mkdir()
    return path


def test_one_path_for_two_outputs_is_refused(clip, backend, tmp_path, monkeypatch):
    monkeypatch.setattr(outputs, "VIDEO_SUFFIXES", (".json",))
    refused(
        backend, tmp_path, "two outputs", clip, tmp_path / "a.json",
        json=tmp_path / "x" / ".." / "a.json",
    )  # fmt: skip


def test_the_video_of_a_store_is_not_overwritten(clip, backend, tmp_path):
    job.run(clip, save=tmp_path / "a.npz")
    backend.batches.clear()
    kept = clip.read_bytes()
    refused(backend, tmp_path, "input", tmp_path / "a.npz", clip, overwrite=True)
    assert clip.read_bytes() == kept


def test_overwriting_replaces(clip, backend, tmp_path):
    out = tmp_path / "a.json"
    out.write_text("old")
    job.run(clip, json=out, overwrite=True)
    assert json.loads(out.read_text())["schema"] == "hotvid/1"


def test_what_was_whole_stays_when_a_later_output_fails(clip, backend, tmp_path, monkeypatch):
    def fail(*given, **named):
        raise OutputError("the encoder broke")

    monkeypatch.setattr(outputs, "render", fail)
    told = []
    with pytest.raises(OutputError):
        job.run(clip, tmp_path / "a.mp4", json=tmp_path / "a.json", on_written=told.append)
    assert told == [tmp_path / "a.json"]
    assert names(tmp_path) == ["a.json", "coded.mp4"]


def test_a_job_that_fails_leaves_nothing(clip, backend, tmp_path):
    source = tmp_path / "cut.mp4"
    shutil.copy(clip, source)
    source.write_bytes(source.read_bytes()[:300])
    with pytest.raises(InputError):
        job.run(source, tmp_path / "new" / "a.mp4", json=tmp_path / "new" / "a.json")
    assert names(tmp_path) == ["coded.mp4", "cut.mp4"]
