"""Killed at any moment and gone on with, a batch ends with the outputs of one left in peace."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from small_poses import some_poses
from stand_ins import write_coded_clip

from hotvid.stored.pose_store import save_poses

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
ROOT = Path(__file__).resolve().parents[2]
SEED = 20
TIMEOUT_S = 300
WORDS = ["in", "--out-dir", "out", "--glob", "*.*", "--workers", "2", "--resume"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Videos in which nobody is, and pose stores of people to be drawn over one of them."""
    folder = tmp_path_factory.mktemp("crash") / "in"
    folder.mkdir()
    clip = write_coded_clip(folder / "a.mp4", 150)
    write_coded_clip(folder / "b.mp4", 150)
    for number in range(3):
        poses = some_poses(n_frames=150, n_people=2, seed=number)
        video = replace(poses.video, path=str(clip), width=320, height=240)
        save_poses(replace(poses, video=video), folder / f"{number}.npz")
    return folder.parent


def start(folder):
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "hotvid", "batch", *WORDS],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def below(pid):
    """The ids of all processes that descend from one, itself not among them."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, children):
            found += [child, *below(child)]
    return found


def kill_something(process, chance):
    """SIGKILL to everything, or only to the batch, a worker or an encoder."""
    others = below(process.pid)
    victims = [process.pid, *others] if chance.random() < 0.4 else [process.pid]
    if others and chance.random() < 0.4:
        victims = [chance.choice(others)]
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return victims


def contents(folder):
    """The hash of every output; what tells of times is left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("manifest.jsonl", "summary.csv")
    }


def finish(folder):
    """Run the batch to its end; how long that took."""
    begun = time.monotonic()
    process = start(folder)
    _, said = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, said.decode()
    return time.monotonic() - begun


def disturb(folder, chance, whole_s, n_kills):
    """Run the batch until it is done, killing something of it up to `n_kills` times."""
    kills = 0
    while True:
        process = start(folder)
        while kills < n_kills:
            try:
                process.wait(timeout=chance.uniform(0, whole_s))
            except subprocess.TimeoutExpired:
                kills += bool(kill_something(process, chance))
                continue
            break
        _, said = process.communicate(timeout=TIMEOUT_S)
        assert b"Traceback" not in said and b"bug in hotvid" not in said, said.decode()
        # What lost its worker twice in one run has failed in that run; the next tries again.
        assert process.returncode in (0, 1, -signal.SIGKILL), said.decode()
        if process.returncode == 0:
            return kills


def test_killed_at_random_moments(inputs, request):
    n_kills = request.config.getoption("--kills")
    if n_kills is None:
        n_kills = 100 if request.config.getoption("--slow") else 4
    whole_s = finish(inputs)
    want = contents(inputs / "out")
    assert len(want) == 5 * 3
    chance = random.Random(SEED)
    done = 0
    while done < n_kills:
        shutil.rmtree(inputs / "out")
        kills = disturb(inputs, chance, whole_s, min(n_kills - done, 8))
        assert contents(inputs / "out") == want, f"after {done + kills} kills, seed {SEED}"
        lines = (inputs / "out" / "manifest.jsonl").read_text().splitlines()
        last = {entry["input"]: entry["state"] for entry in map(json.loads, lines)}
        assert list(last.values()) == ["done"] * 5
        done += kills
