"""Pickled dicts of arrays are read; whatever would run code is refused, and is not run."""

import builtins
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from datetime import date

import numpy as np
import pytest

from hotvid.errors import InputError
from hotvid.evaluate.plain_npz import read_npz

NESTED = {
    "S1": {"Walk 1": [np.arange(12, dtype=np.float32).reshape(3, 2, 2), np.eye(3)]},
    "number": 3,
    "numpy number": np.float64(2.5),
    "pairs": [[1, 2], (3, 4.5)],
    "text": "é",
    "flags": np.array([True, False]),
    "big-endian": np.arange(4, dtype=">i2"),
    "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "none": None,
}


class Evil:
    """Unpickled, it would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch '{self.path}'",)


def same(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and (a == b).all()
    return a == b


def write(path, name, header, content):
    """An .npz whose member `name` has an object array's header and any bytes behind it."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"shape": header, "fortran_order": False, "descr": "|O"}
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.npy", stream.getvalue() + content)
    return path


def write_object(path, value, protocol=4):
    array = np.empty((), object)
    array[()] = value
    return write(path, "data", (), pickle.dumps(array, protocol))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_nested_dicts_and_plain_arrays_come_back(tmp_path, save):
    path = tmp_path / "a.npz"
    plain = np.arange(5)
    save(path, data=NESTED, plain=plain)
    data, got = read_npz(path, "data", "plain")
    assert same(NESTED, data)
    assert same(plain, got)


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_of_pickle_is_read(tmp_path, protocol):
    (data,) = read_npz(write_object(tmp_path / "a.npz", NESTED, protocol), "data")
    assert same(NESTED, data)


def test_names_of_older_and_newer_numpy_are_known(tmp_path):
    array = np.empty((), object)
    array[()] = {"a": np.arange(3)}
    # In protocol 0 names are text of any length.
    content = pickle.dumps(array, 0)
    assert b"numpy._core" in content
    path = write(tmp_path / "a.npz", "data", (), content.replace(b"numpy._core", b"numpy.core"))
    assert same({"a": np.arange(3)}, read_npz(path, "data")[0])


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_code_is_refused_by_name_and_not_run(tmp_path, protocol):
    mark = tmp_path / "mark"
    path = write_object(tmp_path / "a.npz", {"S1": [Evil(mark)]}, protocol)
    with pytest.raises(InputError, match=r"holds code \((posix|nt|os)\.system\), which was not"):
        read_npz(path, "data")
    assert not mark.exists()
    with np.load(path, allow_pickle=True) as trusting:  # it would have run
        trusting["data"]
    assert mark.exists()


@pytest.mark.parametrize(
    "value",
    [
        builtins.eval,
        np.load,
        OrderedDict(a=1),
        date(2020, 1, 1),
        {1, 2},
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.zeros(3, "M8[s]"),
        1 + 2j,
    ],
    ids=lambda v: type(v).__name__,
)
def test_whatever_is_not_of_arrays_dicts_lists_text_and_numbers_is_refused(tmp_path, value):
    with pytest.raises(InputError, match="it holds"):
        read_npz(write_object(tmp_path / "a.npz", {"x": [value]}), "data")


def test_a_dtype_that_lies_about_its_memory_is_not_believed(tmp_path):
    array = np.empty((), object)
    array[()] = np.arange(3.0)
    content = pickle.dumps(array, 0)
    honest = b"NNNI-1\nI-1\nI0\n"  # flags 0; 63 would have numpy take the bytes for pointers
    assert content.count(honest) == 1
    path = write(tmp_path / "a.npz", "data", (), content.replace(honest, honest[:-2] + b"63\n"))
    assert same(np.arange(3.0), read_npz(path, "data")[0])


def test_a_list_that_holds_itself_is_refused(tmp_path):
    own = []
    own.append(own)
    with pytest.raises(InputError, match="RecursionError"):
        read_npz(write_object(tmp_path / "a.npz", own), "data")


def test_damaged_and_missing_files_are_one_error(tmp_path):
    good = write_object(tmp_path / "good.npz", NESTED).read_bytes()
    for content in (b"", b"no zip", good[: len(good) // 2], good.replace(b"S1", b"\x94\x94")):
        path = tmp_path / "bad.npz"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"bad\.npz"):
            read_npz(path, "data")
    with pytest.raises(InputError, match="no file at"):
        read_npz(tmp_path / "absent.npz", "data")
    with pytest.raises(InputError, match="expected 'other' in it, got data"):
        read_npz(tmp_path / "good.npz", "other")


def test_a_cut_pickle_is_damaged_not_half_read(tmp_path):
    array = np.empty((), object)
    array[()] = NESTED
    content = pickle.dumps(array, 4)
    for end in range(0, len(content), 37):
        path = write(tmp_path / "a.npz", "data", (), content[:end])
        with pytest.raises(InputError):
            read_npz(path, "data")
