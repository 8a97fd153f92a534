"""The order of the stages, and nothing else.

First pass (`analyze`): the video is read once; frames go through the 2D model in small batches and
are dropped, the keypoints become tracks, the tracks become 3D. Keypoints that were made elsewhere
take the place of the 2D model (`lift_keypoints`). Second pass (`hotvid.drawing.render`): the video
is read again, drawn over and encoded. Neither keeps frames, so memory stays flat on a long video.
Reading ahead and encoding run in threads of their own beside the models and the drawing.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hotvid import remarks, weights
from hotvid.config import (
    CleanConfig,
    KeypointsConfig,
    LiftConfig,
    PipelineConfig,
    Pose2DConfig,
    TrackConfig,
)
from hotvid.errors import HotvidWarning, UsageError
from hotvid.file_names import PathLike
from hotvid.geometry import focal_px_of
from hotvid.io.keypoints import read_keypoints
from hotvid.io.keypoints.clip import KeypointClip, lay_out
from hotvid.io.reader import VideoReader
from hotvid.lift.loading import LifterLoading, lifter_for
from hotvid.observing import Seen, observe
from hotvid.pose2d import load_backend
from hotvid.post.cleaning import clean
from hotvid.post.confidence import joint_confidence
from hotvid.post.gravity import nobody_upright
from hotvid.post.joint_angles import joint_angles
from hotvid.post.swaps import without_swaps
from hotvid.post.trajectory import root_path
from hotvid.post.world import place_in_world
from hotvid.progress import Progress, no_progress
from hotvid.skeleton import H36M17, to_h36m17
from hotvid.time_range import poses_within
from hotvid.track import associate, select_people, tracks_as_given, tracks_without_phantoms
from hotvid.types import (
    Lifted,
    ModelsUsed,
    Motion3D,
    Person,
    Poses,
    Track2D,
    VideoInfo,
    frame_rate,
)

if TYPE_CHECKING:
    from hotvid.lift.lifter import Lifter


def analyze(
    video: PathLike, config: PipelineConfig | None = None, progress: Progress = no_progress
) -> Poses:
    """Everyone in a video, in 2D and 3D.

    progress  called as progress(stage, done, total) in the stages "pose2d" and "lift".
    raises    InputError where the video cannot be read, WeightsError, UsageError.
    warns     HotvidWarning where the video breaks off, and nobody is found or upright; also in
              `Poses.warnings`.
    """
    config = config or PipelineConfig()
    weights.locate(config.lift.model, config.lift.weights)  # before an hour of video is read
    with LifterLoading(config.lift) as loading:
        with (
            VideoReader(video, config.time_range_s, config.fps) as reader,
            closing(load_backend(config.pose2d)) as backend,
        ):
            if config.lift.tokens is not None or config.lift.sizes:
                loading.result()  # only the model itself knows whether they fit it
            seen = observe(reader, backend, loading.start, progress)
        tracks = associate(
            seen.observations,
            seen.pts_s,
            first_frame=seen.first_frame,
            config=config.track,
            size_px=(seen.info.width, seen.info.height),
            cuts=seen.cuts,
        )
        nobody = () if tracks else (remarks.nobody_found(video, seen.observations, config.pose2d),)
        seen = replace(seen, observations=())  # of hours of video too much to keep for nothing
        people, lifter = _lifted(tracks, seen, loading, config, progress)
    notes = (*seen.warnings, *nobody)
    return _result(seen, config, people, lifter, backend.name, notes)


def lift_keypoints(
    keypoints: PathLike,
    given: KeypointsConfig | None = None,
    config: PipelineConfig | None = None,
    progress: Progress = no_progress,
    *,
    video: PathLike | None = None,
    in_3d: bool = True,
) -> Poses:
    """Everyone in a file of 2D keypoints that another program made, in 3D.

    video   the video that they are of, for its size and times; None where there is none.
    in_3d   False: nobody is lifted, the keypoints are all there is.
    config  its `fps` is believed before that of `given`.
    raises  InputError where file and video cannot be read or do not fit, WeightsError; UsageError,
            also for settings of the search for people, and for a rate beside a video.
    warns   HotvidWarning for what was left out.
    """
    given, config = given or KeypointsConfig(), config or PipelineConfig()
    fps = given.fps if config.fps is None else config.fps
    _check_keypoint_settings(keypoints, config.pose2d, video, fps)
    if in_3d:
        weights.locate(config.lift.model, config.lift.weights)
    with LifterLoading(config.lift) as loading:
        table = read_keypoints(keypoints, given.format, given.joint_set)
        if in_3d:
            loading.start()
        clip = lay_out(
            table,
            video,
            size_px=given.size_px,
            fps=fps,
            first_number=given.first_number,
            time_range_s=config.time_range_s,
        )
        tracks, left_out = _tracks_given(clip, given, config.track)
        notes = (*clip.warnings, *left_out)
        seen = Seen(clip.info, clip.first_frame, clip.pts_s, clip.observations, notes)
        people, lifter = _lifted(tracks, seen, loading if in_3d else None, config, progress)
    nobody = () if people else (remarks.nobody_found(keypoints, seen.observations),)
    made_by = f"{table.format}: {Path(keypoints).name}"
    return _result(seen, config, people, lifter, made_by, (*notes, *nobody))


def _check_keypoint_settings(
    keypoints: PathLike, pose2d: Pose2DConfig, video: PathLike | None, fps: float | None
) -> None:
    """Raise UsageError for what would change nothing of keypoints that are there already."""
    asked = (pose2d.backend, pose2d.detector, pose2d.det_frequency)
    if asked != (Pose2DConfig.backend, Pose2DConfig.detector, Pose2DConfig.det_frequency):
        raise UsageError(
            f"'{keypoints}' holds keypoints already: nobody is searched for",
            "leave out the options of detection, or analyse the video instead",
        )
    if fps is not None and video is not None and not Path(video).is_dir():
        raise UsageError("a video has its own rate", "give the video, or fps")


def _tracks_given(
    clip: KeypointClip, given: KeypointsConfig, config: TrackConfig
) -> tuple[list[Track2D], tuple[str, ...]]:
    """The people of keypoints that were made elsewhere, and remarks on who was left out of them."""
    size_px = (clip.info.width, clip.info.height)
    if clip.person is None or given.retrack:
        how = replace(config, bbox_thr=given.bbox_thr)
        return associate(clip.observations, clip.pts_s, clip.first_frame, how, size_px), ()
    named = tracks_as_given(clip.observations, clip.person, clip.pts_s, clip.first_frame)
    tracks = tracks_without_phantoms(named, given.bbox_thr, size_px)
    unsure = remarks.unsure_ids(len(named), len(tracks), given.bbox_thr)
    return tracks, (*remarks.without_id(clip.person), *unsure)


def _lifted(
    tracks: Sequence[Track2D],
    seen: Seen,
    loading: LifterLoading | None,
    config: PipelineConfig,
    progress: Progress,
) -> tuple[tuple[Person, ...], Lifter | None]:
    """Those of `tracks` who are wanted, in 3D, and the lifter if there was anyone to lift.

    loading  None: nobody is to be lifted.
    """
    chosen = select_people(tracks, config.track.person)
    lifter = loading.result() if chosen and loading is not None else None
    fps = frame_rate(seen.pts_s, seen.info)
    return lift_tracks(chosen, lifter, fps, seen.info, config.lift, progress), lifter


def _result(
    seen: Seen,
    config: PipelineConfig,
    people: tuple[Person, ...],
    lifter: Lifter | None,
    pose2d: str,
    notes: tuple[str, ...],
) -> Poses:
    if nobody_upright([p.motion.xyz_m for p in people if p.motion is not None]):
        notes = (*notes, remarks.TURNED)
    for note in notes:
        warnings.warn(note, HotvidWarning, stacklevel=3)
    return Poses(
        video=_with_lens(seen.info, config.lift),
        first_frame=seen.first_frame,
        pts_s=seen.pts_s,
        people=people,
        models=_models_used(pose2d, lifter, config.lift),
        warnings=notes,
        cuts=tuple(seen.first_frame + row for row in seen.cuts),
    )


def lift_anew(poses: Poses, config: LiftConfig, progress: Progress = no_progress) -> Poses:
    """The same people in the same frames, their 3D by the lifter that `config` names.

    progress  called as progress("lift", done, total).
    raises    WeightsError, UsageError.
    """
    lifter = lifter_for(config) if poses.people else None
    tracks = [person.detected for person in poses.people]
    video = _with_lens(poses.video, config)
    return replace(
        poses,
        video=video,
        people=lift_tracks(tracks, lifter, poses.frame_rate, video, config, progress),
        models=_models_used(poses.models.pose2d, lifter, config),
        world=None,  # what was placed in it is gone
    )


def lift_tracks(
    tracks: Sequence[Track2D],
    lifter: Lifter | None,
    fps: float,
    video: VideoInfo,
    config: LiftConfig,
    progress: Progress = no_progress,
) -> tuple[Person, ...]:
    """Tracks in any joint set as people with 3D motion; without a lifter, with 2D only."""
    size_px = (video.width, video.height)
    focal_px = focal_px_of(_with_lens(video, config))
    config = replace(config, focal_px=focal_px)
    keypoints = [_as_h36m17(track) for track in tracks]
    if config.swaps:
        keypoints = [without_swaps(track, fps) for track in keypoints]
    if lifter is None:
        return tuple(Person(t, k) for t, k in zip(tracks, keypoints, strict=True))
    lifted = lifter.lift(
        keypoints, fps, size_px, config, lambda done, total: progress("lift", done, total)
    )
    return tuple(
        Person(track, flat, _placed(found, flat, focal_px, size_px, fps))
        for track, flat, found in zip(tracks, keypoints, lifted, strict=True)
    )


def _placed(
    found: Lifted, flat: Track2D, focal_px: float, size_px: tuple[int, int], fps: float
) -> Motion3D:
    root_m = root_path(found.xyz_m, flat.xy_px, flat.score, focal_px, size_px, fps)
    return Motion3D(found.xyz_m, root_m, found.apart_m)


def settle(poses: Poses, config: PipelineConfig | None = None) -> Poses:
    """What is made of `poses`, however they came, before they are drawn and written.

    Those that are in a world already, as those of JSON are, were cleaned before, too; either is
    done again only where `config` says so (`anew`). Stored poses of which a range of time is wanted
    are cleaned and placed whole, so that all parts of a clip are in one world.
    warns  HotvidWarning where poses are cleaned again.
    """
    config = config or PipelineConfig()
    if poses.world is not None and config.clean.anew:
        warnings.warn(remarks.CLEANED_BEFORE, HotvidWarning, stacklevel=2)
    to_clean = poses.world is None or config.clean.anew
    if to_clean:
        poses = _cleaned(poses, config.clean)
    if to_clean or config.world.anew:
        poses = place_in_world(poses, config.world)
    poses = poses_within(poses, config.time_range_s)
    return replace(poses, people=tuple(_described(p) for p in poses.people))


def _described(person: Person) -> Person:
    """With joint angles and confidence, where there is 3D and they are not there yet."""
    if person.angles is None and person.world is not None:
        person = replace(person, angles=joint_angles(person.world.xyz_m))
    if person.confidence is None and person.motion is not None:
        sure = joint_confidence(person.keypoints.score, person.motion.apart_m)
        person = replace(person, confidence=sure)
    return person


def with_bones(poses: Poses) -> Poses:
    """`poses` with bones fitted to everyone who is placed in the world."""
    from hotvid.post.bones import fit_bones  # scipy's solvers take a moment to import

    def fitted(person: Person) -> Person:
        world, score = person.world, person.keypoints.score
        if world is None:
            return person
        return replace(person, bones=fit_bones(world.xyz_m, score, poses.frame_rate, world.contact))

    return replace(poses, people=tuple(map(fitted, poses.people)))


def _cleaned(poses: Poses, config: CleanConfig) -> Poses:
    people = (
        p
        if p.motion is None
        else replace(p, motion=clean(p.motion, p.keypoints.score, poses.frame_rate, config))
        for p in poses.people
    )
    return replace(poses, people=tuple(people))


def _with_lens(video: VideoInfo, config: LiftConfig) -> VideoInfo:
    """The video with the focal length that is given, which is believed before the file's own."""
    return video if config.focal_px is None else replace(video, focal_px=config.focal_px)


def _models_used(pose2d: str, lifter: Lifter | None, config: LiftConfig) -> ModelsUsed:
    if lifter is None:
        return ModelsUsed(pose2d)
    asked = dict(config.sizes) | ({} if config.tokens is None else {"tokens": config.tokens})
    sizes = " ".join(f"{name}={json.dumps(value)}" for name, value in asked.items())
    return ModelsUsed(pose2d, lifter.name, lifter.weights_sha256, sizes.replace('"', "") or None)


def _as_h36m17(track: Track2D) -> Track2D:
    xy, score = to_h36m17(track.xy_px, track.score, track.joint_set)
    return replace(track, joint_set=H36M17.name, xy_px=xy, score=score)
