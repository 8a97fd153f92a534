"""AlphaPose's results file, which is also what MotionBERT in the wild takes (Halpe, 26 joints).

A list of sightings: `image_id` (the picture's name, "12.jpg"), `keypoints` (x, y, score in turn),
`score` (not 0..1), `box` (x, y, width, height), `idx` (the tracker's id; 0 for everyone without).
"""

from __future__ import annotations

from hotvid.io.keypoints.source import KeypointSource, last_number
from hotvid.io.keypoints.table import KeypointTable, TableRows

NAME = "alphapose"
ABOUT = "AlphaPose's alphapose-results.json; MotionBERT's input"


def fits(source: KeypointSource) -> bool:
    if source.kind != "json" or not isinstance(source.data, list) or not source.data:
        return False
    first = source.data[0]
    return (
        isinstance(first, dict) and "keypoints" in first and isinstance(first.get("image_id"), str)
    )


def read(source: KeypointSource) -> KeypointTable:
    numbers = picture_numbers([str(one["image_id"]) for one in source.data])
    tracked = any(one.get("idx") not in (None, 0, 0.0, [0], [0.0]) for one in source.data)
    rows = TableRows()
    for one in source.data:
        box = one.get("box")
        corners = None if box is None else (box[0], box[1], box[0] + box[2], box[1] + box[3])
        rows.add(
            numbers[str(one["image_id"])],
            one["keypoints"],
            corners,
            person=one.get("idx") if tracked else None,
        )
    return rows.table(NAME, source.joint_set)


def picture_numbers(names: list[str]) -> dict[str, int]:
    """The number in each picture's name; where names have none or share one, their order."""
    different = list(dict.fromkeys(names))
    numbers = {name: last_number(name) for name in different}
    if None in numbers.values() or len(set(numbers.values())) < len(different):
        return {name: order for order, name in enumerate(different)}
    return {name: number for name, number in numbers.items() if number is not None}
