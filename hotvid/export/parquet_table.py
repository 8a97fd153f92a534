"""Parquet: the tidy table, typed and compressed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hotvid.config import ExportConfig
from hotvid.export.json_export import head
from hotvid.export.table import COLUMNS, table_blocks
from hotvid.file_names import as_unicode
from hotvid.types import Poses


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the columns of `hotvid.export.table`, what each means in its field's metadata.

    What is unknown is null. The metadata's `head` is all that hotvid's JSON has besides people.
    """
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        "frame": pa.int64(),
        "time_s": pa.float64(),
        "person": pa.int32(),
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
            "head": json.dumps(head(poses)),
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
