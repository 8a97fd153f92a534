"""What was measured is written over nothing that it should not, and is seen whatever happens."""

import json

import pytest

from hotvid.cli.measured import check_measured_out, tell
from hotvid.errors import OutputError
from hotvid.outputs import Outputs


def test_the_source_is_not_written_over(tmp_path):
    source = tmp_path / "keypoints.json"
    source.write_text("mine")
    with pytest.raises(OutputError, match="is an input too"):
        check_measured_out(source, overwrite=True, source=source)
    check_measured_out(tmp_path / "a.json", overwrite=False, source=source)
    assert [p.name for p in tmp_path.iterdir()] == ["keypoints.json"]


def test_a_file_that_came_while_it_was_measured_is_kept_and_the_figures_are_told(tmp_path, capsys):
    path = tmp_path / "a.json"
    path.write_text("theirs")
    with pytest.raises(OutputError, match="exists"):
        tell("34.2 mm", {"mpjpe_mm": 34.2}, path, overwrite=False)
    assert capsys.readouterr().out == "34.2 mm\n" and path.read_text() == "theirs"
    tell("34.2 mm", {"mpjpe_mm": 34.2}, path, overwrite=True)
    assert json.loads(path.read_text()) == {"mpjpe_mm": 34.2}


def test_the_source_by_another_spelling_is_not_written_over(tmp_path):
    """On a disk that takes capitals for small letters it is there by both; a link is, too."""
    (tmp_path / "walk.mp4").write_text("mine")
    (tmp_path / "Walk.mp4").hardlink_to(tmp_path / "walk.mp4")
    outputs = Outputs(out=tmp_path / "Walk.mp4", overwrite=True)
    with pytest.raises(OutputError, match=r"Walk\.mp4' is an input too"):
        outputs.check([tmp_path / "walk.mp4"])
