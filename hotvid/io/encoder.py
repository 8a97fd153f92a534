"""The ffmpeg process that encodes, fed by a thread of its own, and what it says when it fails."""

from __future__ import annotations

import collections
import logging
import os
import queue
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotvid.errors import OutputError
from hotvid.io.matroska import block_header, stream_header
from hotvid.io.probe import ffmpeg_exe, ffmpeg_url
from hotvid.systems import apart
from hotvid.threads import thread_limit

PRESET = "veryfast"  # slower ones cost more time than drawing does and save few bytes
CRF = 20  # lines and text stay crisp
# One step cheaper in the search for motion: a sixth less time for a twentieth more bytes.
TUNING = "subme=1:rc-lookahead=8"
TICKS_PER_S = 90_000  # of the written timestamps; holds 24, 25, 30, 50 and 60 frames/s exactly
QUEUE_PICTURES = 4  # waiting for the encoder; more would only cost memory

PATIENCE_S = 5.0  # with an ffmpeg that has closed its input and not ended

AUDIO_COPIED = ("aac", "mp3")  # plays in every browser from MP4; anything else becomes AAC
AUDIO_BITRATE = "160k"

logger = logging.getLogger(__name__)

_LOG_PREFIX = re.compile(r"^(\[[^\]]*\] ?)+")


@dataclass(frozen=True)
class Sound:
    """The first audio track of the file `path`, from `start_s` on the file's own clock."""

    path: str | os.PathLike
    codec: str
    start_s: float


class Encoder:
    """Encodes I420 pictures to H.264 (yuv420p, BT.601 limited, tagged so) in the background.

    path  a new or empty file, which becomes an MP4 for `remux` to finish.
    """

    def __init__(self, path: Path, size_px: tuple[int, int], fps: float) -> None:
        command = [ffmpeg_exe(), "-hide_banner", "-v", "error", "-f", "matroska", "-i", "pipe:0"]
        command += ["-an", "-c:v", "libx264", "-preset", PRESET, "-crf", str(CRF)]
        command += ["-x264-params", TUNING]
        command += ["-pix_fmt", "yuv420p", "-fps_mode", "passthrough"]
        command += ["-threads", str(thread_limit() or 0)]  # 0: as many as it likes
        command += ["-enc_time_base", f"1:{TICKS_PER_S}", "-f", "mp4"]
        command += ["-video_track_timescale", str(TICKS_PER_S)]
        self._process = _start([*command, "-y", ffmpeg_url(path)])
        self._header = stream_header(size_px, fps)
        # Simple queues, as in `io.prefetch`: a signal's exception leaves no lock behind.
        self._queue: queue.SimpleQueue[tuple[int, np.ndarray] | None] = queue.SimpleQueue()
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(QUEUE_PICTURES):
            self._room.put(None)
        self._broken = threading.Event()
        self._said: collections.deque[str] = collections.deque(maxlen=50)
        self._ended = False
        self._feeder = threading.Thread(target=self._feed, name="hotvid-encode", daemon=True)
        self._listener = threading.Thread(target=self._listen, name="hotvid-ffmpeg", daemon=True)
        self._feeder.start()
        self._listener.start()

    def put(self, time_us: int, picture: np.ndarray) -> None:
        """Queue one I420 picture, shown at `time_us`; waits while the encoder is behind.

        picture  (H * 3 / 2, W) uint8, contiguous, not changed afterwards.
        """
        self._enqueue((time_us, picture))

    def finish(self) -> None:
        """Wait until everything is written; OutputError if it could not be."""
        self._enqueue(None)
        self._feeder.join()
        status = self._process.wait()
        if status != 0 or self._broken.is_set():
            raise self._failure()
        self._ended = True

    def abort(self) -> None:
        """Stop at once; the file is unfinished. Does nothing after `finish`."""
        if self._ended:
            return
        self._ended = True
        self._broken.set()
        self._process.kill()
        self._process.wait()
        self._queue.put(None)  # what is before it meets a broken pipe
        self._feeder.join()
        self._listener.join(timeout=PATIENCE_S)

    def _enqueue(self, item: tuple[int, np.ndarray] | None) -> None:
        while True:
            if self._broken.is_set():
                raise self._failure()
            try:
                self._room.get(timeout=0.2)
            except queue.Empty:
                continue
            self._queue.put(item)
            return

    def _feed(self) -> None:
        ended_well = False
        try:
            with self._process.stdin as pipe:
                pipe.write(self._header)
                while (item := self._queue.get()) is not None:
                    self._room.put(None)
                    time_us, picture = item
                    pipe.write(block_header(time_us, picture.nbytes))
                    pipe.write(picture.data)
            ended_well = True
        except OSError as error:
            # ffmpeg has ended and closed its end; why is in what it said.
            logger.debug("the pipe to ffmpeg broke: %s", error)
        finally:
            if not ended_well:
                self._broken.set()

    def _listen(self) -> None:
        with self._process.stderr as lines:
            self._said.extend(line.decode("utf-8", errors="replace") for line in lines)

    def _failure(self) -> OutputError:
        try:
            status = self._process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._listener.join(timeout=PATIENCE_S)
        return OutputError(
            f"the video could not be encoded: {_reason(list(self._said), status)}",
            "is there space on the disk and memory free?",
        )


def remux(pictures: Path, out: Path, n_frames: int, duration_s: float, sound: Sound | None) -> str:
    """Write `out` in its final layout: the encoded `pictures`, and the sound that goes with them.

    duration_s  of the pictures, the last one's own duration included.
    returns     "" or why there is no sound in `out` although it was asked for.
    Raises OutputError where `out` cannot be written.
    """
    head = ["-hide_banner", "-nostdin", "-v", "error", "-i", ffmpeg_url(pictures)]
    tail = ["-c:v", "copy"]
    if out.suffix.lower() == ".mkv":
        # Sound is copied from a keyframe of the source's video on, and Matroska cannot hide what
        # lies before the start.
        tail += ["-copypriorss:a", "0"]
    else:
        tail += _mp4_options(n_frames, duration_s)
    tail += ["-y", ffmpeg_url(out)]
    problem = ""
    for way in _ways(sound):
        cut = ["-ss", f"{sound.start_s:.6f}", "-t", f"{duration_s:.6f}"]
        cut += ["-i", ffmpeg_url(sound.path), "-map", "0:v:0", "-map", "1:a:0"]
        problem = _run([*head, *cut, *way, *tail])
        if not problem:
            return ""
    if failure := _run([*head, "-map", "0:v:0", *tail]):
        raise OutputError(
            f"the video could not be written: {failure}", "is there space on the disk?"
        )
    return problem


def _mp4_options(n_frames: int, duration_s: float) -> list[str]:
    # MP4 counts a track's length in decoded order, which falls short where the pictures are
    # reordered and the last intervals are uneven: the last packet gets what is missing.
    last = f"{round(duration_s * TICKS_PER_S)}-(DTS-STARTDTS)"
    stretch = f"setts=pts=PTS:dts=DTS:duration='if(eq(N,{n_frames - 1}),{last},DURATION)'"
    # The index goes first, so that a browser starts playing before it has the whole file.
    layout = ["-video_track_timescale", str(TICKS_PER_S), "-movflags", "+faststart"]
    return ["-bsf:v", stretch, *layout]


def _ways(sound: Sound | None) -> list[list[str]]:
    """How to take the sound, best first."""
    if sound is None:
        return []
    encode = ["-c:a", "aac", "-b:a", AUDIO_BITRATE]
    return [["-c:a", "copy"], encode] if sound.codec in AUDIO_COPIED else [encode]


def _start(command: list[str]) -> subprocess.Popen:
    # A session of its own: Ctrl-C must reach us, who end ffmpeg, and not ffmpeg first.
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        **apart(),
    )


def _run(arguments: list[str]) -> str:
    """Run ffmpeg to its end; "" or why it failed."""
    done = subprocess.run(
        [ffmpeg_exe(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        **apart(),
        check=False,
    )
    if done.returncode == 0:
        return ""
    return _reason(done.stderr.decode("utf-8", errors="replace").splitlines(), done.returncode)


def _reason(said: list[str], status: int) -> str:
    """The one line of ffmpeg's that tells why it failed."""
    lines = [text for line in said if (text := _LOG_PREFIX.sub("", line.strip()))]
    for line in lines:
        if "No space left on device" in line:
            return "no space left on the disk"
    if status < 0:
        return f"ffmpeg was killed (signal {-status})"
    # The first complaint is the cause, the ones after it its consequences.
    return lines[0].rstrip(".") if lines else f"ffmpeg ended with status {status}"
