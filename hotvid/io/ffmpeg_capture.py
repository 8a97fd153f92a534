"""One pass over a file by the ffmpeg binary, for what OpenCV's own cannot read.

It lacks codecs, as AV1's. Interlaced pictures it leaves as combs, or since 5.0 gives memory that
nothing was written to in their place (swscale converts no such picture to one that is not).
"""

from __future__ import annotations

import queue
import re
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hotvid.errors import InputError, OutputError
from hotvid.io.capture import DAMAGED, DECODER_THREADS
from hotvid.io.probe import ffmpeg_exe, ffmpeg_url
from hotvid.systems import apart
from hotvid.threads import thread_share

_SHOWN = re.compile(r"\bn: *\d+ pts:.* pts_time:(\S+)")  # a line about each picture

# One picture for each that there was, at its time; those among them that are whole stay so.
_DEINTERLACE = "bwdif=mode=send_frame:deint=interlaced"


class FfmpegCapture:
    """The pictures of a video in decoded order; as `hotvid.io.capture.VideoCapture`.

    size_px, fps, n_frames  as OpenCV has them of the container.
    interlaced              whether whole pictures are to be made of fields.
    """

    def __init__(
        self,
        path: Path,
        size_px: tuple[int, int],
        fps: float,
        n_frames: int | None,
        interlaced: bool = False,
    ) -> None:
        self.size_px, self.fps, self.n_frames = size_px, fps, n_frames
        self.n_lost = 0  # ffmpeg passes over what it cannot decode, and does not count it
        self._times_s: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self._bytes = b""
        self._now_s = 0.0
        self._process = _start(path, size_px, interlaced)
        self._listener = threading.Thread(
            target=self._listen, args=(self._process.stderr,), name="hotvid-decode", daemon=True
        )
        self._listener.start()

    def grab(self) -> bool:
        """Go to the next picture; False at the end or where the file breaks off."""
        width, height = self.size_px
        self._bytes = self._process.stdout.read(width * height * 3)
        if len(self._bytes) < width * height * 3:
            return False
        time_s = self._times_s.get()
        self._now_s = time_s or 0.0
        return time_s is not None

    def time_s(self) -> float:
        """The grabbed picture's own time, seconds; 0 if it has none."""
        return self._now_s

    def picture(self) -> np.ndarray:
        """The grabbed picture, (H, W, 3) BGR uint8."""
        width, height = self.size_px
        return np.frombuffer(bytearray(self._bytes), np.uint8).reshape(height, width, 3)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._listener.join()

    def _listen(self, lines: Iterable[bytes]) -> None:
        with lines:
            for line in lines:
                if match := _SHOWN.search(line.decode("utf-8", errors="replace")):
                    self._times_s.put(_number(match[1]))
        self._times_s.put(None)


def _start(path: Path, size_px: tuple[int, int], interlaced: bool) -> subprocess.Popen:
    threads = str(thread_share(DECODER_THREADS))
    try:
        command = [ffmpeg_exe(), "-hide_banner", "-nostdin", "-nostats", "-threads", threads]
    except OutputError as error:
        raise InputError(f"'{path}' holds no picture that can be decoded", DAMAGED) from error
    command += ["-i", ffmpeg_url(path), "-map", "0:v:0", "-an", "-sn", "-dn"]
    filters = [_DEINTERLACE] if interlaced else []
    filters += [f"scale={size_px[0]}:{size_px[1]}:flags=area", "showinfo"]
    command += ["-vf", ",".join(filters)]
    command += ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "bgr24", "pipe:1"]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A session of its own: Ctrl-C must reach us, who end ffmpeg, and not ffmpeg first.
        **apart(),
    )


def _number(text: str) -> float:
    """A number; 0 for NOPTS."""
    try:
        return float(text)
    except ValueError:
        return 0.0
