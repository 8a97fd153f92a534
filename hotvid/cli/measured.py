"""What a command has measured: printed, and written as JSON where that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

MeasuredOut = Annotated[
    Path | None,
    typer.Option(
        "--json", metavar="FILE", help="Write what was measured.", rich_help_panel="Outputs"
    ),
]


def check_measured_out(
    json_out: Path | None,
    overwrite: bool,
    source: Path | None = None,
    save: Path | None = None,
) -> None:
    """Raise OutputError before minutes of measuring where a file cannot be written."""
    from hotvid.outputs import Outputs

    Outputs(json=json_out, save=save, overwrite=overwrite).check([source])


def table_row(name: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    """A line of a table: a name as wide as all names, then columns that end together."""
    columns = zip(cells, widths, strict=True)
    return name + "".join(f"{cell:>{width}}" for cell, width in columns)


def tell(text: str, found: dict[str, Any], json_out: Path | None, overwrite: bool) -> None:
    """Print `text`, then write `found`: what took minutes is seen, whatever becomes of the file."""
    from hotvid.atomic import atomic_output
    from hotvid.evaluate.as_json import as_json

    typer.echo(text)
    if json_out is not None:
        with atomic_output(json_out, overwrite) as temporary:
            temporary.write_text(as_json(found), encoding="utf-8")
