"""The measures that papers give of a data set: by action, their mean, and over all frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields

import numpy as np

from hotvid.errors import UsageError
from hotvid.evaluate.as_json import finite
from hotvid.evaluate.clips import Clip
from hotvid.evaluate.metrics import auc, mpjpe, pa_mpjpe, pck
from hotvid.progress import Progress, no_progress
from hotvid.types import check_shape

STAGE = "evaluating"


@dataclass(frozen=True)
class Answer:
    """What a model makes of a clip.

    xyz_m                (F, 17, 3), metres, the root at 0.
    copies_m, copy_of    (N, 17, 3) and (N,): answers for copies of the clip's frames, by which
                         windows were padded.
    """

    xyz_m: np.ndarray
    copies_m: np.ndarray = field(default_factory=lambda: np.zeros((0, 17, 3)))
    copy_of: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


Predict = Callable[[Clip], "np.ndarray | Answer"]
Target = Callable[[Clip], np.ndarray]


@dataclass(frozen=True)
class Errors:
    """Means over frames; NaN where there are none to measure.

    mpjpe_mm      protocol 1: the root at 0.
    pa_mpjpe_mm   protocol 2: each frame turned, scaled and moved to fit best.
    velocity_mm   of the joints' steps from frame to frame (MPJVE), mm a frame; None where no two
                  frames follow each other.
    pck, auc      0..1: joints within 150 mm, and the mean of that over 0:5:150 mm.
    """

    n_frames: int
    mpjpe_mm: float
    pa_mpjpe_mm: float
    velocity_mm: float | None
    pck: float
    auc: float


_MEASURES = tuple(f.name for f in fields(Errors) if f.name != "n_frames")
_NAN = float("nan")
_NOTHING = Errors(0, _NAN, _NAN, None, _NAN, _NAN)


@dataclass(frozen=True)
class Report:
    """Errors by group: actions, or sequences."""

    groups: dict[str, Errors]

    @property
    def mean(self) -> Errors:
        """The mean of the groups, each with the same weight, as papers on Human3.6M give it."""
        return _mean(list(self.groups.values()), equal=True)

    @property
    def all_frames(self) -> Errors:
        """Each frame with the same weight."""
        return _mean(list(self.groups.values()), equal=False)

    def text(self) -> str:
        """A table: a line a group, their mean, and all frames."""
        head = ("frames", "MPJPE", "PA-MPJPE", "MPJVE", "PCK@150", "AUC")
        lines = [f"{'':<16}" + "".join(f"{name:>10}" for name in head)]
        rows = {**self.groups, "mean of the above": self.mean, "all frames": self.all_frames}
        lines += [_line(name, errors) for name, errors in rows.items()]
        return "\n".join([*lines, "", "errors in mm (MPJVE: mm a frame), PCK and AUC in %"])

    def to_dict(self) -> dict[str, dict]:
        """For JSON; what is not a number is None."""
        return {
            "groups": {name: _as_dict(errors) for name, errors in self.groups.items()},
            "mean": _as_dict(self.mean),
            "all_frames": _as_dict(self.all_frames),
        }


def evaluate_clips(
    clips: Sequence[Clip],
    predict: Predict,
    *,
    target: Target = lambda clip: clip.xyz_m,
    pck_joints: np.ndarray | None = None,
    count_copies: bool = False,
    progress: Progress = no_progress,
) -> Report:
    """How far `predict` is from the truth.

    predict       a clip -> (F, 17, 3) metres, the root at 0, or an Answer.
    target        what is right, (F, 17, 3) metres: the clip's 3D in camera axes.
    pck_joints    those that PCK and AUC are of; None: all.
    count_copies  count answers for the copies of frames by which windows were padded, too, as the
                  published code of the Hourglass Tokenizer does: protocols 1 and 2, PCK, AUC.
                  (There each take of a batch of several gets the batch's mean of protocol 2.)
    progress      called with the frames done, in the stage "evaluating".
    """
    if not clips:
        raise UsageError("nothing to evaluate: no clips")
    found: dict[str, list[Errors]] = {}
    total, done = sum(map(len, clips)), 0
    for clip in clips:
        answer = predict(clip)
        answer = answer if isinstance(answer, Answer) else Answer(answer)
        check_shape(f"{clip.name}: prediction", answer.xyz_m, (len(clip), 17, 3))
        errors = _measure(clip, answer, target(clip), pck_joints, count_copies)
        found.setdefault(clip.group, []).append(errors)
        done += len(clip)
        progress(STAGE, done, total)
    return Report({name: _mean(parts, equal=False) for name, parts in found.items()})


def _measure(
    clip: Clip,
    answer: Answer,
    target: np.ndarray,
    pck_joints: np.ndarray | None,
    count_copies: bool,
) -> Errors:
    valid = np.ones(len(clip), bool) if clip.valid is None else clip.valid
    predicted, truth = answer.xyz_m[valid], target[valid]
    if count_copies:
        counts = valid[answer.copy_of]
        predicted = np.concatenate([predicted, answer.copies_m[counts]])
        truth = np.concatenate([truth, target[answer.copy_of[counts]]])
    if not len(predicted):
        return _NOTHING
    joints = slice(None) if pck_joints is None else pck_joints
    both = valid[1:] & valid[:-1]
    steps = [np.diff(poses, axis=0)[both] for poses in (answer.xyz_m, target)]
    return Errors(
        n_frames=len(predicted),
        mpjpe_mm=mpjpe(predicted, truth),
        pa_mpjpe_mm=pa_mpjpe(predicted.astype(np.float64), truth.astype(np.float64)),
        velocity_mm=mpjpe(*steps) if both.any() else None,
        pck=pck(predicted[:, joints], truth[:, joints]),
        auc=auc(predicted[:, joints], truth[:, joints]),
    )


def _mean(parts: Sequence[Errors], *, equal: bool) -> Errors:
    """The mean of errors, each with the same weight or by its frames.

    A velocity counts by its clip's frames, as VideoPose3D has it.
    """
    parts = [part for part in parts if part.n_frames]
    if not parts:
        return _NOTHING
    means: dict[str, float | None] = {}
    for name in _MEASURES:
        known = [part for part in parts if getattr(part, name) is not None]
        weights = [1 if equal else part.n_frames for part in known]
        values = [getattr(part, name) for part in known]
        means[name] = float(np.average(values, weights=weights)) if known else None
    return Errors(sum(part.n_frames for part in parts), **means)


def _line(name: str, e: Errors) -> str:
    velocity = f"{'-':>10}" if e.velocity_mm is None else f"{e.velocity_mm:>10.2f}"
    millimetres = f"{e.mpjpe_mm:>10.2f}{e.pa_mpjpe_mm:>10.2f}{velocity}"
    return f"{name:<18}{e.n_frames:>8}{millimetres}{100 * e.pck:>10.1f}{100 * e.auc:>10.1f}"


def _as_dict(errors: Errors) -> dict[str, float | None]:
    return finite(asdict(errors))
