"""`hotvid batch`: folders of videos, many at a time, and nothing twice."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotvid.cli import options
from hotvid.cli.shared import CHOSEN, EVERYTHING, Chosen, takes
from hotvid.cli.summary import n_videos
from hotvid.config import ExportConfig
from hotvid.errors import HotvidError, UsageError, printable
from hotvid.export.formats import FORMATS
from hotvid.file_names import expanded

if TYPE_CHECKING:
    from hotvid.batch.engine import Engine
    from hotvid.batch.run import Report

_WHICH = "Which videos"
_HOW = "How it is done"
_SHOWN_ROWS = 40
_FORMATS = ", ".join(name for name in FORMATS if name != "npz")


@takes(*EVERYTHING)
def batch(
    videos: Annotated[
        list[str],
        typer.Argument(
            metavar="DIR...",
            help="Folders of videos; also single videos, and URLs, as s3://bucket/videos.",
            show_default=False,
        ),
    ],
    out_dir: Annotated[
        str,
        typer.Option(
            "--out-dir",
            metavar="DIR",
            help="Where the results go: a folder for each video, in folders as the videos are in; "
            "also a URL.",
            rich_help_panel="Outputs",
        ),
    ],
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME,...",
            help=f"What to make of each video: mp4, and any of {_FORMATS}; the poses (npz) are "
            "always kept.",
            rich_help_panel="Outputs",
        ),
    ] = "mp4,json",
    bone_names: options.BoneNames = ExportConfig.bone_names,
    units: options.Units = ExportConfig.units,
    recursive: Annotated[
        bool,
        typer.Option(
            "--recursive", help="Also the videos in folders within.", rich_help_panel=_WHICH
        ),
    ] = False,
    glob: Annotated[
        list[str] | None,
        typer.Option(
            "--glob",
            metavar="PATTERN",
            help="Names to take, as `*.mp4` or `day1/*`; may be given several times. All that end "
            "as videos do, if not given.",
            rich_help_panel=_WHICH,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the batch that is in the output folder: what is done with these "
            "settings is left alone.",
            rich_help_panel=_HOW,
        ),
    ] = False,
    overwrite: options.Overwrite = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Only say what would be done, and where.", rich_help_panel=_HOW
        ),
    ] = False,
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            metavar="local|ray",
            help="What does the work: processes on this machine, or a Ray cluster whose machines "
            "see inputs and outputs under the same paths or URLs.",
            rich_help_panel=_HOW,
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="HOST:PORT",
            help="Of the Ray cluster; one is started on this machine, if not given.",
            rich_help_panel=_HOW,
            show_default=False,
        ),
    ] = None,
    cpus_per_video: Annotated[
        int,
        typer.Option(
            "--cpus-per-video",
            metavar="N",
            min=1,
            help="Cores that a video takes up in a Ray cluster.",
            rich_help_panel=_HOW,
        ),
    ] = 1,
    gpus_per_video: Annotated[
        float,
        typer.Option(
            "--gpus-per-video",
            metavar="SHARE",
            min=0.0,
            help="Share of a GPU that a video takes up in a Ray cluster, as 0.25.",
            rich_help_panel=_HOW,
        ),
    ] = 0.0,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            help="Videos at once; if not given, one for each core, as far as memory goes, or as "
            "many as the Ray cluster has room for.",
            rich_help_panel=_HOW,
            show_default=False,
        ),
    ] = None,
    chosen: Chosen = CHOSEN,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Take every video in the folders, many at a time; nothing is done twice.

    One that fails is told of at the end and stops no other. Ctrl-C, twice if it must be, loses
    nothing: --resume goes on. The output folder keeps manifest.jsonl and summary.csv.

    Ends with status 1 if a video failed.
    """
    from hotvid.batch.places import below
    from hotvid.batch.run import Request, make_plan, run_batch
    from hotvid.batch.settings import make_settings
    from hotvid.batch.summary import NAME
    from hotvid.cli.batch_progress import watching

    settings = make_settings(
        _plain(**chosen),
        _read_formats(formats),
        {"bone_names": bone_names, "units": units},
    )
    sources = [name for given in videos for name in expanded(given)]
    request = Request(sources, out_dir, settings, recursive, glob or (), resume, overwrite)
    cluster = {"cpus_per_video": cpus_per_video, "gpus_per_video": gpus_per_video}
    worked = _engine(engine, workers, address, cluster, settings.config.lift.device, debug)
    if dry_run:
        for video in make_plan(request):
            then = f" -> {below(out_dir, video.folder)}" if not video.error else f" ({video.error})"
            typer.echo(printable(f"{video.why}: {video.path}{then}"))
        return
    with watching(quiet) as watcher:
        report = run_batch(request, worked, watcher)
    if not quiet:
        typer.echo(_text(report, out_dir))
    if report.stopped_by is not None:
        raise typer.Exit(130 if report.stopped_by == signal.SIGINT else 128 + report.stopped_by)
    if n_failed := report.count()["failed"]:
        raise HotvidError(
            f"{n_failed} of {n_videos(len(report.rows))} failed", f"see {below(out_dir, NAME)}"
        )


def _plain(**given: Any) -> dict[str, Any]:
    """The options as JSON has them; a path as it is from anywhere."""
    plain = {
        name: str(value.expanduser().absolute()) if isinstance(value, Path) else value
        for name, value in given.items()
    }
    for name in ("pose2d", "detector"):
        if plain.get(name) is not None:
            plain[name] = _with_absolute_files(plain[name])
    return plain


def _with_absolute_files(spec: str) -> str:
    """ "NAME:FILE,FILE" with the files that there are as they are from anywhere."""
    name, colon, files = spec.partition(":")
    paths = [(part, Path(part).expanduser()) for part in files.split(",")]
    return name + colon + ",".join(str(p.absolute()) if p.is_file() else t for t, p in paths)


def _read_formats(given: str) -> tuple[str, ...]:
    from hotvid.batch.outputs import ALL_FORMATS, FILES

    names = [name.strip().lower() for name in given.split(",") if name.strip()]
    unknown = [name for name in names if name not in ALL_FORMATS]
    if unknown or not names:
        wrong = f"unknown format '{unknown[0]}'" if unknown else "no format is given"
        raise UsageError(wrong, f"choose of: {', '.join(ALL_FORMATS)}, with commas between")
    for name in names:
        if name not in FILES:
            FORMATS[name].check_installed()
    return tuple(name for name in ALL_FORMATS if name in names)


def _engine(
    name: str,
    workers: int | None,
    address: str | None,
    cluster: dict[str, Any],
    device: str,
    debug: bool,
) -> Engine:
    from hotvid.config import check_choice

    if check_choice("engine", name, ("local", "ray")) == "ray":
        from hotvid.batch.ray_engine import RayEngine

        return RayEngine(address, workers, debug=debug, **cluster)
    if address is not None or cluster != {"cpus_per_video": 1, "gpus_per_video": 0.0}:
        raise UsageError(
            "--address, --cpus-per-video and --gpus-per-video are for a Ray cluster",
            "leave them out, or add --engine ray",
        )
    from hotvid.batch.local import LocalEngine

    if device.startswith("cuda"):
        from hotvid.lift.lifter import resolve_device  # it imports torch, which takes seconds

        resolve_device(device)  # here, or every video would fail by itself
    return LocalEngine(workers, debug)


def _text(report: Report, out_dir: str) -> str:
    """The table of the videos, of a few at least, and how many there are of each state."""
    from hotvid.batch.places import below
    from hotvid.batch.summary import NAME, table_lines

    states = report.count()
    lines = table_lines(report.rows, _SHOWN_ROWS)
    said = [f"{states[state]} {state}" for state in sorted(states)]
    lines += [
        f"{n_videos(len(report.rows))}: {', '.join(said)}",
        f"wrote {printable(below(out_dir, NAME))}",
    ]
    if states["not done"]:
        lines.append("go on with the same command and --resume")
    return "\n".join(lines)
