"""What phones write into the tracks of their QuickTime and MP4 files, which ffmpeg does not list.

The layout: "Metadata atoms and types", QuickTime File Format, Apple. A `meta` atom holds `keys`,
the names, and `ilst`, the values, each under its name's number.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_FOCAL_35MM = b"com.apple.quicktime.camera.focal_length.35mm_equivalent"
_MOST_BYTES = 1 << 20  # of a track's metadata; phones write some hundred
_LONGEST_VALUE = 32
_MOST_ATOMS = 10_000  # of one level

Atom = tuple[bytes, int, int]
"""Its kind, and where its content begins and ends, bytes."""


def focal_35mm(path: str | os.PathLike) -> float | None:
    """The lens of a video's camera as its equivalent on 35 mm film, millimetres.

    None where the file does not say, is of another format, or is damaged.
    """
    try:
        with Path(path).open("rb") as file:
            end = os.fstat(file.fileno()).st_size
            for content in _within(file, (0, end), b"moov"):
                for place in (content, *_within(file, content, b"trak")):
                    for metadata in _within(file, place, b"meta"):
                        value = _value(file, metadata, _FOCAL_35MM)
                        if value is not None:
                            return value
    except (OSError, struct.error, ValueError):
        return None
    return None


def is_mirrored(path: str | os.PathLike) -> bool:
    """Whether a track is shown mirrored, as the front cameras of phones have it on request.

    The track header's matrix turns, stretches and mirrors (ISO 14496-12, 8.3.2); False where there
    is none that can be read.
    """
    try:
        with Path(path).open("rb") as file:
            end = os.fstat(file.fileno()).st_size
            for content in _within(file, (0, end), b"moov"):
                for track in _within(file, content, b"trak"):
                    for header in _within(file, track, b"tkhd"):
                        if _determinant(file, *header) < 0:
                            return True
    except (OSError, struct.error, ValueError):
        return False
    return False


def _determinant(file: BinaryIO, begin: int, end: int) -> int:
    file.seek(begin)
    # The matrix stands behind times and lengths, of which version 1 has longer ones.
    at = begin + (52 if file.read(1) == b"\1" else 40)
    if at + 20 > end:
        return 0
    file.seek(at)
    a, b, _, c, d = struct.unpack(">5i", file.read(20))
    return a * d - b * c


def _within(file: BinaryIO, span: tuple[int, int], kind: bytes) -> Iterator[tuple[int, int]]:
    """The contents of the atoms of a kind that lie in a span."""
    for found, begin, end in _atoms(file, *span):
        if found == kind:
            yield begin, end


def _atoms(file: BinaryIO, begin: int, end: int) -> Iterator[Atom]:
    for _ in range(_MOST_ATOMS):
        if begin + 8 > end:
            return
        file.seek(begin)
        size, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:  # too long for four bytes
            (size,) = struct.unpack(">Q", file.read(8))
            header = 16
        elif size == 0:  # to the end
            size = end - begin
        if size < header or begin + size > end:
            return
        yield kind, begin + header, begin + size
        begin += size


def _value(file: BinaryIO, metadata: tuple[int, int], name: bytes) -> float | None:
    """The number of a `meta` atom's item."""
    begin, end = metadata
    if end - begin > _MOST_BYTES:
        return None
    parts = {kind: (first, last) for kind, first, last in _atoms(file, begin, end)}
    if b"keys" not in parts:  # MP4's form begins with a version of four bytes
        parts = {kind: (first, last) for kind, first, last in _atoms(file, begin + 4, end)}
    if b"keys" not in parts or b"ilst" not in parts:
        return None
    # Behind a version and the number of names these are laid out like atoms.
    first, last = parts[b"keys"]
    for number, (_, begin, end) in enumerate(_atoms(file, first + 8, last), start=1):
        file.seek(begin)
        if file.read(end - begin) == name:
            for item in _within(file, parts[b"ilst"], struct.pack(">I", number)):
                for data in _within(file, item, b"data"):
                    return _number(file, *data)
    return None


def _number(file: BinaryIO, begin: int, end: int) -> float | None:
    """A `data` atom's value: UTF-8 as "26" or "26.00mm", whole numbers, floating point."""
    if end - begin > 8 + _LONGEST_VALUE:
        return None
    file.seek(begin)
    kind, _locale = struct.unpack(">II", file.read(8))
    value = file.read(end - begin - 8)
    if kind == 1:
        return float(value.decode().strip().removesuffix("mm")) or None
    if kind in (21, 65, 66, 67, 74):
        return float(int.from_bytes(value, "big", signed=True)) or None
    if kind in (22, 75, 76, 77, 78):
        return float(int.from_bytes(value, "big")) or None
    if kind in (23, 24):
        (number,) = struct.unpack(">f" if kind == 23 else ">d", value)
        return number or None
    return None
