"""COCO's keypoints: a results file, or annotations with their pictures.

A result has `image_id` (a number), `keypoints` (x, y, score in turn), `score`, perhaps `bbox`
(x, y, width, height) and `track_id`. In annotations the third number is a flag: 0 not labelled,
1 hidden, 2 visible; and `images` name and measure the pictures.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hotvid.io.keypoints.alphapose import picture_numbers
from hotvid.io.keypoints.source import KeypointSource
from hotvid.io.keypoints.table import KeypointTable, TableRows

NAME = "coco"
ABOUT = "COCO keypoint results, or annotations"
_HIDDEN_SCORE = 0.5  # of a joint that an annotator has placed without seeing it


def fits(source: KeypointSource) -> bool:
    if source.kind != "json":
        return False
    data = source.data
    if isinstance(data, dict):
        return "annotations" in data
    first = data[0] if isinstance(data, list) and data else None
    return (
        isinstance(first, dict) and "keypoints" in first and isinstance(first.get("image_id"), int)
    )


def read(source: KeypointSource) -> KeypointTable:
    data = source.data
    annotations = data["annotations"] if isinstance(data, dict) else data
    images = data.get("images", []) if isinstance(data, dict) else []
    numbers = _image_numbers(images)
    people = [one for one in annotations if any(one.get("keypoints") or ())]
    flags = _are_flags(people)
    rows = TableRows()
    for one in people:
        points = np.array(one["keypoints"], np.float64).reshape(-1, 3)
        if flags:
            points[:, 2] = np.select([points[:, 2] >= 2, points[:, 2] >= 1], [1.0, _HIDDEN_SCORE])
        box = one.get("bbox")
        corners = None if not box else (box[0], box[1], box[0] + box[2], box[1] + box[3])
        number = numbers.get(one["image_id"], one["image_id"])
        rows.add(int(number), points, corners, one.get("score"), one.get("track_id"))
    sizes = {(int(i["width"]), int(i["height"])) for i in images if "width" in i and "height" in i}
    # Pictures are listed also where nobody is in them, and most programs number them from 1.
    listed = [numbers.get(i["id"], i["id"]) for i in images if isinstance(i.get("id"), int)]
    first_number = 1 if min(listed, default=0) >= 1 else 0
    return rows.table(
        NAME,
        source.joint_set,
        first_number=first_number,
        last_number=max(listed, default=None),
        size_px=sizes.pop() if len(sizes) == 1 else None,
    )


def _image_numbers(images: list[dict[str, Any]]) -> dict[Any, int]:
    """The frame of each image: the number in its file's name."""
    if not images or any("file_name" not in image for image in images):
        return {}
    numbers = picture_numbers([str(image["file_name"]) for image in images])
    return {image["id"]: numbers[str(image["file_name"])] for image in images}


def _are_flags(people: list[dict[str, Any]]) -> bool:
    """Whether the third numbers are 0, 1 and 2: with a 2 among them they are no scores."""
    third = {value for one in people for value in one["keypoints"][2::3]}
    return third <= {0, 1, 2} and 2 in third
