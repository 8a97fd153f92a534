import pytest

from hotvid import weights
from hotvid.errors import WeightsError


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
