"""What a media file says of itself, asked of the ffmpeg binary that travels with imageio-ffmpeg."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import imageio_ffmpeg

from hotvid.errors import OutputError

PROBE_TIMEOUT_S = 30.0  # a file on a sleeping network disk may take its time
PROBED_S = 5.0  # of the video, in which a first picture is looked for

_INPUT = re.compile(r"^Input #0, (\S+),")
_STREAM = re.compile(r"^ +Stream #\d+:\d+.*?: (Video|Audio): (\w+)(.*)$")
_DURATION = re.compile(r"^  Duration: (\d+):(\d+):(\d+\.?\d*)(?:, start: (-?[\d.]+))?")
_STREAM_START = re.compile(r", start (-?[\d.]+)")
# As phones write it: the length that on 35 mm film has the same angle of view.
_FOCAL_35MM = re.compile(r"^ +\S*focal_?length\S*35mm\S*\s*: (\d+\.?\d*)", re.IGNORECASE)
_FIELD_ORDER = re.compile(r"\([^()]*\b(?:top|bottom) (?:coded )?first\b")
# What `showinfo` says of the first picture: T or B where its lines are two fields, else P.
_FIRST_PICTURE = re.compile(r"\bn: *0 pts:.* i:([A-Z]) ")
_STREAM_DURATION = re.compile(r"^ +DURATION\s*: (\d+):(\d+):(\d+\.?\d*)")


@dataclass(frozen=True)
class Probe:
    """What ffmpeg lists of a file's streams.

    container         ffmpeg's name of the format.
    has_video         a stream of moving pictures; the cover picture of a song is none.
    video_duration_s  of the first video stream, where the container tells it apart.
    duration_s        of the whole file.
    audio_codec       of the first audio stream; None without one.
    video_offset_s    how much later than the file's first stream the video starts.
    focal_35mm        the lens as its equivalent on 35 mm film, millimetres; None: not said.
    interlaced        each picture is two fields, taken one after the other and woven together.
    """

    container: str = ""
    has_video: bool = False
    video_duration_s: float | None = None
    duration_s: float | None = None
    audio_codec: str | None = None
    video_offset_s: float = 0.0
    focal_35mm: float | None = None
    interlaced: bool = False

    @property
    def kind(self) -> str:
        """The first of the names that ffmpeg has for the format: mov, matroska, avi."""
        return self.container.partition(",")[0]


def ffmpeg_exe() -> str:
    """The ffmpeg binary, or OutputError."""
    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise OutputError(
            "no ffmpeg binary was found", "reinstall it with: pip install --force imageio-ffmpeg"
        ) from error


def ffmpeg_url(path: str | os.PathLike) -> str:
    """A path as ffmpeg takes it literally, whatever dashes, colons or quotes it holds."""
    return f"file:{Path(path).absolute()}"


def probe(path: str | os.PathLike) -> Probe | None:
    """What the file says of its streams; None if ffmpeg is missing or cannot read it.

    A job opens its video several times, and ffmpeg is asked once of a file that stays as it is.
    """
    try:
        status = Path(path).stat()
        which = status.st_ino, status.st_size, status.st_mtime_ns
        return _probed(ffmpeg_url(path), which)
    except (OutputError, OSError, subprocess.TimeoutExpired):
        return None


@lru_cache(maxsize=8)
def _probed(url: str, which: tuple[int, int, int]) -> Probe:
    """What ffmpeg finds behind `url`; `which` is another where another file lies there by now."""
    command = [ffmpeg_exe(), "-hide_banner", "-nostdin", "-threads", "1"]
    command += ["-t", str(PROBED_S), "-i", url]
    # Not every container says that its pictures are interlaced; the pictures themselves do.
    command += ["-map", "0:v:0?", "-an", "-sn", "-dn"]
    command += ["-vf", "showinfo", "-frames:v", "1", "-f", "null", "-"]
    listing = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=PROBE_TIMEOUT_S,
        check=False,
    ).stderr
    text = listing.decode("utf-8", errors="replace")
    if "Input #0" not in text:
        raise OSError(f"ffmpeg cannot read {url}")  # as what is raised is not remembered
    return parse_listing(text)


def parse_listing(text: str) -> Probe:
    """The listing that ffmpeg prints of its input, and of the first picture, as a Probe."""
    text, _, shown = text.partition("\nStream mapping:\n")
    first_picture = _FIRST_PICTURE.search(shown)
    interlaced = first_picture is not None and first_picture[1] != "P"
    container = ""
    audio_codec = duration_s = video_duration_s = focal_35mm = None
    file_start_s = video_start_s = 0.0
    in_video = has_video = False
    for line in text.splitlines():
        if match := _INPUT.match(line):
            container = match.group(1)
        elif match := _DURATION.match(line):
            duration_s = _seconds(*match.group(1, 2, 3))
            file_start_s = float(match.group(4) or 0.0)
        elif match := _FOCAL_35MM.match(line):
            focal_35mm = float(match.group(1)) or None
        elif match := _STREAM.match(line):
            kind, codec, rest = match.groups()
            in_video = kind == "Video" and "(attached pic)" not in rest and not has_video
            if in_video:
                has_video = True
                interlaced |= _FIELD_ORDER.search(rest) is not None
                start = _STREAM_START.search(rest)
                # ffmpeg leaves a start of 0 out.
                video_start_s = float(start.group(1)) if start else 0.0
            elif kind == "Audio" and audio_codec is None:
                audio_codec = codec
        elif in_video and (match := _STREAM_DURATION.match(line)):
            # Matroska's tag is the time at which the stream ends.
            video_duration_s = _seconds(*match.groups()) - video_start_s
    offset_s = max(0.0, video_start_s - file_start_s)
    return Probe(
        container,
        has_video,
        video_duration_s,
        duration_s,
        audio_codec,
        offset_s,
        focal_35mm,
        interlaced,
    )


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
