"""Keypoints made elsewhere: one reader a format, recognised by what a file holds."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from hotvid.config import check_choice
from hotvid.errors import InputError
from hotvid.io.keypoints import (
    alphapose,
    coco_results,
    deeplabcut,
    hotvid_json,
    mmpose,
    openpose,
    plain_csv,
    ultralytics_json,
    ultralytics_txt,
)
from hotvid.io.keypoints.source import open_source
from hotvid.io.keypoints.table import KeypointTable
from hotvid.skeleton import JOINT_SETS

READERS: dict[str, ModuleType] = {
    reader.NAME: reader
    for reader in (  # hotvid's own has people as OpenPose's has
        hotvid_json,
        alphapose,
        openpose,
        mmpose,
        coco_results,
        ultralytics_json,
        ultralytics_txt,
        deeplabcut,
        plain_csv,
    )
}


def read_keypoints(
    path: str | Path, format: str | None = None, joint_set: str | None = None
) -> KeypointTable:
    """The keypoints of a file, or of a folder of files.

    format     a name in `READERS`; None: recognised by what the file holds.
    joint_set  what the keypoints are, where neither the file nor their number tells.
    raises     InputError where it cannot be read or is in no known format, UsageError.
    """
    path = Path(path)
    if format is not None:
        check_choice("keypoint format", format, tuple(READERS))
    if joint_set is not None:
        check_choice("joint set", joint_set, tuple(JOINT_SETS))
    source = open_source(path, joint_set)
    reader = READERS[format] if format else None
    try:
        reader = reader or _recognised(source)
        if reader is None:
            raise InputError(
                f"'{path}' is in no keypoint format known here",
                f"known are: {'; '.join(r.ABOUT for r in READERS.values())}",
            )
        table = reader.read(source)
    except InputError as error:
        if str(path) in error.message:
            raise
        raise InputError(f"'{path}': {error.message}", error.hint) from error
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(
            f"'{path}' is not as {reader.NAME if reader else 'any format'} has it{_detail(error)}",
            "is the file whole? Another format can be forced with --from",
        ) from error
    if not len(table):
        raise InputError(f"nobody is in '{path}'", "give keypoints of somebody")
    return table


def _detail(error: Exception) -> str:
    """What a person can make something of: numbers that are none, names that lack."""
    if isinstance(error, KeyError):
        return f": there is no {error}"
    return f": {error}" if isinstance(error, ValueError) else ""


def _recognised(source: object) -> ModuleType | None:
    return next((reader for reader in READERS.values() if reader.fits(source)), None)


__all__ = ["READERS", "KeypointTable", "read_keypoints"]
