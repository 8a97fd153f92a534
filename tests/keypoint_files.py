"""Two people on a clip, and the files that other programs would write about them.

Nobody is in frame 2; the second person is not in frame 0. Person 1 comes first in the files, so
that order and identity are told apart.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hotvid.skeleton import JOINT_SETS

N_FRAMES, SIZE_PX = 30, (640, 480)
EMPTY_FRAME = 2


def body(joint_set: str, frame: int, person: int) -> np.ndarray:
    """(K, 3) x, y, score: told apart by joint, frame and person; no two alike."""
    k = np.arange(len(JOINT_SETS[joint_set]))
    x = 60 + 300 * person + 2 * frame + 1.5 * (k % 12)
    y = 100 + 20 * (k // 12) + 11.0 * (k % 7) + 0.5 * frame
    return np.stack([x, y, 0.5 + 0.4 * (k % 5) / 5], -1)


def box(points: np.ndarray) -> list[float]:
    return [*(points[:, :2].min(0) - 8).tolist(), *(points[:, :2].max(0) + 8).tolist()]


def seen(joint_set: str) -> Iterator[tuple[int, int, np.ndarray]]:
    """(frame, person, points) in the order of the files."""
    for frame in range(N_FRAMES):
        for person in (1, 0):
            if frame != EMPTY_FRAME and not (person == 1 and frame == 0):
                yield frame, person, body(joint_set, frame, person)


def flat(points: np.ndarray) -> list[float]:
    return points.reshape(-1).tolist()


def _write(path: Path, data: object) -> Path:
    path.write_text(json.dumps(data))
    return path


def alphapose(folder: Path, joint_set: str = "halpe26", tracked: bool = True) -> Path:
    results = []
    for frame, person, points in seen(joint_set):
        x0, y0, x1, y1 = box(points)
        results.append(
            {
                "image_id": f"{frame}.jpg",
                "category_id": 1,
                "keypoints": flat(points),
                "score": 2.7,
                "box": [x0, y0, x1 - x0, y1 - y0],
                "idx": [float(person + 1)] if tracked else 0.0,
            }
        )
    return _write(folder / "alphapose-results.json", results)


def openpose(folder: Path, hands: bool = False, scale: tuple[float, float] = (1, 1)) -> Path:
    out = folder / "openpose"
    out.mkdir()
    joint_set = "openpose67" if hands else "openpose25"
    by_frame: dict[int, list] = {frame: [] for frame in range(N_FRAMES)}
    for frame, _, points in seen(joint_set):
        points = points * [*scale, 1]
        one = {"person_id": [-1], "pose_keypoints_2d": flat(points[:25])}
        one["hand_left_keypoints_2d"] = flat(points[25:46]) if hands else []
        one["hand_right_keypoints_2d"] = flat(points[46:67]) if hands else []
        by_frame[frame].append(one)
    for frame, people in by_frame.items():
        _write(out / f"walk_{frame:012d}_keypoints.json", {"version": 1.3, "people": people})
    return out


def _mmpose_frames(first: int, joint_set: str) -> list[dict]:
    frames: list[dict] = [{"frame_id": first + n, "instances": []} for n in range(N_FRAMES)]
    for frame, _, points in seen(joint_set):
        one = {"keypoints": points[:, :2].tolist(), "keypoint_scores": points[:, 2].tolist()}
        one |= {"bbox": [box(points)], "bbox_score": 0.75}
        frames[frame]["instances"].append(one)
    return frames


def mmpose_demo(folder: Path, joint_set: str = "coco_wholebody133") -> Path:
    names = {str(i): name for i, name in enumerate(JOINT_SETS[joint_set].joints)}
    meta = {"dataset_name": "x", "num_keypoints": len(names), "keypoint_id2name": names}
    frames = _mmpose_frames(1, joint_set)
    return _write(folder / "demo.json", {"meta_info": meta, "instance_info": frames})


def mmpose_inferencer(folder: Path, joint_set: str = "coco17") -> Path:
    return _write(folder / "inferencer.json", _mmpose_frames(0, joint_set))


def coco(folder: Path, joint_set: str = "coco17") -> Path:
    results = [
        {"image_id": frame, "category_id": 1, "keypoints": flat(points), "score": 0.75}
        for frame, _, points in seen(joint_set)
    ]
    return _write(folder / "coco.json", results)


def _ultralytics(points: np.ndarray, track_id: int) -> dict:
    corners = dict(zip(("x1", "y1", "x2", "y2"), box(points), strict=True))
    x, y, visible = points.T.tolist()
    one = {"name": "person", "class": 0, "confidence": 0.75, "box": corners, "track_id": track_id}
    return one | {"keypoints": {"x": x, "y": y, "visible": visible}}


def ultralytics_json(folder: Path) -> Path:
    frames: list[list] = [[] for _ in range(N_FRAMES)]
    for frame, person, points in seen("coco17"):
        frames[frame].append(_ultralytics(points, person + 1))
    return _write(folder / "ultralytics.json", frames)


def ultralytics_json_folder(folder: Path) -> Path:
    out = folder / "ultralytics"
    out.mkdir()
    frames: dict[int, list] = {frame: [] for frame in range(N_FRAMES)}
    for frame, person, points in seen("coco17"):
        frames[frame].append(_ultralytics(points, person + 1))
    for frame, found in frames.items():
        _write(out / f"walk_{frame + 1}.json", found)
    return out


def ultralytics_txt(folder: Path, conf: bool = True, ids: bool = True) -> Path:
    out = folder / "labels"
    out.mkdir()
    size = np.array(SIZE_PX)
    for frame, person, points in seen("coco17"):
        x0, y0, x1, y1 = np.array(box(points)) / np.tile(size, 2)
        shares = points / [*size, 1]
        line = [0, (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, *flat(shares)]
        line += [0.75] * conf + [person + 1] * ids
        with (out / f"walk_{frame + 1}.txt").open("a") as file:
            file.write(" ".join(f"{v:g}" for v in line) + "\n")
    return out


def deeplabcut(folder: Path, joint_set: str = "coco17") -> Path:
    joints = JOINT_SETS[joint_set].joints
    columns = [
        (who, joint, c) for who in "ab" for joint in joints for c in ("x", "y", "likelihood")
    ]
    table = np.full((N_FRAMES, len(columns)), np.nan)
    for frame, person, points in seen(joint_set):
        at = person * len(joints) * 3
        table[frame, at : at + len(joints) * 3] = flat(points)
    path = folder / "dlc.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["scorer", *["DLC_net"] * len(columns)])
        for number, head in enumerate(("individuals", "bodyparts", "coords")):
            writer.writerow([head, *[column[number] for column in columns]])
        for frame, row in enumerate(table):
            writer.writerow([frame, *["" if np.isnan(v) else v for v in row]])
    return path


def plain_csv(folder: Path, joint_set: str = "coco17", spell=str) -> Path:
    path = folder / "plain.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", "person", "joint", "x", "y", "score"])
        for frame, person, points in seen(joint_set):
            for name, (x, y, score) in zip(JOINT_SETS[joint_set].joints, points, strict=True):
                writer.writerow([frame, person, spell(name), x, y, score])
    return path


# file maker -> (format, joint set, number of the first frame, whether people have ids)
FILES = {
    alphapose: ("alphapose", "halpe26", 0, True),
    openpose: ("openpose", "openpose25", 0, False),
    mmpose_demo: ("mmpose", "coco_wholebody133", 1, False),
    mmpose_inferencer: ("mmpose", "coco17", 0, False),
    coco: ("coco", "coco17", 0, False),
    ultralytics_json: ("ultralytics-json", "coco17", 0, True),
    ultralytics_json_folder: ("ultralytics-json", "coco17", 1, True),
    ultralytics_txt: ("ultralytics-txt", "coco17", 1, True),
    deeplabcut: ("deeplabcut", "coco17", 0, True),
    plain_csv: ("csv", "coco17", 0, True),
}
