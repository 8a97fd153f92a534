"""The lens that a phone writes into a video's track, and how the track is shown."""

import struct
import subprocess

import numpy as np
import pytest
from stand_ins import write_coded_clip

from hotvid.io.probe import ffmpeg_exe
from hotvid.io.quicktime import focal_35mm, is_mirrored
from hotvid.io.reader import VideoReader

LENS = b"com.apple.quicktime.camera.focal_length.35mm_equivalent"


def atom(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def metadata(kind, value, names=(b"com.apple.quicktime.camera.lens_model", LENS), version=b""):
    """A `meta` atom whose item of `LENS` is `value`."""
    data = atom(b"data", struct.pack(">II", kind, 0), value)
    other = atom(b"data", struct.pack(">II", 1, 0), b"back camera 5.7mm f/1.6")
    items = [
        atom(struct.pack(">I", number), data if name == LENS else other)
        for number, name in enumerate(names, 1)
    ]
    keys = atom(
        b"keys", struct.pack(">II", 0, len(names)), *(atom(b"mdta", name) for name in names)
    )
    handler = atom(b"hdlr", struct.pack(">II4s", 0, 0, b"mdta"), bytes(13))
    return atom(b"meta", version, handler, keys, atom(b"ilst", *items))


def with_atom(video, extra, into):
    """A file whose atom at the path `into` ends with `extra`; `moov` must come last."""
    at, sizes = 0, []
    end = len(video)
    for kind in into:
        while True:
            size, found = struct.unpack(">I4s", video[at : at + 8])
            if found == kind:
                break
            at += size
            assert at < end
        sizes.append((at, size))
        at, end = at + 8, at + size
    out = bytearray(video[:end] + extra + video[end:])
    for place, size in sizes:
        out[place : place + 4] = struct.pack(">I", size + len(extra))
    return bytes(out)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quicktime")
    write_coded_clip(folder / "a.mp4", 3)
    command = [ffmpeg_exe(), "-v", "error", "-i", folder / "a.mp4", "-c", "copy"]
    subprocess.run([*command, folder / "b.mov"], check=True)
    return (folder / "b.mov").read_bytes()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (1, b"26"),
        (1, b"26.00mm"),
        (21, b"\x1a"),
        (22, struct.pack(">I", 26)),
        (77, struct.pack(">I", 26)),
        (23, struct.pack(">f", 26)),
        (24, struct.pack(">d", 26)),
    ],
)
@pytest.mark.parametrize("into", [(b"moov",), (b"moov", b"trak")])
def test_it_is_read_from_the_track_and_from_the_file(tmp_path, video, kind, value, into):
    path = tmp_path / "a.mov"
    path.write_bytes(with_atom(video, metadata(kind, value), into))
    assert focal_35mm(path) == 26
    info = VideoReader(path).info
    assert info.focal_px == pytest.approx(26 / 43.27 * np.hypot(info.width, info.height))


def test_mp4s_form_of_the_atom(tmp_path, video):
    path = tmp_path / "a.mp4"
    extra = metadata(22, b"\x00\x1a", version=bytes(4))
    path.write_bytes(with_atom(video, extra, (b"moov", b"trak")))
    assert focal_35mm(path) == 26


@pytest.mark.parametrize(
    "extra",
    [
        b"",
        metadata(22, b"\x00"),
        metadata(1, b"0"),
        metadata(23, struct.pack(">f", 0)),
        metadata(1, b"twenty"),
        metadata(1, b"\xff\xfe"),
        metadata(23, b"\x00"),
        metadata(99, b"\x1a"),
        metadata(22, b"\xff" * 5000),
        metadata(22, b"\x1a", names=(b"something.else",)),
        atom(b"meta", bytes(2 << 20)),
    ],
)
def test_where_nothing_usable_is_said(tmp_path, video, extra):
    path = tmp_path / "a.mov"
    path.write_bytes(with_atom(video, extra, (b"moov", b"trak")))
    assert focal_35mm(path) is None
    assert VideoReader(path).info.focal_px is None


def test_the_track_says_it_where_the_file_only_names_the_camera(tmp_path, video):
    path = tmp_path / "a.mov"
    both = with_atom(video, metadata(22, b"\x1a"), (b"moov", b"trak"))
    camera = metadata(1, b"", names=(b"com.apple.quicktime.make",))
    path.write_bytes(with_atom(both, camera, (b"moov",)))
    assert focal_35mm(path) == 26


def test_atoms_too_long_for_four_bytes_or_of_no_said_length_are_passed(tmp_path):
    """As in recordings of more than 4 GB, and in such as were never closed."""
    path = tmp_path / "a.mov"
    pictures = struct.pack(">I4sQ", 1, b"mdat", 16 + 100) + bytes(100)
    moov = atom(b"moov", atom(b"trak", metadata(22, b"\x1a")))
    path.write_bytes(pictures + moov)
    assert focal_35mm(path) == 26
    path.write_bytes(pictures + bytes(4) + moov[4:])
    assert focal_35mm(path) == 26


def test_damaged_files_say_nothing_or_the_same(tmp_path, video):
    whole = with_atom(video, metadata(22, b"\x1a"), (b"moov", b"trak"))
    moov = whole.index(b"moov") - 4
    path = tmp_path / "a.mov"
    for end in range(moov, len(whole), 7):
        path.write_bytes(whole[:end])
        assert focal_35mm(path) is None and not is_mirrored(path)
    rng = np.random.default_rng(0)
    for _ in range(200):
        spoilt = np.frombuffer(whole, np.uint8).copy()
        spoilt[rng.integers(moov, len(whole), 8)] = rng.integers(0, 256, 8)
        path.write_bytes(spoilt.tobytes())
        found = focal_35mm(path)
        assert found is None or isinstance(found, float)
        assert is_mirrored(path) in (False, True)
    assert focal_35mm(tmp_path / "missing.mov") is None
    assert not is_mirrored(tmp_path / "missing.mov")


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(
    ("matrix", "mirrored"),
    [
        ((1, 0, 0, 1), False),
        ((0, 1, -1, 0), False),  # a quarter turn
        ((-1, 0, 0, -1), False),  # half a turn
        ((-1, 0, 0, 1), True),
        ((1, 0, 0, -1), True),
        ((0, 1, 1, 0), True),
        ((0, 0, 0, 0), False),  # no matrix at all
    ],
)
def test_the_matrix_of_a_track_mirrors_or_turns(tmp_path, version, matrix, mirrored):
    a, b, c, d = (number << 16 for number in matrix)
    before = bytes([version]) + bytes(39 + 12 * version)
    header = atom(b"tkhd", before, struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30), bytes(8))
    path = tmp_path / "a.mp4"
    path.write_bytes(atom(b"ftyp", b"isom") + atom(b"moov", atom(b"trak", header)))
    assert is_mirrored(path) == mirrored
