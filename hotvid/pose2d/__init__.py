"""2D keypoints of everyone in a frame: one file a backend, chosen by name.

A backend is named as NAME or NAME:MODEL ("rtmpose:end2end.onnx"), and so is the person detector in
front of a top-down one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from hotvid.config import Pose2DConfig, check_choice
from hotvid.errors import UsageError
from hotvid.extras import MMPOSE, RTMPOSE, YOLO, Extra, OwnEnvironment
from hotvid.pose2d.base import PersonDetector, Pose2DBackend, PoseEstimator


@dataclass(frozen=True)
class Kind:
    """One kind of backend or detector.

    load     makes it from the settings and what stands after the colon.
    model    what is to stand after the colon; "" where nothing may.
    about    for the list of models.
    extra    the package, or the environment, it needs; None: the core has all.
    top_down whether a detector goes in front; `load` then gives an estimator.
    joints   of a backend that finds people itself, what makes its estimator alone; None: it has
             none.
    look_for raises WeightsError where what stands after the colon must be a file and is none.
    """

    load: Callable[[Pose2DConfig, str], object]
    about: str
    model: str = ""
    extra: Extra | OwnEnvironment | None = None
    top_down: bool = False
    joints: Callable[[Pose2DConfig, str], PoseEstimator] | None = None
    look_for: Callable[[str], object] | None = None

    @property
    def takes_detector(self) -> bool:
        return self.top_down or self.joints is not None


# All are imported on use: one may need a runtime that the others do not.
def _blazepose(config: Pose2DConfig, model: str) -> Pose2DBackend:
    from hotvid.pose2d.blazepose import BlazePose

    return BlazePose(config)


def _blazepose_joints(config: Pose2DConfig, model: str) -> PoseEstimator:
    from hotvid.pose2d.blazepose_joints import BlazePoseJoints

    return BlazePoseJoints(config)


def _simcc(config: Pose2DConfig, model: str) -> PoseEstimator:
    from hotvid.pose2d.onnx_pose import OnnxPose

    return OnnxPose("rtmpose", model, config, unbiased=False)


def _vitpose(config: Pose2DConfig, model: str) -> PoseEstimator:
    from hotvid.pose2d.onnx_pose import OnnxPose

    return OnnxPose("vitpose", model, config, unbiased=True)


def _rtmo(config: Pose2DConfig, model: str) -> Pose2DBackend:
    from hotvid.pose2d.rtmo import Rtmo

    return Rtmo(model, config)


def _yolo_pose(config: Pose2DConfig, model: str) -> Pose2DBackend:
    from hotvid.pose2d.yolo import YoloPose

    return YoloPose(model, config)


def _mmpose(config: Pose2DConfig, model: str) -> PoseEstimator:
    from hotvid.pose2d.mmpose_pose import MmPose

    return MmPose(model, config)


def _blazepose_boxes(config: Pose2DConfig, model: str) -> PersonDetector:
    from hotvid.pose2d.blazepose_boxes import BlazePoseBoxes

    return BlazePoseBoxes(config)


def _rtmdet(config: Pose2DConfig, model: str) -> PersonDetector:
    from hotvid.pose2d.onnx_detectors import rtmdet

    return rtmdet(model, config)


def _yolox(config: Pose2DConfig, model: str) -> PersonDetector:
    from hotvid.pose2d.onnx_detectors import yolox

    return yolox(model, config)


def _yolo_boxes(config: Pose2DConfig, model: str) -> PersonDetector:
    from hotvid.pose2d.yolo import YoloDetector

    return YoloDetector(model, config)


def _onnx_file(model: str) -> None:
    from hotvid.pose2d.onnx_network import check_file

    check_file(Path(model).expanduser())


def _yolo_file(model: str) -> None:
    from hotvid.pose2d.ultralytics_models import find_model

    find_model(model)  # one that is not here, and no path, may be theirs to download


def _mmpose_file(model: str) -> None:
    from hotvid.pose2d.mmpose_pose import config_and_checkpoint

    config_and_checkpoint(model)  # whether it has such a config only MMPose itself knows


BACKENDS: dict[str, Kind] = {
    "blazepose": Kind(_blazepose, "BlazePose, which travels with hotvid", joints=_blazepose_joints),
    "rtmpose": Kind(
        _simcc,
        "RTMPose, RTMW, HRNet, ... of MMPose: top-down, SimCC or heatmaps",
        "FILE.onnx",
        RTMPOSE,
        top_down=True,
        look_for=_onnx_file,
    ),
    "vitpose": Kind(
        _vitpose,
        "ViTPose: top-down, UDP heatmaps",
        "FILE.onnx",
        RTMPOSE,
        top_down=True,
        look_for=_onnx_file,
    ),
    "rtmo": Kind(_rtmo, "RTMO: one stage", "FILE.onnx", RTMPOSE, look_for=_onnx_file),
    "yolo": Kind(
        _yolo_pose,
        "Ultralytics' YOLO pose models: one stage",
        "FILE.pt|NAME.pt",
        YOLO,
        look_for=_yolo_file,
    ),
    "mmpose": Kind(
        _mmpose,
        "MMPose's top-down models, in an environment of their own",
        "CONFIG[,CHECKPOINT]",
        MMPOSE,
        top_down=True,
        look_for=_mmpose_file,
    ),
}

DETECTORS: dict[str, Kind] = {
    "blazepose": Kind(_blazepose_boxes, "hotvid's own search by tiles, which follows people"),
    "rtmdet": Kind(_rtmdet, "RTMDet of MMDetection", "FILE.onnx", RTMPOSE, look_for=_onnx_file),
    "yolox": Kind(_yolox, "YOLOX", "FILE.onnx", RTMPOSE, look_for=_onnx_file),
    "yolo": Kind(
        _yolo_boxes, "Ultralytics' YOLO models", "FILE.pt|NAME.pt", YOLO, look_for=_yolo_file
    ),
}


def load_backend(config: Pose2DConfig) -> Pose2DBackend:
    """The backend that `config` names, its models loaded; UsageError if there is none."""
    kind = check_spec(config.backend, config.detector)
    model = config.backend.partition(":")[2]
    itself = config.detector in (None, config.backend)
    if not kind.top_down and itself:
        return kind.load(config, model)
    from hotvid.pose2d.topdown import TopDown

    found_by, detector = _named(
        "person detector", "--detector", config.detector or "blazepose", DETECTORS
    )
    estimator = kind.load(config, model) if kind.top_down else kind.joints(config, model)
    return TopDown(found_by.load(replace(config, backend="blazepose"), detector), estimator, config)


def check_spec(backend: str, detector: str | None) -> Kind:
    """The backend's kind; UsageError where the two names are not whole or do not go together."""
    kind, _ = _named("2D backend", "--pose2d", backend, BACKENDS)
    if detector is None:
        return kind
    if not kind.takes_detector:
        raise UsageError(
            f"{backend} finds people itself", "leave out --detector, or choose another"
        )
    _named("person detector", "--detector", detector, DETECTORS)
    return kind


def check_ready(config: Pose2DConfig) -> None:
    """Raise what `load_backend` would, as far as that is known without loading anything.

    UsageError as `check_spec`, HotvidError with the command that installs what a kind needs,
    WeightsError where a file is not there.
    """
    check_spec(config.backend, config.detector)
    for spec, kinds in ((config.backend, BACKENDS), (config.detector, DETECTORS)):
        if spec is None:
            continue
        name, _, model = spec.partition(":")
        kind = kinds[name]
        if kind.extra is not None:
            kind.extra.check_installed()
        if kind.look_for is not None:
            kind.look_for(model)


def _named(what: str, option: str, text: str, kinds: dict[str, Kind]) -> tuple[Kind, str]:
    name, _, model = text.partition(":")
    kind = kinds[check_choice(what, name, tuple(kinds))]
    if bool(kind.model) != bool(model):
        wanted = f"{name}:{kind.model}" if kind.model else name
        raise UsageError(f"'{text}' is no whole {what}", f"give it as {option} {wanted}")
    return kind, model


__all__ = [
    "BACKENDS",
    "DETECTORS",
    "Kind",
    "Pose2DBackend",
    "check_ready",
    "check_spec",
    "load_backend",
]
