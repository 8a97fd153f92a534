"""The files of weights hotvid knows: name, hash, licence, and where they are looked for."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from hotvid.errors import UsageError, WeightsError

_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class WeightsFile:
    """One file that travels with hotvid."""

    name: str
    file: str
    sha256: str
    licence: str


_BLAZEPOSE = "Apache-2.0, (c) Google (MediaPipe)"
SHIPPED = {
    w.name: w
    for w in (
        WeightsFile(
            "blazepose-detector",
            "pose_detection.tflite",
            "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
            _BLAZEPOSE,
        ),
        WeightsFile(
            "blazepose-lite",
            "pose_landmark_lite.tflite",
            "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
            _BLAZEPOSE,
        ),
        WeightsFile(
            "blazepose-full",
            "pose_landmark_full.tflite",
            "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
            _BLAZEPOSE,
        ),
        WeightsFile(
            "blazepose-heavy",
            "pose_landmark_heavy.tflite",
            "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
            _BLAZEPOSE,
        ),
        WeightsFile(
            "hot-mixste-s",
            "hot-mixste-s.safetensors",
            "e6f5bf9cb5ec98e71af1c82965fd6b5285b5bb2126315609fead24262d8d2d59",
            "Apache-2.0; trained on CMU motion capture (mocap.cs.cmu.edu)",
        ),
    )
}


def search_path() -> tuple[Path, ...]:
    """Folders looked through, first to last: $HOTVID_WEIGHTS, the wheel's own, the checkout's."""
    own = [
        Path(p).expanduser() for p in os.environ.get("HOTVID_WEIGHTS", "").split(os.pathsep) if p
    ]
    return (*own, _PACKAGE / "_weights", _PACKAGE.parent / "weights")


def find(name: str) -> Path:
    """The file of the shipped weights `name`; WeightsError names the folders searched."""
    shipped = SHIPPED[name]
    for folder in search_path():
        path = folder / shipped.file
        if path.is_file():
            return path
    looked = ", ".join(str(p) for p in search_path())
    raise WeightsError(
        f"the weights '{name}' ({shipped.file}) are not in {looked}",
        "reinstall hotvid, or point HOTVID_WEIGHTS at the folder that holds them",
    )


def locate(name: str, given: str | Path | None = None) -> Path:
    """The weights of the lifter `name`: the file that is given, or the one that travels along."""
    if given is not None:
        path = Path(given).expanduser()
        if not path.is_file():
            raise WeightsError(f"the weights '{path}' do not exist", "check the path")
        return path
    if name not in SHIPPED:
        raise UsageError(
            f"no weights for '{name}' travel with hotvid",
            "give its authors' checkpoint with --weights FILE",
        )
    return find(name)


def sha256(path: Path) -> str:
    """The file's hash as hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
