"""Outputs appear whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from hotvid.atomic import (
    atomic_folder,
    atomic_output,
    check_output,
    check_output_folder,
    remove_leftovers,
)
from hotvid.errors import OutputError


def test_appears_whole(tmp_path):
    path = tmp_path / "a" / "b" / "out.json"
    with atomic_output(path) as temporary:
        assert temporary.parent == path.parent and temporary.suffix == ".json"
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert [p.name for p in path.parent.iterdir()] == ["out.json"]


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_nothing_stays_after_an_error(tmp_path, kind):
    (tmp_path / "kept").mkdir()
    path = tmp_path / "kept" / "new" / "newer" / "out"
    with pytest.raises(kind), atomic_output(path) as temporary:
        temporary.write_text("half")
        raise kind
    assert list((tmp_path / "kept").iterdir()) == []


def test_existing_is_refused_and_kept(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(OutputError, match="exists"), atomic_output(path):
        pytest.fail("the work must not start")
    with pytest.raises(RuntimeError), atomic_output(path, overwrite=True) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    with atomic_output(path, overwrite=True) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_a_file_that_came_meanwhile_is_kept(tmp_path):
    path = tmp_path / "out"
    with pytest.raises(OutputError, match="exists"), atomic_output(path) as temporary:
        temporary.write_text("ours")
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic_output(tmp_path / "link", overwrite=True) as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_folder_and_device_are_refused(tmp_path):
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path, overwrite=True)
    with pytest.raises(OutputError, match="not a regular file"):
        check_output(os.devnull, overwrite=True)


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is not a folder"):
        check_output(tmp_path / "file" / "out.mp4")


def test_unwritable_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="cannot be written"):
        check_output(tmp_path / "out.mp4")


def test_full_disk_is_an_output_error(tmp_path):
    with (
        pytest.raises(OutputError, match="the disk is full; make room"),
        atomic_output(tmp_path / "out"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_not_grow_is_an_output_error(tmp_path, small_files):
    with (
        small_files(),
        pytest.raises(OutputError, match="out': File too large; choose another place"),
        atomic_output(tmp_path / "out") as temporary,
    ):
        temporary.write_bytes(bytes(10_000))
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_the_system_are_not_the_outputs(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_output(tmp_path / "out"):
        (tmp_path / "missing").read_text()


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    with atomic_output(tmp_path / "out") as temporary:
        temporary.write_text("")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a file system that makes no files")
def test_a_folder_that_only_says_it_can_be_written_is_refused_before_the_work():
    with pytest.raises(OutputError, match="cannot write '/proc/new/out'"):
        check_output("/proc/new/out")


def test_checking_leaves_nothing(tmp_path):
    check_output(tmp_path / "new" / "out")
    assert list(tmp_path.iterdir()) == []


def folder_with(path, **files):
    path.mkdir()
    for name, text in files.items():
        (path / f"{name}.json").write_text(text)
    return path


def test_a_folder_is_replaced_whole_and_what_it_held_is_gone(tmp_path):
    real = folder_with(tmp_path / "real", old="1", older="2")
    (tmp_path / "link").symlink_to(real)
    with atomic_folder(tmp_path / "link", "*.json", overwrite=True) as temporary:
        (temporary / "new.json").write_text("3")
        assert len(list(real.iterdir())) == 2
    assert (tmp_path / "link").is_symlink()
    assert [p.name for p in real.iterdir()] == ["new.json"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "real"]


def test_what_came_into_a_folder_meanwhile_is_kept(tmp_path):
    folder = folder_with(tmp_path / "out", old="1")
    with (
        pytest.raises(OutputError, match="thesis"),
        atomic_folder(folder, "*.json", overwrite=True) as temporary,
    ):
        (temporary / "new.json").write_text("2")
        (folder / "thesis.txt").write_text("mine")
    assert sorted(p.name for p in folder.iterdir()) == ["old.json", "thesis.txt"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_within_is_nobody_s_file(tmp_path):
    folder = folder_with(tmp_path / "out")
    (folder / "mine.json").mkdir()
    with (
        pytest.raises(OutputError, match=r"mine\.json"),
        atomic_folder(folder, "*.json", overwrite=True),
    ):
        pytest.fail("the work must not start")


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one_there(tmp_path, monkeypatch):
    folder = folder_with(tmp_path / "out", old="1")
    replace = Path.replace

    def refused(path, target):
        if (path / "new.json").exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refused)
    with (
        pytest.raises(OutputError, match="cannot write"),
        atomic_folder(folder, "*.json", overwrite=True) as temporary,
    ):
        (temporary / "new.json").write_text("2")
    assert [p.name for p in folder.iterdir()] == ["old.json"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_process_left_is_removed(tmp_path):
    folder_with(tmp_path / ".hotvid-0123456789ab", half="1")
    (tmp_path / ".hotvid-ba9876543210.mp4").write_text("half")
    (tmp_path / "mine.mp4").write_text("whole")
    remove_leftovers(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.mp4"]


def test_a_url_is_no_folder_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=r"'s3://lab/a\.mp4' is a URL; .*hotvid batch"):
        check_output("s3://lab/a.mp4")
    with pytest.raises(OutputError, match="'s3://lab/a' is a URL"):
        check_output_folder("s3://lab/a", "*.json")
    (tmp_path / "s3:").mkdir()  # as somebody may call it
    assert check_output("s3:/lab/a.mp4") == Path("s3:/lab/a.mp4")
