"""Hours of video: memory stays flat, and what is stopped and gone on with ends the same.

The 2D model is a stand-in that reads frames as quickly as they come; in the long form all else is
what users have.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stand_ins import FPS, write_coded_clip

from hotvid.batch.settings import make_settings
from hotvid.batch.task import Task
from hotvid.batch.wire import task_to_plain
from hotvid.bench.main_job import loop_video

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes there")
ROOT = Path(__file__).resolve().parents[2]
LOOP = 250  # frames
# A person's 2D, 3D and world are 1.5 kB a frame as they are; on top come the steps' own arrays.
MOST_KB_A_FRAME = 2.2
SPARE_KB = 24 * 1024
# Memory that torch takes for a batch of windows differs by 100 MB from run to run: that of few
# minutes can be measured without it only.
LENGTHS = [
    pytest.param(1, 6, "stand-in", id="6-minutes"),
    pytest.param(10, 120, "hot-mixste-s", id="2-hours", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def make_clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    once = write_coded_clip(folder / "once.mp4", LOOP)

    def make(minutes):
        clip = folder / f"{minutes}.mp4"
        if not clip.exists():
            loop_video(once, folder, round(minutes * 60 * FPS / LOOP)).rename(clip)
        return clip

    return make


def start(clip, folder, lifter):
    task = Task(str(clip), str(folder), make_settings({}, ("json",)))
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("long_child.py"))]
        + [json.dumps(task_to_plain(task)), lifter],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "HOTVID_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(clip, folder, lifter):
    """What the process says last."""
    process = start(clip, folder, lifter)
    lines = process.stdout.readlines()
    assert process.wait() == 0
    said = json.loads(lines[-1])
    assert said["error"] == "" and said["people"] == 1
    return said, {json.loads(line)[0] for line in lines[:-1]}


def stop_in(clip, folder, lifter, stage, share):
    """Kill the process when it is so far in a stage."""
    process = start(clip, folder, lifter)
    for line in process.stdout:
        at, done, total = json.loads(line)
        if at == stage and total and done >= share * total:
            break
    process.kill()
    process.wait()


@pytest.mark.parametrize(("few", "minutes", "lifter"), LENGTHS)
def test_memory_is_flat_and_stopping_changes_nothing(make_clip, tmp_path, few, minutes, lifter):
    short, _ = finish(make_clip(few), tmp_path / "short", lifter)
    clip, stopped = make_clip(minutes), tmp_path / "stopped"
    long, _ = finish(clip, tmp_path / "whole", lifter)
    print(f"{short['peak_kb'] / 1024:.0f} MB, {long['peak_kb'] / 1024:.0f} MB")
    more_frames = (minutes - few) * 60 * FPS
    assert long["peak_kb"] - short["peak_kb"] < MOST_KB_A_FRAME * more_frames + SPARE_KB
    for stage, share in (("pose2d", 0.3), ("pose2d", 0.9), ("lift", 0.6)):
        stop_in(clip, stopped, lifter, stage, share)
        assert not (stopped / "poses.json").exists()
    _, stages = finish(clip, stopped, lifter)
    assert "pose2d" in stages
    whole = (tmp_path / "whole/poses.json").read_bytes()
    assert (stopped / "poses.json").read_bytes() == whole
    assert len(json.loads(whole)["people"][0]["frames"]) == round(minutes * 60 * FPS / LOOP) * LOOP
    # Stopped once the poses are stored, the video is not looked at again.
    (stopped / "poses.json").unlink()
    _, stages = finish(clip, stopped, lifter)
    assert "pose2d" not in stages
    assert (stopped / "poses.json").read_bytes() == whole
