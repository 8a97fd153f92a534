"""Keypoints of other programs that are malformed, for `hotvid lift`.

To add one: a line in `DOCUMENTS`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from case import ERROR, LIFT, Case, Workshop, cut, flip, partial

NAN, INF = float("nan"), float("inf")


def alphapose(n: int = 6, value: Any = None, **more: Any) -> list[dict]:
    keypoints = [v for k in range(17) for v in (10 + k, 20 + 2 * k, 0.9)]
    if value is not None:
        keypoints[3] = value
    row = {"category_id": 1, "keypoints": keypoints, "score": 2.0, "idx": 1}
    return [{"image_id": f"{k}.jpg", **row, **more} for k in range(n)]


WHOLE = {
    "alphapose.json": json.dumps(alphapose()),
    "coco.json": json.dumps([{**r, "image_id": k} for k, r in enumerate(alphapose())]),
    "openpose.json": json.dumps(
        {"people": [{"pose_keypoints_2d": [v for k in range(25) for v in (k, 2 * k, 0.9)]}]}
    ),
    "plain.csv": "frame,person,joint,x,y,score\n"
    + "".join(f"{f},0,{j},{10 + j},{20 + j},0.9\n" for f in range(4) for j in range(17)),
}

DOCUMENTS: dict[str, str | bytes] = {
    "nothing": b"",
    "a space": b" ",
    "null": "null",
    "a number": "7",
    "a string": '"keypoints"',
    "an empty list": "[]",
    "an empty object": "{}",
    "a list of lists": "[[[[]]]]",
    "a list of null": "[null, null]",
    "10^5 brackets": "[" * 10**5,
    "10^5 braces": '{"a":' * 10**5,
    "an unfinished string": '{"people": "',
    "two documents": "{} {}",
    "a number of 10^5 digits": "[" + "9" * 10**5 + "]",
    "an exponent of 10^9": "[1e999999999]",
    "bytes that are no text": b"\xff\xfe\x00\x01" * 50,
    "UTF-16": json.dumps(alphapose()).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(alphapose()).encode(),
    "a zero byte": json.dumps(alphapose()).encode()[:50] + b"\0" * 50,
    "half a surrogate": '[{"image_id": "\\ud800", "keypoints": [], "score": 1}]',
    "the same key 10^5 times": "{" + ",".join(['"people": []'] * 10**5) + "}",
    "x is NaN": json.dumps(alphapose(value=NAN)),
    "x is infinite": json.dumps(alphapose(value=INF)),
    "x is 10^300": json.dumps(alphapose(value=1e300)),
    "x is 10^400": json.dumps(alphapose(value=10**400)),
    "x is text": json.dumps(alphapose(value="ten")),
    "x is null": json.dumps(alphapose()).replace("10,", "null,", 1),
    "x is a list": json.dumps(alphapose(value=[1])),
    "x is true": json.dumps(alphapose(value=True)),
    "x is an object": json.dumps(alphapose(value={})),
    "no keypoints": json.dumps(alphapose(keypoints=[])),
    "keypoints that are a number": json.dumps(alphapose(keypoints=7)),
    "16 numbers": json.dumps(alphapose(keypoints=[1.0] * 16)),
    "10^5 numbers": json.dumps(alphapose(keypoints=[1.0] * 10**5)),
    "no score": json.dumps([{k: v for k, v in r.items() if k != "score"} for r in alphapose()]),
    "a score of text": json.dumps(alphapose(score="high")),
    "a score of NaN": json.dumps(alphapose(score=NAN)),
    "an id of text": json.dumps(alphapose(idx="x")),
    "an id of 10^30": json.dumps(alphapose(idx=10**30)),
    "an id of a list": json.dumps(alphapose(idx=[1])),
    "frame 10^12": json.dumps([{**r, "image_id": f"{10**12}.jpg"} for r in alphapose(1)]),
    "frames 0 and 10^9": json.dumps(
        [{**r, "image_id": f"{k * 10**9}.jpg"} for k, r in enumerate(alphapose(2))]
    ),
    "frame -5": json.dumps([{**r, "image_id": -5} for r in alphapose(1)]),
    "a frame of a list": json.dumps(alphapose(image_id=[])),
    "a frame of a path": json.dumps(alphapose(image_id="../../../etc/passwd")),
    "everyone in one frame": json.dumps(alphapose(500, image_id="0.jpg")),
    "people who are numbers": json.dumps({"people": [1, 2, 3]}),
    "people with nothing": json.dumps({"people": [{}]}),
    "a person of 10^5 joints": json.dumps({"people": [{"pose_keypoints_2d": [1.0] * 3 * 10**5}]}),
    "instances of nothing": json.dumps({"instance_info": [{"frame_id": 1, "instances": [{}]}]}),
    "instances of numbers": json.dumps({"instance_info": [1, 2]}),
    "hotvid's own of nothing": json.dumps({"schema": "hotvid/1"}),
    "hotvid's own of numbers": json.dumps({"schema": "hotvid/1", "video": 1, "people": 2}),
    "hotvid's own without frames": json.dumps(
        {"schema": "hotvid/1", "video": {"width": 96, "height": 64, "fps": 30}, "people": [{}]}
    ),
    "hotvid's own of no size": json.dumps(
        {"schema": "hotvid/1", "video": {"width": -1, "height": 10**9, "fps": 0}, "people": []}
    ),
}
TABLES: dict[str, str | bytes] = {
    "nothing": "",
    "a heading": "frame,person,joint,x,y,score\n",
    "no numbers": "frame,person,joint,x,y,score\na,b,c,d,e,f\n",
    "too few columns": "frame,person,joint,x,y,score\n1,2\n",
    "too many columns": "frame,person,joint,x,y,score\n" + ",".join("1" * 1000) + "\n",
    "an open quote": 'frame,person,joint,x,y,score\n"0,0,0,1,2,0.9\n' + "x" * 200_000,
    "zero bytes": b"frame,person,joint,x,y,score\n0,0,0,1\0,2,0.9\n",
    "joint 99": "frame,person,joint,x,y,score\n0,0,99,1,2,0.9\n",
    "joint -1": "frame,person,joint,x,y,score\n0,0,-1,1,2,0.9\n",
    "frame 10^12": "frame,person,joint,x,y,score\n1000000000000,0,0,1,2,0.9\n",
    "frame NaN": "frame,person,joint,x,y,score\nnan,0,0,1,2,0.9\n",
    "a formula": "frame,person,joint,x,y,score\n=1+1,0,0,1,2,0.9\n",
    "DeepLabCut's of nothing": "scorer,a,a,a\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n",
}


def text(name: str, data: str | bytes, workshop: Workshop) -> Path:
    return workshop.write(name, data)


def spoilt(name: str, how: tuple, workshop: Workshop) -> Path:
    data = WHOLE[name].encode()
    what, amount = how
    return workshop.write(
        name, cut(data, amount) if what == "cut" else flip(data, workshop.chance, amount)
    )


def folder_of(data: list[str | bytes], workshop: Workshop) -> Path:
    path = workshop.folder / "keypoints"
    path.mkdir()
    for number, each in enumerate(data):
        (path / f"{number:012d}_keypoints.json").write_bytes(
            each.encode() if isinstance(each, str) else each
        )
    return path


def cases() -> list[Case]:
    found = []
    for name in WHOLE:
        for k in range(5):
            cut_short, flipped = partial(spoilt, name, ("cut", k / 5)), ("flip", 4**k)
            found.append(Case("document", f"{name} cut at {k}/5", cut_short, LIFT))
            found.append(
                Case("document", f"{name} flipped {k}", partial(spoilt, name, flipped), LIFT)
            )
    for what, data in DOCUMENTS.items():
        found.append(Case("document", what, partial(text, "a.json", data), LIFT))
    for what, data in TABLES.items():
        found.append(Case("table", what, partial(text, "a.csv", data), LIFT))
    good = WHOLE["openpose.json"]
    folders = {
        "an empty folder": [],
        "a folder of empty files": [b"", b""],
        "a folder of lists": ["[]", "[]"],
        "a folder with a broken file": [good, good[:100], good],
        "a folder of files of other joints": [good, '{"people":[{"pose_keypoints_2d":[1,2,3]}]}'],
    }
    for what, files in folders.items():
        found.append(Case("document", what, partial(folder_of, files), LIFT))
    for suffix in ("json", "csv", "txt", "xyz"):
        noise = partial(lambda s, w: w.write(f"a.{s}", w.chance.randbytes(5_000)), suffix)
        found.append(Case("document", f"noise as {suffix}", noise, LIFT, ERROR))
    return found
