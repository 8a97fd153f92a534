"""Parquet: the tidy table, typed and compressed, and its reader."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hotvid.config import ExportConfig
from hotvid.errors import InputError
from hotvid.extras import PYARROW
from hotvid.file_names import as_unicode
from hotvid.geometry import extent
from hotvid.skeleton import H36M17
from hotvid.stored.checks import UNREADABLE, WRONG
from hotvid.stored.columns import Columns, joined
from hotvid.stored.head import HEAD, head_of, poses_from
from hotvid.stored.table import BODY, COLUMNS, CONFIDENCE, PIXELS, WORLD, table_blocks
from hotvid.types import Poses

SUFFIX = ".parquet"
_N_JOINTS = len(H36M17)
_ROWS_AT_ONCE = 1024 * _N_JOINTS


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the columns of `hotvid.stored.table`, what each means in its field's metadata.

    What is unknown is null. The metadata's `head` is all that hotvid's JSON has besides people.
    """
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        "frame": pa.int64(),
        "time_s": pa.float64(),
        "person": pa.int64(),
        "joint": pa.dictionary(pa.int8(), pa.string()),
        "interpolated": pa.bool_(),
    }
    schema = pa.schema(
        [
            pa.field(name, types.get(name, pa.float32()), metadata={"description": meaning})
            for name, meaning in COLUMNS.items()
        ],
        metadata={
            "video": as_unicode(poses.video.path),
            "fps": str(poses.video.fps),
            HEAD: json.dumps(head_of(poses)),
        },
    )
    # The file is opened here, as Arrow takes no path that is no Unicode.
    with path.open("wb") as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for block in table_blocks(poses):
            columns = [
                pa.array(values, mask=_unknown(values)).cast(schema.field(name).type)
                for name, values in block.items()
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _unknown(values: np.ndarray) -> np.ndarray | None:
    return ~np.isfinite(values) if values.dtype.kind == "f" else None


def is_parquet(path: str | os.PathLike) -> bool:
    """Whether a source is meant as Parquet, by its suffix."""
    return Path(path).suffix.lower() == SUFFIX


def load_parquet(path: str | os.PathLike) -> Poses:
    """Read such a file; InputError where it is damaged or foreign.

    Boxes and standing feet are not in it; a person is as sure as the joints are on average, and
    the pelvis is seen from the camera where the world has it.
    """
    if not PYARROW.is_installed:
        raise InputError(
            f"'{path}' is Parquet, which pyarrow reads, which is not installed",
            f"install it: {PYARROW.install}",
        )
    from pyarrow import ArrowException, parquet

    try:
        # Opened here, as Arrow takes no path that is no Unicode.
        with Path(path).open("rb") as file:
            found = parquet.ParquetFile(file)
            head = (found.schema_arrow.metadata or {}).get(HEAD.encode())
            if head is None:
                raise InputError("was not made by hotvid", "make one with hotvid export")
            return _load(json.loads(head), found)
    except InputError as error:
        raise InputError(f"'{path}' {error.message}", error.hint) from error
    except FileNotFoundError as error:
        raise InputError(f"'{path}' does not exist", "is its name spelled right?") from error
    except (ArrowException, *UNREADABLE) as error:
        raise InputError(f"'{path}' is no Parquet, or a damaged one", "make it again") from error
    except WRONG as error:
        raise InputError(f"'{path}' is damaged: {error}", "make it again") from error


def _load(head: dict[str, Any], found: Any) -> Poses:
    """found  pyarrow's file, with a row for each joint of each frame of each person."""
    parts: dict[int, list[Columns]] = {}
    for table in _frames(found):
        who, columns = _columns(table, head)
        # Rows go by person: where one ends another begins.
        starts = np.flatnonzero(np.diff(who, prepend=who[:1] - 1))
        for start, end in zip(starts, [*starts[1:], len(who)], strict=True):
            mine = Columns(**{name: values[start:end] for name, values in columns.items()})
            parts.setdefault(int(who[start]), []).append(mine)
    people = []
    for track_id in list(parts):
        columns = joined(parts.pop(track_id))
        if not np.isfinite(columns.world_m).any():
            columns = replace(columns, world_m=None, confidence=None)
        people.append((track_id, columns))
    return poses_from(head, people)


def _frames(found: Any) -> Iterator[Any]:
    """Tables that each hold some frames, all joints of each."""
    import pyarrow as pa

    rest = None
    for batch in found.iter_batches(_ROWS_AT_ONCE):
        table = pa.Table.from_batches([batch])
        if rest is not None and len(rest):
            table = pa.concat_tables([rest, table]).combine_chunks()
        n_whole = len(table) - len(table) % _N_JOINTS
        rest = table.slice(n_whole)
        if n_whole:
            yield table.slice(0, n_whole)
    if rest is not None and len(rest):
        raise ValueError("a frame lacks joints")


def _columns(table: Any, head: dict[str, Any]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(F,) ids, and the columns of F frames of whoever is in them."""
    import pyarrow as pa

    def column(*names: str) -> np.ndarray:
        """(F, 17[, len(names)])"""
        values = [table[name].to_numpy().reshape(-1, _N_JOINTS) for name in names]
        return values[0] if len(names) == 1 else np.stack(values, -1)

    order = pa.chunked_array([pa.array(H36M17.joints * (len(table) // _N_JOINTS))])
    if not table["joint"].cast(pa.string()).equals(order):
        raise ValueError("its joints are not in their order")
    xy_px, score, world_m = column(*PIXELS), column("score"), column(*WORLD)
    return column("person")[:, 0].astype(np.int64), {
        "frame": column("frame")[:, 0].astype(np.int64),
        "time_s": column("time_s")[:, 0],
        "interpolated": column("interpolated")[:, 0],
        "xy_px": xy_px,
        "score": score,
        "box_px": _around(xy_px),
        "person_score": np.nan_to_num(score).mean(1),
        "xyz_m": column(*BODY),
        "root_m": _seen_by_camera(world_m[:, 0], head),
        "world_m": world_m,
        "confidence": column(CONFIDENCE),
    }


def _around(xy_px: np.ndarray) -> np.ndarray:
    """(F, 17, 2) -> (F, 4) boxes around the joints that are known: the table holds none."""
    known = np.isfinite(xy_px).all(-1)
    return np.where(known.any(1)[:, None], np.concatenate(extent(xy_px, known), -1), np.nan)


def _seen_by_camera(world_m: np.ndarray, head: dict[str, Any]) -> np.ndarray:
    """(F, 3) places in the world, in the camera's frame; NaN where there is none, or several."""
    if head["world"] is None or head["analysed"].get("cuts"):
        return np.full_like(world_m, np.nan)
    turn = np.array(head["world"]["camera_rotation"], np.float64)
    return (world_m - np.array(head["world"]["camera"], np.float64)) @ turn
