import os
import sys
from pathlib import Path

import pytest

from hotvid import weights
from hotvid.errors import UsageError, WeightsError
from hotvid.lift.models.zoo import MODELS


@pytest.mark.parametrize("name", weights.SHIPPED)
def test_shipped_files_are_the_ones_named(name):
    assert weights.sha256(weights.find(name)) == weights.SHIPPED[name].sha256


def test_own_folder_comes_first(tmp_path, monkeypatch):
    own = tmp_path / weights.SHIPPED["blazepose-lite"].file
    own.write_bytes(b"mine")
    monkeypatch.setenv("HOTVID_WEIGHTS", str(tmp_path))
    assert weights.find("blazepose-lite") == own
    assert weights.find("blazepose-full") != tmp_path / weights.SHIPPED["blazepose-full"].file


def test_missing_weights_name_the_folders_searched(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "_PACKAGE", tmp_path / "hotvid")
    with pytest.raises(WeightsError, match="HOTVID_WEIGHTS") as caught:
        weights.find("blazepose-full")
    assert str(tmp_path / "weights") in str(caught.value)


def put(folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    path.write_bytes(b"")
    return path


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTVID_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "weights"


def test_every_lifter_of_the_zoo_has_weights_that_are_known():
    assert set(weights.LIFTERS) == set(MODELS)
    assert all(w.wants for w in weights.PUBLISHED.values())
    assert [name for name, w in weights.PUBLISHED.items() if not w.url] == ["hot-mhformer"]


def test_imported_weights_are_found_by_their_names(home, tmp_path, monkeypatch):
    assert weights.imported() == {}
    mine, mixste = put(home, "mine"), put(home, "mixste")
    put(home, ".hotvid-0123456789ab")  # of an import that was killed
    assert weights.imported() == {"mine": mine, "mixste": mixste}
    assert weights.locate("mine") == mine and weights.locate("mixste") == mixste
    given = put(tmp_path / "given", "mixste")
    monkeypatch.setenv("HOTVID_WEIGHTS", os.pathsep.join([str(tmp_path / "given"), str(tmp_path)]))
    assert weights.imported() == {"mine": mine, "mixste": given}


def test_a_copy_of_shipped_weights_is_not_an_import(home):
    own = put(home, "hot-mixste-s")
    assert weights.imported() == {}
    assert weights.locate("hot-mixste-s") == own


def test_weights_that_are_given_win(home, tmp_path):
    put(home, "mixste")
    file = put(tmp_path, "other")
    assert weights.locate("mixste", file) == file
    with pytest.raises(WeightsError, match=r"absent.pth' do not exist"):
        weights.locate("mixste", tmp_path / "absent.pth")


def test_imported_weights_are_not_others_that_are_given(home, tmp_path):
    put(home, "quick")
    with pytest.raises(
        UsageError, match=r"'quick' is the name of imported weights .*, not of a mod"
    ):
        weights.locate("quick", put(tmp_path, "other"))


def test_without_a_name_it_is_the_default(home, tmp_path):
    assert weights.locate(None) == weights.find(weights.DEFAULT_LIFTER)
    file = put(tmp_path, "other")
    assert weights.locate(None, file) == file


def test_names_that_are_none_and_weights_that_are_not_here(home):
    put(home, "mine")
    with pytest.raises(UsageError, match=r"unknown lifter 'mixte'; choose one of: mixste, .*mine"):
        weights.locate("mixte")
    with pytest.raises(WeightsError, match=r"import FILE --model tpc-mixste \(see https://github"):
        weights.locate("tpc-mixste")
    with pytest.raises(WeightsError, match=r"import FILE --model hot-mhformer$"):
        weights.locate("hot-mhformer")


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, "~/.local/share/hotvid/weights"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/hotvid/weights"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "~/.local/share/hotvid/weights"),
        ("darwin", {}, "~/Library/Application Support/hotvid/weights"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/hotvid/weights"),
        ("linux", {"HOTVID_HOME": "~/h"}, "~/h/weights"),
    ],
)
def test_where_the_users_own_weights_are(monkeypatch, tmp_path, platform, environment, expected):
    for name in ("HOTVID_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": str(tmp_path)} | environment).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert weights.own_folder() == Path(expected.replace("~", str(tmp_path)))
