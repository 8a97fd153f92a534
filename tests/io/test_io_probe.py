"""What ffmpeg lists is understood, and names are taken literally."""

import os
import shutil
import subprocess

import numpy as np
import pytest
from stand_ins import write_coded_clip

from hotvid.io.probe import ffmpeg_exe, ffmpeg_url, parse_listing, probe
from hotvid.io.reader import VideoReader

LISTING = """\
Input #0, matroska,webm, from 'file:/a/b.mkv':
  Metadata:
    title           : Stream #0:9: Audio: flac
    ENCODER         : Lavf61.1.100
  Duration: 01:02:03.50, start: 0.250000, bitrate: 82 kb/s
  Stream #0:0(eng): Audio: aac (LC), 44100 Hz, mono, fltp
    Metadata:
      DURATION        : 01:02:03.250000000
  Stream #0:1: Video: h264 (High), yuv420p, 96x64, 30 fps, 30 tbr, 1k tbn, start 0.750000 (default)
    Metadata:
      DURATION        : 01:00:02.750000000
  Stream #0:2: Audio: mp3, 44100 Hz
"""

COVER = """\
Input #0, mp3, from 'file:/a/b.mp3':
  Duration: 00:00:02.00, start: 0.025057, bitrate: 65 kb/s
  Stream #0:0: Audio: mp3 (mp3float), 44100 Hz, mono, fltp, 64 kb/s
  Stream #0:1: Video: png, rgb24, 64x64, 90k tbr, 90k tbn (attached pic)
"""

# A track of time codes beside the video makes a group of both.
GROUP = """\
Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/a/b.mov':
  Duration: 00:00:00.40, start: 0.000000, bitrate: 63 kb/s
  Stream group #0:0[0x2]: Track Reference:
    Stream #0:0[0x1]: Video: h264 (avc1 / 0x31637661), yuv444p, 64x48, 31 kb/s, 25 fps (default)
      Metadata:
        DURATION        : 00:00:00.360000000
    Stream #0:1[0x2](eng): Data: none (tmcd / 0x64636D74), 0 kb/s
  Stream #0:2: Audio: mp3, 44100 Hz
"""


def test_a_group_of_streams():
    found = parse_listing(GROUP)
    assert found.has_video and found.audio_codec == "mp3"
    assert (found.duration_s, found.video_duration_s) == (0.4, 0.36)


def test_listing():
    found = parse_listing(LISTING)
    assert found.container == "matroska,webm"
    assert found.has_video
    assert found.audio_codec == "aac"
    assert found.duration_s == pytest.approx(3723.5)
    assert found.video_duration_s == pytest.approx(3602.0)
    assert found.video_offset_s == pytest.approx(0.5)


def test_a_cover_is_no_video():
    found = parse_listing(COVER)
    assert not found.has_video
    assert found.audio_codec == "mp3"
    assert found.container == "mp3"


@pytest.mark.parametrize(
    ("of_stream", "of_picture", "interlaced"),
    [
        ("yuv420p(tv, bt709, progressive)", "P", False),
        ("yuv420p", "P", False),
        ("yuv420p", "B", True),  # as DV
        ("yuv420p(tv, bt709, top first)", "P", True),  # it begins with whole pictures
        ("yuv420p(bottom coded first (swapped))", "P", True),
    ],
)
def test_either_the_stream_or_a_picture_is_interlaced(of_stream, of_picture, interlaced):
    said = LISTING.replace("yuv420p", of_stream) + "\nStream mapping:\n"
    said += f"[showinfo] n:   0 pts:  0 pts_time:0 s:96x64 i:{of_picture} iskey:1 type:I\n"
    found = parse_listing(said)
    assert found.interlaced == interlaced
    assert found.audio_codec == "aac" and found.video_offset_s == pytest.approx(0.5)


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\0" * 100)
    assert probe(tmp_path / "a.mp4") is None
    assert probe(tmp_path / "missing.mp4") is None


def test_ffmpeg_is_asked_once_of_a_file_until_it_is_another(demo_clip, tmp_path, monkeypatch):
    path, asked = tmp_path / "a.mp4", []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: asked.append(a) or run(*a, **k))
    path.write_bytes(b"\0" * 100)
    assert probe(path) is None and probe(path) is None
    assert len(asked) == 2  # what failed may be put right
    shutil.copy(demo_clip, path)
    found = probe(path)
    assert found is not None and probe(str(path)) == found
    assert len(asked) == 3
    os.utime(path, ns=(1, 1))
    assert probe(path) == found
    assert len(asked) == 4
    path.unlink()
    assert probe(path) is None


def test_no_ffmpeg(demo_clip, tmp_path, monkeypatch):
    def none():
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", none)
    shutil.copy(demo_clip, tmp_path / "a.mp4")
    assert probe(tmp_path / "a.mp4") is None


def test_names_are_literal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ffmpeg_url("-i.mp4") == f"file:{tmp_path}/-i.mp4"
    assert ffmpeg_url("http:x.mp4") == f"file:{tmp_path}/http:x.mp4"


def test_the_lens_that_a_phone_writes(tmp_path):
    plain, tagged = tmp_path / "a.mov", tmp_path / "b.mov"
    write_coded_clip(tmp_path / "c.mp4", 3)
    key = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
    for path, value in ((plain, None), (tagged, "26")):
        said = [] if value is None else ["-metadata", f"{key}={value}"]
        subprocess.run(
            [ffmpeg_exe(), "-v", "error", "-i", tmp_path / "c.mp4", "-c", "copy"]
            + ["-movflags", "use_metadata_tags", *said, path],
            check=True,
        )
    assert VideoReader(plain).info.focal_px is None
    info = VideoReader(tagged).info
    # 26 mm on film whose diagonal is 43.27 mm.
    assert info.focal_px == pytest.approx(26 / 43.27 * np.hypot(info.width, info.height))
