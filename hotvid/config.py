"""Settings of every stage as frozen dataclasses, with the reason beside each default."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotvid.errors import UsageError

MODES = ("fast", "balanced", "accurate")
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Pose2DConfig:
    """How people are found and their 2D keypoints estimated."""

    backend: str = "blazepose"
    mode: str = "balanced"  # fast, balanced, accurate: the lite, full, heavy landmark model
    bbox_thr: float = 0.5  # a person less probable than this is not reported
    det_frequency: int = 15  # frames between searches of the whole picture: half a second
    threads: int = 2  # of the 2D model's runtime


@dataclass(frozen=True)
class TrackConfig:
    """How people of single frames become tracks."""

    kpt_thr: float = 0.3  # a keypoint less sure than this does not count as seen
    max_gap_s: float = 0.5  # a gap up to this long is bridged, and its rows say so
    max_lost_s: float = 2.0  # after this long out of sight it is another person
    min_length_s: float = 0.3  # shorter tracks are noise
    person: str = "all"  # all, largest, longest or an id


@dataclass(frozen=True)
class LiftConfig:
    """How tracks are lifted to 3D."""

    model: str = "hot-mixste-s"
    weights: str | None = None  # None: the weights that travel with hotvid
    device: str = "auto"
    flip: bool = True  # averages with the mirrored input, at twice the cost
    overlap: float = 1 / 3  # share of a window that is blended with the next
    batch_size: int = 8  # windows at once
    focal_px: float | None = None  # None: assumed, see hotvid.geometry.assumed_focal_px


@dataclass(frozen=True)
class RenderConfig:
    """How the result is drawn."""

    kpt_thr: float = 0.3  # below this a joint is not drawn
    max_height: int = 1080  # taller videos are drawn scaled down
    azimuth_deg: float = -70.0  # of the 3D view, matplotlib's convention
    elevation_deg: float = 12.0


@dataclass(frozen=True)
class PipelineConfig:
    """All stages together."""

    pose2d: Pose2DConfig = field(default_factory=Pose2DConfig)
    track: TrackConfig = field(default_factory=TrackConfig)
    lift: LiftConfig = field(default_factory=LiftConfig)
    render: RenderConfig = field(default_factory=RenderConfig)
    time_range_s: tuple[float, float] | None = None


def check_choice(what: str, value: str, choices: tuple[str, ...]) -> str:
    """`value`, or UsageError naming the choices."""
    if value not in choices:
        raise UsageError(f"unknown {what} '{value}'", f"choose one of: {', '.join(choices)}")
    return value
