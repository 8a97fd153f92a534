"""What a 2D backend is, seen from outside: frames in, people with keypoints out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hotvid.types import Frame, Keypoints2D


class Pose2DBackend(Protocol):
    """Top-down pairs and one-stage models look the same from here.

    name       model and size, as it is written into results.
    joint_set  a name in `hotvid.skeleton.JOINT_SETS`, that of everything it returns.
    """

    name: str
    joint_set: str

    def estimate(self, frames: Sequence[Frame]) -> list[Keypoints2D]:
        """Everyone in each of `frames`, in order.

        Frames come in the video's order. A backend may keep what it learned of one call for the
        next (it may follow people), but how frames are cut into calls must not change results.
        """
        ...

    def close(self) -> None:
        """Give back what the backend holds; it cannot be used afterwards."""
        ...
