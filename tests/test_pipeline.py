"""The stages in order: each frame's people arrive in that frame's row, and memory stays flat."""

import inspect

import numpy as np
import pytest
from stand_ins import (
    FPS,
    STANDING_PX,
    StandInBackend,
    StandInLifter,
    coded_picture,
    read_drawn_code,
    write_coded_clip,
)

import hotvid
from hotvid import drawing, observing, pipeline, track
from hotvid.config import PipelineConfig, configure
from hotvid.errors import HotvidWarning, InputError, UsageError, WeightsError
from hotvid.io.reader import PREFETCH_FRAMES, VideoReader
from hotvid.io.writer import VideoWriter
from hotvid.render import compose

N_FRAMES = 64


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_coded_clip(tmp_path_factory.mktemp("clip") / "coded.mp4", N_FRAMES)


@pytest.fixture
def models(monkeypatch):
    """The stand-ins in place of the models; the person is seen in frames 10 to 49."""
    backend, lifter = StandInBackend(range(10, 50)), StandInLifter()
    loads = []

    def load_lifter(name, weights, device):
        loads.append((name, weights, device))
        return lifter

    monkeypatch.setattr(pipeline, "load_backend", lambda config: backend)
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", load_lifter)
    backend.lifter_loads = loads
    return backend


def test_every_frame_has_a_row_and_the_person_stands_where_the_frame_says(clip, models):
    poses = pipeline.analyze(clip)
    assert poses.n_frames == N_FRAMES and poses.first_frame == 0
    np.testing.assert_allclose(poses.pts_s, np.arange(N_FRAMES) / FPS, atol=1e-4)
    (person,) = poses.people
    track = person.keypoints
    assert track.frame_index.tolist() == list(range(10, 50))
    want = STANDING_PX + np.arange(10, 50)[:, None, None] * [1, 0]
    np.testing.assert_allclose(track.xy_px, want, atol=0.01)
    assert track.joint_set == "h36m17"
    np.testing.assert_allclose(person.motion.xyz_m[7, 16], [-0.26, -0.02, 0.16], atol=1e-5)
    assert person.motion.root_m.shape == (40, 3) and np.isfinite(person.motion.root_m).all()
    assert poses.models.pose2d == "stand-in" and poses.models.lifter == "stand-in-lifter"
    assert poses.models.weights_sha256 == "ab" * 32
    assert models.closed


def test_frames_that_the_2d_model_holds_back_keep_their_rows(clip, models, monkeypatch):
    as_they_come = pipeline.analyze(clip).people[0].keypoints
    held = []

    def estimate(frames):
        held.extend(StandInBackend.estimate(models, frames))
        return [held.pop(0) for _ in range(len(held) - 7)]

    monkeypatch.setattr(models, "estimate", estimate)
    monkeypatch.setattr(models, "finish", lambda: held)
    poses = pipeline.analyze(clip)
    (person,) = poses.people
    assert poses.n_frames == N_FRAMES and len(held) == 7
    np.testing.assert_array_equal(person.keypoints.frame_index, as_they_come.frame_index)
    np.testing.assert_array_equal(person.keypoints.xy_px, as_they_come.xy_px)


def test_the_person_walks_to_the_right_in_the_camera_too(clip, models):
    (person,) = pipeline.analyze(clip).people
    assert (np.diff(person.motion.root_m[5:-5, 0]) > 0).all()


def test_between_black_bars_the_lens_is_that_of_what_they_leave(clip, models, monkeypatch):
    (before,) = pipeline.analyze(clip).people
    width = VideoReader(clip).info.width
    monkeypatch.setattr(observing.BarFinder, "shown_px", lambda self: width // 2)
    poses = pipeline.analyze(clip)
    assert poses.video.shown_px == width // 2 and poses.video.focal_px is None
    z = poses.people[0].motion.root_m[:, 2]
    np.testing.assert_allclose(z, before.motion.root_m[:, 2] / 2, rtol=0.05)
    assert pipeline.settle(poses).world.focal_px == pytest.approx(width / 4 * 3**0.5)
    known = pipeline.analyze(clip, configure(focal=width / 2 * 3**0.5)).people[0].motion.root_m
    np.testing.assert_allclose(known[:, 2], before.motion.root_m[:, 2], rtol=0.02)


def test_a_cut_ends_everybody_and_is_told_of(tmp_path, models):
    """The same person seems to walk on, from one place into another."""
    path, rng = tmp_path / "cut.mp4", np.random.default_rng(0)
    places = [np.kron(rng.integers(0, 256, (10, 16, 3)), np.ones((20, 20, 1))) for _ in range(2)]
    with VideoWriter(path, (320, 240), FPS) as writer:
        for number in range(N_FRAMES):
            picture = coded_picture(number)
            picture[40:] = places[number >= 30]
            writer.write(picture, number / FPS)
    with pytest.warns(HotvidWarning, match="the video is cut once"):
        poses = pipeline.analyze(path)
    rows = [p.keypoints.frame_index[[0, -1]].tolist() for p in poses.people]
    assert poses.cuts == (30,) and rows == [[10, 29], [30, 49]]


def test_frames_are_not_kept(clip, models):
    pipeline.analyze(clip)
    assert sum(models.batches) == N_FRAMES
    assert max(models.batches) == observing.FRAMES_AT_ONCE
    assert models.most_alive <= 2 * observing.FRAMES_AT_ONCE + PREFETCH_FRAMES + 1


def test_progress_grows_to_its_end(clip, models):
    said = []
    pipeline.analyze(clip, progress=lambda *news: said.append(news))
    assert list(dict.fromkeys(stage for stage, _, _ in said)) == ["pose2d", "lift"]
    done = [n for stage, n, _ in said if stage == "pose2d"]
    assert done == sorted(done) and said[-1] == ("lift", 1, 1)
    assert ("pose2d", N_FRAMES, N_FRAMES) in said


def test_nobody(clip, models):
    models.seen = range(0)
    with pytest.warns(HotvidWarning, match="nobody was found in .*coded.mp4") as caught:
        poses = pipeline.analyze(clip)
    assert len(caught) == 1
    assert poses.people == () and poses.n_frames == N_FRAMES
    assert len(poses.warnings) == 1
    assert poses.models.lifter is None and poses.models.weights_sha256 is None
    assert models.lifter_loads == []
    assert poses.warnings[0].endswith("too far out of the picture: try --mode accurate")


@pytest.mark.filterwarnings("ignore::hotvid.errors.HotvidWarning")
def test_what_might_help_is_said_where_nobody_is_left(clip, models):
    models.seen = range(20, 24)  # sooner gone than 0.4 s
    (said,) = pipeline.analyze(clip).warnings
    seen = "who was seen in 4 frames is too unsure or too soon gone"
    assert said.endswith(f"; {seen}: try a lower --bbox-thr or --mode accurate")
    (said,) = pipeline.analyze(clip, configure(mode="accurate")).warnings
    assert said.endswith(f"; {seen}: try a lower --bbox-thr")
    models.seen = range(0)
    (said,) = pipeline.analyze(clip, configure(mode="accurate")).warnings
    assert "try" not in said


def test_a_video_that_lies_upside_down_is_asked_about(clip, models, monkeypatch):
    monkeypatch.setattr("stand_ins.STANDING_PX", np.float32([320, 240]) - STANDING_PX)
    with pytest.warns(HotvidWarning, match="is the video turned") as caught:
        poses = pipeline.analyze(clip)
    assert len(caught) == 1
    assert poses.warnings == (str(caught[0].message),)
    assert len(poses.people) == 1


def test_a_time_range_keeps_the_numbers_of_the_whole_video(clip, models):
    poses = pipeline.analyze(clip, configure(time_range=(0.5, 1.0)))
    assert poses.first_frame == 15 and poses.n_frames == 15
    assert poses.pts_s[0] == pytest.approx(0.5, abs=1e-4)
    (person,) = poses.people
    assert person.keypoints.frame_index.tolist() == list(range(15, 30))
    np.testing.assert_allclose(person.keypoints.xy_px[0], STANDING_PX + [15, 0], atol=0.01)


def test_a_lifter_that_cannot_be_loaded_stops_the_work(clip, models, monkeypatch):
    def fail(name, weights, device):
        raise WeightsError("the weights are damaged")

    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", fail)
    with pytest.raises(WeightsError, match="damaged"):
        pipeline.analyze(clip)
    assert models.closed


def test_weights_that_are_not_there_are_missed_before_anything_is_read(clip, models, tmp_path):
    with pytest.raises(WeightsError, match=r"missing.safetensors"):
        pipeline.analyze(clip, configure(weights=tmp_path / "missing.safetensors"))
    assert models.batches == []


def test_tokens_that_the_lifter_cannot_keep_are_refused_before_anything_is_read(
    clip, models, monkeypatch
):
    class Plain(StandInLifter):
        def check(self, config):
            raise UsageError(f"not {config.tokens} tokens")

    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: Plain())
    with pytest.raises(UsageError, match="not 9 tokens"):
        pipeline.analyze(clip, configure(tokens=9))
    assert models.batches == [] and models.closed
    with pytest.raises(UsageError, match="tokens is 1; keep 2 frames"):
        configure(tokens=1)


def test_the_options_reach_their_stages(clip, models):
    config = configure(model="mixste", weights=clip, device="cpu", person="3")
    with pytest.raises(hotvid.errors.HotvidError, match="3"):
        pipeline.analyze(clip, config)
    assert models.lifter_loads == [("mixste", str(clip), "cpu")]


def test_a_file_that_is_no_video(tmp_path, models):
    (tmp_path / "notes.mp4").write_text("these are only words")
    with pytest.raises(InputError):
        pipeline.analyze(tmp_path / "notes.mp4")


def test_rendering_draws_each_frame_at_its_own_time(clip, models, tmp_path):
    poses = pipeline.analyze(clip)
    said = []
    drawing.render(poses, tmp_path / "out.mp4", progress=lambda *news: said.append(news))
    with VideoReader(tmp_path / "out.mp4") as reader:
        frames = [(f.pts_s, read_drawn_code(f.bgr)) for f in reader]
    assert [code for _, code in frames] == list(range(N_FRAMES))
    np.testing.assert_allclose([t for t, _ in frames], poses.pts_s, atol=1e-3)
    assert said == [("render", n + 1, N_FRAMES) for n in range(N_FRAMES)]


def test_rendering_a_part_draws_that_part(clip, models, tmp_path):
    poses = pipeline.analyze(clip, configure(time_range=(0.5, 1.0)))
    drawing.render(poses, tmp_path / "out.mp4")
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert [read_drawn_code(f.bgr) for f in reader] == list(range(15, 30))


def test_the_python_interface_takes_the_words_of_the_command_line(clip, models, tmp_path):
    out, json = tmp_path / "out.mp4", tmp_path / "out.json"
    poses = hotvid.run(clip, out, json=json, time_range=(0.5, 1.0), device="cpu")
    assert poses.first_frame == 15 and out.is_file() and json.is_file()
    again = hotvid.analyze(clip, time_range=(0.5, 1.0), device="cpu")
    assert again.people[0].keypoints.frame_index.tolist() == list(range(15, 30))
    with pytest.raises(TypeError):
        hotvid.analyze(clip, speed=11)


def test_the_default_settings_are_those_of_configure():
    assert configure() == PipelineConfig()


def test_tracking_knows_the_size_of_the_picture_and_the_settings(clip, models, monkeypatch):
    asked = []

    def associate(*given, **named):
        asked.append(inspect.signature(track.associate).bind(*given, **named).arguments)
        return track.associate(*given, **named)

    monkeypatch.setattr(pipeline, "associate", associate)
    pipeline.analyze(clip, configure(kpt_thr=0.4, time_range=(0.5, 1.5)))
    (asked,) = asked
    assert asked["size_px"] == (320, 240) and asked["config"].kpt_thr == 0.4
    assert asked["first_frame"] == 15
    np.testing.assert_allclose(asked["pts_s"], np.arange(15, 45) / 30, atol=1e-4)


def test_drawing_follows_its_settings_and_the_sound_begins_with_the_part(
    clip, models, tmp_path, monkeypatch
):
    drawn, opened = [], []

    class Drawn(compose.Composer):
        def __init__(self, poses, config):
            drawn.append(config)
            super().__init__(poses, config)

    def writer(*given, **named):
        opened.append(named)
        return VideoWriter(*given, **named)

    monkeypatch.setattr(compose, "Composer", Drawn)
    monkeypatch.setattr(drawing, "VideoWriter", writer)
    config = configure(kpt_thr=0.65, time_range=(0.5, 0.7))
    drawing.render(pipeline.analyze(clip, config), tmp_path / "out.mp4", config)
    assert [of.kpt_thr for of in drawn] == [0.65]
    assert [of["audio_start_s"] for of in opened] == [pytest.approx(0.5, abs=1e-3)]


def told_to_lift(clip, monkeypatch, config):
    """What the lifter is asked for, and whose sides were looked at."""
    asked, looked = [], []

    class Recorder(StandInLifter):
        def lift(self, tracks, fps, size_px, config=None, progress=None):
            asked.append((fps, size_px, config))
            return super().lift(tracks, fps, size_px, config, progress)

    def without_swaps(track, fps):
        looked.append(track.track_id)
        return track

    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: Recorder())
    monkeypatch.setattr(pipeline, "without_swaps", without_swaps)
    pipeline.analyze(clip, config)
    return asked[0], looked


def test_the_lifter_knows_the_lens_that_bodies_are_placed_by(clip, models, monkeypatch):
    (fps, size_px, config), looked = told_to_lift(clip, monkeypatch, configure())
    assert (fps, size_px) == (pytest.approx(30, abs=0.01), (320, 240))
    # 160 / tan 30 degrees is assumed of a picture of 320 pixels.
    assert config.focal_px == pytest.approx(277.128, abs=0.001) and looked == [0]
    (_, _, config), looked = told_to_lift(clip, monkeypatch, configure(focal=350.0, swaps=False))
    assert config.focal_px == 350.0 and looked == []
