"""Which files are videos, wherever they lie and whatever they are called."""

import os

import pytest

from hotvid.batch.find import common_folder, find_videos
from hotvid.errors import InputError


def tree(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def names(folder, *given, **how):
    found = find_videos(given or [folder], **how)
    assert not [one.error for one in found if one.error]
    return [one.path.relative_to(folder).as_posix() for one in found]


def test_videos_by_their_endings(tmp_path):
    tree(tmp_path, "b.MP4", "a.mov", "notes.txt", "poses.npz", "c.webm", "within/d.mp4")
    assert names(tmp_path) == ["a.mov", "b.MP4", "c.webm"]
    assert names(tmp_path, recursive=True) == ["a.mov", "b.MP4", "c.webm", "within/d.mp4"]


def test_hidden_names_are_passed_over(tmp_path):
    tree(tmp_path, "a.mp4", "._a.mp4", ".trash/b.mp4")
    assert names(tmp_path, recursive=True) == ["a.mp4"]


def test_patterns(tmp_path):
    tree(tmp_path, "a.mp4", "b.npz", "day1/a.mp4", "day1/b.mp4", "day2/a.mp4")
    assert names(tmp_path, recursive=True, patterns=["*.npz"]) == ["b.npz"]
    assert names(tmp_path, recursive=True, patterns=["a.*"]) == [
        "a.mp4",
        "day1/a.mp4",
        "day2/a.mp4",
    ]
    found = names(tmp_path, recursive=True, patterns=["day1/*", "b*"])
    assert found == ["b.npz", "day1/a.mp4", "day1/b.mp4"]


def test_the_output_folder_is_left_out(tmp_path):
    tree(tmp_path, "a.mp4", "out/a.mp4/skeleton.mp4", "out2/b.mp4")
    found = names(tmp_path, recursive=True, leave_out=[tmp_path / "out", tmp_path / "missing"])
    assert found == ["a.mp4", "out2/b.mp4"]


def test_the_results_of_another_batch_are_no_videos(tmp_path):
    tree(tmp_path, "a.mp4", "results/b.mp4/skeleton.mp4", "results/manifest.jsonl")
    assert len(names(tmp_path, recursive=True)) == 2
    (tmp_path / "results" / "manifest.jsonl").write_text('{"schema": "hotvid-batch/1", ...')
    assert names(tmp_path, recursive=True) == ["a.mp4"]
    drawn = names(tmp_path, tmp_path / "results", recursive=True)
    assert drawn == ["results/b.mp4/skeleton.mp4"], "asked for by name"


def test_what_is_given_twice_comes_once(tmp_path):
    tree(tmp_path, "a.mp4", "sub/b.mp4")
    given = [tmp_path / "sub", tmp_path, tmp_path / "a.mp4", tmp_path / "sub" / ".." / "sub"]
    assert names(tmp_path, *given, recursive=True) == ["sub/b.mp4", "a.mp4"]


def test_a_file_that_is_given_is_taken_whatever_its_name(tmp_path):
    tree(tmp_path, "notes.txt", "-leading dash.mp4")
    given = [tmp_path / "notes.txt", tmp_path / "-leading dash.mp4"]
    assert names(tmp_path, *given) == ["notes.txt", "-leading dash.mp4"]


def test_something_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        find_videos([tmp_path / "missing"])


def test_links_in_circles_end(tmp_path):
    tree(tmp_path, "a.mp4", "sub/b.mp4", "zz/c.mp4")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    (tmp_path / "sub" / "self").symlink_to("self")
    (tmp_path / "sub" / "self.mp4").symlink_to("self.mp4")
    (tmp_path / "a-link").symlink_to(tmp_path / "zz")
    found = names(tmp_path, recursive=True)
    # Under their own names, although the links come first; the broken one fails later by itself.
    assert found == ["a.mp4", "sub/b.mp4", "sub/self.mp4", "zz/c.mp4"]


def test_folders_elsewhere_are_followed_by_links(tmp_path):
    tree(tmp_path, "in/a.mp4", "elsewhere/b.mp4")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    assert names(tmp_path / "in", recursive=True) == ["a.mp4", "link/b.mp4"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_told_of(tmp_path):
    tree(tmp_path, "a.mp4", "locked/b.mp4")
    (tmp_path / "locked").chmod(0)
    found = find_videos([tmp_path], recursive=True)
    (tmp_path / "locked").chmod(0o700)
    check_unreadable(found)


def test_a_folder_that_cannot_be_read_as_the_system_says_it(tmp_path, monkeypatch):
    tree(tmp_path, "a.mp4", "locked/b.mp4")
    scandir = os.scandir

    def refuse(folder):
        if os.fspath(folder).endswith("locked"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    check_unreadable(find_videos([tmp_path], recursive=True))


def check_unreadable(found):
    assert [(one.path.name, bool(one.error)) for one in found] == [
        ("a.mp4", False),
        ("locked", True),
    ]
    assert "Permission denied" in found[1].error


def test_deep_folders(tmp_path):
    deep = "d/" * 300 + "a.mp4"
    assert names(tree(tmp_path, deep), recursive=True) == [deep]


def test_the_folder_that_is_mirrored(tmp_path):
    tree(tmp_path, "day1/v/a.mp4", "day2/v/a.mp4")
    assert common_folder([tmp_path / "day1"]) == tmp_path / "day1"
    assert common_folder([tmp_path / "day1" / "v", tmp_path / "day2" / "v"]) == tmp_path
    assert common_folder([tmp_path / "day1" / "v" / "a.mp4"]) == tmp_path / "day1" / "v"
