"""What a source is, by its name and by what it holds; and the video that its poses are of."""

import os
from dataclasses import replace

import numpy as np
import pytest
from small_poses import some_poses
from stand_ins import SIZE_PX, write_coded_clip

from hotvid.config import ExportConfig, PipelineConfig, configure
from hotvid.errors import InputError, UsageError
from hotvid.sources import Kind, check_readable, source_at
from hotvid.stored import arrays, parquet_table
from hotvid.stored.pose_store import save_poses
from hotvid.stored.poses_json import write_json


def stores(folder):
    poses = some_poses(n_people=2)
    save_poses(poses, folder / "store.npz")
    write_json(poses, folder / "poses.json")
    arrays.write(poses, folder / "arrays.npz", ExportConfig())
    pytest.importorskip("pyarrow")
    parquet_table.write(poses, folder / "table.parquet", ExportConfig())


def test_each_is_known_for_what_it_is(tmp_path):
    stores(tmp_path)
    (tmp_path / "other.json").write_text('[{"keypoints": []}]')
    for name in ("a.csv", "a.txt", "a.mp4", "a.NPZ"):
        (tmp_path / name).write_text("x")
    (tmp_path / "store.npz").rename(tmp_path / "store.bin")
    kinds = {
        "store.bin": Kind.POSE_STORE,
        "poses.json": Kind.JSON,
        "arrays.npz": Kind.ARRAYS,
        "table.parquet": Kind.PARQUET,
        "other.json": Kind.OTHER_JSON,
        "a.csv": Kind.KEYPOINTS,
        "a.txt": Kind.KEYPOINTS,
        "a.mp4": Kind.VIDEO,
        "a.NPZ": Kind.POSE_STORE,
        "missing.json": Kind.JSON,
        "missing.mp4": Kind.VIDEO,
        ".": Kind.KEYPOINTS,
    }
    assert {name: source_at(tmp_path / name).kind for name in kinds} == kinds
    assert not source_at(tmp_path / "poses.json").may_be_keypoints
    assert source_at(tmp_path / "other.json").may_be_keypoints
    with pytest.raises(InputError, match="use hotvid lift"):
        source_at(tmp_path / "other.json").stored_poses(PipelineConfig())


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [("store.npz", 0), ("poses.json", 1), ("arrays.npz", 1), ("table.parquet", 1)],
)
def test_what_holds_poses_gives_those_that_are_chosen(tmp_path, name, cleaned):
    stores(tmp_path)
    source = source_at(tmp_path / name)
    assert source.is_stored and source.was_cleaned == cleaned and not source.may_be_keypoints
    (person,) = source.stored_poses(configure(person=1)).people
    wanted = some_poses(n_people=2).people[1].keypoints
    assert person.track_id == 1
    np.testing.assert_allclose(person.keypoints.xy_px, wanted.xy_px, atol=0.01)
    with pytest.raises(UsageError, match="nobody is searched for"):
        source.stored_poses(configure(mode="fast"))
    with pytest.raises(UsageError, match="the times that they are of; leave out --fps"):
        source.stored_poses(configure(fps=30))
    assert source.stored_poses(configure(kpt_thr=0.9)).people
    with pytest.raises(UsageError, match="kpt-thr changes only what is drawn"):
        source.stored_poses(configure(kpt_thr=0.9), drawn=False)


def test_who_is_largest_or_there_is_told_by_the_time_that_is_wanted(tmp_path):
    poses = some_poses(n_people=2)
    early, late = poses.people
    track = early.keypoints
    track = replace(track, interpolated=track.frame_index >= 3)
    poses = replace(poses, people=(replace(early, detected=track, keypoints=track), late))
    save_poses(poses, tmp_path / "store.npz")
    source, when = source_at(tmp_path / "store.npz"), (0.2, 0.3)
    with pytest.raises(UsageError, match="no person 0 in this video; the ids are: 1"):
        source.stored_poses(configure(person=0, time_range=when))
    for person in ("longest", "largest", "1"):
        (chosen,) = source.stored_poses(configure(person=person, time_range=when)).people
        assert chosen.track_id == 1 and len(chosen.keypoints) == 12, "cut once it is cleaned"


def test_a_video_holds_no_poses_and_is_its_own_video(tmp_path):
    source = source_at(tmp_path / "a.mp4")
    assert source.stored_poses(PipelineConfig()) is None and not source.was_cleaned
    assert source.video(some_poses()) == tmp_path / "a.mp4"
    with pytest.raises(UsageError, match="is a video already"):
        source.check_video(tmp_path / "b.mp4")


def test_the_video_of_poses_is_where_it_is_given_or_named_or_beside_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    poses, source = some_poses(), source_at(tmp_path / "in" / "poses.json")
    assert str(source.video(poses)) == "gone.mp4"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "gone.mp4").write_text("x")
    assert source.video(poses) == tmp_path / "in" / "gone.mp4"
    assert source.video(poses, "given.mp4") == "given.mp4"
    (tmp_path / "gone.mp4").write_text("x")
    assert str(source.video(poses)) == "gone.mp4"
    assert source.video(replace(poses, video=replace(poses.video, path=""))) is None


def test_to_see_what_json_is_it_is_not_read(tmp_path):
    write_json(some_poses(200), tmp_path / "a.json")
    os.truncate(tmp_path / "a.json", 500)
    assert source_at(tmp_path / "a.json").kind is Kind.JSON


def test_a_video_of_another_height_is_not_the_one_that_the_poses_are_of(tmp_path):
    clip = write_coded_clip(tmp_path / "a.mp4", 2)
    poses = some_poses()
    width, height = SIZE_PX
    same = replace(poses, video=replace(poses.video, width=width, height=height))
    check_readable(same, clip)
    other = replace(poses, video=replace(poses.video, width=width, height=height + 2))
    with pytest.raises(InputError, match=f"made on {width}x{height + 2}; give the video"):
        check_readable(other, clip)
    assert source_at(tmp_path / "A.CSV").kind is Kind.KEYPOINTS
