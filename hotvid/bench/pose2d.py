"""2D models beside each other on one clip: time, people found, jitter.

The clip's pictures are decoded once for each model, some at a time, outside of what is timed. The
first few frames are left out of the time: runtimes warm up on them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from hotvid.bench.machine import cpu_name
from hotvid.config import MODES, Pose2DConfig, TrackConfig
from hotvid.errors import InputError
from hotvid.io.reader import VideoReader
from hotvid.observing import FRAMES_AT_ONCE
from hotvid.pose2d import load_backend
from hotvid.progress import Progress
from hotvid.skeleton import to_h36m17
from hotvid.threads import n_cores
from hotvid.track import associate
from hotvid.types import Keypoints2D, Track2D

SECONDS = 8.0  # of the clip
WARM_UP_FRAMES = 4
STAGE = "pose2d"


@dataclass(frozen=True)
class BackendSpeed:
    """One 2D model on the clip.

    name             as it goes into results.
    load_s           until it is ready, its runtime's import included where that came first.
    ms_a_frame       the mean over frames, of the model alone: some look at some frames more closely
                     than at others. The first frames, which warm it up, are left out.
    worst_ms         the slowest frame in a hundred.
    people           tracks that hotvid makes of what it finds.
    seen_share       of all frames of the clip, those in which somebody is seen.
    people_a_frame   the mean.
    mean_score       of the joints, 0..1: each model's own belief, not comparable between kinds.
    jitter           how much joints tremble: the median over joints and frames of the second
                     difference in time, as a share of the body's size; None without people. The
                     body's own acceleration is in it, the same for every model.
    """

    name: str
    load_s: float
    ms_a_frame: float
    worst_ms: float
    people: int
    seen_share: float
    people_a_frame: float
    mean_score: float | None
    jitter: float | None


@dataclass(frozen=True)
class Pose2DBench:
    """What was measured, on what."""

    video: str
    size_px: tuple[int, int]
    n_frames: int
    cpu: str
    n_threads: int
    backends: tuple[BackendSpeed, ...]


def here(config: Pose2DConfig) -> list[Pose2DConfig]:
    """The settings of every 2D model that needs no file of the user's: BlazePose in its sizes."""
    return [replace(config, backend="blazepose", detector=None, mode=mode) for mode in MODES]


def bench_pose2d(
    video: str | Path,
    candidates: Sequence[Pose2DConfig],
    track: TrackConfig,
    progress: Progress,
    seconds: float = SECONDS,
) -> Pose2DBench:
    """Every candidate on the first `seconds` of the video; InputError where it cannot be read."""
    speeds, n_done = [], 0
    with VideoReader(video, (0.0, seconds)) as reader:
        info = reader.info
    expected = None if info.n_frames is None else min(info.n_frames, round(seconds * info.fps))
    total = None if expected is None else expected * len(candidates)
    n_frames = 0
    for config in candidates:
        begun = time.perf_counter()
        with closing(load_backend(config)) as backend:
            load_s = time.perf_counter() - begun
            times_s, pts_s, seen = [], [], []
            with VideoReader(video, (0.0, seconds)) as reader:
                frames = iter(reader)
                while batch := list(islice(frames, FRAMES_AT_ONCE)):
                    begun = time.perf_counter()
                    seen += backend.estimate(batch)
                    times_s += [(time.perf_counter() - begun) / len(batch)] * len(batch)
                    pts_s += [frame.pts_s for frame in batch]
                    progress(STAGE, n_done + len(pts_s), total)
            seen += backend.finish()
            name = backend.name
        n_done, n_frames = n_done + len(pts_s), len(pts_s)
        size_px = (info.width, info.height)
        speeds.append(_judge(name, load_s, times_s, seen, np.array(pts_s), track, size_px))
    if not speeds:
        raise InputError("there is no 2D model to measure", "name one with --pose2d")
    return Pose2DBench(
        str(video), (info.width, info.height), n_frames, cpu_name(), n_cores(), tuple(speeds)
    )


def _judge(
    name: str,
    load_s: float,
    times_s: list[float],
    seen: list[Keypoints2D],
    pts_s: np.ndarray,
    track: TrackConfig,
    size_px: tuple[int, int],
) -> BackendSpeed:
    timed_ms = 1000 * np.array(times_s[WARM_UP_FRAMES:] or times_s)
    tracks = associate(seen, pts_s, config=track, size_px=size_px)
    scores = [s.score.ravel() for s in seen if len(s)]
    trembling = np.concatenate([second_differences(t, track.kpt_thr) for t in tracks] or [[]])
    counts = np.array([len(s) for s in seen])
    return BackendSpeed(
        name=name,
        load_s=load_s,
        ms_a_frame=float(timed_ms.mean()),
        worst_ms=float(np.quantile(timed_ms, 0.99)),
        people=len(tracks),
        seen_share=float((counts > 0).mean()),
        people_a_frame=float(counts.mean()),
        mean_score=float(np.concatenate(scores).mean()) if scores else None,
        jitter=float(np.median(trembling)) if len(trembling) else None,
    )


def second_differences(track: Track2D, kpt_thr: float) -> np.ndarray:
    """(N,) how far each joint is from half-way between its neighbours in time, twice over.

    In shares of the body's size, the median diagonal of its joints. Only joints that are seen, and
    sure, in three frames in a row.
    """
    xy, score = to_h36m17(track.xy_px, track.score, track.joint_set)
    sure = (score >= kpt_thr) & np.isfinite(xy).all(-1) & ~track.interpolated[:, None]
    known = np.where(sure[..., None], xy, np.nan)
    seen = sure.any(1)
    if not seen.any():
        return np.zeros(0)
    spread = np.nanmax(known[seen], 1) - np.nanmin(known[seen], 1)
    size = max(float(np.median(np.hypot(*spread.T))), 1.0)
    off = known[2:] - 2 * known[1:-1] + known[:-2]
    far = np.hypot(off[..., 0], off[..., 1]).ravel() / size
    return far[np.isfinite(far)]
