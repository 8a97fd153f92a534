"""Optional packages: what each is for, whether it is here, and the command that installs it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from hotvid.errors import HotvidError
from hotvid.weights import own_folder

# ONNX Runtime and Ray would report on the machine to those who made them.
_NO_TELEMETRY = {"ORT_DISABLE_TELEMETRY": "1", "RAY_USAGE_STATS_ENABLED": "0"}


def pip_install(requirement: str) -> str:
    """The command that installs a package where hotvid itself runs."""
    found = shutil.which("python")
    here = found is not None and Path(found) == Path(sys.executable)
    python = "python" if here else quoted(sys.executable)
    return f"{python} -m pip install {quoted(requirement)}"


def quoted(word: str) -> str:
    """A word as the system's usual shell takes it."""
    if sys.platform != "win32":
        return shlex.quote(word)
    # Both of Windows' shells know double quotes; a quoted program is none to PowerShell.
    return word if re.fullmatch(r"[\w.:\\/~-]+", word) else f'"{word}"'


@dataclass(frozen=True)
class Extra:
    """A package that some part of hotvid wants, and the core does without.

    name         of the extra in pyproject.toml.
    module       what is imported.
    requirement  what pip is asked for.
    licence      where it is another than the core's, and matters to users.
    """

    name: str
    module: str
    requirement: str
    licence: str = ""

    @property
    def package(self) -> str:
        """The distribution's name."""
        return self.requirement.partition(">")[0]

    @property
    def install(self) -> str:
        """The command that installs it."""
        return pip_install(self.requirement)

    @property
    def is_installed(self) -> bool:
        return importlib.util.find_spec(self.module) is not None

    @property
    def version(self) -> str | None:
        """The installed version; None where it is not installed."""
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return None

    def load(self) -> ModuleType:
        """The module; HotvidError with the command that installs it if it is not here."""
        for name, value in _NO_TELEMETRY.items():
            os.environ.setdefault(name, value)  # read on import, which others may do for us
        try:
            return importlib.import_module(self.module)
        except ImportError as error:
            self.check_installed()
            raise HotvidError(
                f"{self.package} cannot be imported: {error}",
                f"install it anew: {self.install} --force-reinstall",
            ) from error

    def check_installed(self) -> None:
        """HotvidError with the command that installs it if it is not here; nothing is imported."""
        if not self.is_installed:
            raise HotvidError(f"{self.package} is not installed", f"install it: {self.install}")


@dataclass(frozen=True)
class OwnEnvironment:
    """A package that cannot live beside the core's, in a Python environment of its own.

    name         what it goes by here: its folder is beside the user's weights, or in `variable`.
    package      the distribution that is looked for in it.
    python       the version that its wheels are for.
    requirements a file beside this one, of all that goes into it first.
    then         what is installed last, without its dependencies.
    """

    name: str
    package: str
    variable: str
    python: str
    requirements: str
    then: str
    licence: str = ""

    @property
    def folder(self) -> Path:
        given = os.environ.get(self.variable)
        return Path(given).expanduser() if given else own_folder().parent / self.name

    @property
    def executable(self) -> Path:
        """The environment's Python."""
        on_windows = self.folder / "Scripts" / "python.exe"
        return on_windows if sys.platform == "win32" else self.folder / "bin" / "python"

    @property
    def install(self) -> str:
        """The command that makes it."""
        pip = f"{quoted(str(self.executable))} -m pip install"
        needs = quoted(str(Path(__file__).parent / self.requirements))
        folder = quoted(str(self.folder))
        python = f"py -{self.python}" if sys.platform == "win32" else f"python{self.python}"
        return f"{python} -m venv {folder} && {pip} -r {needs} && {pip} --no-deps {self.then}"

    @property
    def is_installed(self) -> bool:
        return self.executable.is_file() and self.version is not None

    @property
    def version(self) -> str | None:
        """The package's version; None where it is not installed."""
        found = sorted(self.folder.glob(f"[Ll]ib/**/site-packages/{self.package}-*.dist-info"))
        return found[-1].stem.removeprefix(f"{self.package}-") if found else None

    def find(self) -> Path:
        """The environment's Python; HotvidError with the command that makes it."""
        self.check_installed()
        return self.executable

    def check_installed(self) -> None:
        """HotvidError with the command that makes it if it is not here."""
        if not self.is_installed:
            raise HotvidError(
                f"{self.package} is not in {self.folder}", f"install it: {self.install}"
            )


RTMPOSE = Extra("rtmpose", "onnxruntime", "onnxruntime>=1.20")
YOLO = Extra("yolo", "ultralytics", "ultralytics>=8.4.190,<8.5", "AGPL-3.0")
RAY = Extra("ray", "ray", "ray>=2.40")
REMOTE = Extra("remote", "upath", "universal-pathlib>=0.3.7")
# Of single formats; the extra "formats" has them all.
PYARROW = Extra("formats", "pyarrow", "pyarrow")
EZC3D = Extra("formats", "ezc3d", "ezc3d")
USD = Extra("formats", "pxr", "usd-core")
RERUN = Extra("formats", "rerun", "rerun-sdk")
MMPOSE = OwnEnvironment(
    "mmpose",
    "mmpose",
    "HOTVID_MMPOSE",
    "3.11",
    "pose2d/mmpose-requirements.txt",
    "mmpose==1.3.2",
)
