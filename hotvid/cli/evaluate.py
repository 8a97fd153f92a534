"""`hotvid eval`: how accurate a model is on the field's data sets and on calibrated cameras."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotvid.cli import options
from hotvid.cli.measured import MeasuredOut, check_measured_out, tell
from hotvid.cli.progress import progress
from hotvid.config import DEVICES, CleanConfig, LiftConfig, Pose2DConfig, check_choice, configure
from hotvid.errors import HotvidWarning, InputError, UsageError

if TYPE_CHECKING:
    from hotvid.lift.models.hourglass import Hourglass

KEYPOINTS = "cpn_ft_h36m_dbb"
_ROOT_OFF_M = 0.1  # trained to have it at 0, models miss that by millimetres

app = typer.Typer(no_args_is_help=True, help="Measure how accurate a model is.")

_Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="The folder that the files are in.")
]
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


@app.command("h36m")
def h36m(
    data: _Data,
    model: options.LifterName = None,
    weights: options.WeightsFile = None,
    keypoints: Annotated[
        str,
        typer.Option(
            "--keypoints", metavar="NAME", help="Of data_2d_h36m_NAME.npz; gt: the true ones."
        ),
    ] = KEYPOINTS,
    flip: _Flip = True,
    size: options.LifterSizes = None,
    tokens: options.Tokens = None,
    count_padding: _CountPadding = False,
    global_root: _GlobalRoot = False,
    device: options.Device = LiftConfig.device,
    batch_size: _BatchSize = 16,
    json_out: MeasuredOut = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Human3.6M, subjects 9 and 11, in VideoPose3D's files: protocols 1 and 2 by action.

    DIR holds data_3d_h36m.npz and data_2d_h36m_NAME.npz. Of MotionBERT and its kin three takes
    whose capture does not fit the pictures do not count, as in its own evaluation; which frames
    of a take count is not as there: here all do.
    """
    check_measured_out(json_out, overwrite)
    from hotvid.evaluate.human36m import DISPLACED, action_order, counted, load_human36m
    from hotvid.evaluate.predict import WindowPredictor
    from hotvid.evaluate.protocols import evaluate_clips

    loaded, about, line = _load(model, weights, device, size, tokens)
    predictor = WindowPredictor(loaded, flip=flip, batch_size=batch_size, places_root=global_root)
    if global_root and not predictor.in_picture:
        raise UsageError(
            f"{about['model']} answers in metres from the pelvis", "leave --global-root out"
        )
    clips = counted(load_human36m(data, keypoints=keypoints), predictor.in_picture)
    clips.sort(key=lambda clip: action_order(clip.group))
    with progress(quiet) as report:
        result = evaluate_clips(
            clips, predictor, target=predictor.target, count_copies=count_padding, progress=report
        )
    about |= {"flip": flip, "data": "h36m", "keypoints": keypoints, "count_padding": count_padding}
    about["left_out"] = list(DISPLACED) if predictor.in_picture else []
    about["global_root"] = global_root
    text = f"{line}\n{result.text()}"
    if predictor.in_picture:
        text += f"\nleft out, as by MotionBERT's authors: {', '.join(DISPLACED)}"
        text += (
            "\nevery frame of the others counts; the authors cut windows from a take's first frame "
            "on, leave out the frames behind the last whole one, and stretch takes that are shorter"
        )
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
    data: _Data,
    model: options.LifterName = None,
    weights: options.WeightsFile = None,
    trained_on: Annotated[
        str | None,
        typer.Option(
            "--trained-on",
            metavar="3dhp|h36m",
            help="What a published model was trained on: with P-STMO's files it knows their order "
            "of joints and answers in millimetres. hotvid's own was trained on neither.",
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
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """MPI-INF-3DHP's test set in P-STMO's file: MPJPE, PCK and AUC by sequence.

    DIR holds data_test_3dhp.npz.
    """
    if trained_on is not None:
        check_choice("training data", trained_on, ("3dhp", "h36m"))
    check_measured_out(json_out, overwrite)
    from hotvid.evaluate.mpi_inf_3dhp import MM, MPI17, counted_in_pck, load_mpi_inf_3dhp
    from hotvid.evaluate.predict import WindowPredictor
    from hotvid.evaluate.protocols import evaluate_clips
    from hotvid.lift.protocols import PROTOCOLS
    from hotvid.skeleton import H36M17

    loaded, about, line = _load(model, weights, device, size, tokens)
    if PROTOCOLS[about["model"]].inputs == "body":
        if trained_on == "3dhp":
            raise UsageError(
                f"{about['model']} is hotvid's own, and was not trained on MPI-INF-3DHP",
                "leave --trained-on out",
            )
        trained_on = "motion capture"
    trained_on = trained_on or "3dhp"
    order, unit = (MPI17, 1 / MM) if trained_on == "3dhp" else (H36M17, 1.0)
    predictor = WindowPredictor(
        loaded, flip=flip, batch_size=batch_size, order=order, metres_per_unit=unit
    )
    with progress(quiet) as report:
        result = evaluate_clips(
            load_mpi_inf_3dhp(data, order),
            predictor,
            target=predictor.target,
            pck_joints=counted_in_pck(order),
            count_copies=count_padding,
            progress=report,
        )
    about |= {
        "flip": flip,
        "data": "3dhp",
        "trained_on": trained_on,
        "count_padding": count_padding,
    }
    tell(f"{line}\n{result.text()}", about | result.to_dict(), json_out, overwrite)


@app.command("real")
def real(
    data: _Data,
    mode: options.Mode = Pose2DConfig.mode,
    model: options.LifterName = None,
    weights: options.WeightsFile = None,
    device: options.Device = LiftConfig.device,
    swaps: options.Swaps = LiftConfig.swaps,
    outliers: options.Outliers = CleanConfig.outliers,
    smooth: options.Smooth = CleanConfig.smooth,
    cutoff: options.Cutoff = CleanConfig.cutoff_hz,
    bones: options.Bones = CleanConfig.bones,
    json_out: MeasuredOut = None,
    overwrite: options.Overwrite = False,
    debug: options.Debug = False,
) -> None:
    """Videos of calibrated cameras with a reference in 3D: the whole chain, from the picture on.

    DIR holds a video NAME.mp4 for each camera, cameras.json and reference_3d.npz.
    """
    if not data.is_dir():
        raise InputError(f"no folder at {data}", "give one that holds cameras.json")
    config = configure(
        mode=mode,
        model=model,
        weights=weights,
        device=device,
        swaps=swaps,
        outliers=outliers,
        smooth=smooth,
        cutoff=cutoff,
        bones=bones,
    )
    check_measured_out(json_out, overwrite)
    from hotvid.evaluate.real import evaluate_real, pipeline_estimate
    from hotvid.lift.checkpoint import read_metadata
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
        "mode": mode,
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


def _load(
    name: str | None,
    weights: Path | None,
    device: str,
    sizes: list[tuple[str, Any]] | None,
    tokens: int | tuple[int, ...] | None,
) -> tuple[Hourglass, dict[str, Any], str]:
    """The model, and what to say of it: for JSON, and in a line."""
    check_choice("device", device, DEVICES)
    from hotvid.lift.checkpoint import load_checkpoint
    from hotvid.lift.lifter import resolve_device
    from hotvid.weights import locate, sha256

    path = locate(name, weights)
    loaded, metadata = load_checkpoint(path, resolve_device(device), name, **dict(sizes or ()))
    if tokens is not None:
        loaded.use_tokens(tokens)
    about = {
        "asked_for": name or metadata["name"],
        "model": metadata["name"],
        "weights": str(path),
        "weights_sha256": sha256(path),
        "sizes": loaded.sizes,
        # Not as in `sizes` where --tokens says so; block -> frames kept from there on.
        "cuts": {str(block): kept for block, kept in loaded.cuts.items()},
    }
    return loaded, about, _in_a_line(about, loaded)


def _in_a_line(about: dict[str, Any], model: Hourglass) -> str:
    """What was measured: "quick (mixste), quick.safetensors: 243 frames of x, y; ..."."""
    named = about["model"]
    if about["asked_for"] != named:
        named = f"{about['asked_for']} ({named})"
    seen = "x, y" if model.in_channels == 2 else "x, y, score"
    line = f"{named}, {Path(about['weights']).name}: {model.frames} frames of {seen}; "
    if not model.cuts:
        return line + "none pruned"
    steps = ", ".join(f"{kept} from block {block} on" for block, kept in model.cuts.items())
    line += f"{steps} by {model.sizes['prune']}"
    return line if model.recovery is None else f"{line}, recovered by {model.recovery}"
