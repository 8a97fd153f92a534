"""Reading .npz files that hold pickled dicts of arrays, without running any code from them.

The research data sets are stored that way (`numpy.savez` of a dict makes an object array, which is
a pickle). A pickle can name any function and have it called. Here the few names that arrays of
numbers are made of lead to stand-ins of our own, and a file that names anything else is refused.
"""

from __future__ import annotations

import math
import pickle
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from hotvid.errors import InputError

_KINDS = "biufUS"  # of dtypes: truth, whole numbers, fractions, text, bytes
_ERRORS = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


def read_npz(path: str | Path, *names: str) -> tuple[Any, ...]:
    """What an .npz file holds under `names`: arrays, or dicts, lists, text and numbers with arrays.

    InputError for a file that is missing, damaged, or that holds anything else (whose code is not
    run), and for a name that it does not have.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no file at {path}", "give the folder that the data set's files are in")
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(_member(archive, path, name) for name in names)
    except _ERRORS as error:
        raise InputError(
            f"{path}: expected arrays in an .npz file; {_reason(error)}", "get the file anew"
        ) from error


def read_pickle(path: str | Path) -> Any:
    """What a pickle holds, as `read_npz`; InputError likewise."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no file at {path}", "give the folder that the data set's files are in")
    try:
        with path.open("rb") as stream:
            return _resolve(_Unpickler(stream, encoding="latin1").load())
    except _ERRORS as error:
        raise InputError(
            f"{path}: expected arrays in a pickle; {_reason(error)}", "get the file anew"
        ) from error


def _reason(error: Exception) -> str:
    """Errors of `pickle` are worded for whoever wrote the file; the kind says enough."""
    return (
        str(error)
        if isinstance(error, _RefusedError)
        else f"it is damaged ({type(error).__name__})"
    )


class _RefusedError(ValueError):
    """The file holds what it must not."""


def _member(archive: zipfile.ZipFile, path: Path, name: str) -> Any:
    if f"{name}.npy" not in archive.namelist():
        there = ", ".join(n.removesuffix(".npy") for n in archive.namelist()[:8]) or "nothing"
        raise InputError(f"{path}: expected '{name}' in it, got {there}", "is it another data set?")
    with archive.open(f"{name}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = header(stream)
        if not dtype.hasobject:
            return _plain_array(archive, name)
        array = _resolve(_Unpickler(stream, encoding="latin1").load())
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise _RefusedError(f"'{name}' is not the array that its header promises")
    return array.item() if shape == () else array


def _plain_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


class _Dtype:
    """Stands in for numpy.dtype: a code of a plain number or text, and a byte order."""

    def __init__(self, code: str, *_flags: object) -> None:
        if not isinstance(code, str) or code[:1] not in _KINDS + "O" or not code[1:].isdigit():
            raise _RefusedError(f"it holds an array of {code!r}, not of numbers or text")
        self._code, self._order = code, "="

    def __setstate__(self, state: tuple) -> None:
        _, order, *fields = state
        if order not in ("<", ">", "|", "=") or any(f is not None for f in fields[:3]):
            raise _RefusedError("it holds an array of records, not of numbers or text")
        self._order = order

    @property
    def numpy(self) -> np.dtype:
        return np.dtype(self._code).newbyteorder(self._order)


class _Array:
    """Stands in for an array until all of the pickle is read."""

    def __init__(self, *_empty: object) -> None:
        self._parts: tuple | None = None

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, fortran, content = state
        if not isinstance(dtype, _Dtype):
            raise _RefusedError("it holds an array without a dtype")
        self._parts = (tuple(shape), dtype.numpy, bool(fortran), content)

    def resolve(self) -> np.ndarray:
        if self._parts is None:
            raise _RefusedError("it holds an array without content")
        shape, dtype, fortran, content = self._parts
        order = "F" if fortran else "C"
        if not dtype.hasobject:
            # Python 2 wrote bytes as text.
            raw = content.encode("latin1") if isinstance(content, str) else content
            return np.frombuffer(raw, dtype).reshape(shape, order=order)
        if not isinstance(content, list) or len(content) != math.prod(shape):
            raise _RefusedError("it holds an array of objects of another size than it says")
        flat = np.empty(len(content), object)
        flat[:] = [_resolve(one) for one in content]
        return flat.reshape(shape, order=order)


class _Buffer(_Array):
    """Stands in for numpy's `_frombuffer`, which pickles of protocol 5 call."""

    def __init__(self, content: Any, dtype: _Dtype, shape: tuple, order: str) -> None:
        super().__init__()
        self.__setstate__((1, shape, dtype, order == "F", content))


class _Number(_Array):
    """Stands in for a numpy number."""

    def __init__(self, dtype: _Dtype, content: Any) -> None:
        super().__init__()
        self.__setstate__((1, (), dtype, False, content))


def _as_bytes(text: str, encoding: str) -> bytes:
    """Stands in for `_codecs.encode`, by which older pickles make bytes."""
    if encoding != "latin1":
        raise _RefusedError(f"it holds text coded as {encoding!r}")
    return text.encode("latin1")


_NUMPY = {
    "multiarray": {"_reconstruct": _Array, "scalar": _Number},
    "numeric": {"_frombuffer": _Buffer},
}
# numpy 2 calls its `core` `_core`.
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _as_bytes,
} | {
    (f"numpy.{core}.{module}", name): stand_in
    for core in ("core", "_core")
    for module, names in _NUMPY.items()
    for name, stand_in in names.items()
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: IO[bytes], **settings: Any) -> None:
        super().__init__(stream, **settings)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise _RefusedError(f"it holds code ({module}.{name}), which was not run")
        return _ALLOWED[module, name]


def _resolve(value: Any) -> Any:
    """`value` with arrays in place of their stand-ins; nothing but what is allowed."""
    if isinstance(value, _Array):
        return value.resolve()
    if isinstance(value, dict):
        return {_resolve(k): _resolve(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_resolve(v) for v in value)
    if value is None or isinstance(value, (str, bytes, bool, int, float)):
        return value
    raise _RefusedError(
        f"it holds a {type(value).__name__}, which is neither array, dict nor number"
    )
