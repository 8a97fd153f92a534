"""Pose stores that are broken, lie, or carry what they should not.

To add one: a line in `LIES`, which changes what the store's parts say.
"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from case import EITHER, ERROR, Case, Workshop, cut, flip, partial
from small_poses import some_poses

from hotvid.stored.pose_store import save_poses

DRAW = ("run", "{source}", "--out", "{out}/o.mp4", "--json", "{out}/o.json", "--video", "{video}")
EXPORT = ("export-json", "{source}", "--out", "{out}/o.json")
Parts = dict[str, np.ndarray]


class Payload:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("hacked", "w")


def whole(workshop: Workshop) -> bytes:
    return workshop.once("poses.npz", lambda path: save_poses(some_poses(n_people=2), path))


def parts_of(data: bytes) -> Parts:
    with np.load(io.BytesIO(data)) as archive:
        return dict(archive)


def lying(lie: Callable[[dict, Parts], None], workshop: Workshop) -> Path:
    """A store whose meta data (a dict) and arrays `lie` has changed."""
    parts = parts_of(whole(workshop))
    meta = json.loads(str(parts["meta"]))
    lie(meta, parts)
    parts["meta"] = np.array(json.dumps(meta))
    stream = io.BytesIO()
    np.savez_compressed(stream, **parts)
    return workshop.write("poses.npz", stream.getvalue())


def video(**claims: Any) -> Callable[[dict, Parts], None]:
    return lambda meta, parts: meta["video"].update(claims)


def track(person: int, **claims: Any) -> Callable[[dict, Parts], None]:
    return lambda meta, parts: meta["people"][person]["keypoints"].update(claims)


def said(**claims: Any) -> Callable[[dict, Parts], None]:
    return lambda meta, parts: meta.update(claims)


def array(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[dict, Parts], None]:
    def lie(meta: dict, parts: Parts) -> None:
        parts[name] = change(parts[name])

    return lie


def without(name: str) -> Callable[[dict, Parts], None]:
    def lie(meta: dict, parts: Parts) -> None:
        del parts[name]

    return lie


XY, MOTION = "person0.keypoints.xy_px", "person0.motion.xyz_m"
FRAMES = "person0.keypoints.frame_index"
NAN, INF = float("nan"), float("inf")
LIES: dict[str, Callable[[dict, Parts], None]] = {
    "10^9 wide": video(width=10**9),
    "0 wide": video(width=0),
    "-5 wide": video(width=-5),
    "half a pixel wide": video(width=0.5),
    "text wide": video(width="wide"),
    "10^400 wide": video(width=10**400),
    "null wide": video(width=None),
    "0 frames a second": video(fps=0),
    "-1 frames a second": video(fps=-1),
    "NaN frames a second": video(fps=NAN),
    "infinitely many frames a second": video(fps=INF),
    "10^300 frames a second": video(fps=1e300),
    "text frames a second": video(fps="25"),
    "a path to the passwords": video(path="/etc/passwd"),
    "a path upwards": video(path="../../../../etc/passwd"),
    "a path of zero bytes": video(path="a\0b"),
    "a path of an escape": video(path="\x1b[31mred"),
    "a path that is none": video(path=["a"]),
    "a path of half a character": video(path="\ud800"),
    "something more about the video": video(colour="red"),
    "no video": said(video=None),
    "a video that is a list": said(video=[]),
    "no models": said(models={}),
    "models of numbers": said(models={"pose2d": 1, "lifter": [], "weights_sha256": {}}),
    "warnings of numbers": said(warnings=[1, None, {}]),
    "warnings of an escape": said(warnings=["\x1b[31mred\nand more"]),
    "warnings that are none": said(warnings=7),
    "nobody": said(people=[]),
    "people who are not there": said(people=[{}] * 5),
    "people of numbers": said(people=[1, 2]),
    "people that is a number": said(people=2),
    "10^5 people": lambda meta, parts: meta.update(people=meta["people"][:1] * 10**5),
    "joints nobody knows": track(0, joint_set="x"),
    "joints that are a list": track(0, joint_set=[]),
    "an id of text": track(0, track_id="x"),
    "an id of -1": track(0, track_id=-1),
    "an id of 10^30": track(0, track_id=10**30),
    "the same id twice": track(1, track_id=0),
    "a first frame of -3": said(first_frame=-3),
    "a first frame of 10^12": said(first_frame=10**12),
    "a first frame of text": said(first_frame="x"),
    "a first frame of null": said(first_frame=None),
    "a first frame of 0.5": said(first_frame=0.5),
    "times of NaN": array("pts_s", lambda a: a * NAN),
    "times of infinity": array("pts_s", lambda a: a + INF),
    "times that fall": array("pts_s", lambda a: a[::-1]),
    "times all the same": array("pts_s", lambda a: a * 0),
    "times of 10^300": array("pts_s", lambda a: a * 1e300),
    "times of a year": array("pts_s", lambda a: a * 1e8),
    "no times": array("pts_s", lambda a: a[:0]),
    "times of text": array("pts_s", lambda a: a.astype("U")),
    "times in a table": array("pts_s", lambda a: a[:, None]),
    "no array of times": without("pts_s"),
    "points of NaN": array(XY, lambda a: a * np.float32(NAN)),
    "points of infinity": array(XY, lambda a: a + np.float32(INF)),
    "points of 10^38": array(XY, lambda a: a * np.float32(1e36)),
    "points of text": array(XY, lambda a: a.astype("U")),
    "points of float64": array(XY, lambda a: a.astype(float)),
    "points of other bytes": array(XY, lambda a: a.astype(">f4")),
    "points of 3 numbers": array(XY, lambda a: np.concatenate([a, a[..., :1]], -1)),
    "points of 5 joints": array(XY, lambda a: a[:, :5]),
    "fewer points than frames": array(XY, lambda a: a[:-1]),
    "frames that do not follow": array(FRAMES, lambda a: a * 2),
    "frames that go back": array(FRAMES, lambda a: a[::-1]),
    "frames below 0": array(FRAMES, lambda a: a - 5),
    "frames after the end": array(FRAMES, lambda a: a + 10**6),
    "no frames": array(FRAMES, lambda a: a[:0]),
    "motion of NaN": array(MOTION, lambda a: a * np.float32(NAN)),
    "motion of infinity": array(MOTION, lambda a: a + np.float32(INF)),
    "motion of 10^38": array(MOTION, lambda a: a * np.float32(1e37)),
    "motion of nobody": array(MOTION, lambda a: a[:0]),
    "motion of 5 joints": array(MOTION, lambda a: a[:, :5]),
    "no motion": without(MOTION),
    "roots of NaN": array("person0.motion.root_m", lambda a: a * np.float32(NAN)),
    "scores of 10^30": array("person0.keypoints.score", lambda a: a * np.float32(1e30)),
    "scores of NaN": array("person0.keypoints.score", lambda a: a * np.float32(NAN)),
    "scores below 0": array("person0.keypoints.score", lambda a: -a),
    "boxes of infinity": array("person0.keypoints.box_px", lambda a: a + np.float32(INF)),
    "a later version": lambda meta, parts: parts.update(schema=np.array("hotvid-poses/99")),
    "another program's": lambda meta, parts: parts.update(schema=np.array("something else")),
    "a schema of numbers": lambda meta, parts: parts.update(schema=np.array([1, 2])),
}


def members(changes: dict[str, bytes], workshop: Workshop) -> Path:
    """The store with some members of the archive replaced byte for byte."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole(workshop))) as old, zipfile.ZipFile(stream, "w") as new:
        names = dict.fromkeys([*old.namelist(), *changes])
        for name in names:
            data = changes.get(name)
            new.writestr(name, old.read(name) if data is None else data, zipfile.ZIP_DEFLATED)
    return workshop.write("poses.npz", stream.getvalue())


def npy(value: Any, **how: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, value, **how)
    return stream.getvalue()


def headed(header: str, data: bytes = b"") -> bytes:
    """A .npy file with a header of one's own."""
    text = header.encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


HUGE = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }\n"
MEMBERS: dict[str, dict[str, bytes]] = {
    "a pickled array": {f"{XY}.npy": npy(np.array([Payload()]), allow_pickle=True)},
    "a pickle": {f"{XY}.npy": pickle.dumps(Payload())},
    "a pickled schema": {"schema.npy": npy(np.array([Payload()]), allow_pickle=True)},
    "an array that claims 4 TB": {f"{XY}.npy": headed(HUGE)},
    "a header of 10^5 brackets": {f"{XY}.npy": headed("(" * 60_000)},
    "a header that is code": {f"{XY}.npy": headed("__import__('os').system('touch hacked')\n")},
    "a negative shape": {f"{XY}.npy": headed(HUGE.replace("1000000000000", "-1"))},
    "a shape beyond numbers": {f"{XY}.npy": headed(HUGE.replace("0" * 12, "0" * 400))},
    "an array of objects": {f"{XY}.npy": headed(HUGE.replace("<f4", "|O"))},
    "an empty member": {f"{XY}.npy": b""},
    "a member of noise": {f"{XY}.npy": bytes(range(256)) * 10},
    "300 MB of zeros": {f"{XY}.npy": headed(HUGE.replace("0" * 12, "0" * 8), bytes(3 * 10**8))},
    "meta of 10^5 brackets": {"meta.npy": npy(np.array("[" * 10**5))},
    "meta of nothing": {"meta.npy": npy(np.array(""))},
    "meta that is a list": {"meta.npy": npy(np.array("[]"))},
    "meta that is a number": {"meta.npy": npy(np.array("7"))},
    "meta that is bytes": {"meta.npy": npy(np.array(b"{}"))},
    "meta of NaN": {"meta.npy": npy(np.array('{"video": NaN}'))},
    "a path out of the archive": {"../../hacked.npy": npy(np.array(1))},
}


def spoilt(spoil: Callable[[bytes, Workshop], bytes], workshop: Workshop) -> Path:
    return workshop.write("poses.npz", spoil(whole(workshop), workshop))


def other(data: Callable[[], bytes], workshop: Workshop) -> Path:
    return workshop.write("poses.npz", data())


def some_arrays() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros(3), b=np.ones(2))
    return stream.getvalue()


def cases() -> list[Case]:
    found = []
    for what, lie in LIES.items():
        found.append(Case("store", what, partial(lying, lie), EXPORT))
        found.append(Case("drawn store", what, partial(lying, lie), DRAW))
    for what, changes in MEMBERS.items():
        found.append(Case("store", what, partial(members, changes), EXPORT))
    for k in range(12):
        share = k / 12
        found.append(
            Case("store", f"cut at {k}/12", partial(spoilt, partial(_cut, share)), EXPORT, ERROR)
        )
        found.append(Case("store", f"flipped {k}", partial(spoilt, partial(_flip, 2**k)), EXPORT))
    others = {
        "an archive of other arrays": some_arrays,
        "one array": lambda: npy(np.zeros(5)),
        "a pickled list": lambda: pickle.dumps([Payload()]),
        "text": lambda: b"not a pose store",
        "nothing": lambda: b"",
    }
    for what, data in others.items():
        found.append(Case("store", what, partial(other, data), EXPORT, ERROR))
    return found


def _cut(share: float, data: bytes, workshop: Workshop) -> bytes:
    return cut(data, share)


def _flip(n_bits: int, data: bytes, workshop: Workshop) -> bytes:
    return flip(data, workshop.chance, n_bits)


__all__ = ["EITHER", "cases"]
