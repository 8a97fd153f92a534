"""What a source is, and what it holds: told here, for whoever is given one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from hotvid.config import (
    CleanConfig,
    LiftConfig,
    PipelineConfig,
    Pose2DConfig,
    RenderConfig,
    TrackConfig,
    WorldConfig,
)
from hotvid.errors import InputError, UsageError
from hotvid.file_names import PathLike
from hotvid.io.reader import VideoReader
from hotvid.stored.arrays import is_arrays, load_arrays
from hotvid.stored.parquet_table import is_parquet, load_parquet
from hotvid.stored.pose_store import is_pose_store, load_poses
from hotvid.stored.poses_json import holds_poses, is_poses_json, load_poses_json
from hotvid.time_range import poses_within
from hotvid.track import select_people
from hotvid.types import Poses


class Kind(Enum):
    """What lies at a path, as far as its name and its beginning tell."""

    VIDEO = "a video, or what is taken for one"
    POSE_STORE = "poses as they were found"
    JSON = "hotvid's JSON"
    ARRAYS = "hotvid's arrays"
    PARQUET = "hotvid's Parquet"
    OTHER_JSON = "JSON of another program"
    KEYPOINTS = "a folder, CSV or text, which may hold keypoints"


_LOADERS: dict[Kind, Callable[[PathLike], Poses]] = {
    Kind.POSE_STORE: load_poses,
    Kind.JSON: load_poses_json,
    Kind.ARRAYS: load_arrays,
    Kind.PARQUET: load_parquet,
    Kind.OTHER_JSON: load_poses_json,  # which says what it is not
}
# What is made of stored poses anew, whatever they were made with.
_FREE = {
    "render": RenderConfig(),
    "track": TrackConfig(),
    "clean": CleanConfig(),
    "world": WorldConfig(),
    "time_range_s": None,
}


@dataclass(frozen=True)
class Source:
    """A source, looked at once."""

    path: PathLike
    kind: Kind

    @property
    def is_stored(self) -> bool:
        """Whether it is meant to hold poses already: a pose store, JSON, arrays or Parquet."""
        return self.kind in _LOADERS

    @property
    def may_be_keypoints(self) -> bool:
        """Whether it may hold 2D keypoints of other programs."""
        return self.kind in (Kind.KEYPOINTS, Kind.OTHER_JSON) or Path(self.path).is_dir()

    @property
    def was_cleaned(self) -> bool:
        """Whether its motion was cleaned before it was written: all but a pose store's is."""
        return self.is_stored and self.kind is not Kind.POSE_STORE

    def stored_poses(self, config: PipelineConfig, *, drawn: bool = True) -> Poses | None:
        """The poses that it holds, with the people that the settings choose; None of a video.

        Of what is not lifted anew all times are given, also those that are not wanted:
        `hotvid.pipeline.settle` leaves them out.

        drawn   whether they are going to be drawn, which is all that `kpt_thr` changes of them.
        raises  InputError; UsageError for settings of what is not done anew.
        """
        if not self.is_stored:
            return None
        self._check_settings(config)
        if not drawn and config.track.kpt_thr != TrackConfig.kpt_thr:
            raise UsageError(
                f"{self.path} holds people already: of those --kpt-thr changes only what is drawn",
                "leave it out, or give the video",
            )
        poses = _LOADERS[self.kind](self.path)
        part = poses_within(poses, config.time_range_s)
        tracks = [person.keypoints for person in part.people]
        chosen = {track.track_id for track in select_people(tracks, config.track.person)}
        # Before it is lifted anew, as a video is; else the whole is better cleaned and placed.
        poses = part if config.lift.anew else poses
        return replace(poses, people=tuple(p for p in poses.people if p.track_id in chosen))

    def check_video(self, video: PathLike | None) -> None:
        """Raise UsageError where another video is given for what is one itself."""
        if video is not None and not self.is_stored:
            raise UsageError(
                f"{self.path} is a video already", "give --video only with a pose store"
            )

    def video(self, poses: Poses, given: PathLike | None = None) -> PathLike | None:
        """The video that its poses are of: itself, or where it is given or named to lie.

        None where there is none: the poses were lifted from keypoints alone.
        """
        if not self.is_stored:
            return self.path
        return given or _named_video(poses, Path(self.path).parent)

    def _check_settings(self, config: PipelineConfig) -> None:
        # The overlap and an unnamed lifter come with the mode, which is looked at below.
        given = replace(config.lift, overlap=LiftConfig.overlap, model=LiftConfig.model)
        lift = LiftConfig() if given.anew else given
        if lift != LiftConfig():
            raise UsageError(
                f"{self.path} holds poses already: only a lifter that is named lifts them anew",
                "name one with --model or --weights, or leave out the options of lifting",
            )
        if config.fps is not None:
            raise UsageError(
                f"{self.path} holds poses already, and the times that they are of",
                "leave out --fps, or give the video",
            )
        # Of the 2D model nothing is asked; the lifter runs on the same device.
        pose2d = replace(config.pose2d, device=Pose2DConfig.device)
        if replace(config, **_FREE, lift=lift, pose2d=pose2d) != PipelineConfig():
            raise UsageError(
                f"{self.path} holds poses already: nobody is searched for anew",
                "leave out the options of detection, or give the video",
            )


def source_at(path: PathLike) -> Source:
    """What lies at a path; nothing of it is read but what tells that."""
    return Source(path, _kind(Path(path)))


def _kind(path: Path) -> Kind:
    if is_poses_json(path):
        return Kind.OTHER_JSON if path.is_file() and not holds_poses(path) else Kind.JSON
    if is_parquet(path):
        return Kind.PARQUET
    if is_pose_store(path):
        return Kind.ARRAYS if is_arrays(path) else Kind.POSE_STORE
    if path.is_dir() or path.suffix.lower() in (".csv", ".txt"):
        return Kind.KEYPOINTS
    return Kind.VIDEO


def _named_video(poses: Poses, folder: Path) -> Path | None:
    """The video that `poses` names, as seen from here or from the folder of their file."""
    if not poses.video.path:
        return None
    named = Path(poses.video.path)
    beside = folder / named
    return beside if beside.exists() and not named.exists() else named


def check_readable(poses: Poses, path: PathLike) -> None:
    """Raise InputError unless the video is there and as large as the one the poses are of."""
    if not Path(path).exists():
        raise InputError(
            f"the video that the poses were made from is not at {path}",
            "say where with --video FILE",
        )
    with VideoReader(path) as reader:
        came = reader.info
    want = poses.video
    if (came.width, came.height) != (want.width, want.height):
        raise InputError(
            f"{path} is {came.width}x{came.height}, "
            f"but the poses were made on {want.width}x{want.height}",
            "give the video that the poses were made from",
        )
