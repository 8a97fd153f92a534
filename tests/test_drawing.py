"""The second pass reads the very frames, at the very times, of the first."""

import pytest
from stand_ins import StandInBackend, StandInLifter, write_coded_clip

from hotvid import job, pipeline
from hotvid.config import configure
from hotvid.drawing import _reader_of
from hotvid.io.reader import VideoReader
from hotvid.stored.pose_store import load_poses
from hotvid.stored.poses_json import load_poses_json

N_FRAMES = 24


@pytest.fixture
def clip(tmp_path, monkeypatch):
    backend = StandInBackend(range(N_FRAMES))
    monkeypatch.setattr(pipeline, "load_backend", lambda config: backend)
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    return write_coded_clip(tmp_path / "coded.mp4", N_FRAMES)


@pytest.mark.parametrize("kept", ["a.npz", "a.json"])
def test_a_rate_near_the_containers_own_is_drawn_by_all_the_same(clip, tmp_path, kept):
    """A rate that is off by less than a thousandth moves a late frame by more than its length."""
    with VideoReader(clip) as reader:
        near = reader.info.fps * 1.0005
    load = load_poses if kept.endswith("npz") else load_poses_json
    where = {"save" if kept.endswith("npz") else "json": tmp_path / kept}
    assert job.run(clip, config=configure(fps=near), **where).video.fps_given
    with _reader_of(load(tmp_path / kept), clip) as reader:
        assert [f.pts_s for f in reader] == pytest.approx([i / near for i in range(N_FRAMES)])


def test_the_containers_own_times_are_read_again(clip, tmp_path):
    poses = job.run(clip, save=tmp_path / "a.npz")
    assert not poses.video.fps_given
    with _reader_of(load_poses(tmp_path / "a.npz"), clip) as reader:
        assert [f.pts_s for f in reader] == pytest.approx(poses.pts_s.tolist(), abs=1e-9)
