"""Loads a network into ONNX Runtime."""

from __future__ import annotations

import mmap
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.errors import UsageError, WeightsError
from hotvid.extras import RTMPOSE, pip_install
from hotvid.threads import thread_share

_IN_ZIP = "end2end.onnx"  # as MMDeploy packs it, and OpenMMLab offers it for download
_MAX_BYTES = 4 * 2**30


class OnnxNetwork:
    """One network with a single input of pictures, (N, 3, H, W) float32.

    size_px   (width, height) of its input, None where it takes any.
    batched   whether it takes any number of pictures at once.

    threads   of the processor, at most; None: all that the process may use.
    """

    def __init__(self, file: str, device: str, threads: int | None) -> None:
        runtime = RTMPOSE.load()
        self._path = Path(file).expanduser()
        contents, providers = _contents(self._path), _providers(runtime, device)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = thread_share(threads)
        options.log_severity_level = 4  # it would warn of each harmless fallback
        try:
            self._session = runtime.InferenceSession(contents, options, providers=providers)
        except Exception as error:  # ONNX Runtime's errors share no base class
            raise WeightsError(
                f"{file} is no network that ONNX Runtime can load ({_first_line(error)})",
                "is the file whole, and of the ONNX kind?",
            ) from error
        (given,) = self._session.get_inputs()[:1]
        batch, channels, height, width = (*given.shape, *[None] * 4)[:4]
        if len(given.shape) != 4 or channels not in (3, "3") or len(self._session.get_inputs()) > 1:
            raise WeightsError(
                f"{file} does not take pictures: its first input is {given.name} {given.shape}",
                "give a network with one input (N, 3, H, W)",
            )
        self._input = given.name
        fixed = isinstance(height, int) and isinstance(width, int) and min(height, width) > 0
        self.size_px = (width, height) if fixed else None
        self.batched = not isinstance(batch, int) or batch < 1

    def __call__(self, pictures: np.ndarray) -> list[np.ndarray]:
        """The outputs for (N, 3, H, W) float32, in the file's order."""
        if self.batched or len(pictures) == 1:
            return self._run(pictures)
        parts = [self._run(pictures[i : i + 1]) for i in range(len(pictures))]
        return [np.concatenate(column) for column in zip(*parts, strict=True)]

    def mentions(self, word: bytes) -> bool:
        """Whether a name in the file holds `word`: exporters keep those of the layers."""
        contents = _contents(self._path)
        if isinstance(contents, bytes):
            return word in contents
        with (
            Path(contents).open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole,
        ):
            return whole.find(word) >= 0

    def _run(self, pictures: np.ndarray) -> list[Any]:
        try:
            return self._session.run(None, {self._input: pictures})
        except Exception as error:  # as above
            raise WeightsError(
                f"{self._path} failed on pictures of shape {pictures.shape} ({_first_line(error)})",
                "does it belong to another kind of model?",
            ) from error


def check_file(path: Path) -> None:
    """WeightsError where there is no such file."""
    if not path.is_file():
        raise WeightsError(
            f"the model '{path}' does not exist",
            "give the path of an ONNX file; MMPose's model zoo links to them",
        )


def _contents(path: Path) -> str | bytes:
    """The file, or what lies in a .zip as OpenMMLab offers it."""
    check_file(path)
    if not zipfile.is_zipfile(path):
        return str(path)
    with zipfile.ZipFile(path) as archive:
        inside = [i for i in archive.infolist() if i.filename.endswith(_IN_ZIP)]
        if len(inside) != 1 or inside[0].file_size > _MAX_BYTES:
            raise WeightsError(f"'{path}' holds no {_IN_ZIP}", "give the ONNX file itself")
        return archive.read(inside[0])


def _providers(runtime: Any, device: str) -> list[str]:
    here = runtime.get_available_providers()
    if device == "cuda" and "CUDAExecutionProvider" not in here:
        raise UsageError(
            "this ONNX Runtime has no CUDA",
            f"{pip_install('onnxruntime-gpu')}, or leave --device at auto",
        )
    wanted = ("CUDAExecutionProvider",) if device != "cpu" else ()
    return [*(p for p in wanted if p in here), "CPUExecutionProvider"]


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]
