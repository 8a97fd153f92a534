"""Whatever a file holds: a result or one clear line, within bounds, and nothing written elsewhere.

The long form is all cases; the short form is a sample, some of every kind. `--hostile-seed` draws
another sample.
"""

import json
import random
import sys
import unicodedata

import checkpoints
import documents
import motions
import names
import pytest
import stores
import videos
from arena import Arena, clear
from case import ERROR, RESULT, Case, Workshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measures with /proc")
PARTS = (videos, names, stores, documents, checkpoints, motions)
ALL: list[Case] = [case for part in PARTS for case in part.cases()]
OF_A_KIND = 4  # in the sample


def sample(seed):
    """A few cases of every kind."""
    chance = random.Random(seed)
    chosen = set()
    for kind in dict.fromkeys(case.kind for case in ALL):
        of_kind = [str(case) for case in ALL if case.kind == kind]
        chosen.update(chance.sample(of_kind, min(OF_A_KIND, len(of_kind))))
    return chosen


def pytest_generate_tests(metafunc):
    if "case" not in metafunc.fixturenames:
        return
    chosen = sample(metafunc.config.getoption("--hostile-seed"))
    metafunc.parametrize(
        "case",
        [
            pytest.param(case, marks=() if str(case) in chosen else pytest.mark.slow, id=str(case))
            for case in ALL
        ],
    )


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile-parts")


@pytest.fixture(scope="session")
def arena(tmp_path_factory):
    arena = Arena(tmp_path_factory.mktemp("hostile"))
    yield arena
    arena.close()


@pytest.fixture
def place(tmp_path):
    yield tmp_path
    clear(tmp_path)


def test_there_are_enough_and_all_have_names_of_their_own():
    assert len({str(case) for case in ALL}) == len(ALL) >= 500


def test_hostile(case, place, shared, arena):
    (place / "in").mkdir()
    (place / "out").mkdir()
    source = case.make(Workshop(place / "in", shared, str(case)))
    words = [fill(word, case, source, place, shared) for word in case.command]
    if case.command[0] != "models" and "--" not in words:
        words.append("--quiet")
    may_write = [place / "out"]
    if case.command[0] == "models":
        words += ["--name", "imported", "--model", "mixste"]
        may_write.append(arena.home)
    ending = arena.run(words, place, may_write)
    assert not ending.broke, ending
    check_what_was_said(ending)
    if ending.status == 0:
        assert case.want != ERROR, f"it was taken for good: {ending.err}"
        check_outputs(case, place / "out")
    else:
        assert case.want != RESULT, ending.err
        check_nothing_half_written(ending, place / "out")


def fill(word, case, source, place, shared):
    """A word of the command line with the places filled in."""
    given = {"{source}": source, "{name}": f"in/{source.name}", "{out}": place / "out"}
    given["{folder}"] = source
    if "{video}" in word:
        workshop = Workshop(place / "in", shared, "video")
        size = videos.source(12, "96x64", "30")
        given["{video}"] = workshop.write("v.mp4", workshop.clip("v.mp4", *size, *videos.H264))
    if "{other}" in word:
        given["{other}"] = place / "in" / "keypoints.json"
        given["{other}"].write_text(documents.WHOLE["alphapose.json"])
    for mark, value in given.items():
        if word.startswith(mark):
            return str(value) + word[len(mark) :]
    return word


def check_what_was_said(ending):
    """An exit status that is one of ours, and lines that a person can read."""
    assert ending.status in (0, 1, 2), ending
    assert "Traceback" not in ending.out + ending.err, ending
    assert "bug in hotvid" not in ending.out + ending.err, ending
    lines = ending.err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == (ending.status != 0), ending
    others = [line for line in lines if not line.startswith(("warning: ", "error: "))]
    assert not others, ending
    text = (ending.out + ending.err).replace("\n", "")
    assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cs")], ending
    assert "\u202e" not in text, "it turns the direction of what follows"
    assert all(len(line) < 3000 for line in lines), "nobody reads that much"


def check_nothing_half_written(ending, out):
    """What is there after an error is whole, and was told of."""
    for path in out.rglob("*"):
        if path.is_file() and path.name not in ("manifest.jsonl", "summary.csv"):
            assert (
                f"written before it stopped: {path}" in ending.err
                or out / "fine.mp4" in path.parents
            )
            assert not path.name.startswith(".")


def check_outputs(case, out):
    if case.command[0] == "models":
        return
    if case.command[0] == "batch":
        assert (out / "summary.csv").is_file()
        return
    found = json.loads((out / "o.json").read_bytes())
    assert found["schema"] == "hotvid/1" and found["analysed"]["frame_count"] >= 1
    if case.command[0] == "run":
        assert (out / "o.mp4").stat().st_size > 500
