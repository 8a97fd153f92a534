"""2D keypoints of everyone in a frame: one file a backend, chosen by name.

A backend is named as NAME or NAME:MODEL ("rtmpose:end2end.onnx"), and so is the person detector in
front of a top-down one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

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
    """

    load: Callable[[Pose2DConfig, str], object]
    about: str
    model: str = ""
    extra: Extra | OwnEnvironment | None = None
    top_down: bool = False
    joints: Callable[[Pose2DConfig, str], PoseEstimator] | None = None

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


BACKENDS: dict[str, Kind] = {
    "blazepose": Kind(_blazepose, "BlazePose, which travels with hotvid", joints=_blazepose_joints),
    "rtmpose": Kind(
        _simcc,
        "RTMPose, RTMW, HRNet, ... of MMPose: top-down, SimCC or heatmaps",
        "FILE.onnx",
        RTMPOSE,
        top_down=True,
    ),
    "vitpose": Kind(_vitpose, "ViTPose: top-down, UDP heatmaps", "FILE.onnx", RTMPOSE, True),
    "rtmo": Kind(_rtmo, "RTMO: one stage", "FILE.onnx", RTMPOSE),
    "yolo": Kind(_yolo_pose, "Ultralytics' YOLO pose models: one stage", "FILE.pt|NAME.pt", YOLO),
    "mmpose": Kind(
        _mmpose,
        "MMPose's top-down models, in an environment of their own",
        "CONFIG[,CHECKPOINT]",
        MMPOSE,
        top_down=True,
    ),
}

DETECTORS: dict[str, Kind] = {
    "blazepose": Kind(_blazepose_boxes, "hotvid's own search by tiles, which follows people"),
    "rtmdet": Kind(_rtmdet, "RTMDet of MMDetection", "FILE.onnx", RTMPOSE),
    "yolox": Kind(_yolox, "YOLOX", "FILE.onnx", RTMPOSE),
    "yolo": Kind(_yolo_boxes, "Ultralytics' YOLO models", "FILE.pt|NAME.pt", YOLO),
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
    if detector is not None and not kind.takes_detector:
        raise UsageError(
            f"{backend} finds people itself", "leave out --detector, or choose another"
        )
    return kind


def _named(what: str, option: str, text: str, kinds: dict[str, Kind]) -> tuple[Kind, str]:
    name, _, model = text.partition(":")
    kind = kinds[check_choice(what, name, tuple(kinds))]
    if bool(kind.model) != bool(model):
        wanted = f"{name}:{kind.model}" if kind.model else name
        raise UsageError(f"'{text}' is no whole {what}", f"give it as {option} {wanted}")
    return kind, model


__all__ = ["BACKENDS", "DETECTORS", "Kind", "Pose2DBackend", "check_spec", "load_backend"]
