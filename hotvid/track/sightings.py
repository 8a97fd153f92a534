"""Everyone seen in a clip, held tight: hours of video are hundreds of thousands of frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import overload

import numpy as np

from hotvid.errors import ShapeError
from hotvid.types import Keypoints2D

_BLOCK = 1024  # frames whose arrays become one: as objects they take four times their content
_ARRAYS = tuple(f.name for f in fields(Keypoints2D) if f.name != "joint_set")


class Sightings(Sequence[Keypoints2D]):
    """The `Keypoints2D` of a clip's frames, in their order, in few large arrays.

    Raises ShapeError where the frames in which anyone is seen do not share one joint set.
    """

    def __init__(self, observations: Iterable[Keypoints2D] = ()) -> None:
        self._blocks: list[Keypoints2D] = []  # of frames, the people of all of them in one
        self._ends: list[np.ndarray] = []  # of each block's frames, among the block's people
        self._fresh: list[Keypoints2D] = []
        self.extend(observations)

    def extend(self, observations: Iterable[Keypoints2D]) -> None:
        for seen in observations:
            self._fresh.append(seen)
            if len(self._fresh) == _BLOCK:
                self._pack()

    def counts(self) -> np.ndarray:
        """(F,) int: how many people each frame shows."""
        packed = [np.diff(ends, prepend=0) for ends in self._ends]
        return np.concatenate([*packed, [len(seen) for seen in self._fresh]]).astype(np.int64)

    def everyone(self) -> Keypoints2D | None:
        """All people of all frames as if they were of one; None where nobody is seen."""
        parts = [one for one in (*self._blocks, *self._fresh) if len(one)]
        return _joined(parts) if parts else None

    def __len__(self) -> int:
        return len(self._ends) * _BLOCK + len(self._fresh)

    @overload
    def __getitem__(self, index: int) -> Keypoints2D: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Keypoints2D]: ...
    def __getitem__(self, index: int | slice) -> Keypoints2D | Sequence[Keypoints2D]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        number, row = divmod(index, _BLOCK)
        if number == len(self._blocks):
            return self._fresh[row]
        block, ends = self._blocks[number], self._ends[number]
        part = slice(ends[row - 1] if row else 0, ends[row])
        return replace(block, **{name: getattr(block, name)[part] for name in _ARRAYS})

    def _pack(self) -> None:
        people = [seen for seen in self._fresh if len(seen)]
        self._blocks.append(_joined(people or self._fresh[:1]))
        self._ends.append(np.cumsum([len(seen) for seen in self._fresh], dtype=np.int32))
        self._fresh = []


def _joined(parts: Sequence[Keypoints2D]) -> Keypoints2D:
    names = sorted({one.joint_set for one in parts})
    if len(names) > 1:
        raise ShapeError(f"observations: expected one joint set, got {', '.join(names)}")
    return Keypoints2D(
        names[0],
        *(
            np.concatenate([getattr(one, name) for one in parts], dtype=np.float32)
            for name in _ARRAYS
        ),
    )
