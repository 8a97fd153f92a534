"""The clip that travels with a checkout, for commands that measure speed."""

from __future__ import annotations

from pathlib import Path

from hotvid.errors import InputError

_NAME = Path("demo") / "walk_two_people.mp4"


def video_or_demo(video: Path | None) -> Path:
    """The video that is given, or the demo clip of the checkout that hotvid runs from or that the
    user is in; InputError where there is none."""
    if video is not None:
        return video
    for folder in (Path(__file__).resolve().parents[2], Path()):
        if (folder / _NAME).is_file():
            return folder / _NAME
    raise InputError("no video is given, and the demo clip is not here", "give a VIDEO")
