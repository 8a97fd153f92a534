"""`hotvid lift`: 2D keypoints that another program made, to tracks, 3D and every output."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hotvid.cli import options
from hotvid.cli.carry_out import carry_out
from hotvid.cli.keypoint_options import OF_FILE, read_of_file
from hotvid.cli.shared import CHOSEN, KEYPOINTS, LIFTING, MOTION, WHEN, WHO, Chosen, takes
from hotvid.config import ExportConfig, configure
from hotvid.errors import UsageError


@takes(WHEN, WHO, KEYPOINTS, LIFTING, MOTION, of_file=(OF_FILE,))
def lift(
    keypoints: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Keypoints of AlphaPose, OpenPose (folder), MMPose, Ultralytics (JSON, or folder "
            "of labels), DeepLabCut, COCO results, a plain CSV, or hotvid's own JSON.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.mp4",
            help="The video to write: the skeletons beside a 3D view.",
            rich_help_panel="Outputs",
        ),
    ] = None,
    json: options.JsonOut = None,
    save_poses: options.SavePoses = None,
    format: options.AlsoFormats = None,
    bone_names: options.BoneNames = ExportConfig.bone_names,
    units: options.Units = ExportConfig.units,
    overwrite: options.Overwrite = False,
    of_file: Chosen = CHOSEN,
    chosen: Chosen = CHOSEN,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Lift 2D keypoints made by another program to 3D: as video, JSON or pose store.

    Without --video the skeletons are drawn on a plain canvas, and --size and --fps are needed
    unless the file says them.
    """
    config = configure(**chosen)
    beside = next((path for path in (out, json, save_poses) if path is not None), None)
    if beside is None:
        raise UsageError("nothing is to be written", "give --out, --json or --save-poses")
    video, given = read_of_file(of_file)
    from hotvid import job
    from hotvid.exports import plan_exports

    exports = plan_exports(
        format, beside, keypoints, beside=True, bone_names=bone_names, units=units
    )
    work = partial(
        job.lift,
        keypoints,
        out,
        given,
        config,
        json=json,
        save=save_poses,
        exports=exports,
        video=video,
        overwrite=overwrite,
    )
    carry_out(work, exports, quiet=quiet)
