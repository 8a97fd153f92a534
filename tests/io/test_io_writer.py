"""What is written plays at the right speed, in the right colours, with the right sound."""

import contextlib
import os
import signal
import subprocess
import threading
import time

import cv2
import numpy as np
import pytest
from video_clips import (
    H264,
    SIZE_PX,
    WITH_TONES,
    ffmpeg,
    index_of,
    loud_spans,
    make_clip,
    picture_of,
    sound,
)

from hotvid.errors import OutputError, ShapeError
from hotvid.io import encoder
from hotvid.io.probe import ffmpeg_exe, probe
from hotvid.io.reader import VideoReader
from hotvid.io.writer import VideoWriter, check_video_output

UNEVEN_S = [0, 0.04, 0.05, 0.2, 0.202, 0.5, 1.0, 1.01, 1.9]


def write(path, times, **options):
    with VideoWriter(path, SIZE_PX, 30, **options) as writer:
        for index, pts_s in enumerate(times):
            writer.write(picture_of(index), pts_s)
    return writer


def read(path):
    with VideoReader(path) as reader:
        return list(reader), reader


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("start_s", [0.0, 3.5])
def test_every_frame_keeps_its_time(tmp_path, suffix, start_s):
    path = tmp_path / f"a{suffix}"
    writer = write(path, [t + start_s for t in UNEVEN_S])
    frames, reader = read(path)
    assert writer.n_frames == len(frames) == len(UNEVEN_S)
    assert [index_of(f.bgr) for f in frames] == list(range(len(UNEVEN_S)))
    tolerance = 1e-3 if suffix == ".mkv" else 2e-5  # Matroska's ticks are milliseconds
    assert [f.pts_s for f in frames] == pytest.approx(UNEVEN_S, abs=tolerance)
    assert probe(path).duration_s == pytest.approx(1.9 + 1 / 30, abs=0.011)
    assert reader.info.fps == pytest.approx(9 / (1.9 + 1 / 30), rel=0.01) or suffix == ".mkv"


@pytest.mark.parametrize("fps", [24, 25, 30000 / 1001, 30, 60, 12.5])
def test_common_rates_are_exact(tmp_path, fps):
    path = tmp_path / "a.mp4"
    times = [i / fps for i in range(50)]
    with VideoWriter(path, SIZE_PX, fps) as writer:
        for index, pts_s in enumerate(times):
            writer.write(picture_of(index), pts_s)
    frames, reader = read(path)
    assert [f.pts_s for f in frames] == pytest.approx(times, abs=2e-5)
    assert reader.info.fps == pytest.approx(fps, rel=1e-4)
    assert reader.info.duration_s == pytest.approx(50 / fps, abs=1e-3)


def test_reading_and_writing_keep_variable_frame_rate(tmp_path):
    source, copy = tmp_path / "source.mp4", tmp_path / "copy.mp4"
    write(source, UNEVEN_S)
    with VideoReader(source) as reader, VideoWriter(copy, SIZE_PX, reader.info.fps) as writer:
        for frame in reader:
            writer.write(frame.bgr, frame.pts_s)
    assert [f.pts_s for f in read(copy)[0]] == pytest.approx(UNEVEN_S, abs=4e-5)


def test_it_plays_in_a_browser(tmp_path):
    path = tmp_path / "a.mp4"
    write(path, UNEVEN_S)
    listing = subprocess.run([ffmpeg_exe(), "-i", str(path)], capture_output=True, text=True).stderr
    assert "Video: h264" in listing and "yuv420p(tv, smpte170m/bt709/bt709" in listing
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat"), "the index must come first"


def test_colours_survive(tmp_path):
    chart = [(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 255)]
    chart += [(255, 0, 255), (255, 255, 0), (60, 120, 200), (200, 120, 60), (128, 128, 128)]
    picture = np.repeat(np.repeat(np.array([chart], np.uint8), 64, 0), 32, 1)
    path = tmp_path / "a.mp4"
    with VideoWriter(path, (picture.shape[1], 64), 30) as writer:
        for i in range(5):
            writer.write(picture, i / 30)
    decoded = read(path)[0][2].bgr[32, 16::32].astype(int)
    assert np.abs(decoded - np.array(chart)).max() <= 6
    # The same by a decoder that goes by the tags in the file.
    ffmpeg("-i", str(path), "-frames:v", "1", str(tmp_path / "a.png"))
    shown = cv2.imread(str(tmp_path / "a.png"))[32, 16::32].astype(int)
    assert np.abs(shown - np.array(chart)).max() <= 6


def test_the_picture_may_be_changed_after_writing(tmp_path):
    canvas = np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8)
    path = tmp_path / "a.mp4"
    with VideoWriter(path, SIZE_PX, 30) as writer:
        for index in range(20):
            canvas[:] = picture_of(index)
            writer.write(canvas, index / 30)
    assert [index_of(f.bgr) for f in read(path)[0]] == list(range(20))


@pytest.mark.parametrize(
    ("name", "codec", "kept"),
    [
        ("a.mp4", ("-c:a", "aac"), "aac"),
        ("a.mkv", ("-c:a", "libmp3lame"), "mp3"),
        ("a.mov", ("-c:a", "pcm_s16le"), "aac"),
        ("a.webm", ("-c:a", "libopus"), "aac"),
    ],
)
def test_sound_is_kept_and_cut(tmp_path, name, codec, kept):
    pictures = ("-c:v", "libvpx") if name.endswith("webm") else H264
    encode = (*pictures, *codec)
    source = make_clip(tmp_path / name, 120, encode=encode, inputs=WITH_TONES)
    assert loud_spans(sound(source)) == pytest.approx([1.0, 1.5, 3.0, 3.2], abs=0.05)
    path = tmp_path / "cut.mp4"
    writer = write(path, [0.8 + i / 30 for i in range(30)], audio_from=source, audio_start_s=0.8)
    assert writer.warnings == []
    assert probe(path).audio_codec == kept
    # From 0.8 to 1.8 s: the first tone, and nothing of the second.
    samples = sound(path)
    assert loud_spans(samples) == pytest.approx([0.2, 0.7], abs=0.05)
    assert len(samples) / 8000 == pytest.approx(1.0, abs=0.06)
    assert probe(path).duration_s == pytest.approx(1.0, abs=0.06)


def test_in_matroska_too_the_first_picture_is_at_0_and_no_sound_before(tmp_path):
    encode = (*H264, "-g", "300", "-c:a", "aac")
    source = make_clip(tmp_path / "a.mp4", 120, encode=encode, inputs=WITH_TONES)
    path = tmp_path / "cut.mkv"
    write(path, [2.8 + i / 30 for i in range(30)], audio_from=source, audio_start_s=2.8)
    assert probe(path).duration_s == pytest.approx(1.0, abs=0.1)
    assert loud_spans(sound(path)) == pytest.approx([0.2, 0.4], abs=0.05)


def test_sound_stays_with_the_pictures_where_these_start_late(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", 60)
    late = tmp_path / "late.mp4"
    shifted = ("-itsoffset", "0.5", "-i", str(clip), "-map", "0:a", "-map", "1:v")
    ffmpeg(*WITH_TONES, *shifted, "-c:v", "copy", str(late))
    path = tmp_path / "out.mp4"
    write(path, [i / 30 for i in range(60)], audio_from=late)
    # The tone at 1.0 s of the sound is 0.5 s after the first picture.
    assert loud_spans(sound(path)) == pytest.approx([0.5, 1.0], abs=0.05)


def test_sound_shorter_than_the_pictures_does_not_cut_them(tmp_path):
    source = tmp_path / "short.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.5", str(source))
    path = tmp_path / "a.mp4"
    write(path, [i / 30 for i in range(60)], audio_from=source)
    frames, reader = read(path)
    assert len(frames) == 60 and reader.info.has_audio
    assert len(sound(path)) / 8000 == pytest.approx(0.5, abs=0.1)


def test_a_source_without_sound_gives_a_silent_video(tmp_path):
    source = make_clip(tmp_path / "silent.mp4", 10)
    writer = write(tmp_path / "a.mp4", [i / 30 for i in range(10)], audio_from=source)
    assert writer.warnings == []
    assert probe(tmp_path / "a.mp4").audio_codec is None


def test_sound_that_cannot_be_taken_is_said(tmp_path, monkeypatch):
    source = make_clip(tmp_path / "a.mov", 10, encode=(*H264, "-c:a", "aac"), inputs=WITH_TONES)
    listing = probe(source)
    monkeypatch.setattr("hotvid.io.writer.probe", lambda _: listing)
    source.write_bytes(source.read_bytes()[:50])
    writer = write(tmp_path / "out.mp4", [i / 30 for i in range(10)], audio_from=source)
    assert len(writer.warnings) == 1 and "no sound" in writer.warnings[0]
    assert len(read(tmp_path / "out.mp4")[0]) == 10


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_nothing(tmp_path, kind):
    with (
        pytest.raises(kind),
        VideoWriter(tmp_path / "new" / "a.mp4", SIZE_PX, 30) as writer,
    ):
        for index in range(20):
            writer.write(picture_of(index), index / 30)
        raise kind
    assert list(tmp_path.iterdir()) == []
    assert not writing_threads()


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises(ValueError), VideoWriter(path, SIZE_PX, 30, overwrite=True) as writer:
        writer.write(picture_of(0), 0.0)
        raise ValueError
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_an_existing_file_is_kept_unless_told(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"exists.*--overwrite"):
        VideoWriter(path, SIZE_PX, 30)
    write(path, UNEVEN_S, overwrite=True)
    assert len(read(path)[0]) == len(UNEVEN_S)


def test_no_frames_is_an_error(tmp_path):
    with (
        pytest.raises(OutputError, match="no pictures"),
        VideoWriter(tmp_path / "a.mp4", SIZE_PX, 30),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_encoder_killed_is_an_error_not_a_hang(tmp_path):
    began = time.monotonic()
    with (
        pytest.raises(OutputError, match=r"ffmpeg was killed \(signal 9\)"),
        VideoWriter(tmp_path / "a.mp4", SIZE_PX, 30) as writer,
    ):
        writer.write(picture_of(0), 0.0)
        os.kill(writer._encoder._process.pid, signal.SIGKILL)
        for index in range(1, 2000):
            writer.write(picture_of(index), index / 30)
    assert time.monotonic() - began < 20
    assert list(tmp_path.iterdir()) == []
    assert not writing_threads()


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for ffmpeg is a shell script")
@pytest.mark.parametrize("stage", ["encoding", "remuxing"])
def test_a_full_disk_is_an_error(tmp_path, monkeypatch, stage):
    stand_in = tmp_path / "ffmpeg"
    fail = 'echo "[out#0] Error writing trailer: No space left on device" >&2; exit 228'
    passed = f'case "$*" in *pipe:0*) exec "{ffmpeg_exe()}" "$@";; esac'
    stand_in.write_text("#!/bin/sh\n" + (f"{passed}\n" if stage == "remuxing" else "") + fail)
    stand_in.chmod(0o755)
    monkeypatch.setattr(encoder, "ffmpeg_exe", lambda: str(stand_in))
    with pytest.raises(OutputError, match="no space left on the disk"):
        write(tmp_path / "out" / "a.mp4", [i / 30 for i in range(100)])
    assert [p.name for p in tmp_path.iterdir()] == ["ffmpeg"]


def test_memory_is_bounded_by_the_queue(tmp_path, monkeypatch):
    """Drawing faster than encoding waits; it does not pile pictures up."""
    stand_in = tmp_path / "ffmpeg"
    stand_in.write_text("#!/bin/sh\nexec sleep 30\n")
    stand_in.chmod(0o755)
    monkeypatch.setattr(encoder, "ffmpeg_exe", lambda: str(stand_in))
    size_px = (640, 480)
    picture = picture_of(5, size_px)
    written = 0

    def draw(writer):
        nonlocal written
        while written < 100:
            writer.write(picture, written / 30)
            written += 1

    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "a.mp4", size_px, 30) as writer:
        # A failing write ends the thread when the writer closes.
        thread = threading.Thread(target=lambda: suppressed(draw, writer), daemon=True)
        thread.start()
        thread.join(timeout=1.0)
        assert written <= encoder.QUEUE_PICTURES + 2
        raise KeyboardInterrupt
    thread.join(timeout=10)
    assert not thread.is_alive() and not writing_threads()


def suppressed(work, *arguments):
    with contextlib.suppress(OutputError):
        work(*arguments)


@pytest.mark.parametrize("name", ["a.avi", "a.gif", "a", "a.mp4.txt"])
def test_unknown_suffix(tmp_path, name):
    with pytest.raises(OutputError, match=r"choose one of: \.mp4, \.m4v, \.mov, \.mkv"):
        check_video_output(tmp_path / name)


def test_an_upper_case_suffix_is_known(tmp_path):
    write(tmp_path / "A.MP4", UNEVEN_S)
    assert len(read(tmp_path / "A.MP4")[0]) == len(UNEVEN_S)


@pytest.mark.parametrize("size_px", [(97, 64), (96, 65), (0, 64), (96, -2), (20_000, 64)])
def test_size_is_checked(tmp_path, size_px):
    with pytest.raises(ShapeError, match="even width and height"):
        VideoWriter(tmp_path / "a.mp4", size_px, 30)


@pytest.mark.parametrize(
    ("picture", "pts_s", "what"),
    [
        (np.zeros((64, 96), np.uint8), 1.0, "expected .64, 96, 3. uint8"),
        (np.zeros((96, 64, 3), np.uint8), 1.0, "expected .64, 96, 3. uint8"),
        (np.zeros((64, 96, 3), np.float32), 1.0, "expected .64, 96, 3. uint8"),
        (np.zeros((64, 96, 3), np.uint8), 0.0, "after the last picture's"),
        (np.zeros((64, 96, 3), np.uint8), -1.0, "after the last picture's"),
    ],
)
def test_pictures_are_checked(tmp_path, picture, pts_s, what):
    with (
        pytest.raises(ShapeError, match=what),
        VideoWriter(tmp_path / "a.mp4", SIZE_PX, 30) as writer,
    ):
        writer.write(picture_of(0), 0.0)
        writer.write(picture, pts_s)
    assert list(tmp_path.iterdir()) == []


def writing_threads():
    return [t for t in threading.enumerate() if t.name in ("hotvid-encode", "hotvid-ffmpeg")]
