"""What is measured is what is said: memory of a process and its children, frames, loops."""

import json
import subprocess
import sys

import pytest
from stand_ins import FPS, StandInBackend, StandInLifter, write_coded_clip
from typer.testing import CliRunner

from hotvid import pipeline
from hotvid.bench import main_job as bench
from hotvid.cli.main import app
from hotvid.config import configure
from hotvid.errors import HotvidError
from hotvid.io.reader import VideoReader
from hotvid.render.compose import Composer

N_FRAMES = 24
ON_LINUX = sys.platform == "linux"


@pytest.fixture
def backend(monkeypatch):
    backend = StandInBackend(range(N_FRAMES))
    monkeypatch.setattr(pipeline, "load_backend", lambda config: backend)
    monkeypatch.setattr(bench, "load_backend", lambda config: backend)
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    return backend


@pytest.fixture
def clip(tmp_path):
    return write_coded_clip(tmp_path / "coded.mp4", N_FRAMES)


def a_result(**more):
    whole = bench.Whole(wall_s=10.0, video_s=8.0, n_frames=240, peak_memory_mb=1000.0)
    stage_ms = dict.fromkeys(bench.STAGES, 5.0)
    values = {"video": "a.mp4", "size_px": (64, 48), "fps": 30.0, "people": 1, "mode": "fast"}
    return bench.BenchResult(
        **values, cpu="a processor", n_threads=2, stage_ms=stage_ms, whole=whole, **more
    )


def test_every_stage_is_timed(clip, backend, monkeypatch):
    drawn = []

    class Watched(Composer):
        def __init__(self, poses, config):
            drawn.append(poses)
            super().__init__(poses, config)

    monkeypatch.setattr("hotvid.render.compose.Composer", Watched)
    stage_ms, poses = bench.time_stages(clip, configure())
    assert tuple(stage_ms) == bench.STAGES and "settle" in stage_ms
    assert all(ms > 0 for ms in stage_ms.values())
    assert poses.n_frames == N_FRAMES and len(poses.people) == 1
    assert sum(backend.batches) == 2 * N_FRAMES
    assert drawn == [poses], "what is drawn is what a run draws: in the world, with confidence"
    assert poses.world is not None and poses.people[0].confidence is not None


def test_a_loop_has_the_frames_as_often(clip, tmp_path):
    with VideoReader(bench.loop_video(clip, tmp_path, 3)) as reader:
        times = [frame.pts_s for frame in reader]
    assert len(times) == 3 * N_FRAMES
    assert times[-1] == pytest.approx((3 * N_FRAMES - 1) / FPS, abs=0.1)


@pytest.mark.skipif(not ON_LINUX, reason="memory is read from /proc")
def test_peak_memory_is_that_of_a_process_and_its_children():
    grandchild = "import time; block = b'x' * 150_000_000; time.sleep(1)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    idle = "import time; time.sleep(1)"  # long enough to be looked at on a busy machine
    alone = bench._peak_memory_mb(subprocess.Popen([sys.executable, "-c", idle]))
    both = bench._peak_memory_mb(subprocess.Popen([sys.executable, "-c", child]))
    assert 140 < both - alone < 190


def test_a_run_that_fails_is_no_measurement(tmp_path):
    source = write_coded_clip(tmp_path / "coded.mp4", 3)
    with pytest.raises(HotvidError, match=r"error: unknown mode 'hasty'"):
        bench.run_whole(source, tmp_path, "hasty")


def test_factor_and_growth():
    longer = bench.Whole(wall_s=90.0, video_s=80.0, n_frames=2400, peak_memory_mb=1050.0)
    assert a_result().whole.real_time_factor == pytest.approx(0.8)
    assert a_result(long=longer).memory_growth == pytest.approx(0.05)
    assert a_result().memory_growth is None


def test_the_command_says_and_writes_what_was_measured(clip, tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "bench", lambda video, config, long: a_result())
    to_json = tmp_path / "b.json"
    result = CliRunner().invoke(app, ["bench", str(clip), "--json", str(to_json)])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "a.mp4: 64x48, 30 frames/s, 1 person"
    assert "a processor, 2 threads, mode fast" in result.stdout
    assert "41.7 ms a frame, 0.80 x real time, 10.0 s for 8.0 s, peak memory 1000 MB" in (
        result.stdout
    )
    found = json.loads(to_json.read_text())
    assert found["whole"]["real_time_factor"] == pytest.approx(0.8)
    assert found["stage_ms"] == dict.fromkeys(bench.STAGES, 5.0)
    named = CliRunner().invoke(app, ["bench", "run", str(clip), "--mode", "fast"])
    assert named.stdout == result.stdout
    again = CliRunner().invoke(app, ["bench", str(clip), "--json", str(to_json)])
    assert again.exit_code == 1 and "exists" in again.stderr


@pytest.mark.slow
@pytest.mark.skipif(not ON_LINUX, reason="memory is read from /proc")
def test_memory_stays_flat_on_a_video_ten_times_as_long(demo_clip, tmp_path):
    short = bench.run_whole(demo_clip, tmp_path, "fast")
    longer = bench.loop_video(demo_clip, tmp_path, bench.LONG_TIMES)
    long = bench.run_whole(longer, tmp_path, "fast")
    assert long.n_frames == bench.LONG_TIMES * short.n_frames
    assert short.peak_memory_mb < 1500
    assert long.peak_memory_mb < 1.1 * short.peak_memory_mb
