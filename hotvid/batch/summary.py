"""The summary of a batch: a row a video, as CSV and as text."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING

from hotvid.atomic import atomic_output
from hotvid.batch.places import Place, is_url, reaching
from hotvid.errors import printable

if TYPE_CHECKING:
    from hotvid.batch.books import Row

NAME = "summary.csv"
COLUMNS = (
    "input", "folder", "state", "people", "frames", "video_s", "wall_s", "warnings", "error",
)  # fmt: skip


def write_summary(rows: Sequence[Row], out_dir: Place) -> Place:
    """Write the rows as CSV into `out_dir`; the file's path."""
    path = out_dir / NAME
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(values_of(row) for row in rows)
    # Names that are no Unicode are written with their bytes as \\udcXX.
    content = text.getvalue().encode("utf-8", "backslashreplace")
    if is_url(path):
        with reaching(path):
            path.write_bytes(content)
        return path
    with atomic_output(path, overwrite=True) as temporary:
        temporary.write_bytes(content)
    return path


def values_of(row: Row) -> tuple[str | int | float, ...]:
    """The row's value for each of COLUMNS; "" where it is not known."""
    entry = row.entry
    found: tuple[str | int | float, ...] = ("", "", "", "")
    if entry is not None and not entry.error:
        found = entry.people, entry.frames, round(entry.video_s, 2), round(entry.wall_s, 2)
    notes = "; ".join(entry.warnings) if entry is not None else ""
    error = entry.error if entry is not None else ""
    return (str(row.planned.path), row.planned.folder, row.state, *found, notes, error)


def table_lines(rows: Sequence[Row], at_most: int) -> list[str]:
    """The rows as lines of text in columns; of more than `at_most`, those that failed."""
    shown = list(rows) if len(rows) <= at_most else [row for row in rows if row.state == "failed"]
    left_out = len(rows) - len(shown[:at_most])
    table = [("video", "state", "people", "frames", "video s", "took s")]
    for row in shown[:at_most]:
        _, folder, state, people, frames, video_s, wall_s, *_ = values_of(row)
        table.append(
            tuple(printable(str(v)) for v in (folder, state, people, frames, video_s, wall_s))
        )
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = []
    for line, row in zip(table, [None, *shown], strict=False):
        name, state, *numbers = (cell.ljust(w) for cell, w in zip(line, widths, strict=True))
        right = [number.strip().rjust(w) for number, w in zip(numbers, widths[2:], strict=True)]
        lines.append("  ".join([name, state, *right]).rstrip())
        if row is not None and row.entry is not None and row.entry.error:
            lines.append(f"  {row.entry.error}")
    return lines if not left_out else [*lines, f"... and {left_out} more, see {NAME}"]
