"""3D accuracy on videos of calibrated cameras that filmed one person together.

A folder for this holds:

    NAME.mp4          one video a camera, synchronised, frame for frame
    cameras.json      a list of cameras: "name" (the video's), "R" (3, 3) with
                      x_camera = R x_world + t, camera axes [right, down, forward]
    reference_3d.npz  "landmarks_world_m" (F, 33, 3), metres: BlazePose's landmarks in the world

The reference comes from several views and is good to a few centimetres, no better. The person is
the largest in each view. 15 joints count, H36M-17 without nose and head, which the two skeletons
do not share.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from hotvid.config import PipelineConfig
from hotvid.errors import InputError, ShapeError
from hotvid.evaluate.metrics import joint_errors, n_mpjpe, pa_mpjpe, pa_mpjpe_sequence, scaled
from hotvid.skeleton import H36M17, to_h36m17
from hotvid.types import check_shape

Estimate = Callable[[Path], tuple[np.ndarray, np.ndarray]]
"""Video -> frame_index (F,), xyz_m (F, 17, 3): metres, camera axes, root-relative, H36M-17."""

COUNTED = np.array([i for i, name in enumerate(H36M17.joints) if name not in ("nose", "head")])


@dataclass(frozen=True)
class ViewReport:
    """One camera's result; errors over the frames found, NaN where there are none.

    n_mpjpe_mm            one scale for the clip.
    pa_mpjpe_mm           a similarity for each frame.
    pa_sequence_mm        one scale and rotation for the clip.
    joint_mm              (15,) of `COUNTED`, one scale for the clip.
    """

    name: str
    n_frames: int
    n_found: int
    n_mpjpe_mm: float
    pa_mpjpe_mm: float
    pa_sequence_mm: float
    joint_mm: np.ndarray


@dataclass(frozen=True)
class RealReport:
    """All cameras' results; a mean gives each view the same weight."""

    views: tuple[ViewReport, ...]

    @property
    def n_mpjpe_mm(self) -> float:
        return float(np.mean([view.n_mpjpe_mm for view in self.views]))

    @property
    def pa_mpjpe_mm(self) -> float:
        return float(np.mean([view.pa_mpjpe_mm for view in self.views]))

    @property
    def pa_sequence_mm(self) -> float:
        return float(np.mean([view.pa_sequence_mm for view in self.views]))

    @property
    def joint_mm(self) -> dict[str, float]:
        """N-MPJPE of each joint that counts, by name."""
        mean = np.mean([view.joint_mm for view in self.views], 0)
        return {H36M17.joints[j]: float(mm) for j, mm in zip(COUNTED, mean, strict=True)}

    def text(self) -> str:
        """A table: a line a view, their mean, and the joints."""
        lines = [f"{'mm':<12}{'frames':>10}{'N-MPJPE':>10}{'PA-MPJPE':>10}{'PA-clip':>10}"]
        for view in self.views:
            found = f"{view.n_found}/{view.n_frames}"
            lines.append(_line(view.name, found, view))
        lines.append(_line("mean", "", self))
        lines += ["", "N-MPJPE by joint, mm"]
        lines += [f"{name:<22}{mm:>10.1f}" for name, mm in self.joint_mm.items()]
        return "\n".join(lines)


def _line(name: str, found: str, result: ViewReport | RealReport) -> str:
    errors = (result.n_mpjpe_mm, result.pa_mpjpe_mm, result.pa_sequence_mm)
    return f"{name:<12}{found:>10}" + "".join(f"{mm:>10.1f}" for mm in errors)


def evaluate_real(data_dir: str | Path, estimate: Estimate) -> RealReport:
    """How far `estimate` is from the reference of each camera in a folder as described above.

    Raises InputError where the folder does not hold what it should, ShapeError where `estimate`
    gives something else than it should.
    """
    folder = Path(data_dir)
    reference = _reference(folder)
    return RealReport(
        tuple(
            _score(name, reference @ rotation.T, *estimate(folder / f"{name}.mp4"))
            for name, rotation in _cameras(folder)
        )
    )


def check_real(data_dir: str | Path) -> None:
    """InputError or ShapeError unless a folder holds what `evaluate_real` needs.

    Meant to be called before the work starts of which the measurement is the end.
    """
    folder = Path(data_dir)
    _reference(folder)
    for name, _ in _cameras(folder):
        if not (folder / f"{name}.mp4").is_file():
            raise InputError(f"no video {name}.mp4 in {folder}", "cameras.json names it")


def pipeline_estimate(config: PipelineConfig | None = None) -> Estimate:
    """An estimate by the whole chain: the largest person, in the frames in which they were seen."""
    from hotvid.pipeline import analyze, settle

    config = config or PipelineConfig()
    config = replace(config, track=replace(config.track, person="largest"))

    def estimate(video: Path) -> tuple[np.ndarray, np.ndarray]:
        people = settle(analyze(video, config), config).people
        if not people or people[0].motion is None:
            return np.zeros(0, np.int64), np.zeros((0, len(H36M17), 3))
        seen = ~people[0].keypoints.interpolated
        return people[0].keypoints.frame_index[seen], people[0].motion.xyz_m[seen]

    return estimate


def _file_in(folder: Path, name: str) -> Path:
    if (folder / name).is_file():
        return folder / name
    raise InputError(
        f"there is no {name} in '{folder}'",
        "name the folder that holds cameras.json, reference_3d.npz and a video for each camera",
    )


def _reference(folder: Path) -> np.ndarray:
    """(F, 17, 3) metres, world axes, root-relative."""
    path = _file_in(folder, "reference_3d.npz")
    try:
        with np.load(path, allow_pickle=False) as stored:
            landmarks = stored["landmarks_world_m"].astype(np.float64)
    except (OSError, KeyError, ValueError, BadZipFile) as error:
        raise InputError(
            f"'{path}' cannot be read: {error}",
            "an npz with 'landmarks_world_m' is expected, beside the videos and cameras.json",
        ) from error
    check_shape("landmarks_world_m", landmarks, (None, 33, 3))
    joints, _ = to_h36m17(landmarks, np.ones(landmarks.shape[:2]), "blazepose33")
    if not _is_known(joints).any():
        raise InputError(
            f"'{path}' knows the joints of no frame",
            "what could not be triangulated is NaN; such frames do not count",
        )
    return joints - joints[:, :1]


def _is_known(joints: np.ndarray) -> np.ndarray:
    """(F,) bool: the frames whose counted joints, and the root, are all known."""
    return np.isfinite(joints[:, COUNTED]).all((1, 2)) & np.isfinite(joints[:, 0]).all(-1)


def _cameras(folder: Path) -> list[tuple[str, np.ndarray]]:
    """(name, R) of each camera; the root is the origin, so their places do not matter."""
    path = _file_in(folder, "cameras.json")
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        cameras = [(str(c["name"]), np.array(c["R"], np.float64)) for c in stored]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: expected a list of cameras with 'name' and 'R'", f"it fails at: {error}"
        ) from error
    if not cameras:
        raise InputError(f"{path}: expected at least one camera, got none")
    for _, rotation in cameras:
        check_shape("R", rotation, (3, 3))
    return cameras


def _score(
    name: str, reference: np.ndarray, frame_index: np.ndarray, xyz_m: np.ndarray
) -> ViewReport:
    check_shape("xyz_m", xyz_m, (len(frame_index), len(H36M17), 3))
    if len(np.unique(frame_index)) != len(frame_index):
        raise ShapeError(f"{name}: expected each frame once, got some twice")
    is_known = _is_known(reference)
    known = (frame_index >= 0) & (frame_index < len(reference)) & np.isfinite(xyz_m).all((1, 2))
    known[known] = is_known[frame_index[known]]
    predicted = xyz_m[known][:, COUNTED].astype(np.float64)
    target = reference[frame_index[known]][:, COUNTED]
    if not len(predicted):
        nothing = float("nan")
        no_joints = np.full(len(COUNTED), nothing)
        return ViewReport(name, int(is_known.sum()), 0, nothing, nothing, nothing, no_joints)
    predicted = predicted - predicted[:, :1]
    return ViewReport(
        name=name,
        n_frames=int(is_known.sum()),
        n_found=len(predicted),
        n_mpjpe_mm=n_mpjpe(predicted, target),
        pa_mpjpe_mm=pa_mpjpe(predicted, target),
        pa_sequence_mm=pa_mpjpe_sequence(predicted, target),
        joint_mm=joint_errors(scaled(predicted, target), target),
    )
