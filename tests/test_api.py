"""What `import hotvid` gives: names, types, errors, and every way from a source to files."""

import inspect
import pickle
import re
import typing
from importlib import resources
from pathlib import Path

import keypoint_files
import pytest
from small_poses import some_poses
from stand_ins import StandInBackend, StandInLifter, write_coded_clip

import hotvid
from hotvid import pipeline
from hotvid.config import KeypointsConfig, Options, configure

README = Path(__file__).resolve().parents[1] / "README.md"
N_FRAMES = 32


@pytest.fixture
def clip(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "load_backend", lambda config: StandInBackend(range(N_FRAMES)))
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *named: StandInLifter())
    return write_coded_clip(tmp_path / "walk.mp4", N_FRAMES)


def test_the_typed_options_are_those_of_configure():
    taken = inspect.signature(configure).parameters
    assert list(Options.__annotations__) == list(taken)
    typed, of_configure = typing.get_type_hints(Options), typing.get_type_hints(configure)
    assert typed == {name: of_configure[name] for name in taken}


def test_type_checkers_are_told_that_there_are_types():
    assert (resources.files("hotvid") / "py.typed").is_file()  # PEP 561


def test_every_name_is_there_and_is_listed():
    models = {"build_model", "load_state", "load_lifter"}
    works = {"analyze", "run", "lift_keypoints", "write"}
    assert set(hotvid.__all__) == {*models, *works, "HotvidError", "HotvidWarning"}
    assert set(hotvid.__all__) <= set(dir(hotvid))
    assert all(callable(getattr(hotvid, name)) for name in hotvid.__all__)
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        _ = hotvid.analyse


def test_the_readmes_python_does_what_it_says(clip, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    keypoint_files.alphapose(tmp_path).rename("alphapose-results.json")
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    exec(code, {})
    assert f"({N_FRAMES}, 17, 3)" in capsys.readouterr().out
    made = {path.name for path in tmp_path.iterdir() if path.stat().st_size > 500}
    assert made >= {"skeleton.mp4", "walk.npz", "walk.bvh", "walk.csv", "a.mp4"}


def test_poses_are_pickled_and_compared_without_a_fuss():
    poses = some_poses(n_people=2)
    copy = pickle.loads(pickle.dumps(poses))
    assert copy != poses and poses == poses
    assert len({poses, copy, *poses.people}) == 4
    assert (copy.people[0].motion.xyz_m == poses.people[0].motion.xyz_m).all()


def test_poses_that_were_written_are_a_source_too(clip, tmp_path):
    found = hotvid.run(clip, json=tmp_path / "walk.json", save=tmp_path / "walk.npz")
    for name in ("walk.json", "walk.npz"):
        again = hotvid.analyze(tmp_path / name)
        assert again.n_frames == N_FRAMES and again.people[0].angles is not None
        assert again.people[0].world.xyz_m == pytest.approx(found.people[0].world.xyz_m, abs=2e-3)


def test_poses_are_written_in_formats_by_name(clip, tmp_path):
    poses = hotvid.analyze(clip)
    written = hotvid.write(poses, "bvh,csv", tmp_path / "walk")
    assert written == (tmp_path / "walk.bvh", tmp_path / "walk.csv")
    assert all(path.stat().st_size > 500 for path in written)
    with pytest.raises(hotvid.HotvidError, match="overwrite"):
        hotvid.write(poses, "bvh", tmp_path / "walk.bvh")
    assert hotvid.write(poses, "bvh", tmp_path / "walk.bvh", units="cm", overwrite=True)
    within = hotvid.write(poses, "csv", f"{tmp_path}/made/")
    assert within == (tmp_path / "made" / "walk.csv",)


def test_keypoints_are_lifted_with_the_options_of_a_video(clip, tmp_path):
    keypoints = keypoint_files.alphapose(tmp_path)
    given = KeypointsConfig(size_px=(640, 480), fps=25)
    poses = hotvid.lift_keypoints(keypoints, given=given, json=tmp_path / "a.json", person=1)
    assert len(poses.people) == 1 and poses.people[0].world is not None
    assert (tmp_path / "a.json").is_file()
    # The file's own threshold is meant, which is lower than that of a video.
    with pytest.warns(hotvid.HotvidWarning, match="less sure than 1"):
        assert not hotvid.lift_keypoints(keypoints, given=given, bbox_thr=1.0).people


def test_what_a_progress_raises_stops_the_work(clip, tmp_path):
    def stop(stage, done, total):
        raise InterruptedError(stage)

    with pytest.raises(InterruptedError, match="pose2d"):
        hotvid.run(clip, tmp_path / "out.mp4", progress=stop)
    assert list(tmp_path.iterdir()) == [clip]
    assert hotvid.analyze(clip).people
