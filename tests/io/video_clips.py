"""Tiny videos whose pictures carry their own number, so that a misplaced frame is seen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from hotvid.io.probe import ffmpeg_exe

SIZE_PX = (96, 64)
N_BITS = 8
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
# Reordered pictures and few key frames: what makes seeking and timestamps go wrong.
H264_REORDERED = ("-c:v", "libx264", "-bf", "2", "-g", "12", "-pix_fmt", "yuv420p")


def picture_of(index: int, size_px: tuple[int, int] = SIZE_PX) -> np.ndarray:
    """(H, W, 3): the number's bits as white blocks, lowest left, and a red mark top left."""
    width, height = size_px
    picture = np.zeros((height, width, 3), np.uint8)
    for bit in range(N_BITS):
        if index >> bit & 1:
            left, right = bit * width // N_BITS, (bit + 1) * width // N_BITS
            picture[height // 4 : height * 3 // 4, left:right] = 255
    picture[: height // 8, : width // 8] = (0, 0, 255)
    return picture


def index_of(picture: np.ndarray) -> int:
    """The number that `picture_of` drew."""
    height, width = picture.shape[:2]
    row = picture[height // 2 - 2 : height // 2 + 2].mean(axis=(0, 2))
    return sum(1 << bit for bit in range(N_BITS) if row[int((bit + 0.5) * width / N_BITS)] > 128)


def ffmpeg(*arguments: str, feed: bytes | None = None) -> None:
    subprocess.run([ffmpeg_exe(), "-v", "error", "-y", *arguments], input=feed, check=True)


def make_clip(
    path: Path,
    n_frames: int = 60,
    *,
    size_px: tuple[int, int] = SIZE_PX,
    fps: int = 30,
    encode: tuple[str, ...] = H264,
    inputs: tuple[str, ...] = (),
) -> Path:
    """A video of numbered pictures; `inputs` are further inputs, such as a sound."""
    pictures = b"".join(picture_of(i, size_px).tobytes() for i in range(n_frames))
    raw = ("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{size_px[0]}x{size_px[1]}")
    ffmpeg(*raw, "-r", str(fps), "-i", "-", *inputs, *encode, f"file:{path}", feed=pictures)
    return path


def sound(path: Path) -> np.ndarray:
    """The first audio track, (S,) float32 at 8 kHz, silence before it included."""
    command = [ffmpeg_exe(), "-v", "error", "-i", str(path), "-vn", "-ac", "1", "-ar", "8000"]
    command += ["-af", "aresample=async=1:first_pts=0", "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<f4")


def loud_spans(samples: np.ndarray, rate: int = 8000) -> list[float]:
    """Begin and end, in turn, of each part that is loud, seconds."""
    step = rate // 100
    level = np.abs(samples[: len(samples) // step * step]).reshape(-1, step).max(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], level > 0.05, [0]]).astype(int)))
    return [edge / 100 for edge in edges]


# 4 s of silence with a tone from 1.0 to 1.5 s and one from 3.0 to 3.2 s.
TONES = "sine=500:d=4,volume='if(between(t,1,1.5)+between(t,3,3.2),1,0)':eval=frame"
WITH_TONES = ("-f", "lavfi", "-i", TONES)
