from pathlib import Path

import pytest

from hotvid.errors import OutputError, UsageError
from hotvid.export.formats import FORMATS, Format, output_paths, parse_formats, person_path
from hotvid.extras import Extra


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_every_format_has_a_writer(form):
    try:
        form.check_installed()
    except OutputError:
        pytest.skip(f"{form.extra.package} is not installed")
    assert callable(form.writer())


def test_suffixes_are_each_formats_own():
    assert len({f.suffix for f in FORMATS.values()}) == len(FORMATS)


def test_names_are_parsed_once_each_in_order():
    assert [f.name for f in parse_formats(" TRC,csv,,trc")] == ["trc", "csv"]
    with pytest.raises(UsageError, match="unknown format 'obj'; choose one of: json, csv"):
        parse_formats("csv,obj")
    with pytest.raises(UsageError, match="write glb or bvh, import it into Blender"):
        parse_formats("fbx")
    with pytest.raises(UsageError, match="no format is named"):
        parse_formats(" ,")


def paths(names, out, source="videos/walk.mp4"):
    found = output_paths(parse_formats(names), out, Path(source))
    return [str(path) for _, path in found]


def test_one_format_goes_to_the_file_that_is_named():
    assert paths("trc", "o/a.trc") == ["o/a.trc"]
    assert paths("trc", "o/a.TRC") == ["o/a.TRC"]
    assert paths("mmpose", "o/a.json") == ["o/a.json"]
    assert paths("openpose", "o/a.v2") == ["o/a.v2"]
    assert paths("trc", "o/a") == ["o/a.trc"]
    with pytest.raises(OutputError, match=r"trc file ends in \.trc"):
        paths("trc", "o/a.c3d")


def test_several_formats_go_to_names_made_of_one():
    wanted = ["o/a.trc", "o/a.mmpose.json", "o/a.openpose"]
    assert paths("trc,mmpose,openpose", "o/a") == wanted
    assert paths("trc,mmpose,openpose", "o/a.trc") == wanted
    assert paths("trc,csv", "o/take.2") == ["o/take.2.trc", "o/take.2.csv"]


def test_what_is_no_files_ending_is_part_of_the_name():
    assert paths("glb", "o/walk.v2") == ["o/walk.v2.glb"]
    assert paths("glb,csv", "o/walk.v2") == ["o/walk.v2.glb", "o/walk.v2.csv"]
    assert paths("npz,csv", "o/walk.npz") == ["o/walk.arrays.npz", "o/walk.csv"]
    assert paths("angles,csv", "o/walk.angles.csv") == ["o/walk.angles.csv", "o/walk.csv"]
    assert paths("bvh", "o/.hidden") == ["o/.hidden.bvh"]


@pytest.mark.parametrize(
    ("names", "out", "said"),
    [
        ("glb,csv", "o/a.c3d", r"none of glb, csv ends in \.c3d"),
        ("usd", "o/a.usda", r"usd file ends in \.usd"),
        ("openpose", "o/a.json", "openpose is a folder of files"),
        ("bvh", "o/.bvh", "nothing before the ending"),
        ("bvh,glb", ".GLB", "nothing before the ending"),
        ("angles", ".angles.csv", "nothing before the ending"),
    ],
)
def test_a_name_that_says_something_else_is_refused(names, out, said):
    with pytest.raises(OutputError, match=said):
        paths(names, out)


def test_a_slash_at_the_end_is_a_folder_which_need_not_be_there(tmp_path):
    assert paths("glb,csv", "no/dir/") == ["no/dir/walk.glb", "no/dir/walk.csv"]
    assert paths("trc", "v2.trc/") == ["v2.trc/walk.trc"]
    assert paths("openpose", "no/dir.json/") == ["no/dir.json"]


def test_into_a_folder_they_go_by_the_sources_name(tmp_path):
    assert paths("trc", tmp_path) == [str(tmp_path / "walk.trc")]
    assert paths("trc,csv", tmp_path) == [str(tmp_path / "walk.trc"), str(tmp_path / "walk.csv")]
    assert paths("openpose", tmp_path) == [str(tmp_path)]


def test_a_folder_of_frames_gives_its_whole_name(tmp_path, monkeypatch):
    (tmp_path / "frames.v1" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "frames.v1" / "deep")
    for source, name in ((".", "deep"), ("..", "frames.v1"), (tmp_path / "frames.v1", "frames.v1")):
        ((_, path),) = output_paths(parse_formats("csv"), "o/", Path(source))
        assert path == Path(f"o/{name}.csv")


def test_a_missing_package_gives_the_command_that_installs_it():
    form = Format("x", ".x", "", "trc", extra=Extra("none", "no_such_package", "no-such-package"))
    with pytest.raises(OutputError, match=r"needs no-such-package.*pip install no-such-package"):
        form.writer()


def test_a_persons_file():
    assert person_path(Path("o/take.2.trc"), 7) == Path("o/take.2.person7.trc")
