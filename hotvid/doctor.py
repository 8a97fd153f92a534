"""Is everything here that the main job needs, and does it work: one check a part."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from hotvid import __version__, weights
from hotvid.config import PipelineConfig
from hotvid.errors import HotvidError, WeightsError, in_one_line
from hotvid.skeleton import H36M17
from hotvid.types import Track2D

DEPENDENCIES = (
    ("numpy", "numpy"),
    ("opencv-python", "cv2"),
    ("torch", "torch"),
    ("ai-edge-litert", "ai_edge_litert"),
    ("imageio-ffmpeg", "imageio_ffmpeg"),
    ("matplotlib", "matplotlib"),
    ("scipy", "scipy"),
    ("safetensors", "safetensors"),
    ("typer", "typer"),
    ("rich", "rich"),
)
_FFMPEG_TIMEOUT_S = 20
_SIZE_PX, _FPS, _N_FRAMES = (320, 240), 30.0, 30
# Someone who stands facing the camera, in H36M-17, pixels of a 320x240 picture.
_STANDING_PX = (
    (160, 130), (148, 130), (147, 165), (146, 200), (172, 130), (173, 165), (174, 200), (160, 105),
    (160, 80), (160, 68), (160, 55), (180, 82), (185, 105), (186, 128), (140, 82), (135, 105),
    (134, 128),
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One part: whether it is as it should be, and what was found."""

    name: str
    ok: bool
    detail: str


def examine() -> Iterator[Check]:
    """Every check in turn, the quick ones first; none of them raises."""
    yield Check("hotvid", True, __version__)
    yield Check("python", True, f"{platform.python_version()}, {platform.platform()}")
    for package, module in DEPENDENCIES:
        yield _check(package, partial(_version, package, module))
    yield _check("device", _device)
    for name in weights.SHIPPED:
        yield _check(f"weights {name}", partial(_weights, name))
    yield _check("ffmpeg", _ffmpeg)
    yield _check("self-test", _self_test)


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except HotvidError as error:
        return Check(name, False, str(error))
    except ImportError as error:
        return Check(name, False, in_one_line(error))
    except Exception as error:  # noqa: BLE001 a doctor reports what is broken, whatever it is
        return Check(name, False, " ".join(f"{type(error).__name__}: {error}".split()))


def _version(package: str, module: str) -> str:
    found = getattr(importlib.import_module(module), "__version__", None)
    return found or importlib.metadata.version(package)


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return f"cuda: {torch.cuda.get_device_name()}"
    return f"cpu, {torch.get_num_threads()} threads (no CUDA device)"


def _weights(name: str) -> str:
    path = weights.find(name)
    came = weights.sha256(path)
    if came != weights.SHIPPED[name].sha256:
        raise WeightsError(
            f"{path} is not the file that belongs to '{name}': its sha256 is {came}",
            "reinstall hotvid",
        )
    return str(path)


def _ffmpeg() -> str:
    from hotvid.io.probe import ffmpeg_exe

    exe = ffmpeg_exe()
    said = subprocess.run(
        [exe, "-version"], capture_output=True, text=True, timeout=_FFMPEG_TIMEOUT_S, check=True
    )
    return f"{' '.join(said.stdout.split()[:3])}, {exe}"


def _self_test() -> str:
    """A second of video through every stage; nobody is in it, so one person is put into it."""
    from hotvid.drawing import render
    from hotvid.io.reader import VideoReader
    from hotvid.lift.lifter import load_lifter
    from hotvid.pipeline import analyze, lift_tracks

    config = PipelineConfig()
    with tempfile.TemporaryDirectory(prefix="hotvid-doctor-") as folder:
        source, out = Path(folder) / "source.mp4", Path(folder) / "out.mp4"
        _write_video(source)
        poses = analyze(source, config)
        lifter = load_lifter(config.lift.model, config.lift.weights, config.lift.device)
        people = lift_tracks([_standing()], lifter, _FPS, poses.video, config.lift)
        render(replace(poses, people=people), out, config)
        with VideoReader(out) as reader:
            n_frames = sum(1 for _ in reader)
    if n_frames != _N_FRAMES:
        raise HotvidError(f"{_N_FRAMES} frames went in, {n_frames} came out", "report this")
    if not np.isfinite(people[0].motion.xyz_m).all():
        raise HotvidError("the lifter gave numbers that are not finite", "report this")
    return f"{n_frames} frames read, searched, lifted by {lifter.name}, drawn, written"


def _write_video(path: Path) -> None:
    from hotvid.io.writer import VideoWriter

    width, height = _SIZE_PX
    across = np.linspace(0, 255, width).astype(np.uint8)
    picture = np.repeat(np.tile(across, (height, 1))[..., None], 3, -1)
    with VideoWriter(path, _SIZE_PX, _FPS) as writer:
        for index in range(_N_FRAMES):
            writer.write(np.roll(picture, 4 * index, axis=1), index / _FPS)


def _standing() -> Track2D:
    xy = np.tile(np.array(_STANDING_PX, np.float32), (_N_FRAMES, 1, 1))
    box = np.concatenate([xy.min(1), xy.max(1)], -1)
    return Track2D(
        track_id=0,
        joint_set=H36M17.name,
        frame_index=np.arange(_N_FRAMES),
        xy_px=xy,
        score=np.ones(xy.shape[:2], np.float32),
        box_px=box,
        person_score=np.ones(_N_FRAMES, np.float32),
        interpolated=np.zeros(_N_FRAMES, bool),
    )
