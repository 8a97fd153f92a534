"""2D models beside each other: what is measured of them is what they did."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from stand_ins import STANDING_PX, StandInBackend, write_coded_clip
from typer.testing import CliRunner

from hotvid.bench import pose2d
from hotvid.cli.main import app
from hotvid.config import Pose2DConfig, TrackConfig
from hotvid.types import Keypoints2D, Track2D

N_FRAMES = 24


@pytest.fixture
def clip(tmp_path):
    return write_coded_clip(tmp_path / "coded.mp4", N_FRAMES)


class Trembling(StandInBackend):
    """Its joints are off by so many pixels, to and fro; it takes its time."""

    def __init__(self, seen, tremble_px=0.0, seconds=0.0):
        super().__init__(seen)
        self.name = f"trembling {tremble_px}"
        self.tremble_px, self.seconds = tremble_px, seconds

    def estimate(self, frames):
        time.sleep(self.seconds * len(frames))
        found = super().estimate(frames)
        return [
            replace(one, xy_px=one.xy_px + self.tremble_px * (-1) ** frame.index)
            for one, frame in zip(found, frames, strict=True)
        ]


@pytest.fixture
def models(monkeypatch):
    made = {
        "still": Trembling(range(N_FRAMES)),
        "slow": Trembling(range(N_FRAMES), 2.0, 0.02),
        "blind": Trembling(range(0)),
        "late": Trembling(range(12, N_FRAMES)),
    }
    monkeypatch.setattr(pose2d, "load_backend", lambda config: made[config.backend])
    return made


def measure(clip, *names):
    said = []
    result = pose2d.bench_pose2d(
        clip,
        [Pose2DConfig(backend=name) for name in names],
        TrackConfig(),
        lambda *news: said.append(news),
    )
    assert said[-1] == ("pose2d", N_FRAMES * len(names), N_FRAMES * len(names))
    assert (result.n_frames, result.size_px) == (N_FRAMES, (320, 240))
    return result.backends


def test_closer_looks_now_and_then_count_in_the_time_of_a_frame():
    times_s = [9.0] * pose2d.WARM_UP_FRAMES + [0.006] * 5 + [0.036]
    seen = [Keypoints2D.nobody("h36m17", 17)] * len(times_s)
    at = np.arange(len(times_s)) / 30
    speed = pose2d._judge("bursts", 0.0, times_s, seen, at, TrackConfig(), (320, 240))
    assert speed.ms_a_frame == pytest.approx(11)


def test_time_people_and_jitter_are_each_models_own(clip, models):
    still, slow, blind, late = measure(clip, "still", "slow", "blind", "late")
    assert slow.ms_a_frame >= 20 and still.ms_a_frame < 20 <= slow.worst_ms
    assert [one.people for one in (still, slow, blind, late)] == [1, 1, 0, 1]
    assert (still.people_a_frame, blind.people_a_frame, late.people_a_frame) == (1, 0, 0.5)
    assert (late.seen_share, blind.seen_share) == (0.5, 0)
    assert still.mean_score == pytest.approx(0.9) and blind.mean_score is None
    size = np.hypot(*np.ptp(STANDING_PX, axis=0))
    # To and fro by 2 pixels in x and y is a second difference of 8 in each.
    assert slow.jitter == pytest.approx(8 * np.sqrt(2) / size, rel=0.02)
    assert still.jitter == pytest.approx(0, abs=1e-6) and blind.jitter is None
    assert all(model.closed for model in models.values())


def test_only_joints_seen_and_sure_three_times_in_a_row_count():
    n = 6
    xy = np.tile(STANDING_PX, (n, 1, 1))
    score = np.full((n, 17), 0.9, np.float32)
    xy[2, 3] += 100
    score[2, 3] = 0.1  # doubtful there, so not counted
    xy[4, 16] = np.nan
    track = Track2D(
        0, "h36m17", np.arange(n), xy, score, np.zeros((n, 4), np.float32),
        np.ones(n, np.float32), np.array([False] * (n - 1) + [True]),
    )  # fmt: skip
    found = pose2d.second_differences(track, 0.3)
    # Frames 1 to 3 have neighbours that were seen, of which joint 3 lacks all, joint 16 one.
    assert len(found) == 3 * 17 - 3 - 1
    np.testing.assert_allclose(found, 0, atol=1e-6)


def test_the_command_says_and_writes_it(clip, models, tmp_path, monkeypatch):
    monkeypatch.setattr(
        pose2d, "here", lambda config: [replace(config, backend="still", mode="fast")]
    )
    monkeypatch.setattr("hotvid.pose2d.BACKENDS", {"slow": _kind()})
    out = tmp_path / "b.json"
    words = ["bench", "pose2d", str(clip), "--pose2d", "slow", "--json", str(out), "--quiet"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"{clip}: 320x240, 24 frames"
    rows = [line.split() for line in lines if line.startswith("trembling")]
    assert max(map(len, lines[2:])) <= 80
    assert [row[1] for row in rows] == ["0.0", "2.0"]
    assert rows[1][5:7] == ["1", "1.00"] and rows[1][-1].endswith("%")
    found = json.loads(out.read_text())
    assert [one["name"] for one in found["backends"]] == ["trembling 0.0", "trembling 2.0"]


def _kind():
    from hotvid.pose2d import Kind

    return Kind(lambda config, model: None, "a stand-in")


def test_blazepose_comes_in_its_three_sizes():
    found = pose2d.here(Pose2DConfig(backend="rtmo:a.onnx", detector="rtmdet:b.onnx"))
    assert [(one.backend, one.detector, one.mode) for one in found] == [
        ("blazepose", None, mode) for mode in ("fast", "balanced", "accurate")
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--pose2d", "dog"), "unknown 2D backend 'dog'"),
        (("--pose2d", "rtmo"), "give it as --pose2d rtmo:FILE.onnx"),
        (("--detector", "rtmdet:a.onnx"), "add a top-down --pose2d"),
        (("--mode", "quick"), "unknown mode 'quick'"),
        (("--seconds", "0"), "seconds"),
    ],
)
def test_a_wrong_command_line_is_one_line(clip, words, says):
    result = CliRunner().invoke(app, ["bench", "pose2d", str(clip), *words, "--quiet"])
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert says in result.stderr
