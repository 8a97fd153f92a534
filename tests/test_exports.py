"""Exports of a job: planned, checked before the work, each written whole or not at all."""

from pathlib import Path

import pytest
from stick_people import only, two_people

from hotvid.errors import OutputError, UsageError
from hotvid.export import trc
from hotvid.exports import check_exports, plan_exports, write_exports


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def export(poses, formats, out, **options):
    exports = plan_exports(formats, out, "walk.mp4")
    check_exports(exports, options.get("overwrite", False))
    write_exports(poses, exports, **options)


def test_no_format_is_no_export():
    assert plan_exports(None, "a.mp4", "walk.mp4") == ()


def test_a_choice_that_no_format_has_is_told_of():
    (export,) = plan_exports("bvh", "a.bvh", "walk.mp4", units="cm", bone_names="mixamo")
    assert (export.config.units, export.config.bone_names) == ("cm", "mixamo")
    for formats, option in (
        ("glb,trc", {"units": "cm"}),
        ("csv", {"bone_names": "mixamo"}),
        (None, {"units": "cm"}),
    ):
        with pytest.raises(UsageError, match=r"changes nothing .*of the formats that have it: bvh"):
            plan_exports(formats, "a", "walk.mp4", **option)


def test_beside_a_video_they_have_its_name():
    (csv, openpose) = plan_exports("csv,openpose", "o/b.mp4", "walk.mp4", beside=True)
    assert (csv.path, openpose.path) == (Path("o/b.csv"), Path("o/b.openpose"))


def test_a_format_of_single_people_is_a_file_for_each(tmp_path):
    told = []
    export(two_people(), "trc,csv", tmp_path / "n" / "a", on_written=told.append)
    wanted = ["a.csv", "a.person0.trc", "a.person3.trc"]
    assert names(tmp_path / "n") == wanted and sorted(p.name for p in told) == wanted
    heads = [(tmp_path / "n" / f"a.person{i}.trc").read_text().split("\n")[2] for i in (0, 3)]
    assert [head.split("\t")[2] for head in heads] == ["12", "6"]


def test_one_person_is_the_file_that_was_named(tmp_path):
    export(only(two_people(), 3), "trc", tmp_path / "a.trc")
    assert names(tmp_path) == ["a.trc"]


def test_what_exists_is_kept(tmp_path):
    (tmp_path / "a.person1.trc").write_text("mine")
    (tmp_path / "a.openpose").mkdir()
    (tmp_path / "a.openpose" / "x_keypoints.json").write_text("mine")
    for formats in ("trc", "openpose,csv"):
        with pytest.raises(OutputError, match="exists"):
            export(two_people(), formats, tmp_path / "a")
    export(two_people(), "openpose", tmp_path / "a.openpose", overwrite=True)
    assert len(names(tmp_path / "a.openpose")) == 12


def test_a_folder_with_something_else_in_it_is_never_replaced(tmp_path):
    (tmp_path / "a.openpose").mkdir()
    (tmp_path / "a.openpose" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        export(two_people(), "openpose", tmp_path / "a.openpose", overwrite=True)
    assert names(tmp_path / "a.openpose") == ["thesis.txt"]


@pytest.mark.parametrize("formats", ["trc", "openpose"])
def test_what_fails_leaves_nothing(tmp_path, monkeypatch, formats):
    def fail(poses, path, config):
        (path / "1_keypoints.json" if path.is_dir() else path).write_text("half")
        raise ZeroDivisionError

    monkeypatch.setattr(f"hotvid.export.{formats}.write", fail)
    with pytest.raises(ZeroDivisionError):
        export(two_people(), formats, tmp_path / "new" / "a")
    assert names(tmp_path) == []


def test_a_second_person_who_fails_takes_the_first_along(tmp_path, monkeypatch):
    write = trc.write

    def fail_on_3(poses, path, config):
        write(poses, path, config)
        if poses.people[0].track_id == 3:
            raise ZeroDivisionError

    monkeypatch.setattr(trc, "write", fail_on_3)
    with pytest.raises(ZeroDivisionError):
        export(two_people(), "trc", tmp_path / "a")
    assert names(tmp_path) == []


def test_nobody_to_write_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="nobody has 3D motion"):
        export(only(two_people(), 99), "trc", tmp_path / "a")
    assert names(tmp_path) == []


def test_what_exists_is_found_by_names_with_brackets_too(tmp_path):
    out = tmp_path / "Dance [dQw4] *"
    export(two_people(), "trc", out)
    with pytest.raises(OutputError, match=r"person0\.trc' exists"):
        check_exports(plan_exports("trc", out, "walk.mp4"))


def test_one_format_that_fails_does_not_take_the_others_along(tmp_path, monkeypatch):
    def fail(poses, path, config):
        raise OutputError("no", "why")

    monkeypatch.setattr("hotvid.export.trc.write", fail)
    with pytest.raises(OutputError, match="no"):
        export(two_people(), "trc,csv", tmp_path / "a")
    assert names(tmp_path) == ["a.csv"]
