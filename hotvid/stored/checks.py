"""What a file of poses says of its video and people, believed only as far as it makes sense."""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from hotvid.config import FOCAL_LIMITS_PX, FPS_LIMITS
from hotvid.errors import InputError, ShapeError
from hotvid.types import ModelsUsed, Person, VideoInfo, WorldFrame

# What reading raises where a file is no archive, and where what is in it is not as it should be.
UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error)
WRONG = (
    ShapeError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    OverflowError,
)

_MAX_SIDE_PX = 2**16
_MAX_FRAME = 2**40
_MAX_FRAMES = 10_000_000  # 46 hours at 60 frames a second
# The largest id of a person: whole numbers up to here are whole in every language's JSON.
MAX_ID = 2**53
# Far beyond any picture and any scene, and far from where sums overflow.
_ROUNDING = 1e-3
_MOST_PX, _MOST_M, _MOST_S = 1e7, 1e6, 1e9


def checked_video(said: Any) -> VideoInfo:
    """The `video` of a store's meta data; InputError where it cannot be one."""
    video = VideoInfo(**said)
    _check_path(video.path)
    for name in ("width", "height"):
        _check_number(name, getattr(video, name), int, 1, _MAX_SIDE_PX)
    _check_number("fps", video.fps, (int, float), *FPS_LIMITS)
    if video.n_frames is not None:
        _check_number("n_frames", video.n_frames, int, 0, _MAX_FRAME)
    if video.duration_s is not None:
        _check_number("duration_s", video.duration_s, (int, float), 0, math.inf)
    if video.focal_px is not None:
        _check_number("focal_px", video.focal_px, (int, float), *FOCAL_LIMITS_PX)
    if video.shown_px is not None:
        _check_number("shown_px", video.shown_px, int, 1, _MAX_SIDE_PX)
    for name in ("has_audio", "fps_given"):
        if not isinstance(getattr(video, name), bool):
            raise InputError(f"is damaged: {name} is neither true nor false")
    return video


def checked_models(said: Any) -> ModelsUsed:
    """The `models` of a store's meta data."""
    models = ModelsUsed(**said)
    names = (models.lifter, models.weights_sha256, models.sizes)
    if not isinstance(models.pose2d, str) or any(not isinstance(n, str | None) for n in names):
        raise InputError("is damaged: its models have no names")
    return models


def checked_warnings(said: Any) -> tuple[str, ...]:
    """The `warnings` of a store's meta data."""
    if not isinstance(said, list) or not all(isinstance(note, str) for note in said):
        raise InputError("is damaged: its warnings are no texts")
    return tuple(said)


def check_times(pts_s: np.ndarray, first_frame: Any) -> None:
    """The times and the number of the first frame: InputError unless times grow from frame on."""
    _check_number("first_frame", first_frame, int, 0, _MAX_FRAME)
    if not len(pts_s):
        raise InputError("holds no frames")
    if not (np.isfinite(pts_s).all() and (np.diff(pts_s) > 0).all()):
        raise InputError("is damaged: its times do not grow")
    _check_size("time", pts_s, _MOST_S)


def check_span(first_frame: Any, n_frames: Any) -> None:
    """Which frames there are, before anything is made as long as that."""
    _check_number("first_frame", first_frame, int, 0, _MAX_FRAME)
    _check_number("frame_count", n_frames, int, 0, _MAX_FRAMES)


def checked_cuts(said: Any, first_frame: int, n_frames: int) -> tuple[int, ...]:
    """The frames that begin a new shot: InputError unless they ascend within those there are."""
    whole = isinstance(said, list) and all(type(frame) is int for frame in said)
    if not whole or any(b <= a for a, b in pairwise([first_frame, *said, first_frame + n_frames])):
        raise InputError("is damaged: its cuts are no ascending frames")
    return tuple(said)


def check_world(frame: WorldFrame) -> None:
    """InputError where no camera can be so."""
    turn = frame.rotation
    if not (np.isfinite(turn).all() and np.allclose(turn @ turn.T, np.eye(3), atol=1e-3)):
        raise InputError("is damaged: the camera's rotation is none")
    if not np.isfinite(frame.camera_m).all():
        raise InputError("is damaged: the camera is nowhere")
    _check_size("camera", frame.camera_m, _MOST_M)
    _check_number("focal_px", frame.focal_px, (int, float), *FOCAL_LIMITS_PX)


def check_people(people: Sequence[Person], first_frame: int, n_frames: int) -> None:
    """InputError where a person is in frames that are none, or where nobody can be."""
    ids = [person.track_id for person in people]
    for track_id in ids:
        _check_number("track_id", track_id, int, 0, MAX_ID)
    if len(set(ids)) < len(ids):
        raise InputError("is damaged: two people have the same id")
    for person in people:
        for track in (person.detected, person.keypoints):
            frames = track.frame_index
            if len(frames) and not (
                first_frame <= frames[0] and frames[-1] < first_frame + n_frames
            ):
                raise InputError("has a person in frames that the video has not")
            _check_size("xy_px", track.xy_px, _MOST_PX)
            _check_size("box_px", track.box_px, _MOST_PX)
            for name in ("score", "person_score"):
                values = getattr(track, name)
                if ((values < 0) | (values > 1 + _ROUNDING)).any():
                    raise InputError(f"is damaged: {name} is not in 0..1")
        if person.motion is not None:
            _check_size("xyz_m", person.motion.xyz_m, _MOST_M)
            _check_size("root_m", person.motion.root_m, _MOST_M)
            if person.motion.apart_m is not None:
                _check_size("apart_m", person.motion.apart_m, _MOST_M)
        if person.world is not None:
            _check_size("world.xyz_m", person.world.xyz_m, _MOST_M)


def _check_path(path: Any) -> None:
    if not isinstance(path, str) or "\0" in path:
        raise InputError("is damaged: the path of its video is none")
    try:
        os.fsencode(path)
    except UnicodeEncodeError as error:
        raise InputError("is damaged: the path of its video is none") from error


def _check_number(name: str, value: Any, kind: Any, low: float, high: float) -> None:
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= high:
        text = repr(value)
        raise InputError(f"is damaged: {name} is {text if len(text) < 40 else 'no such number'}")


def _check_size(name: str, values: np.ndarray, most: float) -> None:
    # NaN, which is how a joint that was not seen is marked, is not above anything.
    if (np.abs(values) > most).any():
        raise InputError(f"is damaged: {name} is beyond everything")
