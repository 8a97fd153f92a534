"""Each kind of file that cannot be read ends in one line that says why."""

import os
import subprocess
import sys

import numpy as np
import pytest
from video_clips import H264, WITH_TONES, ffmpeg, make_clip

from hotvid.errors import InputError
from hotvid.io import capture
from hotvid.io.readable import check_source
from hotvid.io.reader import VideoReader


def complaint(path, time_range_s=None):
    with pytest.raises(InputError) as caught, VideoReader(path, time_range_s) as reader:
        list(reader)
    text = str(caught.value)
    assert "\n" not in text
    assert caught.value.hint
    return text


def written(path, data):
    path.write_bytes(data)
    return path


def test_missing(tmp_path):
    assert "'" + str(tmp_path / "no.mp4") + "' does not exist" in complaint(tmp_path / "no.mp4")


@pytest.mark.parametrize(
    "url", ["https://example.com/a.mp4", "s3://bucket/a.mp4", "file:///a/b.mp4"]
)
def test_url(url):
    with pytest.raises(InputError, match=f"'{url}' is a URL; download it first"):
        check_source(url)


def test_a_stream():
    assert "is a stream; record it to a file first" in complaint("rtsp://10.0.0.1/live")


def test_what_other_programs_take(tmp_path):
    assert "'0' does not exist; cameras are not read" in complaint("0")
    for name in ("frame_%04d.png", "*.jpg"):
        assert "name their folder" in complaint(tmp_path / name)


def test_folder(tmp_path):
    assert "is a folder" in complaint(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe(tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    assert "not a regular file" in complaint(tmp_path / "a.mp4")


def test_empty(tmp_path):
    assert "is empty" in complaint(written(tmp_path / "a.mp4", b""))


@pytest.mark.parametrize("name", ["a.txt", "a.mp4", "a.m3u8", "a.png"])
def test_text(tmp_path, name):
    path = written(tmp_path / name, b"not a video\n" * 200)
    assert "is not a video that can be read" in complaint(path)


def test_list_of_other_files(tmp_path):
    make_clip(tmp_path / "part.ts", 10)
    lines = "#EXTM3U", "#EXT-X-TARGETDURATION:1", "#EXTINF:1,", "part.ts", "#EXT-X-ENDLIST", ""
    path = written(tmp_path / "list.m3u8", "\n".join(lines).encode())
    assert "is not a video that can be read" in complaint(path)


def test_noise(tmp_path):
    data = np.random.default_rng(0).bytes(20_000)
    assert "is not a video that can be read" in complaint(written(tmp_path / "a.mp4", data))


def test_mp4_without_its_index(tmp_path):
    whole = make_clip(tmp_path / "whole.mp4").read_bytes()
    broken = written(tmp_path / "broken.mp4", whole[: len(whole) // 2])
    assert "complete" in complaint(broken)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_picture_cut_short(tmp_path, capfd, suffix, share):
    noise = ("-vf", "noise=alls=80:allf=t", "-frames:v", "1")
    whole = make_clip(tmp_path / f"whole{suffix}", 1, encode=noise).read_bytes()
    broken = written(tmp_path / f"broken{suffix}", whole[: int(len(whole) * share)])
    complaint(broken)
    assert capfd.readouterr().err == ""


def test_sound_only(tmp_path):
    path = tmp_path / "a.mp3"
    ffmpeg(*WITH_TONES, str(path))
    assert "holds only sound" in complaint(path)


def test_sound_with_a_cover_picture(tmp_path):
    path = tmp_path / "a.mp3"
    cover = ("-f", "lavfi", "-i", "color=red:s=64x64:d=0.1", "-map", "0", "-map", "1")
    ffmpeg(*WITH_TONES, *cover, "-frames:v", "1", "-c:v", "png", "-t", "1", str(path))
    assert "holds only sound" in complaint(path)


def test_no_frames(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", 5)
    none = tmp_path / "none.mp4"
    ffmpeg("-i", str(clip), "-c", "copy", "-frames:v", "0", str(none))
    assert "holds no video" in complaint(none)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = make_clip(tmp_path / "a.mp4", 5)
    path.chmod(0)
    assert "permission" in complaint(path)


def test_no_permission_as_the_system_says_it(tmp_path, monkeypatch):
    path = make_clip(tmp_path / "a.mp4", 5)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    assert "permission" in complaint(path)


@pytest.mark.parametrize("span", [(2.0, 1.0), (1.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0)])
def test_time_range_that_holds_nothing(tmp_path, span):
    assert "0 <= START < END" in complaint(make_clip(tmp_path / "a.mp4", 5), span)


def test_time_range_after_the_end(tmp_path):
    text = complaint(make_clip(tmp_path / "a.mp4", 30), (5.0, 6.0))
    assert "has no frame from 5 to 6 s" in text
    assert "0.97 s" in text


def test_absurd_size(tmp_path, monkeypatch):
    monkeypatch.setattr(capture, "MAX_PIXELS", 96 * 64 - 1)
    text = complaint(make_clip(tmp_path / "a.mp4", 5))
    assert "96 x 64 pixels" in text
    text = complaint(make_clip(tmp_path / "a.png", 1, encode=("-frames:v", "1")))
    assert "96 x 64 pixels" in text


def test_picture_whose_header_claims_too_much(tmp_path):
    whole = bytearray(make_clip(tmp_path / "a.bmp", 1, encode=("-frames:v", "1")).read_bytes())
    whole[18:26] = (2_000_000).to_bytes(4, "little") * 2
    complaint(written(tmp_path / "huge.bmp", bytes(whole)))


def test_nothing_is_said_on_the_terminal(tmp_path):
    """FFmpeg's and OpenCV's own complaints stay away: the error is the one line."""
    clip = make_clip(tmp_path / "whole.mp4", encode=(*H264, "-movflags", "+faststart"))
    cut = written(tmp_path / "cut.mp4", clip.read_bytes()[: clip.stat().st_size // 2])
    text = written(tmp_path / "text.mp4", b"not a video\n" * 200)
    noise = written(tmp_path / "noise.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)))
    code = (
        "import sys\n"
        "from hotvid.errors import InputError\n"
        "from hotvid.io.reader import VideoReader\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        print(sum(1 for _ in VideoReader(path)))\n"
        "    except InputError:\n"
        "        print('refused')\n"
    )
    command = [sys.executable, "-c", code, str(cut), str(text), str(noise)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.split()[1:] == ["refused", "refused"]
    assert int(done.stdout.split()[0]) > 0
