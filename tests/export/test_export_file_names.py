"""Names of files that are no Unicode, or hold what ends a line: every format is written."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from stick_people import two_people

from hotvid.config import ExportConfig
from hotvid.export.formats import FORMATS
from hotvid.exports import Export, write_exports
from hotvid.pipeline import settle
from hotvid.stored.arrays import load_arrays
from hotvid.stored.parquet_table import load_parquet
from hotvid.stored.poses_json import load_poses_json

# As Linux gives the bytes `caf\xe9`, which are Latin-1; with a tab and the end of a line.
NAME = "caf\udce9\tau\nlait"
WRITTEN = r"caf\udce9"
TEXTS = ("json", "csv", "angles", "trc", "mot", "bvh", "mmpose", "alphapose", "openpose")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere all names are Unicode")


@pytest.fixture(scope="module")
def poses():
    """Of a video, and by a 2D model's file, of such a name; a warning names it, too."""
    named = two_people()
    return settle(
        replace(
            named,
            video=replace(named.video, path=f"{NAME}.mp4"),
            models=replace(named.models, pose2d=f"yolo:{NAME}.pt"),
            warnings=(f"{NAME}.mp4 breaks off",),
        )
    )


def written(poses, name, folder):
    """The files of a format in a folder that is called as the video is."""
    form = FORMATS[name]
    if form.extra is not None and not form.extra.is_installed:
        pytest.skip(f"{form.extra.package} is not installed")
    out = folder / NAME / f"{NAME}{form.suffix}"
    paths = []
    write_exports(poses, [Export(form, out, ExportConfig())], on_written=paths.append)
    return [file for path in paths for file in (sorted(path.iterdir()) if form.folder else [path])]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_under_any_name(poses, tmp_path, name):
    files = written(poses, name, tmp_path)
    assert files and all(file.stat().st_size > 100 and NAME in file.name for file in files)
    if name in TEXTS:
        for file in files:
            file.read_text(encoding="utf-8")


def test_json_names_them_all(poses, tmp_path):
    (path,) = written(poses, "json", tmp_path)
    said = json.loads(path.read_text(encoding="utf-8"))
    name = WRITTEN + "\tau\nlait"
    assert said["video"]["path"] == f"{name}.mp4"
    assert said["models"]["pose2d"] == f"yolo:{name}.pt"
    assert said["warnings"] == [f"{name}.mp4 breaks off"]
    assert load_poses_json(path).video.path == f"{name}.mp4"


def test_a_name_stays_in_its_field_of_trc(poses, tmp_path):
    for path in written(poses, "trc", tmp_path):
        lines = path.read_text(encoding="utf-8").split("\n")
        assert lines[0].split("\t") == ["PathFileType", "4", "(X/Y/Z)", WRITTEN + " au lait.trc"]
        assert lines[1].startswith("DataRate\t")


def test_tables_and_arrays_name_the_video(poses, tmp_path):
    (path,) = written(poses, "npz", tmp_path)
    assert str(np.load(path)["video"]).startswith(WRITTEN)
    assert load_arrays(path).video.path.startswith(WRITTEN)
    (path,) = written(poses, "parquet", tmp_path)
    from pyarrow import parquet

    with path.open("rb") as file:
        said = parquet.read_schema(file).metadata
    assert said[b"video"].decode().startswith(WRITTEN)
    assert load_parquet(path).video.path.startswith(WRITTEN)
