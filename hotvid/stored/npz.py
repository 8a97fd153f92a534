"""Arrays of a .npz file, read after their claimed size was found to be what the file can hold."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np

from hotvid.errors import InputError

_MAX_DEFLATE = 1032  # bytes out of one byte in, at most: a file cannot claim more than it holds


def read_text(archive: zipfile.ZipFile, name: str) -> str:
    """An array that is one text; InputError, whose message goes on after a file's name."""
    array = read_array(archive, name)
    if array.dtype.kind != "U" or array.ndim != 0:
        raise InputError(f"is damaged: {name} is no text")
    return str(array)


def read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """One array; KeyError where it is not there, InputError as `read_text`."""
    with _opened(archive, name):
        pass  # its size is as it claims
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def read_parts(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """An array of `shape` along its first axis, part by part; only one is in memory at a time.

    raises  as `read_array`; ValueError where the array has another shape.
    """
    with _opened(archive, name) as (file, found, fortran_order, dtype):
        if found != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {found}")
        if not fortran_order:
            n_bytes = math.prod(shape[1:]) * dtype.itemsize
            for _ in range(shape[0]):
                yield np.frombuffer(file.read(n_bytes), dtype).reshape(shape[1:])
            file.read(1)  # at its end the checksum is looked at
            return
    yield from read_array(archive, name)


@contextmanager
def _opened(
    archive: zipfile.ZipFile, name: str
) -> Iterator[tuple[IO[bytes], tuple[int, ...], bool, np.dtype]]:
    """Where an array's numbers begin, its shape, whether its first axis goes fastest, its type."""
    entry = archive.getinfo(f"{name}.npy")
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, fortran_order, dtype = read_header(file)
        n_bytes = math.prod(shape) * dtype.itemsize
        held = entry.file_size - file.tell()
        if n_bytes != held or entry.file_size > _MAX_DEFLATE * (entry.compress_size + 1):
            raise InputError(f"is damaged: {name} does not hold what it claims")
        yield file, shape, fortran_order, dtype
