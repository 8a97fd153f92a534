"""How fast the main job is, stage by stage and whole, and how much memory it takes.

The whole is the command itself in a process of its own: start-up, models, both passes, encoding.
The stages are timed one after the other on the first seconds of the video, each on pictures that
are already decoded, so they add up to more than the whole, in which they overlap.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from hotvid.bench.machine import cpu_name
from hotvid.config import PipelineConfig
from hotvid.errors import HotvidError
from hotvid.io.probe import ffmpeg_exe, ffmpeg_url
from hotvid.io.reader import VideoReader
from hotvid.io.writer import VideoWriter
from hotvid.pipeline import analyze, lift_tracks, settle
from hotvid.pose2d import load_backend
from hotvid.threads import n_cores
from hotvid.track import Sightings, associate
from hotvid.types import Frame, Poses

STAGES = ("decode", "pose2d", "track", "lift", "settle", "draw", "encode")
STAGE_SECONDS = 8.0  # of the video, for the stages: more would only take longer
LONG_TIMES = 10
_CHUNK = 16  # decoded pictures held at once, so that decoding is not timed with what follows
_SAMPLE_S = 0.02
_PROC = Path("/proc")


@dataclass(frozen=True)
class Whole:
    """One run of the whole command.

    wall_s            from the start of the process to its end.
    video_s           length of the video.
    peak_memory_mb    of the process and its encoder together; None where it cannot be measured.
    """

    wall_s: float
    video_s: float
    n_frames: int
    peak_memory_mb: float | None

    @property
    def real_time_factor(self) -> float:
        """Seconds of video done in a second: above 1 is faster than the video plays."""
        return self.video_s / self.wall_s


@dataclass(frozen=True)
class BenchResult:
    """What was measured, on what.

    stage_ms  milliseconds a frame of each of STAGES, each alone.
    long      the clip LONG_TIMES in a row; None where not asked for.
    """

    video: str
    size_px: tuple[int, int]
    fps: float
    people: int
    mode: str
    cpu: str
    n_threads: int
    stage_ms: dict[str, float]
    whole: Whole
    long: Whole | None = None

    @property
    def memory_growth(self) -> float | None:
        """How much more memory the long clip takes, as a share; None where not measured."""
        if self.long is None or not self.long.peak_memory_mb or not self.whole.peak_memory_mb:
            return None
        return self.long.peak_memory_mb / self.whole.peak_memory_mb - 1


def bench(video: str | Path, config: PipelineConfig, *, long: bool = False) -> BenchResult:
    """Measure the main job on `video`; InputError where it cannot be read."""
    stage_ms, poses = time_stages(video, config)
    with tempfile.TemporaryDirectory(prefix="hotvid-bench-") as folder:
        whole = run_whole(Path(video), Path(folder), config.pose2d.mode)
        longer = None
        if long:
            looped = loop_video(Path(video), Path(folder), LONG_TIMES)
            longer = run_whole(looped, Path(folder), config.pose2d.mode)
    return BenchResult(
        video=str(video),
        size_px=(poses.video.width, poses.video.height),
        fps=poses.video.fps,
        people=len(poses.people),
        mode=config.pose2d.mode,
        cpu=cpu_name(),
        n_threads=n_cores(),
        stage_ms=stage_ms,
        whole=whole,
        long=longer,
    )


def time_stages(video: str | Path, config: PipelineConfig) -> tuple[dict[str, float], Poses]:
    """Milliseconds a frame of each stage alone, and the part that was timed as it is drawn."""
    with VideoReader(video) as reader:
        length_s = reader.info.duration_s or STAGE_SECONDS
    config = replace(config, time_range_s=(0.0, min(STAGE_SECONDS, length_s)))
    poses = analyze(video, config)
    n = poses.n_frames
    decode_s = _timed(lambda: _exhaust(video, config))
    pose2d_s, observations = _time_pose2d(video, config)
    size_px = (poses.video.width, poses.video.height)
    begun = time.perf_counter()
    tracks = associate(observations, poses.pts_s, poses.first_frame, config.track, size_px)
    track_s = time.perf_counter() - begun
    lift_s = _time_lift(tracks, poses, config)
    begun = time.perf_counter()
    settled = settle(poses, config)
    settle_s = time.perf_counter() - begun
    draw_s, encode_s = _time_drawing(video, settled, config)
    seconds = (decode_s, pose2d_s, track_s, lift_s, settle_s, draw_s, encode_s)
    return {name: 1000 * s / n for name, s in zip(STAGES, seconds, strict=True)}, settled


def run_whole(video: Path, folder: Path, mode: str) -> Whole:
    """`hotvid run` on `video` in a process of its own."""
    with VideoReader(video) as reader:
        stamps = [frame.pts_s for frame in reader]
        fps = reader.info.fps
    command = [sys.executable, "-m", "hotvid", "run", str(video), "--mode", mode, "--quiet"]
    command += ["--out", str(folder / "out.mp4"), "--overwrite"]
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        peak_mb = _peak_memory_mb(process)
        wall_s = time.perf_counter() - begun
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise HotvidError(f"the run to be measured failed: {lines[-1] if lines else '?'}")
    return Whole(wall_s, stamps[-1] - stamps[0] + 1 / fps, len(stamps), peak_mb)


def loop_video(video: Path, folder: Path, times: int) -> Path:
    """`video` `times` in a row, in `folder`, not encoded anew."""
    looped = folder / f"looped{video.suffix}"
    command = [ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-stream_loop", str(times - 1)]
    command += ["-i", ffmpeg_url(video), "-map", "0:v:0", "-c", "copy", ffmpeg_url(looped)]
    said = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
    done = subprocess.run(command, **said, check=False)
    if done.returncode:
        raise HotvidError(f"{video} cannot be looped: {' '.join(done.stderr.split())}")
    return looped


def _exhaust(video: str | Path, config: PipelineConfig) -> None:
    with VideoReader(video, config.time_range_s) as reader:
        for _ in reader:
            pass


def _chunks(video: str | Path, config: PipelineConfig) -> Iterator[list[Frame]]:
    with VideoReader(video, config.time_range_s) as reader:
        frames = iter(reader)
        while chunk := list(islice(frames, _CHUNK)):
            yield chunk


def _time_pose2d(video: str | Path, config: PipelineConfig) -> tuple[float, Sightings]:
    backend = load_backend(config.pose2d)
    seconds, observations = 0.0, Sightings()
    for chunk in _chunks(video, config):
        begun = time.perf_counter()
        observations.extend(backend.estimate(chunk))
        seconds += time.perf_counter() - begun
    observations.extend(backend.finish())
    backend.close()
    return seconds, observations


def _time_lift(tracks: list, poses: Poses, config: PipelineConfig) -> float:
    if not tracks:
        return 0.0
    from hotvid.lift.lifter import load_lifter

    lifter = load_lifter(config.lift.model, config.lift.weights, config.lift.device)
    fps = poses.video.fps
    return _timed(lambda: lift_tracks(tracks, lifter, fps, poses.video, config.lift))


def _time_drawing(video: str | Path, poses: Poses, config: PipelineConfig) -> tuple[float, float]:
    from hotvid.render.compose import Composer

    composer = Composer(poses, config.render)
    draw_s = encode_s = 0.0
    with tempfile.TemporaryDirectory(prefix="hotvid-bench-") as folder:
        out = Path(folder) / "drawn.mp4"
        with VideoWriter(out, composer.size_px, poses.video.fps) as writer:
            for chunk in _chunks(video, config):
                begun = time.perf_counter()
                drawn = [composer.draw(frame) for frame in chunk]
                draw_s += time.perf_counter() - begun
                begun = time.perf_counter()
                for frame, picture in zip(chunk, drawn, strict=True):
                    writer.write(picture, frame.pts_s)
                encode_s += time.perf_counter() - begun
            begun = time.perf_counter()
        encode_s += time.perf_counter() - begun
    return draw_s, encode_s


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _peak_memory_mb(process: subprocess.Popen) -> float | None:
    """The highest sum over the process and its children, until it ends; Linux only.

    Sampled, because the largest child's `ru_maxrss` starts at what its parent held at the fork.
    """
    peak_kb = 0
    while process.poll() is None:
        peak_kb = max(peak_kb, _memory_kb(process.pid))
        time.sleep(_SAMPLE_S)
    return peak_kb / 1024 if peak_kb else None


def _memory_kb(pid: int, parents_command: str = "") -> int:
    """Resident memory of a process and all below it; 0 where it has ended or cannot be seen.

    A child that still bears its parent's command line is about to become another program, and
    until then its memory is its parent's.
    """
    own = _PROC / str(pid)
    try:
        command = (own / "cmdline").read_text()
        status = (own / "status").read_text()
        tasks = list((own / "task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return 0
    if command == parents_command:
        return 0
    resident = next((int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line), 0)
    return resident + sum(_memory_kb(int(child), command) for child in children)
