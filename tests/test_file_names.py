"""Names of files as Windows has them, and as some libraries cannot take them."""

from pathlib import Path, PureWindowsPath

import pytest

from hotvid import atomic, file_names
from hotvid.atomic import atomic_output, check_output
from hotvid.errors import OutputError
from hotvid.file_names import cannot_be_made, expanded, plain_folder, unicode_path, url_meant


@pytest.fixture
def windows(monkeypatch):
    for module in (file_names, atomic):
        monkeypatch.setattr(module, "ON_WINDOWS", True)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        (r"C:\videos\walk.mp4", None),
        (r"..\walk at noon.mp4", None),
        (r"C:\videos\12:30 walk.mp4", "12:30 walk.mp4"),
        (r"what?\walk.mp4", "what?"),
        ("walk.", "walk."),
        ("nul.mp4", "nul.mp4"),
        (r"COM1\walk.mp4", "COM1"),
        ("common.mp4", None),
    ],
)
def test_names_that_windows_cannot_have(windows, name, part):
    assert cannot_be_made(PureWindowsPath(name)) == part


def test_elsewhere_they_are_names_like_others():
    assert cannot_be_made(Path("what?/nul.")) is None


def test_an_output_that_cannot_be_is_told_of_before_the_work(windows, tmp_path):
    with pytest.raises(OutputError, match=r"nothing can be called 'a\?.mp4' on Windows"):
        check_output(tmp_path / "a?.mp4")


def test_urls_are_told_by_paths_of_either_kind(monkeypatch):
    assert url_meant("s3://bucket/a.mp4") == "s3://bucket/a.mp4"
    monkeypatch.setattr(file_names, "Path", PureWindowsPath)
    monkeypatch.setattr(PureWindowsPath, "exists", lambda self: False, raising=False)
    assert url_meant("https://there.org/b/a.mp4") == "https://there.org/b/a.mp4"
    assert url_meant(r"C:\videos\a.mp4") is None


def test_an_output_that_a_scanner_holds_for_a_moment_is_put_there_later(
    windows, tmp_path, monkeypatch
):
    tries, replace = [], Path.replace

    def held(self, target):
        tries.append(target)
        if len(tries) < 3:
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    with atomic_output(tmp_path / "out.json") as temporary:
        temporary.write_text("whole")
    assert (tmp_path / "out.json").read_text() == "whole" and len(tries) == 3


def test_one_that_is_held_for_long_is_an_error_and_nothing_stays(windows, tmp_path, monkeypatch):
    def held(self, target):
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(Path, "replace", held)
    monkeypatch.setattr(atomic, "_HELD_S", 0.2)
    with pytest.raises(OutputError, match="denied"), atomic_output(tmp_path / "out") as temporary:
        temporary.write_text("whole")
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_another_program_has_open_is_told_of_before_the_work(
    windows, tmp_path, monkeypatch
):
    path = tmp_path / "out.mp4"
    path.touch()
    assert check_output(path, overwrite=True) == path

    def held(self, mode="r", *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", held)
    with pytest.raises(OutputError, match=r"cannot write '.*out\.mp4': Permission denied"):
        check_output(path, overwrite=True)


def test_libraries_of_one_code_page_get_plain_names(windows, tmp_path, monkeypatch):
    with unicode_path(tmp_path / "plain.c3d") as path:
        assert path == tmp_path / "plain.c3d"
    public = tmp_path / "public"
    public.mkdir()
    monkeypatch.setenv("PUBLIC", str(public))
    monkeypatch.setattr(file_names.tempfile, "gettempdir", lambda: "/Users/Müller/Temp")
    with plain_folder() as folder:
        assert folder.parent == public
    with unicode_path(tmp_path / "прогулка.c3d") as path:
        assert path.parent.parent == public and path.suffix == ".c3d"
        path.write_text("written")
    assert (tmp_path / "прогулка.c3d").read_text() == "written"
    assert list(public.iterdir()) == []


def test_wildcards_are_the_programs_on_windows_alone(tmp_path, monkeypatch):
    for name in ("b.mp4", "a.mp4", "a.txt"):
        (tmp_path / name).touch()
    given = str(tmp_path / "*.mp4")
    assert expanded(given) == [given]
    monkeypatch.setattr(file_names, "ON_WINDOWS", True)
    assert expanded(given) == [str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4")]
    assert expanded("s3://bucket/videos") == ["s3://bucket/videos"]
