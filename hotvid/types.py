"""The dataclasses that flow between the stages, and the checks of their shapes.

Letters in shapes: F frames, P people, K keypoints of the 2D model's joint set,
J the 17 joints of `hotvid.skeleton.H36M17`. Missing is NaN, never zero.
Images are BGR uint8, origin top-left, the container's rotation applied.
What holds arrays is equal to itself alone (`eq=False`): two arrays have no one answer to ==.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hotvid.errors import ShapeError
from hotvid.joint_angles import ANGLES


def check_shape(name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    """Raise ShapeError unless `array` has `shape` (None fits any length)."""
    fits = array.ndim == len(shape) and all(
        want is None or got == want for got, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise ShapeError(f"{name}: expected shape ({wanted}), got {tuple(array.shape)}")


@dataclass(frozen=True)
class VideoInfo:
    """What the container says of a video, after its rotation is applied.

    fps          average frames a second (variable frame rates have one too).
    n_frames     as the container claims; None where it does not know.
    focal_px     of the lens, in pixels of the picture: given, or as the file's metadata have it;
                 None where nobody knows it.
    shown_px     the longer side of what is between black bars; None where none were found.
    fps_given    the user said how fast the video is: times are even ones, not the container's.
    """

    path: str
    width: int
    height: int
    fps: float
    n_frames: int | None = None
    duration_s: float | None = None
    has_audio: bool = False
    focal_px: float | None = None
    shown_px: int | None = None
    fps_given: bool = False

    @property
    def stem(self) -> str:
        """The file's name without its suffix; "poses" where there is no file."""
        return Path(self.path).stem or "poses"


_PAUSE = 10.0  # typical steps from frame to frame; dropped frames are fewer


def frame_rate(pts_s: np.ndarray, video: VideoInfo) -> float:
    """Frames a second as the timestamps have it; the container's word for a single frame.

    Where a recording paused, as a camera does that wakes when something moves, the pause is left
    out: what follows is as fast as what came before.
    """
    step_s = np.diff(pts_s)
    if not len(step_s) or not (typical_s := float(np.median(step_s))) > 0:
        return video.fps
    running = step_s[step_s <= _PAUSE * typical_s]
    return len(running) / float(running.sum())


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture: `index` from 0 in decoded order, `pts_s` seconds, (H, W, 3) BGR.

    is_cut  whether it seems to begin a new shot, so that nobody is where they were.
    """

    index: int
    pts_s: float
    bgr: np.ndarray
    is_cut: bool = False


@dataclass(frozen=True, eq=False)
class Keypoints2D:
    """Everyone seen in one frame, in the 2D model's own joint set.

    joint_set     a name in `hotvid.skeleton.JOINT_SETS`.
    xy_px         (P, K, 2) float32, pixels; NaN where a joint is not seen.
    score         (P, K) float32, 0..1: the chance that the joint is where it says.
    box_px        (P, 4) float32, x0 y0 x1 y1, pixels.
    person_score  (P,) float32, 0..1: the chance that this is a person.
    """

    joint_set: str
    xy_px: np.ndarray
    score: np.ndarray
    box_px: np.ndarray
    person_score: np.ndarray

    def __post_init__(self) -> None:
        check_shape("xy_px", self.xy_px, (None, None, 2))
        people, joints = self.xy_px.shape[:2]
        check_shape("score", self.score, (people, joints))
        check_shape("box_px", self.box_px, (people, 4))
        check_shape("person_score", self.person_score, (people,))

    def __len__(self) -> int:
        return len(self.person_score)

    @staticmethod
    def nobody(joint_set: str, n_keypoints: int) -> Keypoints2D:
        """A frame in which nobody is seen."""
        return Keypoints2D(
            joint_set=joint_set,
            xy_px=np.zeros((0, n_keypoints, 2), np.float32),
            score=np.zeros((0, n_keypoints), np.float32),
            box_px=np.zeros((0, 4), np.float32),
            person_score=np.zeros((0,), np.float32),
        )


@dataclass(frozen=True, eq=False)
class Track2D:
    """One person's 2D keypoints over consecutive frames, gaps filled.

    track_id      counts from 0.
    joint_set     a name of `hotvid.skeleton.joint_set_named`.
    frame_index   (F,) int64, the video's frame numbers, consecutive.
    xy_px         (F, K, 2) float32, pixels; NaN where a joint is unknown.
    score         (F, K) float32, 0..1.
    box_px        (F, 4) float32, x0 y0 x1 y1.
    person_score  (F,) float32, 0..1.
    interpolated  (F,) bool: nobody was seen in this frame, the row bridges a gap.
    """

    track_id: int
    joint_set: str
    frame_index: np.ndarray
    xy_px: np.ndarray
    score: np.ndarray
    box_px: np.ndarray
    person_score: np.ndarray
    interpolated: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.frame_index)
        check_shape("xy_px", self.xy_px, (n, None, 2))
        check_shape("score", self.score, (n, self.xy_px.shape[1]))
        check_shape("box_px", self.box_px, (n, 4))
        check_shape("person_score", self.person_score, (n,))
        check_shape("interpolated", self.interpolated, (n,))
        if n > 1 and not (np.diff(self.frame_index) == 1).all():
            raise ShapeError("frame_index: expected consecutive frames, got gaps")

    def __len__(self) -> int:
        return len(self.frame_index)

    def in_sight(self, kpt_thr: float) -> np.ndarray:
        """(F,) bool: all rows but those of gaps in which no joint is as sure as `kpt_thr`."""
        return ~self.interpolated | (self.score.max(1) >= kpt_thr)


@dataclass(frozen=True, eq=False)
class Lifted:
    """What a lifter makes of one track, row for row.

    xyz_m    (F, 17, 3) float32, metres, camera axes [right, down, forward], the pelvis at 0.
    apart_m  (F, 17) float32, metres: how far the answers for a joint, straight and mirrored and of
             overlapping windows, are from their mean; None where there was one answer only.
    """

    xyz_m: np.ndarray
    apart_m: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_shape("xyz_m", self.xyz_m, (None, 17, 3))
        if self.apart_m is not None:
            check_shape("apart_m", self.apart_m, (len(self.xyz_m), 17))


@dataclass(frozen=True, eq=False)
class Motion3D:
    """One person's 3D motion, row for row with the person's `Track2D`.

    xyz_m    (F, 17, 3) float32, metres, camera axes [right, down, forward], the pelvis at 0.
    root_m   (F, 3) float32, metres: the pelvis in the camera frame, estimated.
    apart_m  (F, 17) float32, metres, as `Lifted` has it; None where it is not known.
    """

    xyz_m: np.ndarray
    root_m: np.ndarray
    apart_m: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_shape("xyz_m", self.xyz_m, (None, 17, 3))
        check_shape("root_m", self.root_m, (len(self.xyz_m), 3))
        if self.apart_m is not None:
            check_shape("apart_m", self.apart_m, (len(self.xyz_m), 17))


@dataclass(frozen=True, eq=False)
class WorldFrame:
    """Where the camera is in the world: metres, y up, right-handed, the floor at y = 0; estimated.

    rotation       (3, 3): world = rotation @ camera axes + camera_m.
    camera_m       (3,) the camera, which is taken to stand still.
    focal_px       what directions in the picture were taken from.
    focal_assumed  whether nobody knew it.
    n_stands       half seconds of standing feet that the floor was fitted to; 0: the floor is where
                   feet are lowest, step by step of who runs.
    """

    rotation: np.ndarray
    camera_m: np.ndarray
    focal_px: float
    focal_assumed: bool
    n_stands: int

    def __post_init__(self) -> None:
        check_shape("rotation", self.rotation, (3, 3))
        check_shape("camera_m", self.camera_m, (3,))


@dataclass(frozen=True, eq=False)
class WorldMotion:
    """One person in the world that everyone of a video shares, row for row with the `Track2D`.

    xyz_m    (F, 17, 3) float32, metres, y up, right-handed, the floor at y = 0, estimated; NaN
             where a joint is unknown. Who was never anywhere moves in place on the floor.
    contact  (F, 2) bool: right and left foot stand, on the floor or on something; None where
             nobody looked.
    """

    xyz_m: np.ndarray
    contact: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_shape("xyz_m", self.xyz_m, (None, 17, 3))
        if self.contact is not None:
            check_shape("contact", self.contact, (len(self.xyz_m), 2))


@dataclass(frozen=True, eq=False)
class BoneMotion:
    """One person's motion as turns of the standard humanoid's bones, row for row with the track.

    The bones, B of them, are those of `hotvid.humanoid.BONES`; their axes are the world's in the
    rest pose.

    offset_m   (B, 3) metres: where a bone begins, from where its parent does, in the parent's axes;
               constant.
    rotation   (F, B, 4) unit quaternions x y z w, each from its parent's axes; the root's from the
               world's. From one frame to the next no quaternion changes sides.
    root_m     (F, 3) metres, world: where the root is.
    marker_m   (17, 3) metres: each joint of the skeleton in the axes of the bone that carries it
               (`hotvid.humanoid.JOINT_BONES`), from where the bone begins.
    error_mm   (F, 17) from where the bones put each joint to where it was; NaN where unknown.
    """

    offset_m: np.ndarray
    rotation: np.ndarray
    root_m: np.ndarray
    marker_m: np.ndarray
    error_mm: np.ndarray

    def __post_init__(self) -> None:
        check_shape("offset_m", self.offset_m, (None, 3))
        n = len(self.rotation)
        check_shape("rotation", self.rotation, (n, len(self.offset_m), 4))
        check_shape("root_m", self.root_m, (n, 3))
        check_shape("marker_m", self.marker_m, (17, 3))
        check_shape("error_mm", self.error_mm, (n, 17))


@dataclass(frozen=True, eq=False)
class JointAngles:
    """One person's joint angles, row for row with the track.

    degrees  (F, A) float32, the angles of `hotvid.joint_angles.ANGLES`; NaN where unknown.
    """

    degrees: np.ndarray

    def __post_init__(self) -> None:
        check_shape("degrees", self.degrees, (None, len(ANGLES)))


@dataclass(frozen=True, eq=False)
class Person:
    """One person of a video.

    detected   the track in the 2D model's own joint set, for exports that want it.
    keypoints  the same track in H36M-17, which is what is lifted and drawn.
    motion     None where nothing was lifted.
    world      None where the person was not placed in the world, which exports ask for.
    bones      None where no bones were fitted to it, which some exports ask for.
    angles     None where the person was not placed in the world.
    confidence  (F, 17) float32, 0..1: the chance that a joint's place in 3D, from the pelvis, is
               right to a tenth of a metre; None where nothing was lifted, or nobody asked.
    """

    detected: Track2D
    keypoints: Track2D
    motion: Motion3D | None = None
    world: WorldMotion | None = None
    bones: BoneMotion | None = None
    angles: JointAngles | None = None
    confidence: np.ndarray | None = None

    @property
    def track_id(self) -> int:
        return self.keypoints.track_id


@dataclass(frozen=True)
class ModelsUsed:
    """Which models made a result: names as in `hotvid models`, and the weights' hash.

    sizes  of the lifter, as far as they were asked for and are not its weights' own, in words:
           "prune=uniform tokens=41".
    """

    pose2d: str
    lifter: str | None = None
    weights_sha256: str | None = None
    sizes: str | None = None


@dataclass(frozen=True, eq=False)
class Poses:
    """The result for one video: a row for every frame read, and the people in it.

    first_frame  the number of the first frame read (not 0 with a time range).
    pts_s        (F,) float64, seconds, one for every frame read.
    world        the camera in the world; None where nobody was placed in one. Of several shots each
                 has a world of its own, and this is that of the one in which most people are seen.
    cuts         the numbers of the frames that begin a new shot, ascending; nobody is of two.
    """

    video: VideoInfo
    first_frame: int
    pts_s: np.ndarray
    people: tuple[Person, ...]
    models: ModelsUsed
    warnings: tuple[str, ...] = field(default=())
    world: WorldFrame | None = None
    cuts: tuple[int, ...] = ()

    @property
    def n_frames(self) -> int:
        return len(self.pts_s)

    @property
    def frame_rate(self) -> float:
        return frame_rate(self.pts_s, self.video)
