"""One video: its outputs, what is taken over from before, and every failure as one line."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from stand_ins import StandInBackend, StandInLifter, write_coded_clip

from hotvid import job, pipeline
from hotvid.batch import task as of_task
from hotvid.batch.settings import make_settings, of_video
from hotvid.batch.task import Before, Task, perform
from hotvid.batch.wire import outcome_from_plain, outcome_to_plain, task_from_plain, task_to_plain
from hotvid.errors import HotvidError, UsageError
from hotvid.extras import RTMPOSE
from hotvid.io.lock import locked
from hotvid.stored.pose_store import load_poses, stored_key

N_FRAMES = 24
OURS = Before(made_of="another")  # what is there may be replaced


@pytest.fixture
def backend(monkeypatch):
    backend = StandInBackend(range(0, N_FRAMES))
    monkeypatch.setattr(pipeline, "load_backend", lambda config: backend)
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    return backend


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_coded_clip(tmp_path_factory.mktemp("clip") / "coded.mp4", N_FRAMES)


@pytest.fixture
def task(clip, tmp_path):
    settings = make_settings({}, ("json", "mp4"))
    return Task(source=str(clip), folder=str(tmp_path / "out" / "coded.mp4"), settings=settings)


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def done(task, **what):
    outcome = perform(task)
    assert outcome.error == ""
    assert {name: getattr(outcome, name) for name in what} == what
    return outcome


def test_files_of_other_programs_lie_beside_the_poses(task, backend, tmp_path):
    settings = make_settings({}, ("npz", "csv", "openpose", "bvh"), {"bone_names": "mixamo"})
    task = replace(task, settings=settings)
    task = task_from_plain(json.loads(json.dumps(task_to_plain(task))))
    outputs = ("poses.npz", "poses.csv", "poses.openpose", "poses.bvh")
    done(task, outputs=outputs)
    folder = tmp_path / "out" / "coded.mp4"
    assert names(folder) == sorted(outputs)
    assert len(names(folder / "poses.openpose")) == N_FRAMES
    assert "mixamorig:Hips" in (folder / "poses.bvh").read_text()
    rows = (folder / "poses.csv").read_text().splitlines()
    assert len(rows) == 1 + 17 * N_FRAMES


def failed(task, match):
    outcome = perform(task)
    assert match in outcome.error and "\n" not in outcome.error
    return outcome


def test_everything_about_a_video(task, backend, tmp_path):
    said = []
    outcome = perform(task, lambda *news: said.append(news[0]))
    assert outcome.error == "" and not outcome.from_store and not outcome.unchanged
    assert (outcome.people, outcome.frames, outcome.video_s) == (1, N_FRAMES, N_FRAMES / 30)
    assert outcome.outputs == ("poses.json", "skeleton.mp4") and outcome.wall_s > 0
    folder = tmp_path / "out" / "coded.mp4"
    assert names(folder) == ["poses.json", "poses.npz", "skeleton.mp4"]
    assert json.loads((folder / "poses.json").read_text())["video"]["path"] == task.source
    key = of_video(task.settings.poses_key, outcome.content_sha256)
    assert stored_key(folder / "poses.npz") == key
    assert list(dict.fromkeys(said)) == ["read", "pose2d", "lift", "render"]


def test_tasks_and_outcomes_travel(task, backend):
    outcome = perform(task)
    task = replace(task, before=Before("ab", ("poses.csv",), complete=True, doubtful=True))
    for value, there, back in [
        (task, task_to_plain, task_from_plain),
        (outcome, outcome_to_plain, outcome_from_plain),
    ]:
        assert back(json.loads(json.dumps(there(value)))) == value


def test_the_outputs_are_those_of_a_single_run(task, backend, tmp_path):
    done(task)
    job.run(task.source, json=tmp_path / "single.json")
    folder = tmp_path / "out" / "coded.mp4"
    assert (folder / "poses.json").read_bytes() == (tmp_path / "single.json").read_bytes()


def test_what_was_found_before_is_not_estimated_again(task, backend, tmp_path):
    done(task, from_store=False)
    before = (tmp_path / "out" / "coded.mp4" / "poses.json").read_bytes()
    n_batches = len(backend.batches)
    (tmp_path / "out" / "coded.mp4" / "poses.json").unlink()
    done(replace(task, before=OURS), from_store=True, people=1, frames=N_FRAMES)
    assert len(backend.batches) == n_batches
    assert (tmp_path / "out" / "coded.mp4" / "poses.json").read_bytes() == before
    done(replace(task, overwrite=True), from_store=False)
    assert len(backend.batches) == 2 * n_batches


@pytest.mark.parametrize("options", [{"kpt_thr": 0.2}, {"time_range": [0, 0.5]}, {"person": "0"}])
def test_other_settings_are_other_poses(task, backend, options):
    done(task)
    other = make_settings(options, ("json",))
    done(replace(task, settings=other, before=OURS), from_store=False)


def test_how_it_is_computed_is_no_other_result():
    assert make_settings({"device": "cpu"}, ("json",)).key == make_settings({}, ("json",)).key


def test_another_file_of_the_2d_model_makes_another_result(tmp_path):
    model = tmp_path / "model.onnx"
    keys = []
    for content in (b"one", b"two"):
        model.write_bytes(content)
        keys.append(make_settings({"pose2d": f"rtmpose:{model}"}, ("json",)).poses_key)
    assert keys[0] != keys[1]


def test_what_a_2d_model_needs_is_looked_for_before_anything_begins(tmp_path, monkeypatch):
    model = tmp_path / "model.onnx"
    model.touch()
    monkeypatch.setenv("HOTVID_MMPOSE", str(tmp_path / "none"))
    with pytest.raises(HotvidError, match=r"mmpose is not in .*none; install it: python3\.11"):
        make_settings({"pose2d": "mmpose:human"}, ("json",))
    # What a name that is no file stands for, only its own package knows.
    make_settings({"pose2d": "yolo:yolo11n-pose.pt"}, ("json",))
    make_settings({"detector": "yolo:yolo11n.pt"}, ("json",))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(HotvidError) as raised:
        make_settings({"pose2d": f"rtmpose:{model}"}, ("json",))
    assert str(raised.value) == f"onnxruntime is not installed; install it: {RTMPOSE.install}"
    with pytest.raises(HotvidError, match="ultralytics is not installed"):
        make_settings({"detector": "yolo:yolo11n.pt"}, ("json",))


def test_tokens_that_the_lifter_cannot_keep_are_refused_at_once():
    assert make_settings({"tokens": 41}, ("json",)).config.lift.tokens == 41
    assert make_settings({"tokens": [41]}, ("json",)).config.lift.tokens == (
        41,
    )  # as JSON has steps
    with pytest.raises(UsageError, match="5000"):
        make_settings({"tokens": 5000}, ("json",))


def test_sizes_are_part_of_the_settings_and_checked_at_once():
    plain, uniform = (
        make_settings({"sizes": sizes}, ("json",)) for sizes in ((), [["prune", "tpc"]])
    )
    assert uniform.config.lift.sizes == (("prune", "tpc"),)  # as JSON has pairs
    assert plain.poses_key != uniform.poses_key
    with pytest.raises(UsageError, match="unknown prune 'luck'"):
        make_settings({"sizes": {"prune": "luck"}}, ("json",))


def test_another_content_is_other_poses(task, backend, clip, tmp_path):
    source = tmp_path / "moving.mp4"
    shutil.copy(clip, source)
    done(replace(task, source=str(source)))
    write_coded_clip(tmp_path / "other.mp4", 12).replace(source)
    done(replace(task, source=str(source), before=OURS), from_store=False, frames=12)


def test_a_damaged_store_is_made_again(task, backend, tmp_path):
    done(task)
    store = tmp_path / "out" / "coded.mp4" / "poses.npz"
    store.write_bytes(store.read_bytes()[:-200])
    done(replace(task, before=OURS), from_store=False)
    assert load_poses(store).n_frames == N_FRAMES


def test_a_file_that_was_only_touched_is_left_alone(task, backend, tmp_path):
    outcome = done(task)
    key = of_video(task.settings.key, outcome.content_sha256)
    done(replace(task, before=Before(key, complete=True)), unchanged=True)
    done(replace(task, before=Before(key)), unchanged=False)
    done(replace(task, before=Before("another", complete=True)), unchanged=False)


def test_what_a_killed_process_left_is_cleared_away(task, backend, tmp_path):
    folder = tmp_path / "out" / "coded.mp4"
    folder.mkdir(parents=True)
    (folder / ".hotvid-0123456789ab.mp4").write_bytes(b"half")
    done(task)
    assert names(folder) == ["poses.json", "poses.npz", "skeleton.mp4"]


def test_somebody_elses_outputs_stay(task, backend, tmp_path):
    folder = tmp_path / "out" / "coded.mp4"
    folder.mkdir(parents=True)
    (folder / "poses.json").write_text("mine")
    failed(task, "exists")
    assert names(folder) == ["poses.json"] and backend.batches == []
    assert (folder / "poses.json").read_text() == "mine"


def test_two_at_one_folder_do_not_mix(task, backend, tmp_path, monkeypatch):
    folder = tmp_path / "out" / "coded.mp4"
    folder.mkdir(parents=True)
    monkeypatch.setattr(of_task, "_LOCK_WAIT_S", 0.1)
    with locked(folder / ".lock", "it"):
        failed(task, "in use by another run")
    assert backend.batches == []


def test_a_failure_is_one_line_and_leaves_nothing(task, backend, tmp_path, monkeypatch):
    bad = tmp_path / "a\nb.mp4"
    bad.write_text("not a video")
    outcome = failed(replace(task, source=str(bad)), "is not a video that can be read")
    assert len(outcome.content_sha256) == 64
    failed(replace(task, source=str(tmp_path / "missing.mp4")), "does not exist")

    def fail(frames):
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(backend, "estimate", fail)
    failed(task, "this is a bug in hotvid: ZeroDivisionError: two lines")
    monkeypatch.setattr(backend, "estimate", lambda frames: (_ for _ in ()).throw(MemoryError()))
    failed(task, "out of memory")
    assert not (tmp_path / "out" / "coded.mp4").exists()


def test_warnings_are_kept_also_from_the_store(task, backend):
    backend.seen = range(0)
    task = replace(task, settings=make_settings({}, ("json",)))
    first = done(task, people=0)
    again = done(replace(task, before=OURS), from_store=True)
    assert first.warnings == again.warnings and len(first.warnings) == 1
    assert first.warnings[0].startswith(f"nobody was found in {task.source}; ")


def test_a_pose_store_as_a_source(task, make_store, tmp_path, as_json):
    source = make_store(tmp_path / "in" / "walk.npz", n_people=2)
    folder = tmp_path / "out" / "walk.npz"
    done(Task(str(source), str(folder), as_json), people=2, frames=12)
    assert names(folder) == ["poses.json", "poses.npz"]
    found = load_poses(folder / "poses.npz").people[1].keypoints.xy_px
    assert np.array_equal(found, load_poses(source).people[1].keypoints.xy_px)
    one = make_settings({"person": "1"}, ("json",))
    done(Task(str(source), str(tmp_path / "one"), one), people=1)


def test_a_pose_store_is_drawn_over_the_video_beside_it(task, backend, clip, tmp_path):
    shutil.copy(clip, tmp_path / "walk.mp4")
    poses = pipeline.analyze(tmp_path / "walk.mp4")
    moved = replace(poses, video=replace(poses.video, path="walk.mp4"))
    from hotvid.stored.pose_store import save_poses

    save_poses(moved, tmp_path / "walk.npz")
    source = replace(task, source=str(tmp_path / "walk.npz"), folder=str(tmp_path / "out"))
    done(source)
    assert names(tmp_path / "out") == ["poses.json", "poses.npz", "skeleton.mp4"]


class ShakingLifter(StandInLifter):
    """One pose up, the next down: there is something to smooth, and bones that change."""

    def lift(self, *given, **named):
        out = super().lift(*given, **named)
        for one in out:
            one.xyz_m[::2, 1:] *= 1.05
        return out


@pytest.mark.parametrize("how", [{"smooth": "off"}, {"bones": False}, {"height": 1.2}])
def test_what_is_made_of_poses_is_made_as_asked(task, backend, monkeypatch, tmp_path, how):
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: ShakingLifter())
    texts = []
    for number, options in enumerate([{}, how]):
        folder = tmp_path / str(number)
        settings = make_settings(options, ("json",))
        assert perform(replace(task, folder=str(folder), settings=settings)).error == ""
        texts.append((folder / "poses.json").read_text())
        with_run = tmp_path / f"run{number}.json"
        job.run(task.source, json=with_run, config=settings.config)
        assert texts[-1] == with_run.read_text()
    assert texts[0] != texts[1]


def test_where_nobody_is_files_of_a_person_each_are_left_out(task, backend):
    backend.seen = range(0)
    settings = make_settings({}, ("json", "bvh", "csv", "trc"))
    outcome = done(replace(task, settings=settings), people=0)
    assert outcome.outputs == ("poses.json", "poses.csv")


def test_files_of_people_that_are_no_more_are_gone(clip, make_store, tmp_path):
    def made(n_people):
        source = make_store(tmp_path / "in.npz", n_people=n_people)
        settings = make_settings({}, ("json", "bvh"))
        task = Task(str(source), str(tmp_path / "out"), settings, before=OURS)
        done(task, people=n_people)
        return [name for name in names(tmp_path / "out") if name.endswith(".bvh")]

    assert made(3) == [f"poses.person{n}.bvh" for n in range(3)]
    assert made(2) == [f"poses.person{n}.bvh" for n in range(2)]
    assert made(1) == ["poses.bvh"]
    assert made(0) == []
