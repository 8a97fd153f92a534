"""Optional packages: what each is for, whether it is here, and the command that installs it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from types import ModuleType

from hotvid.errors import HotvidError


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
        return f"python -m pip install '{self.requirement}'"

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
        """The module, imported; HotvidError with the command that installs it if it is not here."""
        try:
            return importlib.import_module(self.module)
        except ImportError as error:
            if self.is_installed:
                raise HotvidError(
                    f"{self.package} cannot be imported: {error}",
                    f"install it anew: {self.install} --force-reinstall",
                ) from error
            raise HotvidError(f"{self.package} is not installed", self.install) from error


RTMPOSE = Extra("rtmpose", "onnxruntime", "onnxruntime>=1.18")
YOLO = Extra("yolo", "ultralytics", "ultralytics>=8.4.190,<8.5", "AGPL-3.0")
