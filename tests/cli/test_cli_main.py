"""Each ending is one exit status and at most one line; what is half-written is gone."""

import errno
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from jsonschema import Draft202012Validator
from stand_ins import STANDING_PX, StandInBackend, StandInLifter, write_coded_clip
from typer.testing import CliRunner

import hotvid
from hotvid import outputs, pipeline
from hotvid.cli.main import app
from hotvid.cli.values import read_time
from hotvid.errors import OutputError
from hotvid.extras import quoted
from hotvid.io.reader import VideoReader
from hotvid.stored.poses_json import schema

N_FRAMES = 24


@pytest.fixture
def backend(monkeypatch):
    backend = StandInBackend(range(4, 20))
    monkeypatch.setattr(pipeline, "load_backend", lambda config: backend)
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    return backend


@pytest.fixture
def clip(tmp_path):
    return write_coded_clip(tmp_path / "coded.mp4", N_FRAMES)


def call(*words, expect=0):
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def one_line(result) -> str:
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_run_writes_what_is_asked_for_and_says_so(clip, backend, tmp_path):
    out, to_json, store = (tmp_path / n for n in ("o.mp4", "o.json", "o.npz"))
    result = call("run", clip, "--out", out, "--json", to_json, "--save-poses", store)
    said = result.stdout.splitlines()
    assert re.fullmatch(
        r"1 person in 24 frames, 0\.8 s of video in [\d.]+ s \([\d.]+ x real time\)", said[0]
    )
    assert said[1] == "  person 0: frames 4 to 19"
    assert said[2] == "2D: stand-in; 3D: stand-in-lifter"
    assert said[3:] == [f"wrote {path}" for path in (store, to_json, out)]
    assert result.stderr.splitlines() == ["finding people ...", "lifting to 3D ...", "drawing ..."]
    assert names(tmp_path) == ["coded.mp4", "o.json", "o.mp4", "o.npz"]
    found = json.loads(to_json.read_text())
    Draft202012Validator(schema()).validate(found)
    assert [row["frame"] for row in found["people"][0]["frames"]] == list(range(4, 20))
    with VideoReader(out) as reader:
        assert sum(1 for _ in reader) == N_FRAMES


def test_quiet_says_nothing(clip, backend, tmp_path):
    result = call("run", clip, "--out", tmp_path / "o.mp4", "--quiet")
    assert result.output == ""
    assert (tmp_path / "o.mp4").is_file()


def test_export_json_of_a_video_and_of_its_store_are_the_same(clip, backend, tmp_path):
    call("run", clip, "--out", tmp_path / "o.mp4", "--save-poses", tmp_path / "o.npz")
    call("export-json", clip, "--out", tmp_path / "a.json")
    result = call("export-json", tmp_path / "o.npz", "--out", tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert result.stdout.splitlines()[-1] == f"wrote {tmp_path / 'b.json'}"
    call("export-json", clip, "--out", tmp_path / "c.json", "--save-poses", tmp_path / "c.npz")
    assert (tmp_path / "c.npz").read_bytes() == (tmp_path / "o.npz").read_bytes()


def test_time_range_and_device_reach_the_pipeline(clip, backend, tmp_path, monkeypatch):
    devices = []

    def load_backend(config):
        devices.append(config.device)
        return backend

    def load_lifter(name, weights, device):
        devices.append(device)
        return StandInLifter()

    monkeypatch.setattr(pipeline, "load_backend", load_backend)
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", load_lifter)
    words = ("--time-range", 0.2, 0.5, "--device", "cuda")
    call("export-json", clip, "--out", tmp_path / "a.json", *words)
    assert devices == ["cuda", "cuda"]
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["analysed"]["first_frame"] == 6 and found["analysed"]["frame_count"] == 9
    xy = np.array([row["keypoints_2d"] for row in found["people"][0]["frames"]])[..., :2]
    assert np.allclose(xy[0], STANDING_PX + [6, 0], atol=0.1)


def test_nobody_is_a_warning_and_a_result(clip, backend, tmp_path):
    backend.seen = range(0)
    out, to_json = tmp_path / "o.mp4", tmp_path / "o.json"
    result = call("run", clip, "--out", out, "--json", to_json)
    warnings = [li for li in result.stderr.splitlines() if li.startswith("warning: ")]
    assert len(warnings) == 1 and warnings[0].startswith(f"warning: nobody was found in {clip}; ")
    assert result.stdout.startswith("nobody in 24 frames")
    found = json.loads(to_json.read_text())
    Draft202012Validator(schema()).validate(found)
    assert found["people"] == []
    with VideoReader(out) as reader:
        assert sum(1 for _ in reader) == N_FRAMES


def test_a_warning_stays_with_quiet_and_is_the_only_line(clip, backend, tmp_path):
    backend.seen = range(0)
    result = call("export-json", clip, "--out", tmp_path / "o.json", "--quiet")
    assert one_line(result).startswith(f"warning: nobody was found in {clip}; ")


def test_a_still_image_is_a_video_of_one_frame(backend, tmp_path):
    backend.seen = range(256)
    cv2.imwrite(str(tmp_path / "still.png"), np.full((240, 320, 3), 80, np.uint8))
    out, to_json = tmp_path / "o.mp4", tmp_path / "o.json"
    result = call("run", tmp_path / "still.png", "--out", out, "--json", to_json)
    assert "1 frame," in result.stdout and "real time" not in result.stdout
    found = json.loads(to_json.read_text())
    Draft202012Validator(schema()).validate(found)
    assert found["analysed"]["frame_count"] == 1
    with VideoReader(out) as reader:
        assert sum(1 for _ in reader) == 1


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_still_image_is_drawn_on_a_picture(backend, tmp_path, suffix):
    backend.seen = range(256)
    still, out, store = (tmp_path / name for name in ("still.png", f"o{suffix}", "o.npz"))
    cv2.imwrite(str(still), np.full((480, 640, 3), 80, np.uint8))
    call("run", still, "--out", out, "--save-poses", store)
    drawn = cv2.imread(str(out))
    plain = np.abs(drawn[:480, :640].astype(int) - 80).max(-1) < 8
    assert drawn.shape[0] == 480 and drawn.shape[1] > 640
    assert 0.5 < plain.mean() < 0.999, "the picture, and someone drawn over it"
    again = tmp_path / f"again{suffix}"
    call("run", store, "--out", again)
    assert again.read_bytes() == out.read_bytes()


def test_a_video_is_not_drawn_on_a_picture(clip, backend, tmp_path):
    line = one_line(call("run", clip, "--out", tmp_path / "o.png", expect=1))
    assert line == (
        f"error: '{tmp_path / 'o.png'}' is a picture, but '{clip}' is not; name a video, as out.mp4"
    )
    assert backend.batches == [] and names(tmp_path) == [clip.name]


@pytest.mark.parametrize(
    ("given", "first", "n_frames"), [(("0:00.2", "0.5"), 6, 9), (("0", "0:00:00.1"), 0, 3)]
)
def test_times_may_be_as_on_a_clock(clip, backend, tmp_path, given, first, n_frames):
    call("export-json", clip, "--out", tmp_path / "a.json", "--time-range", *given)
    analysed = json.loads((tmp_path / "a.json").read_text())["analysed"]
    assert (analysed["first_frame"], analysed["frame_count"]) == (first, n_frames)


@pytest.mark.parametrize(
    ("given", "seconds"), [("90.5", 90.5), ("1:30.5", 90.5), ("01:02:03", 3723), ("75:00", 4500)]
)
def test_seconds_of_a_clock(given, seconds):
    assert read_time(given) == seconds


@pytest.mark.parametrize("given", ["1:60", "1:2:3:4", ":30", "1:-2", "a:b", "later"])
def test_what_is_no_time_is_refused(given):
    with pytest.raises(typer.BadParameter, match="is no time"):
        read_time(given)


def _text(path):
    path.write_text("not a video, whatever its name")


def _folder(path):
    path.mkdir()


def _sound(path):
    header = b"RIFF" + (36 + 8000).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = b"\x01\x00\x01\x00" + (8000).to_bytes(4, "little") * 2 + b"\x01\x00\x08\x00"
    path.write_bytes(header + form + b"data" + (8000).to_bytes(4, "little") + bytes(8000))


def _cut(path):
    write_coded_clip(path, N_FRAMES)
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("missing.mp4", lambda path: None),
        ("missing.npz", lambda path: None),
        ("folder.mp4", _folder),
        ("text.mp4", _text),
        ("text.npz", _text),
        ("empty.mp4", lambda path: path.touch()),
        ("cut.mp4", _cut),
        ("sound.wav", _sound),
    ],
)
def test_a_source_that_is_no_video_gives_one_line(backend, tmp_path, name, make):
    make(tmp_path / name)
    before = names(tmp_path)
    result = call("run", tmp_path / name, "--out", tmp_path / "new" / "o.mp4", "--quiet", expect=1)
    line = one_line(result)
    assert line.startswith("error: ") and name in line
    assert names(tmp_path) == before


def test_a_video_that_breaks_off_gives_what_it_held(backend, tmp_path):
    source = write_coded_clip(tmp_path / "cut.mp4", N_FRAMES)
    source.write_bytes(source.read_bytes()[:-600])
    out, to_json = tmp_path / "o.mp4", tmp_path / "o.json"
    result = call("run", source, "--out", out, "--json", to_json, "--quiet")
    line = one_line(result)
    assert "warning: 'cut.mp4' breaks off" in line
    # The last picture of which there are some bytes is told in the same line.
    assert ", 1 could not; is the file complete?" in line
    found = json.loads(to_json.read_text())
    n_frames = found["analysed"]["frame_count"]
    assert 4 < n_frames < N_FRAMES - 3
    assert "breaks off" in found["warnings"][0]
    with VideoReader(out) as reader:
        assert sum(1 for _ in reader) == n_frames


@pytest.mark.parametrize(
    ("words", "names_it"),
    [
        (["--out", "taken.mp4"], "exists"),
        (["--out", "o.avi"], ".mp4"),
        (["--out", "o.mp4", "--json", "o.mp4"], ".json"),
        (["--out", "coded.mp4", "--overwrite"], "input"),
        (["--out", "coded.mp4/o.mp4"], "folder"),
        (["--out", "folder.mp4"], "folder"),
        (["--out", "o.mp4", "--save-poses", "o.json"], ".npz"),
        (["--out", "o.mp4", "--weights", "missing.safetensors"], "missing.safetensors"),
    ],
)
def test_an_output_that_cannot_be_gives_one_line(
    clip, backend, tmp_path, monkeypatch, words, names_it
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken.mp4").write_bytes(b"mine")
    (tmp_path / "folder.mp4").mkdir()
    before = names(tmp_path)
    line = one_line(call("run", clip, *words, expect=1))
    assert line.startswith("error: ") and names_it in line
    assert backend.batches == [], "the work had begun"
    assert names(tmp_path) == before
    assert (tmp_path / "taken.mp4").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "words",
    [
        ["--time-range", "-1", "2"],
        ["--time-range", "2", "1"],
        ["--time-range", "nan", "1"],
        ["--time-range", "1", "inf"],
        ["--time-range", "1"],
        ["--det-frequency", "0"],
        ["--det-frequency", "1.5"],
        ["--bbox-thr", "1.5"],
        ["--bbox-thr", "nan"],
        ["--kpt-thr", "-0.1"],
        ["--kpt-thr", "much"],
        ["--focal", "0"],
        ["--focal", "inf"],
        ["--height", "175"],
        ["--smooth", "kalman"],
        ["--cutoff", "0"],
        ["--mode", "quick"],
        ["--device", "toaster"],
        ["--person", "tallest"],
        ["--person", "-1"],
        ["--pose2d", "nothing"],
        ["--model", "nothing"],
        ["--video", "another.mp4"],
        ["--nonsense"],
        ["another.mp4"],
    ],
)
def test_a_wrong_command_line_gives_one_line_and_status_2(clip, tmp_path, monkeypatch, words):
    line = one_line(call("run", clip, "--out", tmp_path / "o.mp4", *words, expect=2))
    assert line.startswith("error: ") and not line.endswith(".")
    assert names(tmp_path) == ["coded.mp4"]


@pytest.mark.parametrize("words", [["run"], ["run", "a.mp4"], ["walk"], ["--nonsense"]])
def test_a_command_that_is_not_whole_gives_one_line_and_status_2(words):
    line = one_line(call(*words, expect=2))
    assert line.startswith("error: ") and "--help" in line


@pytest.mark.parametrize("words", [[], ["run"], ["bench"], ["bench", "run"], ["models", "import"]])
def test_h_is_help(words):
    assert call(*words, "-h").stdout == call(*words, "--help").stdout != ""


def test_home_is_meant_behind_an_equals_sign_too(clip, backend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    call("export-json", clip, "--out=~/o.json", "--save-poses=~o.npz", "--quiet")
    call("export", clip, "--format=csv", "--out=~/new/", "--quiet")
    assert names(tmp_path / "home") == ["new", "o.json"]
    assert names(tmp_path / "home" / "new") == ["coded.csv"]
    assert names(tmp_path) == ["coded.mp4", "home", "~o.npz"]


def test_a_file_in_a_commands_place_is_told_the_command(clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").touch()
    assert one_line(call("run", clip, expect=2)).endswith("; see: hotvid run --help")
    line = one_line(call(clip, "--out", tmp_path / "o.mp4", expect=2))
    assert line.endswith(
        f"; for a video or poses use: hotvid run {quoted(str(clip))} --out FILE.mp4"
    )


def test_a_person_who_is_not_there_is_said_so(clip, backend, tmp_path):
    words = ("export-json", clip, "--out", tmp_path / "o.json", "--person", 7, "--quiet")
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code in (1, 2) and "7" in one_line(result)
    assert names(tmp_path) == ["coded.mp4"]


@pytest.mark.parametrize(
    ("error", "names_it"),
    [
        (MemoryError(), "out of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (OSError(errno.EIO, "Input/output error", "a.mp4"), "a.mp4"),
        (ImportError("libGL.so.1: missing", name="cv2"), "apt-get install libgl1 libglib2.0-0"),
        (ZeroDivisionError("float division\nby zero"), "bug in hotvid: ZeroDivisionError"),
        (EOFError("a file ended"), "bug in hotvid: EOFError: a file ended; run it again with"),
        (KeyError("x"), "--debug"),
    ],
)
def test_what_nobody_foresaw_is_one_line_too(clip, backend, tmp_path, monkeypatch, error, names_it):
    def fail(frames):
        raise error

    monkeypatch.setattr(backend, "estimate", fail)
    line = one_line(call("run", clip, "--out", tmp_path / "o.mp4", "--quiet", expect=1))
    assert line.startswith("error: ") and names_it in line
    assert ("--debug" in line) == ("bug in hotvid" in line)
    assert names(tmp_path) == ["coded.mp4"]


def test_debug_shows_the_traceback(clip, backend, tmp_path, monkeypatch):
    def fail(frames):
        raise ZeroDivisionError("here it is")

    monkeypatch.setattr(backend, "estimate", fail)
    result = call("run", clip, "--out", tmp_path / "o.mp4", "--quiet", "--debug", expect=1)
    lines = result.stderr.splitlines()
    assert lines[0].startswith("Traceback") and "in fail" in result.stderr
    assert lines[-1] == "error: this is a bug in hotvid: ZeroDivisionError: here it is"


@pytest.mark.parametrize(
    ("error", "status", "last"),
    [
        (OutputError("the encoder broke", "try again"), 1, "error: the encoder broke; try again"),
        (KeyboardInterrupt(), 130, "interrupted: nothing half-written is left"),
    ],
)
def test_what_was_written_before_it_stopped_is_named(
    clip, backend, tmp_path, monkeypatch, error, status, last
):
    def fail(*given, **named):
        raise error

    monkeypatch.setattr(outputs, "render", fail)
    to_json = tmp_path / "o.json"
    words = ("run", clip, "--out", tmp_path / "o.mp4", "--json", to_json, "--quiet")
    lines = call(*words, expect=status).stderr.splitlines()
    assert lines == [f"warning: written before it stopped: {to_json}", last]
    assert names(tmp_path) == ["coded.mp4", "o.json"]


def test_version():
    assert call("--version").stdout == f"hotvid {hotvid.__version__}\n"


def test_help_names_every_option():
    text = re.sub(r"\x1b\[[\d;]*m", "", call("run", "--help").stdout)
    wanted = "--out --json --save-poses --mode --device --person --bbox-thr --kpt-thr --quiet"
    wanted += " --det-frequency --time-range --model --weights --pose2d --focal --overwrite --debug"
    wanted += " --height --no-feet --smooth --cutoff --no-outliers --free-bones --no-swaps"
    assert [w for w in wanted.split() if w not in text] == []
