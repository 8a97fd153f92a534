"""`hotvid eval`: how accurate a model is on the field's data sets and on calibrated cameras."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotvid.cli import options
from hotvid.cli.evaluate_real import Data, real
from hotvid.cli.measured import MeasuredOut, check_measured_out, tell
from hotvid.cli.measured_model import load_measured, trained_by_hotvid
from hotvid.cli.progress import progress
from hotvid.config import LiftConfig, check_choice
from hotvid.errors import HotvidWarning, UsageError
from hotvid.evaluate.human36m import KEYPOINTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hotvid.evaluate.clips import Clip
    from hotvid.evaluate.predict import WindowPredictor
    from hotvid.evaluate.protocols import Report
    from hotvid.skeleton import JointSet

_ALIKE = ("motion capture", "h36m")  # to what is measured: joints and units are the same
_ROOT_OFF_M = 0.1  # trained to have it at 0, models miss that by millimetres

app = typer.Typer(no_args_is_help=True, help="Measure how accurate a model is.")

_Flip = Annotated[
    bool,
    typer.Option("--flip/--no-flip", help="Average with the mirrored input, as papers do."),
]
_BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Windows at once.")]
_GlobalRoot = Annotated[
    bool,
    typer.Option(
        "--global-root",
        help="The model says where in the picture the pelvis is, too, as MotionBERT's weights with "
        "'global' in their names do: poses count relative to it. Otherwise the pelvis is put at 0.",
    ),
]
_CountPadding = Annotated[
    bool,
    typer.Option(
        "--count-padding",
        help="Count each copy of an edge frame that pads a window, as HoT's own code does; "
        "otherwise each frame counts once.",
    ),
]


_WholeWindows = Annotated[
    bool,
    typer.Option(
        "--whole-windows",
        help="Cut windows from a take's first frame on and leave out the frames behind the last "
        "whole one, as MotionBERT's own code does; otherwise windows are padded at both ends.",
    ),
]
_SavePredictions = Annotated[
    Path | None,
    typer.Option(
        "--save-predictions",
        metavar="FILE.npz",
        help="Write what the model answers beside what is right, mm, clip by clip.",
        rich_help_panel="Outputs",
    ),
]


@app.command("h36m")
def h36m(
    data: Data,
    model: options.LifterName = None,
    weights: options.WeightsFile = None,
    keypoints: Annotated[
        str,
        typer.Option(
            "--keypoints",
            metavar="NAME",
            help="Of data_2d_h36m_NAME.npz; gt: the true ones. Or of MotionBERT's h36m_NAME.pkl.",
        ),
    ] = KEYPOINTS,
    flip: _Flip = True,
    size: options.LifterSizes = None,
    tokens: options.Tokens = None,
    count_padding: _CountPadding = False,
    whole_windows: _WholeWindows = False,
    global_root: _GlobalRoot = False,
    device: options.Device = LiftConfig.device,
    batch_size: _BatchSize = 16,
    json_out: MeasuredOut = None,
    save_predictions: _SavePredictions = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Human3.6M, subjects 9 and 11, in VideoPose3D's files: protocols 1 and 2 by action.

    DIR holds data_3d_h36m.npz and data_2d_h36m_NAME.npz. Of MotionBERT and its kin three takes
    whose capture does not fit the pictures do not count, as in its own evaluation; with
    --whole-windows frames are left out as there, too. Its own numbers are of its own file, which
    DIR may hold in place of those: --keypoints sh_conf_cam_source_final --whole-windows.
    """
    check_measured_out(json_out, overwrite, save=save_predictions)
    from hotvid.evaluate.human36m import DISPLACED, action_order
    from hotvid.evaluate.human36m_files import load_test_clips
    from hotvid.evaluate.predict import WindowPredictor
    from hotvid.skeleton import H36M17

    loaded, about, line, _ = load_measured(model, weights, device, size, tokens)
    predictor = WindowPredictor(loaded, flip=flip, batch_size=batch_size, places_root=global_root)
    if global_root and not predictor.in_picture:
        raise UsageError(
            f"{about['model']} answers in metres from the pelvis", "leave --global-root out"
        )
    if whole_windows and predictor.slides:
        raise UsageError(
            f"{about['model']} has a window around each frame", "leave --whole-windows out"
        )
    clips = load_test_clips(data, keypoints, predictor.in_picture)
    if whole_windows:
        clips = [clip.of_whole_windows(loaded.frames) for clip in clips]
    clips.sort(key=lambda clip: action_order(clip.group))
    about |= {"flip": flip, "data": "h36m", "keypoints": keypoints, "count_padding": count_padding}
    about |= {"whole_windows": whole_windows, "global_root": global_root}
    about["left_out"] = list(DISPLACED) if predictor.in_picture else []
    result = _measured(
        clips,
        predictor,
        order=H36M17,
        count_copies=count_padding,
        save=save_predictions,
        about=about,
        overwrite=overwrite,
        quiet=quiet,
    )
    text = f"{line}\n{result.text()}"
    if predictor.in_picture:
        text += f"\nleft out, as by MotionBERT's authors: {', '.join(DISPLACED)}"
        if not (whole_windows or predictor.slides):
            text += "\nevery frame of the others counts; as by its authors: --whole-windows"
        if not global_root and predictor.root_off_m > _ROOT_OFF_M:
            warnings.warn(
                f"the model has the pelvis {predictor.root_off_m:.2f} m from 0 in the mean: "
                "if it is one of MotionBERT's 'global' ones, measure it with --global-root",
                HotvidWarning,
                stacklevel=1,
            )
    tell(text, about | result.to_dict(), json_out, overwrite)


@app.command("3dhp")
def mpi_inf_3dhp(
    data: Data,
    model: options.LifterName = None,
    weights: options.WeightsFile = None,
    trained_on: Annotated[
        str | None,
        typer.Option(
            "--trained-on",
            metavar="3dhp|h36m",
            help="What a published model was trained on by others: with P-STMO's files it knows "
            "their order of joints and answers in millimetres. Of files that hotvid trained it is "
            "known.",
            show_default="3dhp",
        ),
    ] = None,
    flip: _Flip = True,
    size: options.LifterSizes = None,
    tokens: options.Tokens = None,
    count_padding: _CountPadding = False,
    device: options.Device = LiftConfig.device,
    batch_size: _BatchSize = 16,
    json_out: MeasuredOut = None,
    save_predictions: _SavePredictions = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """MPI-INF-3DHP's test set in P-STMO's file: MPJPE, PCK and AUC by sequence.

    DIR holds data_test_3dhp.npz.
    """
    if trained_on is not None:
        check_choice("training data", trained_on, ("3dhp", "h36m"))
    check_measured_out(json_out, overwrite, save=save_predictions)
    from hotvid.evaluate.mpi_inf_3dhp import MM, MPI17, counted_in_pck, load_mpi_inf_3dhp
    from hotvid.evaluate.predict import WindowPredictor
    from hotvid.skeleton import H36M17

    loaded, about, line, metadata = load_measured(model, weights, device, size, tokens)
    known = trained_by_hotvid(about["model"], metadata)
    if known is not None and trained_on not in (None, known) and (known, trained_on) != _ALIKE:
        raise UsageError(
            f"{about['model']} was trained on {known} by hotvid, not on {trained_on}",
            "leave --trained-on out",
        )
    trained_on = known or trained_on or "3dhp"
    others = known is None and trained_on == "3dhp"
    order, unit = (MPI17, 1 / MM) if others else (H36M17, 1.0)
    predictor = WindowPredictor(
        loaded, flip=flip, batch_size=batch_size, order=order, metres_per_unit=unit
    )
    about |= {
        "flip": flip,
        "data": "3dhp",
        "trained_on": trained_on,
        "count_padding": count_padding,
    }
    result = _measured(
        load_mpi_inf_3dhp(data, order),
        predictor,
        order=order,
        pck_joints=counted_in_pck(order),
        count_copies=count_padding,
        save=save_predictions,
        about=about,
        overwrite=overwrite,
        quiet=quiet,
    )
    tell(f"{line}\n{result.text()}", about | result.to_dict(), json_out, overwrite)


def _measured(
    clips: Sequence[Clip],
    predictor: WindowPredictor,
    *,
    order: JointSet,
    save: Path | None,
    about: dict[str, Any],
    overwrite: bool,
    quiet: bool,
    **how: Any,
) -> Report:
    """What `evaluate_clips` finds, the answers kept in `save` where that is wanted."""
    from hotvid.evaluate.predictions import keeping_predictions
    from hotvid.evaluate.protocols import evaluate_clips

    target = predictor.target
    kept = contextlib.nullcontext(predictor)
    if save is not None:
        kept = keeping_predictions(save, predictor, target, order, about, overwrite)
    with kept as predict, progress(quiet) as report:
        return evaluate_clips(clips, predict, target=target, progress=report, **how)


app.command("real")(real)
