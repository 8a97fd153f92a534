"""What ffmpeg lists is understood, and names are taken literally."""

import pytest

from hotvid.io.probe import ffmpeg_url, parse_listing, probe

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


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\0" * 100)
    assert probe(tmp_path / "a.mp4") is None
    assert probe(tmp_path / "missing.mp4") is None


def test_no_ffmpeg(tmp_path, monkeypatch):
    def none():
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", none)
    assert probe(tmp_path / "a.mp4") is None


def test_names_are_literal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ffmpeg_url("-i.mp4") == f"file:{tmp_path}/-i.mp4"
    assert ffmpeg_url("http:x.mp4") == f"file:{tmp_path}/http:x.mp4"
