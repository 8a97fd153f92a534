"""What `import hotvid` gives: names, types, errors, and every way from a source to files."""

import inspect
import math
import pickle
import re
import typing
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path

import cv2
import keypoint_files
import numpy as np
import pytest
from small_poses import some_poses
from stand_ins import StandInBackend, StandInLifter, write_coded_clip

import hotvid
from hotvid import pipeline
from hotvid.config import FOCAL_LIMITS_PX, FPS_LIMITS, KeypointsConfig, Options, configure
from hotvid.errors import UsageError
from hotvid.stored.checks import checked_video

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


def test_the_rate_of_keypoints_is_the_one_among_the_options(clip, tmp_path):
    keypoints = keypoint_files.alphapose(tmp_path)
    sized = KeypointsConfig(size_px=(640, 480))
    assert hotvid.lift_keypoints(keypoints, given=sized, fps=50).frame_rate == pytest.approx(50)
    both = KeypointsConfig(size_px=(640, 480), fps=25)
    assert hotvid.lift_keypoints(keypoints, given=both, fps=50).frame_rate == pytest.approx(50)
    assert hotvid.lift_keypoints(keypoints, given=both).frame_rate == pytest.approx(25)
    with pytest.raises(hotvid.HotvidError, match="a video has its own rate"):
        hotvid.lift_keypoints(keypoints, video=clip, fps=50)


def test_the_rate_of_a_folder_of_pictures_is_given_with_its_keypoints(clip, tmp_path):
    keypoints = keypoint_files.alphapose(tmp_path)
    (tmp_path / "pictures").mkdir()
    for number in range(N_FRAMES):
        picture = np.zeros((480, 640, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "pictures" / f"{number:03}.png"), picture)
    poses = hotvid.lift_keypoints(keypoints, video=tmp_path / "pictures", fps=12.5)
    assert poses.frame_rate == poses.video.fps == pytest.approx(12.5)


@pytest.mark.parametrize("option", [{"pose2d": "rtmpose"}, {"detector": "a"}, {"det_frequency": 3}])
def test_nobody_is_searched_for_where_there_are_keypoints(clip, tmp_path, option):
    given = KeypointsConfig(size_px=(640, 480), fps=25)
    with pytest.raises(hotvid.HotvidError, match="nobody is searched for; leave out"):
        hotvid.lift_keypoints(keypoint_files.alphapose(tmp_path), given=given, **option)


def test_what_changes_only_drawings_of_stored_poses_is_refused_by_all(clip, tmp_path):
    hotvid.run(clip, save=tmp_path / "w.npz")
    for work in (hotvid.analyze, hotvid.run):
        with pytest.raises(hotvid.HotvidError, match="kpt-thr changes only what is drawn"):
            work(tmp_path / "w.npz", kpt_thr=0.9)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"tokens": "81"}, "tokens is '81'; give a whole number"),
        ({"tokens": []}, r"tokens is \[\]; give a whole number"),
        ({"tokens": (81, None)}, r"tokens is \(81, None\)"),
        ({"tokens": (81, 1)}, "tokens is 1; keep 2"),
        ({"time_range": (1,)}, r"time range is \(1,\); give two times"),
        ({"time_range": 5}, "time range is 5; give two times"),
        ({"time_range": ("0", "1")}, "time range is 0 to 1; give two times"),
        ({"time_range": (2, math.inf)}, "time range is 2 to inf; give two times"),
        ({"focal": 0.8}, "focal length is 0.8; give pixels, as in --focal 1500"),
        ({"focal": 1e8}, "focal length is .*; give pixels, as in --focal 1500"),
        ({"fps": 1e-7}, "fps is 1e-07; give frames a second"),
        ({"fps": 10_001}, "fps is 10001; give frames a second"),
        ({"fps": "30"}, "fps is 30; give frames a second"),
        ({"kpt_thr": "much"}, "kpt-thr is much; give a number from 0 to 1"),
    ],
)
def test_options_that_make_no_sense_are_told_of(option, said):
    with pytest.raises(UsageError, match=said):
        configure(**option)


def test_options_within_their_limits_are_taken():
    assert configure(tokens=[121, 61]).lift.tokens == (121, 61)
    assert configure(tokens=81).lift.tokens == 81
    assert configure(time_range=[0, 0.5]).time_range_s == (0, 0.5)
    with pytest.raises(UsageError, match="fps is 20000"):
        KeypointsConfig(fps=20_000)


def test_whatever_lens_and_rate_are_taken_are_read_back():
    for focal_px, fps in zip(FOCAL_LIMITS_PX, FPS_LIMITS, strict=True):
        assert configure(focal=focal_px, fps=fps).lift.focal_px == focal_px
        said = asdict(replace(some_poses().video, focal_px=focal_px, fps=fps))
        assert checked_video(said).fps == fps


def test_what_a_progress_raises_stops_the_work(clip, tmp_path):
    def stop(stage, done, total):
        raise InterruptedError(stage)

    with pytest.raises(InterruptedError, match="pose2d"):
        hotvid.run(clip, tmp_path / "out.mp4", progress=stop)
    assert list(tmp_path.iterdir()) == [clip]
    assert hotvid.analyze(clip).people
