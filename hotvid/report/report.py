"""A source to a report: poses, the small video that it holds, and the page around both."""

from __future__ import annotations

import base64
import html
import json
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from hotvid import job
from hotvid.atomic import atomic_output, check_output
from hotvid.config import PipelineConfig, RenderConfig
from hotvid.drawing import render
from hotvid.errors import HotvidWarning, OutputError
from hotvid.file_names import PathLike, as_unicode
from hotvid.io.readable import check_source
from hotvid.pipeline import settle
from hotvid.progress import Progress, no_progress
from hotvid.report.content import content
from hotvid.sources import check_readable, source_at
from hotvid.time_range import poses_within
from hotvid.types import Motion3D, Poses

SUFFIXES = (".html", ".htm")
SCRIPTS = ("page.js", "scene.js", "plots.js", "time.js")  # in web/, in this order one script
# The video within: how high, for clips up to so many seconds. An hour is then some 200 MB.
_HEIGHTS = ((300, 540), (1200, 360), (float("inf"), 240))


@dataclass(frozen=True)
class Report:
    """poses: what it shows; video_bytes: how large the video within is, 0 without one."""

    poses: Poses
    video_bytes: int


def write_report(
    source: PathLike,
    out: PathLike,
    config: PipelineConfig | None = None,
    *,
    video: PathLike | None = None,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> Report:
    """Write one HTML file that works by itself, offline, from disk.

    source  a video, or a pose store, whose video is in the report if it is still there.
    video   where the video of a pose store lies now.
    raises  OutputError before any work where the file cannot or must not be written; InputError
            where `video` is not there, or the video of a pose store is of another size.
    warns   HotvidWarning where the video of a pose store is not where it was.
    """
    config, out = config or PipelineConfig(), Path(out)
    if out.suffix.lower() not in SUFFIXES:
        raise OutputError(
            f"cannot write '{out}': its name must end in .html",
            "choose another name for the output",
        )
    check_output(out, overwrite)
    if video is not None:
        check_source(video)
    as_found = job.poses_of(source, config, progress, video=video)
    looked_at = source_at(source)
    path = looked_at.video(as_found, video)
    shown = path if path is not None and Path(path).exists() and as_found.n_frames else None
    if looked_at.is_stored and shown is not None:
        check_readable(as_found, shown)
    poses = settle(as_found, config)
    if shown is None and path is not None and poses.n_frames:
        warnings.warn(
            f"the video of these poses is not at {path}: the report is without it (--video FILE)",
            HotvidWarning,
            stacklevel=2,
        )
    film = _film(poses, shown, config, progress) if shown is not None else b""
    missing = "" if film else _why_no_video(poses, path)
    with (
        atomic_output(out, overwrite) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        was_cleaned = looked_at.was_cleaned and not config.lift.anew
        part = poses_within(as_found, config.time_range_s)
        lifted = [] if was_cleaned else [p.motion for p in part.people]
        how = (lifted, config.render.kpt_thr, was_cleaned)
        file.writelines(page(poses, film, missing, *how))
    return Report(poses, len(film))


def _why_no_video(poses: Poses, path: PathLike | None) -> str:
    if path is None or not poses.n_frames:
        return "These poses were made without a video."
    return f"The video '{Path(path).name}' was not found when this report was made."


def _film(poses: Poses, video: PathLike, config: PipelineConfig, progress: Progress) -> bytes:
    """The video with its overlay, small, as MP4."""
    seconds = float(poses.pts_s[-1] - poses.pts_s[0])
    height = next(height for most, height in _HEIGHTS if seconds <= most)
    small: RenderConfig = replace(config.render, max_height=height, panel=False)
    with tempfile.TemporaryDirectory(prefix="hotvid-") as folder:
        out = Path(folder) / "film.mp4"
        render(poses, out, replace(config, render=small), progress, video=video)
        return out.read_bytes()


def page(
    poses: Poses,
    film: bytes,
    missing: str,
    lifted: Sequence[Motion3D | None] = (),
    kpt_thr: float = RenderConfig.kpt_thr,
    was_cleaned: bool = False,
) -> Iterable[str]:
    """The parts of the HTML file, in order.

    missing  says why there is no film.
    others   as `report.content.content` takes them.
    """
    told = content(poses, lifted, kpt_thr, was_cleaned) | {"missing": as_unicode(missing)}
    # Within a script only "<" could end it, or begin a comment.
    data = json.dumps(told, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    web = resources.files("hotvid.report") / "web"
    parts = {
        "TITLE": html.escape(told["name"]),
        "STYLE": (web / "uplot.min.css").read_text("utf-8") + (web / "page.css").read_text("utf-8"),
        "DATA": data,
        "FILM": base64.b64encode(film).decode("ascii"),
        "LICENSES": html.escape((web / "LICENSES.txt").read_text("utf-8")),
        "LIBRARIES": (web / "vendor.min.js").read_text("utf-8"),
        "CODE": "".join((web / name).read_text("utf-8") for name in SCRIPTS),
    }
    # Each part is put in once and never searched: what it holds cannot name another.
    for piece in (web / "page.html").read_text("utf-8").split("{{"):
        name, closed, rest = piece.partition("}}")
        if closed and name in parts:
            yield parts[name]
            yield rest
        else:
            yield piece
