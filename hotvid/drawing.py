"""The second pass over a video: drawn over, beside the 3D view, and encoded."""

from __future__ import annotations

import math
import warnings
from contextlib import ExitStack
from pathlib import Path

from hotvid.config import PipelineConfig
from hotvid.errors import HotvidWarning
from hotvid.file_names import PathLike
from hotvid.io.picture_writer import is_picture_name, picture_writer
from hotvid.io.plain_frames import PlainFrames
from hotvid.io.reader import VideoReader
from hotvid.io.writer import VideoWriter
from hotvid.progress import Progress, no_progress
from hotvid.types import Poses


def render(
    poses: Poses,
    out: PathLike,
    config: PipelineConfig | None = None,
    progress: Progress = no_progress,
    *,
    video: PathLike | None = None,
    overwrite: bool = False,
) -> None:
    """Draw `poses` over the video they were made from, beside a 3D view; its audio is kept.

    out       a video; a picture where there is but one frame.
    video     where the video lies now; None: where it lay, or a plain canvas if there is none.
    progress  called as progress("render", done, total).
    raises    InputError where the video cannot be read, OutputError where `out` cannot be written.
    warns     HotvidWarning where the sound cannot be kept, or the video holds fewer frames than
              `poses`.
    """
    from hotvid.render.compose import Composer  # matplotlib takes half a second to import

    config = config or PipelineConfig()
    path = video or poses.video.path or None
    composer = Composer(poses, config.render)
    with ExitStack() as open_files:
        frames, has_audio = PlainFrames(poses), False
        if path is not None:
            frames = open_files.enter_context(_reader_of(poses, path))
            has_audio = frames.info.has_audio
        if is_picture_name(out):
            opened = picture_writer(out, overwrite=overwrite)
        else:
            opened = VideoWriter(
                out,
                composer.size_px,
                poses.video.fps,
                audio_from=path if has_audio else None,
                audio_start_s=float(poses.pts_s[0]),
                overwrite=overwrite,
            )
        writer = open_files.enter_context(opened)
        n_drawn = 0
        for frame in frames:
            done = frame.index - poses.first_frame + 1
            if done > poses.n_frames:
                break
            if done > 0:
                writer.write(composer.draw(frame), frame.pts_s)
                n_drawn += 1
                progress("render", done, poses.n_frames)
    notes = list(writer.warnings)
    if n_drawn < poses.n_frames:
        notes.append(f"{path} holds {n_drawn} of the {poses.n_frames} frames that have poses")
    for note in notes:
        warnings.warn(note, HotvidWarning, stacklevel=2)


def _reader_of(poses: Poses, path: PathLike) -> VideoReader:
    """The frames of `poses`, at the times that they were found at."""
    span, fps = _span(poses), poses.video.fps
    if poses.video.fps_given or Path(path).is_dir():
        return VideoReader(path, span, fps)
    reader = VideoReader(path, span)
    if math.isclose(reader.info.fps, fps, rel_tol=1e-3):
        return reader
    # Poses of versions before 0.3.2 do not say that the rate was given.
    return VideoReader(path, span, fps)


def _span(poses: Poses) -> tuple[float, float] | None:
    """The seconds that hold the frames of `poses`, with half a frame to spare on both sides."""
    if poses.first_frame == 0:
        return None
    spare = 0.5 / poses.video.fps
    return max(0.0, float(poses.pts_s[0]) - spare), float(poses.pts_s[-1]) + spare
