"""A Matroska stream of raw pictures, each with its own time: what the encoder is fed.

Raw video through a pipe has no timestamps; the smallest container that has them is a
Matroska track of codec V_UNCOMPRESSED (RFC 9559), one cluster of one block a picture.
"""

from __future__ import annotations

import struct

TIMESTAMP_SCALE_NS = 1000  # of one tick of the stream: microseconds

_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7  # the segment is a stream, its end is not known
_TRACK = 1

# Element ids, RFC 9559.
_EBML = 0x1A45DFA3
_SEGMENT = 0x18538067
_INFO = 0x1549A966
_TRACKS = 0x1654AE6B
_CLUSTER = 0x1F43B675
_CLUSTER_TIMESTAMP = 0xE7
_SIMPLE_BLOCK = 0xA3

# BT.601 matrix, as cv2.cvtColor writes YUV, in the limited range; sRGB-like primaries.
_BT601_LIMITED = {0x55B1: 6, 0x55B9: 1, 0x55BA: 1, 0x55BB: 1}


def stream_header(size_px: tuple[int, int], fps: float) -> bytes:
    """The start of a stream of I420 pictures of `size_px` (width, height).

    fps  tells the encoder how long a picture usually stays; the times are the blocks' own.
    """
    width, height = size_px
    ebml = _element(
        _EBML,
        _uint(0x4286, 1)
        + _uint(0x42F7, 1)
        + _uint(0x42F2, 4)
        + _uint(0x42F3, 8)
        + _element(0x4282, b"matroska")
        + _uint(0x4287, 4)
        + _uint(0x4285, 2),
    )
    info = _element(
        _INFO,
        _uint(0x2AD7B1, TIMESTAMP_SCALE_NS)
        + _element(0x4D80, b"hotvid")
        + _element(0x5741, b"hotvid"),
    )
    colour = b"".join(_uint(key, value) for key, value in _BT601_LIMITED.items())
    video = _uint(0xB0, width) + _uint(0xBA, height)
    video += _element(0x2EB524, b"I420") + _element(0x55B0, colour)
    track = (
        _uint(0xD7, _TRACK)
        + _uint(0x73C5, _TRACK)
        + _uint(0x83, 1)  # a video track
        + _uint(0x9C, 0)  # its blocks are not laced
        + _uint(0x23E383, round(1e9 / fps))
        + _element(0x86, b"V_UNCOMPRESSED")
        + _element(0xE0, video)
    )
    tracks = _element(_TRACKS, _element(0xAE, track))
    return ebml + _id(_SEGMENT) + _UNKNOWN_SIZE + info + tracks


def block_header(time_us: int, n_bytes: int) -> bytes:
    """What goes before the `n_bytes` of a picture shown at `time_us`."""
    block = _id(_SIMPLE_BLOCK) + _size(n_bytes + 4)
    block += bytes([0x80 | _TRACK]) + struct.pack(">hB", 0, 0x80)
    timestamp = _uint(_CLUSTER_TIMESTAMP, time_us)
    return _id(_CLUSTER) + _size(len(timestamp) + len(block) + n_bytes) + timestamp + block


def _id(element_id: int) -> bytes:
    return element_id.to_bytes((element_id.bit_length() + 7) // 8, "big")


def _size(n_bytes: int) -> bytes:
    return (1 << 56 | n_bytes).to_bytes(8, "big")


def _element(element_id: int, payload: bytes) -> bytes:
    return _id(element_id) + _size(len(payload)) + payload


def _uint(element_id: int, value: int) -> bytes:
    return _element(element_id, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
