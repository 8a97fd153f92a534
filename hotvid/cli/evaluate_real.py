"""`hotvid eval real`: the whole chain on calibrated cameras."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.measured import MeasuredOut, check_measured_out, tell
from hotvid.cli.shared import CHOSEN, FINDING, LIFTING, MOTION, Chosen, Group, takes
from hotvid.config import configure
from hotvid.errors import InputError

Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="The folder that the files are in.")
]


_ASKED = ("mode", "model", "weights", "device", "swaps", "outliers", "smooth", "cutoff", "bones")
_OF_CHAIN: Group = {name: {**FINDING, **LIFTING, **MOTION}[name] for name in _ASKED}


@takes(_OF_CHAIN)
def real(
    data: Data,
    chosen: Chosen = CHOSEN,
    json_out: MeasuredOut = None,
    overwrite: options.Overwrite = False,
    debug: options.Debug = False,
) -> None:
    """Videos of calibrated cameras with a reference in 3D: the whole chain, from the picture on.

    DIR holds a video NAME.mp4 for each camera, cameras.json and reference_3d.npz.
    """
    if not data.is_dir():
        raise InputError(f"no folder at {data}", "give one that holds cameras.json")
    config = configure(**chosen)
    check_measured_out(json_out, overwrite)
    from hotvid.evaluate.real import evaluate_real, pipeline_estimate
    from hotvid.lift.weight_files import read_metadata
    from hotvid.weights import DEFAULT_LIFTER, locate, sha256

    path = locate(config.lift.model, config.lift.weights)
    stated = read_metadata(path) if path.suffix == ".safetensors" else {}
    about = {
        "model": config.lift.model or stated.get("name", DEFAULT_LIFTER),
        "weights_sha256": sha256(path),
    }
    result = evaluate_real(data, pipeline_estimate(config))
    means = ("n_mpjpe_mm", "pa_mpjpe_mm", "pa_sequence_mm")
    found = {
        "data": "real",
        "mode": config.pose2d.mode,
        **about,
        "views": [
            {"name": v.name, "n_frames": v.n_frames, "n_found": v.n_found}
            | {name: getattr(v, name) for name in means}
            for v in result.views
        ],
        "mean": {name: getattr(result, name) for name in means},
        "joint_mm": result.joint_mm,
    }
    tell(result.text(), found, json_out, overwrite)
