"""MMPose's top-down models, in a process of their own with an environment of their own.

Today's MMPose cannot be installed beside today's torch and NumPy; there it need not be. The process
runs `mmpose_worker.py`, which has the words that are exchanged.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from hotvid.config import Pose2DConfig
from hotvid.errors import HotvidError, WeightsError
from hotvid.extras import MMPOSE
from hotvid.skeleton import H36M17, joint_set_by_count
from hotvid.systems import apart
from hotvid.threads import environment_of_share, thread_share

WORKER = Path(__file__).with_name("mmpose_worker.py")
_CLOSING_S = 10  # a worker that has not ended by then is ended


class MmPose:
    """A top-down estimator as a config and a checkpoint of MMPose.

    named   "CONFIG,CHECKPOINT": files; CONFIG may be the name of one of MMPose's own. Without a
            checkpoint MMPose's zoo is asked for its weights. A config is Python, and is run; of a
            checkpoint only tensors are read.
    raises  HotvidError where the environment is not there, or the process ends; WeightsError where
            the model cannot be made.
    """

    def __init__(self, named: str, config: Pose2DConfig) -> None:
        python = MMPOSE.find()
        model, checkpoint = config_and_checkpoint(named)
        self.name = f"mmpose:{Path(model).stem}"
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 closed in `close`
        environment = {**os.environ, **environment_of_share(thread_share(config.threads))}
        self._process = subprocess.Popen(
            [python, "-I", WORKER, model, checkpoint, config.device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=environment,
            **apart(),  # Ctrl-C is for hotvid, whose end ends the worker, too
        )
        try:
            ready = self._answer()
            self.joint_set = _joint_set(ready["n_keypoints"], ready["names"])
        except BaseException:
            self.close()
            raise

    def estimate(self, bgr: np.ndarray, box_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The joints of the person in each box; see `PoseEstimator.estimate`."""
        height, width = bgr.shape[:2]
        n_boxes = len(box_px)
        head = {"height": height, "width": width, "n_boxes": n_boxes}
        with contextlib.suppress(OSError):  # why it ended is in what it said last
            self._process.stdin.write(json.dumps(head).encode() + b"\n")
            self._process.stdin.write(np.ascontiguousarray(bgr).data)
            self._process.stdin.write(box_px.astype("<f4").tobytes())
            self._process.stdin.flush()
        n_joints = self._answer()["n_keypoints"]
        xy = self._array(n_boxes, n_joints, 2)
        return xy, np.clip(self._array(n_boxes, n_joints), 0, 1)

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._said.close()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            self._process.wait()
            raise HotvidError(
                f"MMPose's process ended with status {self._process.returncode}: {self._last()}",
                f"is {MMPOSE.folder} as it should be? Made anew it is by: {MMPOSE.install}",
            )
        head = json.loads(line)
        if "error" in head:
            raise WeightsError(f"{self.name}: {head['error']}")
        return head

    def _array(self, *shape: int) -> np.ndarray:
        n_bytes = int(np.prod(shape)) * 4
        data = self._process.stdout.read(n_bytes)
        if len(data) != n_bytes:
            raise HotvidError(f"MMPose's process broke off: {self._last()}", "run it again")
        return np.frombuffer(data, "<f4").reshape(shape).copy()

    def _last(self) -> str:
        """The last line that it wrote to its standard error."""
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else "it said nothing"


def config_and_checkpoint(named: str) -> tuple[str, str]:
    """What "CONFIG,CHECKPOINT" names, "" without a checkpoint; WeightsError if it is no file."""
    model, _, checkpoint = named.partition(",")
    checkpoint = str(Path(checkpoint).expanduser()) if checkpoint else ""
    if checkpoint and not Path(checkpoint).is_file():
        raise WeightsError(f"the checkpoint '{checkpoint}' does not exist", "check the path")
    return model, checkpoint


def _joint_set(n_keypoints: int, names: list[str]) -> str:
    if n_keypoints == len(H36M17) and "thorax" in names:
        return H36M17.name
    try:
        return joint_set_by_count(n_keypoints)
    except ValueError as error:
        raise WeightsError(str(error), "give a model of whole people") from error
