"""`hotvid train`: motion capture in, weights of hotvid's own lifter out; or Human3.6M or
MPI-INF-3DHP in, weights of a published model out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hotvid.cli import options
from hotvid.cli.train_own import train_own
from hotvid.cli.train_published import DEFAULT_MODEL, FILES, published_dataset, train_published
from hotvid.cli.values import read_lifter_size
from hotvid.config import check_choice
from hotvid.errors import InputError, UsageError
from hotvid.weights import ACCURATE_LIFTER, DEFAULT_LIFTER, OWN_LIFTERS, PUBLISHED

_OWN = "hotvid's own lifter, on motion capture"
_PUBLISHED = "Published models, on Human3.6M or MPI-INF-3DHP"


def train(
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="DIR|TAR",
            help="BVH motion capture with CMU or Mixamo joint names, a folder or a tar archive; or "
            "a folder with Human3.6M in VideoPose3D's files, or MPI-INF-3DHP in P-STMO's.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where the state, the log and the weights go.",
            rich_help_panel="Outputs",
        ),
    ],
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            help="How long to train, over all resumed runs; if not given, on motion capture 60, or "
            "with --resume as before, and else without limit.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the state in the output folder.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the weights and the data.", show_default=False)
    ] = None,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Of the processor.")] = 2,
    init: Annotated[
        Path | None,
        typer.Option(
            "--init",
            metavar="FILE",
            help="Weights to begin with, instead of random ones; of a model that prunes also those "
            "of its plain twin, of hotvid's own also the other way round.",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            metavar="SHARE",
            help="Of the learning rates, all the time; 0.4 goes on gently from --init.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME",
            help=f"What to train: {DEFAULT_LIFTER} (if not given) or {ACCURATE_LIFTER} on motion "
            f"capture, else a published model ({DEFAULT_MODEL}, if not given).",
            show_default=False,
        ),
    ] = None,
    invent: Annotated[
        float | None,
        typer.Option(
            "--invent",
            metavar="SHARE",
            help="Of the clips in which the trunk, the arms or the legs, each for itself, go "
            "between random poses; 0.25, if not given.",
            rich_help_panel=_OWN,
            show_default=False,
        ),
    ] = None,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(
            "--teacher",
            metavar="FILE",
            help="Weights whose answers are learned, beside the truth; of several their mean.",
            rich_help_panel=_OWN,
        ),
    ] = None,
    real: Annotated[
        Path | None,
        typer.Option(
            "--real",
            metavar="DIR",
            help="Calibrated cameras to measure the result on (see: hotvid eval real).",
            rich_help_panel=_OWN,
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="h36m|3dhp",
            help="Which, where the folder holds both.",
            rich_help_panel=_PUBLISHED,
        ),
    ] = None,
    keypoints: Annotated[
        str | None,
        typer.Option(
            "--keypoints",
            metavar="NAME",
            help="The file data_2d_h36m_NAME.npz, CPN's, if not given; or MotionBERT's own "
            "h36m_NAME.pkl.",
            rich_help_panel=_PUBLISHED,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs",
            min=1,
            help="As the authors', if not given.",
            rich_help_panel=_PUBLISHED,
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            min=1,
            help="As the authors', if not given.",
            rich_help_panel=_PUBLISHED,
        ),
    ] = None,
    size: Annotated[
        list[Any] | None,
        typer.Option(
            "--size",
            metavar="NAME=VALUE",
            parser=read_lifter_size,
            help="A size that is not the published one: frames=81, token_num=27, prune=motion; "
            "may be given several times.",
            rich_help_panel=_PUBLISHED,
        ),
    ] = None,
    amp: Annotated[
        bool | None,
        typer.Option(
            "--amp/--no-amp",
            help="Mixed precision on CUDA; the authors train without.",
            rich_help_panel=_PUBLISHED,
            show_default="amp",
        ),
    ] = None,
    deterministic: Annotated[
        bool | None,
        typer.Option(
            "--deterministic",
            help="The same weights from run to run on CUDA, too: with torch's deterministic "
            "algorithms alone.",
            rich_help_panel=_PUBLISHED,
            show_default=False,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--device",
            metavar="auto|cpu|cuda",
            help="What trains.",
            rich_help_panel=_PUBLISHED,
            show_default="auto",
        ),
    ] = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train `hot-mixste-s` or `mixste-s` on motion capture seen by random cameras, or a published
    model.

    With Human3.6M, subjects 1, 5, 6, 7 and 8 train the published model that --model names by its
    authors' recipe, and 9 and 11 measure it after each epoch; the best and the last weights are
    written as MODEL.best.safetensors and MODEL.last.safetensors. With MPI-INF-3DHP (P-STMO's
    data_train_3dhp.npz and data_test_3dhp.npz) windows are as long as the papers say, 27 frames of
    MixSTE and 9 of MHFormer; their authors give no more of how they train there, and all else is
    as on Human3.6M. MotionBERT wants cameras, which those files have not.

    With motion capture, when the time is used up, the averaged weights are written as
    MODEL.safetensors, with the errors on the held-out subjects, and on --real, beside them.
    Held out are files called 09_... and 13_..., CMU's subjects; where there are none, the errors
    are those on the motions trained on, and are called so.

    A crash loses three minutes at the most, Ctrl-C nothing: --resume goes on.
    """
    if minutes is not None and not minutes > 0:
        raise UsageError(f"--minutes: expected more than 0, got {minutes}")
    if resume and init is not None:
        raise UsageError(
            "--init begins a run, --resume goes on with one",
            "leave one of them out; to begin again from weights, choose another --out",
        )
    if rate is not None and not 0 < rate <= 1:
        raise UsageError(f"--rate: expected a share above 0, up to 1, got {rate}")
    if not data.exists():
        raise InputError(f"no motion capture at {data}", "give a folder or archive of BVH files")
    changes = {"keypoints": keypoints, "epochs": epochs, "batch_size": batch_size}
    changes |= {"mixed_precision": amp, "sizes": tuple(size) if size else None}
    changes |= {"deterministic": deterministic}
    if invent is not None and not 0 <= invent <= 1:
        raise UsageError(f"--invent: expected a share from 0 to 1, got {invent}")
    there = published_dataset(data, dataset)
    if there is not None:
        for option, value in (("--real", real), ("--invent", invent), ("--teacher", teacher)):
            if value is not None and value != []:
                raise UsageError(f"{option} is for motion capture", "leave it out here")
        train_published(
            data,
            out,
            model or DEFAULT_MODEL,
            there,
            changes | {"seed": seed, "rate": rate},
            init=init,
            device=device or "auto",
            threads=threads,
            minutes=minutes,
            resume=resume,
            quiet=quiet,
        )
        return
    if model is not None and model not in PUBLISHED:
        check_choice("model", model, OWN_LIFTERS)
    if model in PUBLISHED or any(v is not None for v in (device, *changes.values())):
        raise UsageError(
            f"{data} holds no {' or '.join(FILES.values())}, which published models are trained on",
            f"give such a folder, or, for {' and '.join(OWN_LIFTERS)}, leave out the options of "
            f"'{_PUBLISHED}'",
        )
    train_own(
        data,
        out,
        minutes=minutes,
        seed=seed,
        threads=threads,
        init=init,
        rate=rate,
        model=model,
        invent=invent,
        teachers=teacher,
        real=real,
        resume=resume,
        quiet=quiet,
    )
