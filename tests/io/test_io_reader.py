"""Every frame of every kind of file, with its own number and its own time."""

import re
import threading
import time
import tracemalloc

import cv2
import numpy as np
import pytest
from video_clips import H264, H264_REORDERED, SIZE_PX, WITH_TONES, ffmpeg, index_of, make_clip

from hotvid.errors import InputError
from hotvid.io import capture
from hotvid.io.capture import VideoCapture
from hotvid.io.reader import VideoReader


def read(path, time_range_s=None):
    with VideoReader(path, time_range_s) as reader:
        return list(reader), reader


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """60 numbered frames at 30 a second, reordered."""
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", encode=H264_REORDERED)


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("a.mp4", H264_REORDERED),
        ("a.mkv", H264_REORDERED),
        ("a.ts", H264_REORDERED),
        ("mpeg4.avi", ("-c:v", "mpeg4", "-bf", "2")),
        ("vp9_alpha.webm", ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0")),
        ("prores_alpha.mov", ("-c:v", "prores_ks", "-pix_fmt", "yuva444p10le")),
        ("png_alpha.mov", ("-c:v", "png", "-pix_fmt", "rgba")),
        ("ten_bit.mkv", ("-c:v", "ffv1", "-pix_fmt", "yuv422p10le")),
        ("ten_bit.mp4", ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le")),
        ("grey.mkv", ("-c:v", "ffv1", "-pix_fmt", "gray")),
        ("grey16.mkv", ("-c:v", "ffv1", "-pix_fmt", "gray16le")),
        ("palette.gif", ("-c:v", "gif")),
        # OpenCV converts none of them; only the first says of itself that it is interlaced.
        ("interlaced.ts", ("-vf", "setfield=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme")),
        ("interlaced.avi", ("-vf", "setfield=bff", "-c:v", "mpeg4", "-flags", "+ildct+ilme")),
        # OpenCV's wheels have no decoder for it.
        ("av1.mp4", ("-c:v", "libaom-av1", "-cpu-used", "8", "-crf", "20")),
    ],
)
def test_frames_keep_number_and_time(tmp_path, name, encode):
    frames, reader = read(make_clip(tmp_path / name, 40, fps=25, encode=encode))
    assert [index_of(f.bgr) for f in frames] == list(range(40))
    assert [f.index for f in frames] == list(range(40))
    # Matroska and WebM round to milliseconds.
    assert [f.pts_s for f in frames] == pytest.approx([i / 25 for i in range(40)], abs=6e-4)
    assert all(f.bgr.shape == (64, 96, 3) and f.bgr.dtype == np.uint8 for f in frames)
    info = reader.info
    assert (info.width, info.height) == SIZE_PX
    assert info.fps == pytest.approx(25, rel=1e-3)
    assert info.n_frames == 40
    assert info.duration_s == pytest.approx(1.6, abs=0.05)
    assert not info.has_audio
    assert reader.warnings == []


@pytest.mark.parametrize("size_px", [(97, 65), (64, 96), (33, 130)])
def test_odd_and_portrait_sizes(tmp_path, size_px):
    encode = (*H264[:-1], "yuv444p")
    frames, reader = read(make_clip(tmp_path / "a.mp4", 20, size_px=size_px, encode=encode))
    assert [index_of(f.bgr) for f in frames] == list(range(20))
    assert frames[0].bgr.shape == (size_px[1], size_px[0], 3)
    assert (reader.info.width, reader.info.height) == size_px


# Where the red mark, top left as stored, is seen once the picture is upright.
@pytest.mark.parametrize(
    ("degrees", "size_px", "corner"),
    [(90, (64, 96), (-3, 3)), (180, (96, 64), (-3, -3)), (270, (64, 96), (3, -3))],
)
def test_rotation_is_applied(tmp_path, clip, degrees, size_px, corner):
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", str(degrees), "-i", str(clip), "-c", "copy", str(turned))
    frames, reader = read(turned)
    assert (reader.info.width, reader.info.height) == size_px
    assert frames[0].bgr.shape == (size_px[1], size_px[0], 3)
    assert frames[0].bgr[corner][2] > 200 and frames[0].bgr[corner][0] < 60
    back = [np.rot90(f.bgr, -degrees // 90) for f in frames]
    assert [index_of(b) for b in back] == list(range(60))


@pytest.mark.parametrize(
    ("how", "size_px", "corner"),
    [
        (("-display_hflip",), SIZE_PX, (0, -1)),
        (("-display_vflip",), SIZE_PX, (-1, 0)),
        (("-display_rotation", "90", "-display_hflip"), SIZE_PX[::-1], (-1, -1)),
        (("-display_rotation", "270", "-display_hflip"), SIZE_PX[::-1], (0, 0)),
    ],
)
def test_mirrored_as_front_cameras_do(tmp_path, clip, how, size_px, corner):
    """The red mark of the top left corner goes where every player shows it."""
    ffmpeg(*how, "-i", str(clip), "-c", "copy", str(tmp_path / "a.mov"))
    with VideoReader(tmp_path / "a.mov", (0.0, 0.2)) as reader:
        first = next(iter(reader)).bgr
    assert (reader.info.width, reader.info.height) == size_px
    row, column = (4 if side == 0 else -5 for side in corner)
    blue, green, red = first[row, column].astype(int)
    assert red > 150 and max(blue, green) < 100


def test_pixels_that_are_not_square_are_stretched(tmp_path):
    encode = ("-vf", "setsar=4/3", *H264)
    frames, reader = read(make_clip(tmp_path / "a.mp4", 10, encode=encode))
    assert (reader.info.width, reader.info.height) == (128, 64)
    assert frames[0].bgr.shape == (64, 128, 3)
    assert [index_of(f.bgr) for f in frames] == list(range(10))


def test_by_ffmpeg_a_video_is_what_it_is_by_opencv(tmp_path, clip, monkeypatch):
    """Turned, of pixels that are not square, cut in time, left early: all the same."""
    turned = tmp_path / "turned.mp4"
    square = ("-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv420p", "-vf", "setsar=2/1")
    whole = make_clip(tmp_path / "a.mp4", 40, encode=square)
    ffmpeg("-display_rotation:v:0", "90", "-i", str(whole), "-c", "copy", str(turned))
    want, usual = read(turned, (0.2, 0.8))
    monkeypatch.setattr(VideoCapture, "picture", lambda self: None)
    frames, reader = read(turned, (0.2, 0.8))
    assert reader._by_ffmpeg and not usual._by_ffmpeg
    assert reader.info == usual.info
    assert [f.index for f in frames] == [f.index for f in want] == list(range(6, 24))
    assert [f.pts_s for f in frames] == pytest.approx([f.pts_s for f in want], abs=1e-6)
    off = [np.abs(a.bgr.astype(int) - b.bgr).mean() for a, b in zip(frames, want, strict=True)]
    assert max(off) < 4, "the scalers differ at edges only"
    with VideoReader(turned) as again:
        for frame in again:
            if frame.index == 3:
                break
    assert not reading_threads()


def test_fields_of_two_times_are_no_combs(tmp_path):
    """A bar that moves 4 px a field: woven, every other row would have it elsewhere."""
    rows, n_fields, width, height = [], 24, 96, 64
    for i in range(n_fields):
        field = np.zeros((height, width, 3), np.uint8)
        field[:, 4 * i : 4 * i + 12] = 255
        rows.append(field.tobytes())
    raw = ("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", "50", "-i", "-")
    weave = ("-vf", "tinterlace=interleave_top", "-c:v", "mpeg2video", "-flags", "+ildct+ilme")
    ffmpeg(*raw, *weave, "-q:v", "2", str(tmp_path / "a.ts"), feed=b"".join(rows))
    frames, _ = read(tmp_path / "a.ts")
    assert len(frames) == n_fields // 2
    for i, frame in enumerate(frames):
        grey = frame.bgr.mean(axis=2)
        assert np.abs(np.diff(grey, axis=0)).max() < 100
        # Where the bar is in the frame's first field.
        centre = (grey.mean(axis=0) * np.arange(width)).sum() / grey.mean(axis=0).sum()
        assert centre == pytest.approx(min(8 * i + 5.5, width - 6.5), abs=2.5)


def test_raw_dv_has_the_rate_of_its_pictures(tmp_path):
    """Its container claims that of its clock, and frames by that."""
    encode = ("-vf", "scale=720:576,setfield=bff", "-r", "25", "-c:v", "dvvideo")
    frames, reader = read(make_clip(tmp_path / "a.dv", 10, fps=25, encode=encode))
    assert [index_of(f.bgr) for f in frames] == list(range(10))
    assert reader.info.fps == pytest.approx(25) and reader.info.n_frames == 10
    assert frames[-1].pts_s == pytest.approx(9 / 25) and not reader.warnings


def test_a_picture_that_cannot_be_decoded_is_left_out(tmp_path):
    """And not all that come after it, too."""
    path = make_clip(tmp_path / "a.avi", 20, encode=("-c:v", "mjpeg", "-q:v", "2"))
    data = bytearray(path.read_bytes())
    starts = [m.start() for m in re.finditer(b"\xff\xd8\xff", data)]
    assert len(starts) == 20
    for number in (7, 8):
        data[starts[number] : starts[number] + 300] = bytes(300)
    path.write_bytes(data)
    frames, reader = read(path)
    kept = [i for i in range(20) if i not in (7, 8)]
    assert [index_of(f.bgr) for f in frames] == kept
    assert [f.pts_s for f in frames] == pytest.approx([i / 30 for i in kept])
    assert reader.warnings == ["frames that cannot be decoded were left out: 2"]
    assert len(VideoReader(path).times()) == 18


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_variable_frame_rate_is_kept(tmp_path, suffix):
    # Frame i is shown at (i + i^2 / 50) / 30 s.
    uneven = ("-vf", "setpts=(N+N*N/50)/30/TB", "-fps_mode", "vfr", "-enc_time_base", "1/90000")
    path = make_clip(tmp_path / f"a{suffix}", 50, encode=(*uneven, *H264_REORDERED))
    ticks = [int(i + i * i / 50) / 30 for i in range(50)]  # the filter counts whole ticks
    frames, reader = read(path)
    assert [index_of(f.bgr) for f in frames] == [f.index for f in frames]
    shown = {f.index: f.pts_s for f in frames}
    assert [shown[i] for i in range(50)] == pytest.approx(ticks, abs=1e-3)
    if suffix == ".mp4":  # Matroska knows only the usual rate
        assert reader.info.fps == pytest.approx(50 / (ticks[-1] + 1 / 30), rel=0.1)
    assert reader.warnings == []


@pytest.mark.parametrize(
    ("span", "indices"),
    [
        ((0.5, 1.0), range(15, 30)),
        ((0.0, 0.1), range(3)),
        ((1.9, 99.0), range(57, 60)),
        ((0.51, 0.53), []),
        ((0.51, 0.54), [16]),
    ],
)
def test_time_range_is_exact(clip, span, indices):
    if not indices:
        with pytest.raises(InputError, match="no frame from"):
            read(clip, span)
        return
    frames, _ = read(clip, span)
    assert [f.index for f in frames] == list(indices)
    assert [index_of(f.bgr) for f in frames] == list(indices)
    assert [f.pts_s for f in frames] == pytest.approx([i / 30 for i in indices])


@pytest.mark.parametrize(
    ("end_s", "told"),
    [
        (2.0, []),
        (2.2, []),
        (9.5, ["the video ends at 2.00 s, before the time range's 9.5 s"]),
    ],
)
def test_an_end_beyond_the_video_is_told(clip, end_s, told):
    _, reader = read(clip, (1.0, end_s))
    assert reader.warnings == told


def test_adjacent_time_ranges_share_no_frame(clip):
    parts = [read(clip, span)[0] for span in ((0.0, 0.7), (0.7, 1.3), (1.3, 2.0))]
    assert [f.index for part in parts for f in part] == list(range(60))


def test_time_starts_at_the_first_picture_also_where_sound_comes_before(tmp_path, clip):
    late = tmp_path / "late.mp4"
    shifted = ("-itsoffset", "0.5", "-i", str(clip), "-map", "0:a", "-map", "1:v")
    ffmpeg(*WITH_TONES, *shifted, "-c:v", "copy", str(late))
    frames, reader = read(late)
    assert frames[0].pts_s == 0.0
    assert frames[30].pts_s == pytest.approx(1.0)
    assert reader.info.has_audio
    assert reader.info.n_frames == 60
    assert reader.warnings == []


def test_missing_timestamps_are_made_and_said(tmp_path):
    encode = (*H264, "-f", "h264")
    frames, reader = read(make_clip(tmp_path / "raw.h264", 20, fps=25, encode=encode))
    assert [f.pts_s for f in frames] == pytest.approx([i / 25 for i in range(20)])
    assert reader.warnings == ["the file has no timestamps; 25 frames/s are assumed (--fps)"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp"])
def test_a_still_image_is_one_frame(tmp_path, suffix):
    for number in (1, 2):  # numbered pictures are no sequence
        path = make_clip(tmp_path / f"img_{number}{suffix}", 1, encode=("-frames:v", "1"))
    frames, reader = read(path)
    assert len(frames) == 1 and reader.info.n_frames == 1
    assert frames[0].index == 0 and frames[0].pts_s == 0.0
    assert frames[0].bgr[2, 2, 2] > 200 and frames[0].bgr[2, 2, 0] < 60
    assert frames[0].bgr.shape == (64, 96, 3)


@pytest.mark.parametrize(
    ("suffix", "options"), [(".mp4", ("-movflags", "+faststart")), (".mkv", ()), (".avi", ())]
)
def test_a_file_that_breaks_off_gives_what_it_held(tmp_path, suffix, options):
    encode = ("-c:v", "mjpeg", "-q:v", "2", *options)
    whole = make_clip(tmp_path / f"whole{suffix}", 60, encode=encode).read_bytes()
    broken = tmp_path / f"broken{suffix}"
    broken.write_bytes(whole[: len(whole) // 2])
    frames, reader = read(broken)
    assert 10 < len(frames) < 50
    assert [index_of(f.bgr) for f in frames[:-1]] == list(range(len(frames) - 1))
    assert len(reader.warnings) == 1
    assert "breaks off" in reader.warnings[0] and f"{len(frames)} frames" in reader.warnings[0]


def test_odd_names(tmp_path):
    folder = tmp_path / 'it\'s a "folder" — ünï'
    folder.mkdir()
    for name in ("-dash.mp4", "a: b%03d.mp4", "空 格's.mp4"):
        path = make_clip(folder / name, 5, encode=(*H264, "-shortest"), inputs=WITH_TONES)
        frames, reader = read(path)
        assert len(frames) == 5
        assert reader.info.has_audio


def test_an_iteration_can_be_left_and_begun_again(clip):
    with VideoReader(clip) as reader:
        for frame in reader:
            if frame.index == 3:
                break
        assert [f.index for f in reader] == list(range(60))
    assert not reading_threads()


def test_closing_ends_an_iteration_under_way(clip):
    reader = VideoReader(clip)
    iteration = iter(reader)
    assert next(iteration).index == 0
    reader.close()
    assert not reading_threads()
    assert list(iteration) == []


def test_an_error_in_the_loop_ends_the_thread(clip):
    with pytest.raises(ZeroDivisionError), VideoReader(clip) as reader:
        for _ in reader:
            1 / 0  # noqa: B018
    assert not reading_threads()


def test_reading_ahead_is_bounded(tmp_path):
    size_px = (640, 480)
    path = make_clip(tmp_path / "a.mp4", 120, size_px=size_px)
    with VideoReader(path) as reader:
        tracemalloc.start()
        for frame in reader:
            if frame.index == 2:
                time.sleep(0.5)  # time to run ahead as far as it may
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 10 * size_px[0] * size_px[1] * 3


def reading_threads():
    return [t for t in threading.enumerate() if t.name == "hotvid-prefetch"]


def test_a_file_cut_without_encoding_anew_is_whole(tmp_path):
    """Its edit list hides the pictures between the key frame before the cut and the cut."""
    whole = make_clip(tmp_path / "whole.mp4", 60, encode=(*H264, "-g", "30"))
    cut = tmp_path / "cut.mp4"
    ffmpeg("-ss", "0.5", "-i", str(whole), "-c", "copy", str(cut))
    frames, reader = read(cut)
    assert index_of(frames[0].bgr) == 15 and len(frames) == 45
    assert reader.warnings == []
    assert reader.info.n_frames == pytest.approx(45, abs=1)
    assert reader.info.duration_s == pytest.approx(1.5, abs=0.04)


@pytest.mark.parametrize(
    ("name", "n_frames", "delay"),
    [("a.ts", 60, "-0.6"), ("a.ts", 60, "0.6"), ("a.flv", 120, "-0.3"), ("a.flv", 120, "0.35")],
)
def test_sound_longer_than_the_pictures_is_no_missing_picture(tmp_path, name, n_frames, delay):
    """Where the container counts no pictures, its length is that of the sound."""
    encode = (*H264, "-g", "15", "-c:a", "aac")
    inputs = ("-itsoffset", delay, *WITH_TONES)
    frames, reader = read(make_clip(tmp_path / name, n_frames, encode=encode, inputs=inputs))
    assert reader.info.has_audio and not reader.counts_frames
    assert len(frames) == n_frames and reader.warnings == []


def test_half_a_file_that_promised_more_is_told_with_sound_too(tmp_path):
    encode = (*H264, "-g", "15", "-c:a", "aac")
    whole = make_clip(tmp_path / "whole.flv", 120, encode=encode, inputs=WITH_TONES)
    broken = tmp_path / "broken.flv"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames, reader = read(broken)
    assert len(frames) < 100 and "breaks off" in reader.warnings[0]


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_pictures_of_phones_that_cannot_be_read_are_refused(tmp_path, brand):
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(200))
    with pytest.raises(InputError, match=r"HEIC.*JPEG"):
        VideoReader(path)


def test_an_animated_webp_is_refused_and_a_still_one_read(tmp_path):
    animated = make_clip(tmp_path / "a.webp", 5, encode=("-c:v", "libwebp_anim"))
    with pytest.raises(InputError, match=r"animated WebP.*GIF"):
        VideoReader(animated)
    transparent = ("-vf", "format=yuva420p,geq=lum='p(X,Y)':a=128", "-c:v", "libwebp")
    frames, _ = read(make_clip(tmp_path / "b.webp", 1, encode=transparent))
    assert (tmp_path / "b.webp").read_bytes()[12:16] == b"VP8X"
    assert len(frames) == 1


def test_a_png_with_bytes_behind_its_end_is_whole(tmp_path):
    path = make_clip(tmp_path / "a.png", 1, encode=("-frames:v", "1"))
    path.write_bytes(path.read_bytes() + bytes(1000))
    frames, _ = read(path)
    assert frames[0].bgr.shape == (64, 96, 3)
    path.write_bytes(path.read_bytes()[:-1020])
    with pytest.raises(InputError, match="cannot be decoded"):
        VideoReader(path)


def test_on_windows_pictures_with_any_letters_in_their_names_are_pictures(tmp_path, monkeypatch):
    told = cv2.haveImageReader
    monkeypatch.setattr(capture, "ON_WINDOWS", True)
    monkeypatch.setattr(cv2, "haveImageReader", lambda path: path.isascii() and told(path))
    picture, clip = tmp_path / "прыжок.jpg", tmp_path / "прыжок.mp4"
    picture.write_bytes(cv2.imencode(".jpg", np.full((40, 64, 3), 200, np.uint8))[1].tobytes())
    make_clip(clip, 3)
    assert capture.is_still(picture) and not capture.is_still(clip)
