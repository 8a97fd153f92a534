"""A folder of pictures is a video, if they can be the frames of one."""

import cv2
import pytest
from video_clips import WITH_TONES, index_of, make_clip, picture_of

from hotvid.config import configure
from hotvid.errors import InputError, UsageError
from hotvid.io.reader import VideoReader


def write(folder, names, size_px=(96, 64)):
    """Numbered pictures, in the order of `names`."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        cv2.imwrite(str(folder / name), picture_of(number, size_px))
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ["8.png", "9.png", "10.png", "100.png"],
        ["a_0001.bmp", "a_0002.bmp", "a_0005.bmp"],
        ["cam2 0009.PNG", "cam2 0010.png", "cam10 0001.png"],
    ],
)
def test_the_numbers_in_their_names_order_them(tmp_path, names):
    folder = write(tmp_path / "frames", names)
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.jpg").write_bytes(b"")
    with VideoReader(folder, fps=25) as reader:
        frames = list(reader)
        assert reader.times() == pytest.approx([f.pts_s for f in frames])
    assert [index_of(f.bgr) for f in frames] == [f.index for f in frames] == list(range(len(names)))
    assert [f.pts_s for f in frames] == pytest.approx([i / 25 for i in range(len(names))])
    info = reader.info
    assert (info.width, info.height, info.fps, info.n_frames) == (96, 64, 25, len(names))
    assert info.duration_s == pytest.approx(len(names) / 25) and not info.has_audio
    assert reader.counts_frames and not reader.warnings


def test_a_rate_that_is_not_given_is_assumed_and_said(tmp_path):
    reader = VideoReader(write(tmp_path / "frames", ["1.png", "2.png"]), (0.02, 1.0))
    (frame,) = reader
    assert (frame.index, frame.pts_s) == (1, pytest.approx(1 / 30))
    assert "30 frames/s are assumed (--fps)" in reader.warnings[0]


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ([], "a folder without pictures"),
        (["1.png", "1.jpg"], "holds JPEG and PNG pictures; put the frames of one video in"),
    ],
)
def test_what_is_no_video(tmp_path, names, complaint):
    with pytest.raises(InputError, match=complaint):
        VideoReader(write(tmp_path / "frames", names))


def test_a_folder_of_videos_is_for_a_batch(tmp_path):
    folder = write(tmp_path / "videos", ["cover.jpg"])
    make_clip(folder / "walk.mp4", 2)
    with pytest.raises(InputError, match="is a folder of videos; name one, or use: hotvid batch"):
        VideoReader(folder)


def test_a_picture_of_another_size_or_broken_is_named(tmp_path):
    folder = write(tmp_path / "frames", ["1.png", "2.png", "3.png"])
    cv2.imwrite(str(folder / "2.png"), picture_of(1, (64, 64)))
    with pytest.raises(InputError, match=r"2.png' is 64x64, but '1.png' 96x64"):
        list(VideoReader(folder, fps=30))
    (folder / "2.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"2.png' is a picture that cannot be decoded"):
        list(VideoReader(folder, fps=30))


def test_a_video_whose_times_are_not_believed(tmp_path):
    """As slow motion: 20 pictures that the file spreads over 2/3 s were taken in 1/12 s."""
    clip = make_clip(tmp_path / "a.mp4", 20, inputs=WITH_TONES)
    assert VideoReader(clip).info.has_audio
    with VideoReader(clip, (0.025, 1.0), fps=240) as reader:
        frames = list(reader)
    assert [index_of(f.bgr) for f in frames] == list(range(6, 20))
    assert [f.pts_s for f in frames] == pytest.approx([i / 240 for i in range(6, 20)])
    info = reader.info
    assert (info.fps, info.n_frames, info.has_audio) == (240, 20, False)
    assert info.duration_s == pytest.approx(20 / 240)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_rates_that_are_none(fps):
    with pytest.raises(UsageError, match="fps is"):
        configure(fps=fps)
