"""Rows worked on together: so what the steps need beside their results stays small, however long
the video is."""

from __future__ import annotations

from collections.abc import Iterator

ROWS_AT_ONCE = 4096


def chunks(n_rows: int, at_once: int = ROWS_AT_ONCE) -> Iterator[slice]:
    """Slices that cover `n_rows` rows in turn; none for none."""
    for start in range(0, n_rows, at_once):
        yield slice(start, min(start + at_once, n_rows))
