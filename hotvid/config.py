"""Settings of every stage as frozen dataclasses, with the reason beside each default."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from hotvid.errors import UsageError
from hotvid.weights import ACCURATE_LIFTER

MODES = ("fast", "balanced", "accurate")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("float32", "bfloat16")
UNITS = ("m", "cm")
PERSONS = ("all", "largest", "longest")
SMOOTHINGS = ("butterworth", "savgol", "gaussian", "one-euro", "off")

# What `hotvid.stored` reads back: files of anything else would be taken for damaged.
FPS_LIMITS = (1e-6, 10_000.0)
FOCAL_LIMITS_PX = (1.0, 1e7)

Sizes = tuple[tuple[str, Any], ...]  # (name, value), as `build_model` takes them


@dataclass(frozen=True)
class Pose2DConfig:
    """How people are found and their 2D keypoints estimated."""

    backend: str = "blazepose"  # NAME or NAME:MODEL, see hotvid.pose2d
    detector: str | None = None  # in front of a top-down backend; None: hotvid's own
    device: str = "auto"  # of backends that can use a GPU
    # fast, balanced, accurate: the lite, full, heavy landmark model; without a detector given, the
    # next larger one corrects the first two, now and then.
    mode: str = "balanced"
    bbox_thr: float = 0.5  # a person less probable than this is not reported
    det_frequency: int = 15  # frames between searches of the whole picture: half a second at 30/s
    threads: int | None = None  # of the 2D model's runtime; None: as many as it makes use of


@dataclass(frozen=True)
class KeypointsConfig:
    """What a file of keypoints made elsewhere does not say of itself."""

    format: str | None = None  # None: recognised by what the file holds
    joint_set: str | None = None  # None: told by the names or the number of its keypoints
    size_px: tuple[int, int] | None = None
    fps: float | None = None
    first_number: int | None = None  # that the file gives the first frame; None: the format's own
    retrack: bool = False  # the file's ids are not believed
    # In place of `TrackConfig.bbox_thr`; lower: other programs' scores are no probabilities.
    bbox_thr: float = 0.3

    def __post_init__(self) -> None:
        _check_share("bbox-thr", self.bbox_thr)
        _check_fps(self.fps)


@dataclass(frozen=True)
class TrackConfig:
    """How people of single frames become tracks."""

    kpt_thr: float = 0.3  # a keypoint less sure than this does not count as seen
    max_gap_s: float = 0.5  # a gap up to this long is bridged, and its rows say so
    max_lost_s: float = 2.0  # after this long out of sight it is another person
    min_length_s: float = 0.4  # shorter tracks are noise
    bbox_thr: float = 0.5  # a track whose doubtful half is less probable is nobody's; 0: all stay
    person: str = "all"  # all, largest, longest or an id


@dataclass(frozen=True)
class LiftConfig:
    """How tracks are lifted to 3D."""

    model: str | None = None  # None: what the weights given say, else weights.DEFAULT_LIFTER
    weights: str | None = None  # None: those that travel along or were imported
    device: str = "auto"
    flip: bool = True  # averages with the mirrored input, at twice the cost
    overlap: float = 1 / 3  # share of a window that is blended with the next, see `configure`
    batch_size: int = 8  # windows at once
    # Frames kept by the hourglass, or at each of its steps; None: as the model was built.
    tokens: int | tuple[int, ...] | None = None
    sizes: Sizes = ()  # of the lifter, where they are to be others than its weights'
    compile: bool = False  # takes a minute, and on a CPU gains next to nothing
    precision: str = "float32"  # of its products; a name in PRECISIONS
    focal_px: float | None = None  # None: assumed, see hotvid.geometry.assumed_focal_px
    swaps: bool = True  # left and right that were exchanged for a moment are put back first
    anew: bool = False  # the people of a pose store, too, which else stay as they were lifted


@dataclass(frozen=True)
class CleanConfig:
    """How lifted motion is cleaned."""

    outliers: bool = True  # joints that are far off for a frame or two are put back
    smooth: str = "butterworth"  # of SMOOTHINGS
    cutoff_hz: float = 6.0  # what is faster is taken for jitter; sports want 10
    bones: bool = True  # as long all the time as they typically are
    anew: bool = False  # poses that were cleaned before, too, which else stay as they are


@dataclass(frozen=True)
class WorldConfig:
    """How people are placed in the world."""

    height_m: float | None = None  # of the person seen longest, standing; None: the lifter's word
    feet: bool = True  # those that stand keep their place
    anew: bool = False  # people who are in a world already, too


_Stage = TypeVar("_Stage", CleanConfig, WorldConfig)


@dataclass(frozen=True)
class RenderConfig:
    """How the result is drawn."""

    kpt_thr: float = 0.3  # below this a joint is not drawn
    max_height: int = 1080  # taller videos are drawn scaled down
    panel: bool = True  # the 3D view beside the picture
    azimuth_deg: float = -70.0  # of the 3D view, matplotlib's convention
    elevation_deg: float = 12.0


@dataclass(frozen=True)
class ExportConfig:
    """How results are written into the files of other programs."""

    bone_names: str = "humanoid"  # as Unity and VRM call them; a name in hotvid.humanoid.NAMINGS
    units: str = "m"  # of BVH, which does not say: Blender takes metres, many others centimetres


@dataclass(frozen=True)
class PipelineConfig:
    """All stages together."""

    pose2d: Pose2DConfig = field(default_factory=Pose2DConfig)
    track: TrackConfig = field(default_factory=TrackConfig)
    lift: LiftConfig = field(default_factory=LiftConfig)
    clean: CleanConfig = field(default_factory=CleanConfig)
    world: WorldConfig = field(default_factory=WorldConfig)
    render: RenderConfig = field(default_factory=RenderConfig)
    time_range_s: tuple[float, float] | None = None
    fps: float | None = None  # None: by the file's times, and of a folder of pictures 30


# Each frame lies in three windows: 0.4 mm less of N-MPJPE and of PA-MPJPE on held-out motions, for
# three times as many windows, which still take a small part of what the heavy 2D model does.
_ACCURATE_OVERLAP = 2 / 3


def check_choice(what: str, value: str, choices: tuple[str, ...]) -> str:
    """`value`, or UsageError naming the choices."""
    if value not in choices:
        raise UsageError(f"unknown {what} '{value}'", f"choose one of: {', '.join(choices)}")
    return value


class Options(TypedDict, total=False):
    """The options of `configure`, for the type checkers of whoever passes them on to it."""

    mode: str
    pose2d: str
    detector: str | None
    bbox_thr: float
    kpt_thr: float
    det_frequency: int
    person: str | int
    model: str | None
    weights: str | Path | None
    device: str
    tokens: int | Sequence[int] | None
    sizes: Mapping[str, Any] | Iterable[Sequence[Any]] | None
    compile: bool
    precision: str
    focal: float | None
    swaps: bool
    outliers: bool | None
    smooth: str | None
    cutoff: float | None
    bones: bool | None
    height: float | None
    feet: bool | None
    time_range: tuple[float, float] | None
    fps: float | None


def configure(
    *,
    mode: str = Pose2DConfig.mode,
    pose2d: str = Pose2DConfig.backend,
    detector: str | None = None,
    bbox_thr: float = Pose2DConfig.bbox_thr,
    kpt_thr: float = TrackConfig.kpt_thr,
    det_frequency: int = Pose2DConfig.det_frequency,
    person: str | int = TrackConfig.person,
    model: str | None = None,
    weights: str | Path | None = None,
    device: str = LiftConfig.device,
    tokens: int | Sequence[int] | None = None,
    sizes: Mapping[str, Any] | Iterable[Sequence[Any]] | None = None,
    compile: bool = False,
    precision: str = LiftConfig.precision,
    focal: float | None = None,
    swaps: bool = LiftConfig.swaps,
    outliers: bool | None = None,
    smooth: str | None = None,
    cutoff: float | None = None,
    bones: bool | None = None,
    height: float | None = None,
    feet: bool | None = None,
    time_range: tuple[float, float] | None = None,
    fps: float | None = None,
) -> PipelineConfig:
    """The settings of all stages from the options that users know; UsageError for senseless ones.

    mode        of MODES. Accurate lifts each frame three times, in as many windows, by the lifter
                that prunes nothing, unless one is named: of others each window may take seconds.
    model       the lifter; None: the one that `weights` say they are of, else the default. With
                it or weights named, a pose store's people are lifted anew.
    tokens      frames of a window that a model which prunes keeps, or at each of its steps; None:
                as it was built.
    sizes       of the lifter where they are to be others than those its weights are of, by name
                or as pairs: other ways of pruning and recovery (`build_model`).
    compile     let torch compile the lifter.
    precision   of the lifter's products, of PRECISIONS.
    focal       pixels, of the picture as it is read; None: by the file's metadata, or assumed.
    swaps       whether left and right are put back where they were exchanged for a moment.
    Poses that were cleaned and placed in a world before they were written, as those of JSON, stay
    as they are unless one of the following is given; None: as by default.

    outliers    whether joints that are far off for a frame or two are mended.
    smooth      of SMOOTHINGS; `cutoff`, hertz, is where half of what moves so fast is left.
    bones       whether they are made constant.
    height      metres, of the person seen longest; None: as the lifter has it.
    feet        whether those that stand keep their place.

    time_range  (start, end), seconds; None: the whole video.
    fps         frames a second of a folder of pictures, and of a video that says it wrong.
    """
    check_choice("mode", mode, MODES)
    check_choice("device", device, DEVICES)
    check_choice("precision", precision, PRECISIONS)
    clean = _asked(CleanConfig, outliers=outliers, smooth=smooth, cutoff_hz=cutoff, bones=bones)
    check_choice("smoothing", clean.smooth, SMOOTHINGS)
    if not (isinstance(clean.cutoff_hz, Real) and 0 < clean.cutoff_hz < math.inf):
        raise UsageError(f"the cut-off is {clean.cutoff_hz}", "give hertz, as in --cutoff 10")
    _check_share("bbox-thr", bbox_thr)
    _check_share("kpt-thr", kpt_thr)
    if not _is_within(det_frequency, 1, math.inf):
        raise UsageError(f"det-frequency is {det_frequency}", "give a whole number from 1 up")
    if focal is not None and not _is_within(focal, *FOCAL_LIMITS_PX):
        raise UsageError(f"the focal length is {focal}", "give pixels, as in --focal 1500")
    if height is not None and not _is_within(height, 0.3, 3.0):
        raise UsageError(f"the height is {height}", "give metres, as in --height 1.75")
    _check_fps(fps)
    tokens, time_range = _checked_tokens(tokens), _checked_times(time_range)
    sizes = _plain_sizes(sizes or ())
    named = model is not None or weights is not None
    if mode == "accurate" and not (named or tokens or sizes):
        model = ACCURATE_LIFTER
    return PipelineConfig(
        pose2d=Pose2DConfig(
            backend=pose2d,
            detector=detector,
            device=device,
            mode=mode,
            bbox_thr=bbox_thr,
            det_frequency=det_frequency,
        ),
        track=TrackConfig(kpt_thr=kpt_thr, bbox_thr=bbox_thr, person=_check_person(str(person))),
        lift=LiftConfig(
            model=model,
            weights=None if weights is None else str(weights),
            device=device,
            tokens=tokens,
            sizes=sizes,
            compile=compile,
            precision=precision,
            focal_px=focal,
            overlap=_ACCURATE_OVERLAP if mode == "accurate" and not named else LiftConfig.overlap,
            swaps=swaps,
            anew=named,
        ),
        clean=clean,
        world=_asked(WorldConfig, height_m=height, feet=feet),
        render=RenderConfig(kpt_thr=kpt_thr),
        time_range_s=time_range,
        fps=fps,
    )


def _asked(kind: type[_Stage], **settings: Any) -> _Stage:
    """Settings of a stage, those that are None by default; it works anew where any is given."""
    given = {name: value for name, value in settings.items() if value is not None}
    return kind(**given, anew=bool(given))


def _plain_sizes(given: Mapping[str, Any] | Iterable[Sequence[Any]]) -> Sizes:
    """Sizes as pairs that can be hashed, also as JSON gives them back."""
    pairs = given.items() if isinstance(given, Mapping) else given
    return tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in pairs)


def _checked_tokens(given: int | Sequence[int] | None) -> int | tuple[int, ...] | None:
    if given is None:
        return None
    steps = tuple(given) if isinstance(given, Sequence) else (given,)
    if not steps or not all(isinstance(kept, Integral) for kept in steps):
        raise UsageError(
            f"tokens is {given!r}", "give a whole number, as 61, or one for each step, as (121, 61)"
        )
    for kept in steps:
        if kept < 2:
            raise UsageError(f"tokens is {kept}", "keep 2 frames of a window or more")
    return steps if isinstance(given, Sequence) else given


def _checked_times(given: tuple[float, float] | None) -> tuple[float, float] | None:
    if given is None:
        return None
    todo = "give two times in seconds, 0 <= START < END"
    try:
        start, end = given
    except (TypeError, ValueError) as error:
        raise UsageError(f"the time range is {given!r}", todo) from error
    known = _is_within(start, 0, math.inf) and _is_within(end, 0, math.inf)
    if not (known and start < end < math.inf):
        raise UsageError(f"the time range is {start} to {end}", todo)
    return start, end


def _check_fps(fps: float | None) -> None:
    if fps is not None and not _is_within(fps, *FPS_LIMITS):
        low, high = FPS_LIMITS
        raise UsageError(f"fps is {fps}", f"give frames a second, from {low:g} to {high:g}")


def _is_within(value: Any, low: float, high: float) -> bool:
    """Whether it is a number from `low` to `high`; what is not a number is nowhere."""
    return isinstance(value, Real) and bool(low <= value <= high)


def _check_share(what: str, value: float) -> None:
    if not _is_within(value, 0, 1):
        raise UsageError(f"{what} is {value}", "give a number from 0 to 1")


def _check_person(person: str) -> str:
    if person in PERSONS or (person.isascii() and person.isdigit()):
        return person
    raise UsageError(
        f"unknown person '{person}'", f"choose {', '.join(PERSONS)} or an id (0, 1, ...)"
    )
