"""The part of `hotvid models` that lists 2D models and person detectors."""

from __future__ import annotations

from typing import Any

from hotvid.config import Pose2DConfig
from hotvid.pose2d import BACKENDS, DETECTORS, Kind


def text_2d() -> list[str]:
    """The lines: each kind, how it is named, and what installs what it needs."""
    lines = ["2D models (--pose2d):"]
    for name, kind in BACKENDS.items():
        lines += _lines(name, kind, name == Pose2DConfig.backend)
    lines += ["", "person detectors, in front of top-down 2D models (--detector):"]
    for name, kind in DETECTORS.items():
        lines += _lines(name, kind, name == "blazepose")
    missing = {k.extra.name: k.extra for k in _kinds() if k.extra and not k.extra.is_installed}
    if missing:
        width = max(map(len, missing))
        lines += ["", "what is not installed, and the command that installs it:"]
        lines += [f"  {one.name:<{width}}  {one.install}" for one in missing.values()]
    return lines


def json_2d() -> dict[str, Any]:
    """The same for --json: the keys "pose2d" and "detectors"."""
    return {
        "pose2d": [_facts(n, k, n == Pose2DConfig.backend) for n, k in BACKENDS.items()],
        "detectors": [_facts(n, k, n == "blazepose") for n, k in DETECTORS.items()],
    }


def _kinds() -> list[Kind]:
    return [*BACKENDS.values(), *DETECTORS.values()]


def _lines(name: str, kind: Kind, default: bool) -> list[str]:
    spec = f"{name}:{kind.model}" if kind.model else name
    state = _state(kind) + ("  (default)" if default else "")
    return [f"  {spec:<28}{state}", f"      {kind.about}"]


def _state(kind: Kind) -> str:
    if kind.extra is None:
        return "here"
    licence = f", {kind.extra.licence}" if kind.extra.licence else ""
    if not kind.extra.is_installed:
        return f"not installed{licence}"
    return f"{kind.extra.package} {kind.extra.version or ''}".rstrip() + licence


def _facts(name: str, kind: Kind, default: bool) -> dict[str, Any]:
    extra = kind.extra
    return {
        "name": name,
        "model": kind.model or None,
        "about": kind.about,
        "top_down": kind.top_down,
        "default": default,
        "installed": extra is None or extra.is_installed,
        "package": extra.package if extra else None,
        "version": extra.version if extra else None,
        "licence": (extra.licence or None) if extra else None,
        "install": extra.install if extra else None,
    }
