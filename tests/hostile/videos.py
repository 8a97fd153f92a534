"""Videos that are broken, and videos that are only strange.

To add one: a line in `WHOLE` for a kind of file (it is then also cut short and spoilt), in
`STRANGE` for something unusual that has to work, in `PATCHED` for a claim that is made up.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from case import EITHER, ERROR, RESULT, Case, Workshop, cut, ffmpeg, flip, partial

SOURCE = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=0.4")
SOUND = ("-f", "lavfi", "-i", "sine=d=0.4")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")

# By file name: how ffmpeg makes it of ten pictures, perhaps with sound.
WHOLE: dict[str, tuple[str, ...]] = {
    "h264.mp4": (*SOURCE, *H264),
    "sound.mp4": (*SOURCE, *SOUND, *H264, "-c:a", "aac", "-shortest"),
    "faststart.mp4": (*SOURCE, *H264, "-movflags", "+faststart"),
    "fragmented.mp4": (*SOURCE, *H264, "-g", "3", "-movflags", "frag_keyframe+empty_moov"),
    "reordered.mp4": (*SOURCE, "-c:v", "libx264", "-bf", "3", "-pix_fmt", "yuv420p"),
    "hevc.mp4": (*SOURCE, "-c:v", "libx265", "-x265-params", "log-level=none"),
    "av1.mp4": (*SOURCE, "-c:v", "libaom-av1", "-cpu-used", "8", "-b:v", "100k"),
    "h264.mkv": (*SOURCE, *SOUND, *H264, "-c:a", "libopus", "-shortest"),
    "ffv1.mkv": (*SOURCE, "-c:v", "ffv1"),
    "vp8.webm": (*SOURCE, "-c:v", "libvpx", "-deadline", "realtime"),
    "vp9.webm": (*SOURCE, "-c:v", "libvpx-vp9", "-deadline", "realtime"),
    "mpeg4.avi": (*SOURCE, *SOUND, "-c:v", "mpeg4", "-c:a", "libmp3lame", "-shortest"),
    "mjpeg.avi": (*SOURCE, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
    "raw.avi": (*SOURCE, "-c:v", "rawvideo", "-pix_fmt", "bgr24"),
    "h264.ts": (*SOURCE, *SOUND, *H264, "-c:a", "aac", "-shortest"),
    "mpeg2.mpg": (*SOURCE, "-c:v", "mpeg2video"),
    "h264.flv": (*SOURCE, *H264),
    "wmv2.wmv": (*SOURCE, "-c:v", "wmv2"),
    "theora.ogv": (*SOURCE, "-c:v", "libtheora"),
    "prores.mov": (*SOURCE, "-c:v", "prores_ks", "-profile:v", "0"),
    "qtrle.mov": (*SOURCE, "-c:v", "qtrle"),
    "mpeg2.mxf": (*SOURCE, "-c:v", "mpeg2video", "-pix_fmt", "yuv420p"),
    "h263.3gp": ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=0.4", "-c:v", "h263"),
    "ffv1.nut": (*SOURCE, "-c:v", "ffv1"),
    "raw.y4m": (*SOURCE, "-pix_fmt", "yuv420p"),
    "gif.gif": SOURCE,
    "animated.webp": (*SOURCE, "-c:v", "libwebp_anim"),
    "animated.apng": (*SOURCE, "-f", "apng"),
    "h264.h264": (*SOURCE, *H264),
    "mjpeg.mjpeg": (*SOURCE, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
    "vp9.ivf": (*SOURCE, "-c:v", "libvpx-vp9", "-deadline", "realtime"),
    "rv10.rm": (*SOURCE, "-c:v", "rv10"),
    "flash.swf": (*SOURCE, "-c:v", "flv"),
    "still.png": (*SOURCE, "-frames:v", "1"),
    "still.jpg": (*SOURCE, "-frames:v", "1"),
    "still.bmp": (*SOURCE, "-frames:v", "1"),
    "still.tiff": (*SOURCE, "-frames:v", "1"),
    "still.webp": (*SOURCE, "-frames:v", "1", "-c:v", "libwebp"),
    "still.jp2": (*SOURCE, "-frames:v", "1", "-c:v", "jpeg2000"),
    "still.exr": (*SOURCE, "-frames:v", "1", "-c:v", "exr", "-pix_fmt", "gbrpf32le"),
    "still.ppm": (*SOURCE, "-frames:v", "1"),
    "still.hdr": (*SOURCE, "-frames:v", "1", "-c:v", "hdr"),
}
CUTS = (0.02, 0.2, 0.5, 0.8, 0.97)
# (bits flipped, from, to): the header, the stream, the end, and everywhere
FLIPS = ((4, 0, 0.05), (40, 0, 0.1), (8, 0.1, 1), (200, 0.1, 1), (16, 0.9, 1), (2, 0, 1))


def source(n: int = 6, size: str = "64x48", rate: str = "25", kind: str = "testsrc"):
    return ("-f", "lavfi", "-i", f"{kind}=s={size}:r={rate}", "-frames:v", str(n))


def timed(expression: str):
    """Pictures whose times are `expression` of ffmpeg's setts filter."""
    return (*source(12), *H264, "-bf", "0", "-bsf:v", f"setts=ts='{expression}'")


SMALL = ("-f", "lavfi", "-i", "testsrc=s=32x32:r=25:d=0.2")
# What a phone, a capture card or an editor may write: it has to work. By file name.
STRANGE: dict[str, tuple[str, ...]] = {
    "1x1.mkv": (*source(size="1x1"), "-c:v", "ffv1"),
    "2x2.mp4": (*source(size="2x2"), *H264),
    "1x64.nut": (*source(size="1x64"), "-c:v", "rawvideo"),
    "64x1.nut": (*source(size="64x1"), "-c:v", "rawvideo"),
    "3x1000.nut": (*source(size="3x1000"), "-c:v", "rawvideo"),
    "4000x6.mp4": (*source(size="4000x6"), *H264),
    "odd-size.mkv": (*source(size="63x47"), "-c:v", "ffv1"),
    "8k.mp4": (*source(2, "7680x4320"), *H264),
    "1-frame.mp4": (*source(1), *H264),
    "1-fps.mp4": (*source(4, rate="1"), *H264),
    "tenth-fps.mp4": (*source(4, rate="1/10"), *H264),
    "240-fps.mp4": (*source(24, rate="240"), *H264),
    "1000-fps.mp4": (*source(20, rate="1000"), *H264),
    "23.976-fps.mov": (*source(rate="24000/1001"), *H264),
    "turned-90.mp4": ("turn", "90", *source(), *H264),
    "turned-180.mp4": ("turn", "180", *source(), *H264),
    "turned-270.mp4": ("turn", "270", *source(), *H264),
    "turned-33.mp4": ("turn", "33", *source(), *H264),
    "interlaced.ts": (*source(), "-c:v", "mpeg2video", "-flags", "+ildct+ilme"),
    "interlaced.mp4": (*source(), "-c:v", "libx264", "-flags", "+ildct+ilme"),
    "10-bit.mp4": (*source(), "-c:v", "libx264", "-pix_fmt", "yuv420p10le"),
    "10-bit-422.mkv": (*source(), "-c:v", "libx264", "-pix_fmt", "yuv422p10le"),
    "12-bit.mkv": (*source(), "-c:v", "ffv1", "-pix_fmt", "yuv420p12le"),
    "16-bit.mkv": (*source(), "-c:v", "ffv1", "-pix_fmt", "gray16le"),
    "444.mp4": (*source(), "-c:v", "libx264", "-pix_fmt", "yuv444p"),
    "grey.mp4": (*source(), "-c:v", "libx264", "-pix_fmt", "gray"),
    "rgb.mkv": (*source(), "-c:v", "libx264rgb"),
    "hdr.mp4": (
        *source(), "-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le",
        "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc",
    ),
    "hlg.mp4": (*source(), *H264, "-color_trc", "arib-std-b67", "-color_primaries", "bt2020"),
    "alpha.webm": (*source(), "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p"),
    "alpha.mov": (*source(), "-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"),
    "alpha-png.mov": (*source(), "-c:v", "png", "-pix_fmt", "rgba"),
    "palette.gif": (*SOURCE, "-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse"),
    "wide-pixels.mp4": (*source(), *H264, "-vf", "setsar=16/9"),
    "absurd-pixels.mp4": (*source(), *H264, "-vf", "setsar=1000/1"),
    "two-videos.mkv": (*SOURCE, *SMALL, "-map", "0", "-map", "1", *H264),
    "two-sounds.mp4": (*SOURCE, *SOUND, *SOUND, "-map", "0", "-map", "1", "-map", "2", *H264),
    "sound-first.mkv": (*SOUND, *SOURCE, "-map", "0", "-map", "1", *H264),
    "sound-goes-on.mp4": (*SOURCE, "-f", "lavfi", "-i", "sine=d=5", *H264),
    "pcm-sound.mov": (*SOURCE, *SOUND, *H264, "-c:a", "pcm_s16le"),
    "flac-sound.mkv": (*SOURCE, *SOUND, *H264, "-c:a", "flac"),
    "timecode.mov": (*source(), *H264, "-timecode", "01:02:03:04"),
    "metadata.mkv": (*source(), *H264, "-metadata", "title=a\nb\x1b[31m 'x' \"y\" Ünï 💃"),
    "uneven.mkv": timed("N*N*7"),
    "starts-late.mkv": timed("PTS+3600000"),
    "starts-below-0.mkv": timed("PTS-80"),
    "backwards.nut": timed("if(eq(N,6),DTS-90,PTS)"),
    "all-at-once.nut": timed("100+N/1000"),
    "leaps-a-day.mkv": timed("PTS+if(gte(N,6),86400000,0)"),
    "leaps-a-year.nut": timed("PTS+if(gte(N,6),31536000000,0)"),
    "only-key-frames.mkv": (*source(), *H264, "-g", "1"),
    "one-key-frame.mkv": (*source(30), *H264, "-g", "999"),
    "16384x2.mkv": (*source(1, "16384x2"), "-c:v", "ffv1"),
    "20000x2.mkv": (*source(1, "20000x2"), "-c:v", "ffv1"),
    "grey-16.png": (*source(1), "-pix_fmt", "gray16be"),
    "rgba-16.png": (*source(1), "-pix_fmt", "rgba64be"),
    "one-bit.png": (*source(1), "-pix_fmt", "monob"),
    "1x1.png": source(1, "1x1"),
    "1x1.gif": source(1, "1x1"),
}  # fmt: skip


def as_it_is(name: str, words: tuple[str, ...], workshop: Workshop) -> Path:
    return workshop.write(name, made(workshop, name, words))


def made(workshop: Workshop, name: str, words: tuple[str, ...]) -> bytes:
    if words[0] != "turn":
        return workshop.clip(name, *words)
    upright = workshop.clip(f"upright-{name}", *words[2:])
    flat = workshop.write(f"upright-{name}", upright)
    turn = ("-display_rotation:v:0", words[1], "-i", str(flat), "-c", "copy")
    data = workshop.clip(name, *turn)
    flat.unlink()
    return data


def spoilt(name: str, spoil: Callable[[bytes, Workshop], bytes], workshop: Workshop) -> Path:
    """The file `name` of WHOLE after `spoil`."""
    return workshop.write(name, spoil(workshop.clip(name, *WHOLE[name]), workshop))


def cut_at(share: float, data: bytes, workshop: Workshop) -> bytes:
    return cut(data, share)


def flipped(how: tuple, data: bytes, workshop: Workshop) -> bytes:
    return flip(data, workshop.chance, *how)


def hole(data: bytes, workshop: Workshop) -> bytes:
    """Zeros in the middle, as a download that lost a part leaves them."""
    third = len(data) // 3
    return data[:third] + bytes(third) + data[2 * third :]


def shuffled(data: bytes, workshop: Workshop) -> bytes:
    parts = [data[k : k + 512] for k in range(0, len(data), 512)]
    workshop.chance.shuffle(parts)
    return b"".join(parts)


def replaced(old: bytes, new: bytes, data: bytes, workshop: Workshop) -> bytes:
    assert old in data, f"{old!r} is not in the file"
    return data.replace(old, new)


def after(mark: bytes, offset: int, new: bytes, data: bytes, workshop: Workshop) -> bytes:
    """`new` in place of what stands `offset` bytes behind the first `mark`."""
    at = data.index(mark) + len(mark) + offset
    return data[:at] + new + data[at + len(new) :]


U32, BE = struct.Struct("<I").pack, struct.Struct(">I").pack
ALL = b"\xff" * 4
# Headers that claim what is not so: (file of WHOLE, what is claimed, how).
PATCHED: tuple[tuple[str, str, Callable[[bytes, Workshop], bytes]], ...] = (
    ("raw.y4m", "100000 wide", partial(replaced, b"W64 H48", b"W100000 H100000")),
    ("raw.y4m", "2^31 wide", partial(replaced, b"W64 H48", b"W2147483647 H2147483647")),
    ("raw.y4m", "0 wide", partial(replaced, b"W64", b"W0")),
    ("raw.y4m", "-1 wide", partial(replaced, b"W64", b"W-1")),
    ("raw.y4m", "0/0 frames a second", partial(replaced, b"F25:1", b"F0:0")),
    ("raw.y4m", "0/1 frames a second", partial(replaced, b"F25:1", b"F0:1")),
    ("raw.y4m", "25/0 frames a second", partial(replaced, b"F25:1", b"F25:0")),
    ("raw.y4m", "2^31 frames a second", partial(replaced, b"F25:1", b"F2147483647:1")),
    ("raw.y4m", "2^-31 frames a second", partial(replaced, b"F25:1", b"F1:2147483647")),
    ("raw.y4m", "a header without end", lambda data, w: data[:10] + b"X" * 100_000),
    ("mpeg4.avi", "2^32 wide", partial(after, b"strf", 8, ALL)),
    ("mpeg4.avi", "30000 x 30000", partial(after, b"strf", 8, U32(30_000) * 2)),
    ("mpeg4.avi", "0 scale", partial(after, b"vids", 16, bytes(4))),
    ("mpeg4.avi", "0 rate", partial(after, b"vids", 20, bytes(4))),
    ("mpeg4.avi", "2^32 rate", partial(after, b"vids", 20, ALL)),
    ("mpeg4.avi", "2^32 frames", partial(after, b"avih", 20, ALL)),
    ("mpeg4.avi", "2^32 streams", partial(after, b"avih", 28, ALL)),
    ("raw.avi", "30000 x 30000", partial(after, b"strf", 8, U32(30_000) * 2)),
    ("raw.avi", "a depth of 0 bits", partial(after, b"strf", 18, bytes(2))),
    ("h264.mp4", "65535 x 65535", partial(after, b"avc1", 24, b"\xff" * 4)),
    ("h264.mp4", "0 x 0", partial(after, b"avc1", 24, bytes(4))),
    ("h264.mp4", "0 ticks a second", partial(after, b"mdhd", 12, bytes(4))),
    ("h264.mp4", "2^32 ticks a second", partial(after, b"mdhd", 12, ALL)),
    ("h264.mp4", "1 tick a second", partial(after, b"mdhd", 12, BE(1))),
    ("h264.mp4", "a length of 2^32", partial(after, b"mdhd", 16, ALL)),
    ("h264.mp4", "steps of 0", partial(after, b"stts", 12, bytes(4))),
    ("h264.mp4", "steps of 2^32", partial(after, b"stts", 12, ALL)),
    ("h264.mp4", "2^32 steps", partial(after, b"stts", 4, ALL)),
    ("h264.mp4", "2^32 pictures", partial(after, b"stsz", 8, ALL)),
    ("h264.mp4", "pictures of 2^32 bytes", partial(after, b"stsz", 4, ALL)),
    ("h264.mp4", "2^32 chunks", partial(after, b"stco", 4, ALL)),
    ("h264.mp4", "chunks beyond the end", partial(after, b"stco", 8, ALL)),
    ("h264.mp4", "an index within itself", partial(after, b"moov", 0, BE(8) + b"moov")),
    ("h264.mp4", "an index of size 0", partial(after, b"mdat", -8, bytes(4))),
    ("h264.mp4", "another codec", partial(replaced, b"avc1", b"hvc1")),
    ("h264.mp4", "no codec", partial(replaced, b"avc1", b"\0\0\0\0")),
    ("h264.mp4", "a rotation of noise", partial(after, b"tkhd", 40, bytes(range(200, 236)))),
    ("h264.mp4", "a rotation of zeros", partial(after, b"tkhd", 40, bytes(36))),
    ("h264.mkv", "a size of 8 bytes", partial(after, b"\xb0\x81", 0, b"\x00")),
    (
        "h264.mkv",
        "an infinite duration",
        partial(after, b"\x44\x89\x88", 0, b"\x7f\xf0" + bytes(6)),
    ),
    ("h264.mkv", "no number for a duration", partial(after, b"\x44\x89\x88", 0, b"\x7f\xf8" * 4)),
    ("still.bmp", "2^31 x 2^31", partial(after, b"BM", 16, b"\xff\xff\xff\x7f" * 2)),
    ("still.bmp", "30000 x 30000", partial(after, b"BM", 16, U32(30_000) * 2)),
    ("still.png", "2^31 x 2^31", partial(after, b"IHDR", 0, b"\x7f\xff\xff\xff" * 2)),
    ("still.png", "0 x 0", partial(after, b"IHDR", 0, bytes(8))),
    ("still.jpg", "65535 x 65535", partial(after, b"\xff\xc0", 3, ALL)),
    ("gif.gif", "65535 x 65535", partial(after, b"GIF89a", 0, ALL)),
    ("still.ppm", "99999 x 99999", partial(replaced, b"64 48", b"99999 99999")),
    ("still.hdr", "99999 x 99999", partial(replaced, b"-Y 48 +X 64", b"-Y 99999 +X 99999")),
)

# FFmpeg has no decoder for it, and OpenCV would show the first picture for all of it.
REFUSED = {"animated.webp"}
# Not what they are called, or nothing at all.
OTHER_SUFFIX = (
    ("h264.mp4", "a.avi"), ("h264.mp4", "a.txt"), ("h264.mp4", "a.jpg"), ("h264.mp4", "a"),
    ("h264.mkv", "a.mp4"), ("mpeg4.avi", "a.mkv"), ("vp9.webm", "a.gif"), ("h264.ts", "a.mp4"),
    ("gif.gif", "a.mp4"), ("raw.y4m", "a.mp4"), ("still.png", "a.mp4"), ("still.jpg", "a.png"),
)  # fmt: skip
TEXTS = {
    "list.m3u8": "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n",
    "list.mp4": "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
    "concat.mp4": "ffconcat version 1.0\nfile '/etc/passwd'\n",
    "concat.txt": "ffconcat version 1.0\nfile other.mp4\n",
    "session.sdp": "v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "dash.mpd": '<?xml version="1.0"?><MPD><Period><BaseURL>/etc/</BaseURL></Period></MPD>',
    "picture.svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
    "page.mp4": "<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "script.mp4": "#!/bin/sh\ntouch hacked\n",
    "subtitles.srt": "1\n00:00:00,000 --> 00:00:01,000\nhello\n",
    "empty.mp4": b"",
    "one-byte.mp4": b"\0",
    "zeros.mp4": bytes(100_000),
    "riff.avi": b"RIFF\xff\xff\xff\xffAVI ",
    "matroska.mkv": b"\x1aE\xdf\xa3",
    "ftyp.mp4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
    "zip.mp4": b"PK\x05\x06" + bytes(18),
    "elf.mov": b"\x7fELF\2\1\1" + bytes(100),
    "signatures.png": b"\x89PNG\r\n\x1a\n",
    "jpeg-start.jpg": b"\xff\xd8\xff",
    "gif-start.gif": b"GIF89a",
}


def no_pictures(workshop: Workshop, name: str, *words: str) -> Path:
    return workshop.write(name, workshop.clip(name, *words))


def sparse(workshop: Workshop) -> Path:
    path = workshop.folder / "sparse.mp4"
    with path.open("wb") as file:
        file.truncate(2**36)
    return path


def changes_size(workshop: Workshop) -> Path:
    parts = [workshop.clip(f"{s}.ts", *source(size=s), *H264) for s in ("64x48", "96x64", "32x96")]
    return workshop.write("changing.ts", b"".join(parts))


def two_in_one(workshop: Workshop) -> Path:
    return workshop.write("two.mp4", 2 * workshop.clip("h264.mp4", *WHOLE["h264.mp4"]))


def picture_bomb(workshop: Workshop) -> Path:
    """A PNG of 60000 x 60000 equal pixels in a few MB, of which a part is enough."""
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    side = 60_000
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(side + 1)) for _ in range(2_000)) + rows.flush()
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return workshop.write("bomb.png", data)


def noise(name: str, workshop: Workshop) -> Path:
    return workshop.write(name, workshop.chance.randbytes(30_000))


def beginning_of_noise(name: str, workshop: Workshop) -> Path:
    """The first bytes of a true file, and then noise."""
    data = workshop.clip(name, *WHOLE[name])[:64]
    return workshop.write(name, data + workshop.chance.randbytes(20_000))


def cases() -> list[Case]:
    found = [
        Case("whole", n, partial(as_it_is, n, words), want=ERROR if n in REFUSED else RESULT)
        for n, words in WHOLE.items()
    ]
    found += [
        Case("strange", n, partial(as_it_is, n, words), want=RESULT) for n, words in STRANGE.items()
    ]
    for name in WHOLE:
        for share in CUTS:
            found.append(
                Case("cut", f"{name} at {share}", partial(spoilt, name, partial(cut_at, share)))
            )
        for number, how in enumerate(FLIPS):
            spoil = partial(flipped, how)
            found.append(Case("flipped", f"{name} {number}", partial(spoilt, name, spoil)))
        found.append(Case("hole", name, partial(spoilt, name, hole)))
        found.append(Case("noise", f"after {name}", partial(beginning_of_noise, name)))
    for name in ("h264.mp4", "h264.mkv", "mpeg4.avi", "h264.ts", "mjpeg.mjpeg"):
        found.append(Case("shuffled", name, partial(spoilt, name, shuffled)))
    for name, claim, patch in PATCHED:
        found.append(Case("claims", f"{name} of {claim}", partial(spoilt, name, patch)))
    for name, other in OTHER_SUFFIX:
        make = partial(lambda n, o, w: w.write(o, w.clip(n, *WHOLE[n])), name, other)
        found.append(Case("suffix", f"{name} as {other}", make, want=RESULT))
    for name, text in TEXTS.items():
        make = partial(lambda n, t, w: w.write(n, t), name, text)
        found.append(Case("no video", name, make, want=ERROR))
    for name in ("noise.mp4", "noise.mkv", "noise.jpg", "noise"):
        found.append(Case("no video", name, partial(noise, name), want=ERROR))
    streams = {
        "only-sound.mp4": ("-f", "lavfi", "-i", "sine=d=1"),
        "only-sound.wav": ("-f", "lavfi", "-i", "sine=d=1"),
        "no-frames.mp4": (*source(0), *H264),
        "no-frames.mkv": (*source(0), *H264),
        "no-frames.avi": (*source(0), "-c:v", "mpeg4"),
    }
    for name, words in streams.items():
        make = partial(lambda n, w_, w: no_pictures(w, n, *w_), name, words)
        found.append(Case("no video", name, make, want=ERROR))
    found += [
        Case("size", "64 GB of nothing", sparse, want=ERROR),
        Case("size", "a picture that unpacks to 3.6 GB", picture_bomb, want=ERROR),
        Case("size", "one that changes on the way", changes_size, want=RESULT),
        Case("size", "two files in one", two_in_one, want=RESULT),
    ]
    return found


__all__ = ["EITHER", "cases", "ffmpeg"]
