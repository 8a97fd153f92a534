"""2D keypoints in the joint sets and shapes that other programs' JSON holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.mended_sides import with_mended_sides
from hotvid.skeleton import COCO17, JointSet, by_name, joint_set_named, own_set
from hotvid.types import Person, Poses


def as_in_picture(person: Person, target: JointSet) -> np.ndarray:
    """(F, K, 3) x, y in pixels and score of the joints of `target`; NaN and 0 where unknown.

    Taken from the 2D model's own joints, which know more of face and feet than the skeleton does.
    """
    joint_set = joint_set_named(person.detected.joint_set)
    xy, score = by_name(*with_mended_sides(person), joint_set, target)
    return np.concatenate([xy, score[..., None]], -1)


def own_or_coco(poses: Poses, *known: JointSet) -> JointSet:
    """The joint set of the 2D model where the format knows it, else COCO's 17."""
    found = {own_set(person.detected.joint_set) for person in poses.people}
    return next((s for s in known if found == {s.name}), COCO17)


@dataclass(frozen=True)
class Row:
    """One person in one frame: `row` counts in the person's track."""

    person: Person
    row: int


def people_by_frame(poses: Poses) -> Iterator[tuple[int, list[Row]]]:
    """(frame number, who is there) for every frame that was read; people as `poses` has them."""
    begin = [int(p.keypoints.frame_index[0]) for p in poses.people]
    coming = sorted(range(len(begin)), key=begin.__getitem__, reverse=True)  # the next is last
    here: list[int] = []
    for frame in range(poses.first_frame, poses.first_frame + poses.n_frames):
        while coming and begin[coming[-1]] <= frame:
            here.append(coming.pop())
            here.sort()
        here = [k for k in here if frame - begin[k] < len(poses.people[k].keypoints)]
        yield frame, [Row(poses.people[k], frame - begin[k]) for k in here]


def rounded(values: np.ndarray, digits: int) -> list[Any]:
    """Nested lists with 0 for what is not known, as these formats want it."""
    return np.round(np.nan_to_num(values).astype(np.float64), digits).tolist()


def dumps(value: Any) -> str:
    """JSON without spaces; never NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def write_list(path: Path, items: Iterable[Any], before: str = "", after: str = "") -> None:
    """A JSON list an item a line, between two texts; items are written as they come."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(before + "[")
        for number, item in enumerate(items):
            file.write((",\n" if number else "\n") + dumps(item))
        file.write("]" + after + "\n")
