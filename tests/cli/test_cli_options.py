"""What stands on a command line arrives where the work is done, and nothing else changes."""

import inspect
import json
from dataclasses import asdict

import pytest
from small_poses import some_poses
from test_cli_main import call

from hotvid import job
from hotvid.batch.run import Report
from hotvid.cli import shared
from hotvid.config import PipelineConfig
from hotvid.stored.pose_store import save_poses

# The option, what stands after it, and each setting that is then another than by default.
REACHES = {
    "time_range": ("--time-range 1:00 90.5", {"time_range_s": (60.0, 90.5)}),
    "fps": ("--fps 240", {"fps": 240.0}),
    "person": ("--person longest", {"track.person": "longest"}),
    "bbox_thr": ("--bbox-thr 0.25", {"pose2d.bbox_thr": 0.25, "track.bbox_thr": 0.25}),
    "kpt_thr": ("--kpt-thr 0.45", {"track.kpt_thr": 0.45, "render.kpt_thr": 0.45}),
    "det_frequency": ("--det-frequency 4", {"pose2d.det_frequency": 4}),
    "mode": ("--mode fast", {"pose2d.mode": "fast"}),
    "pose2d": ("--pose2d rtmpose:a.onnx", {"pose2d.backend": "rtmpose:a.onnx"}),
    "detector": ("--detector rtmdet:b.onnx", {"pose2d.detector": "rtmdet:b.onnx"}),
    "model": ("--model mixste", {"lift.model": "mixste", "lift.anew": True}),
    "weights": ("--weights w.safetensors", {"lift.weights": "w.safetensors", "lift.anew": True}),
    "device": ("--device cuda", {"pose2d.device": "cuda", "lift.device": "cuda"}),
    "tokens": ("--tokens 27", {"lift.tokens": 27}),
    "sizes": (
        "--size prune=uniform --size token_num=[81,27]",
        {"lift.sizes": (("prune", "uniform"), ("token_num", (81, 27)))},
    ),
    "compile": ("--compile", {"lift.compile": True}),
    "precision": ("--precision bfloat16", {"lift.precision": "bfloat16"}),
    "focal": ("--focal 1234.5", {"lift.focal_px": 1234.5}),
    "swaps": ("--no-swaps", {"lift.swaps": False}),
    "outliers": ("--no-outliers", {"clean.outliers": False, "clean.anew": True}),
    "smooth": ("--smooth one-euro", {"clean.smooth": "one-euro", "clean.anew": True}),
    "cutoff": ("--cutoff 10.5", {"clean.cutoff_hz": 10.5, "clean.anew": True}),
    "bones": ("--free-bones", {"clean.bones": False, "clean.anew": True}),
    "height": ("--height 1.75", {"world.height_m": 1.75, "world.anew": True}),
    "feet": ("--no-feet", {"world.feet": False, "world.anew": True}),
}
ALL_OPTIONS = {name for group in shared.EVERYTHING for name in group}


@pytest.fixture
def jobs(monkeypatch):
    """What `hotvid.job` was asked for, in place of doing it."""
    asked = []
    for name in ("run", "lift", "analyze"):
        how = inspect.signature(getattr(job, name))

        def record(*given, how=how, **named):
            bound = how.bind(*given, **named)
            bound.apply_defaults()
            asked.append(bound.arguments)
            return some_poses()

        monkeypatch.setattr(job, name, record)
    return asked


def flat(config):
    """Each field of each stage: "stage.field" -> value."""
    out = {}
    for stage, fields in asdict(config).items():
        if isinstance(fields, dict):
            out |= {f"{stage}.{name}": value for name, value in fields.items()}
        else:
            out[stage] = fields
    return out


def changed(config):
    """The settings that are not those of default."""
    default = flat(PipelineConfig())
    return {name: value for name, value in flat(config).items() if value != default[name]}


def test_every_option_is_looked_at_here():
    assert set(REACHES) == ALL_OPTIONS


@pytest.mark.parametrize("option", sorted(ALL_OPTIONS))
def test_an_option_changes_its_own_settings_and_no_others(jobs, option):
    words, wanted = REACHES[option]
    call("run", "a.mp4", "--out", "o.mp4", "--quiet", *words.split())
    (asked,) = jobs
    assert changed(asked["config"]) == wanted


def test_what_is_given_counts_as_asked_for_though_it_is_the_default(jobs):
    call("run", "a.json", "--out", "o.mp4", "--quiet", "--smooth", "butterworth", "--feet")
    assert changed(jobs[0]["config"]) == {"clean.anew": True, "world.anew": True}


def test_accurate_lifts_each_frame_in_three_windows_with_nothing_pruned(jobs):
    call("run", "a.mp4", "--out", "o.mp4", "--quiet", "--mode", "accurate")
    assert changed(jobs[0]["config"]) == {
        "pose2d.mode": "accurate",
        "lift.overlap": pytest.approx(2 / 3),
        "lift.model": "mixste-s",
    }
    call("run", "a.mp4", "--out", "o.mp4", "--quiet", "--mode", "accurate", "--tokens", "41")
    assert "lift.model" not in changed(jobs[1]["config"]), "it has nothing to keep fewer of"


def settings_of(*options):
    """The words for several options, and what all of them change."""
    words, wanted = [], {}
    for name in options:
        words += REACHES[name][0].split()
        wanted |= REACHES[name][1]
    return words, wanted


OF_LIFT = sorted(
    ALL_OPTIONS
    - {"bbox_thr", "det_frequency", "mode", "pose2d", "detector", "device", "sizes", "fps"}
)
OF_CONVERT = ["person", "outliers", "smooth", "cutoff", "bones", "height", "feet"]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (["export", "a.mp4", "--format", "csv", "--out", "o.csv"], sorted(ALL_OPTIONS)),
        (["export-json", "a.mp4", "--out", "o.json"], sorted(ALL_OPTIONS)),
        (["lift", "k.json", "--json", "o.json", "--size", "64x48", "--fps", "30"], OF_LIFT),
        (["convert", "p.npz", "--format", "csv", "--out", "o.csv"], OF_CONVERT),
    ],
    ids=lambda it: it[0],
)
def test_other_commands_pass_on_what_they_take(jobs, command, options):
    words, wanted = settings_of(*options)
    call(*command, "--quiet", *words)
    (asked,) = jobs
    assert changed(asked["config"]) == wanted


@pytest.mark.parametrize(
    "command",
    [
        ["run", "a.mp4", "--out", "o.mp4"],
        ["export", "a.mp4", "--out", "o.bvh"],
        ["lift", "k.json", "--out", "o.mp4"],
        ["convert", "p.npz", "--out", "o.bvh"],
    ],
    ids=lambda it: it[0],
)
def test_names_of_bones_and_units_go_into_the_export(jobs, command):
    call(*command, "--quiet", "--format", "bvh", "--bone-names", "mixamo", "--units", "cm")
    (export,) = jobs[0]["exports"]
    assert (export.format.name, str(export.path)) == ("bvh", "o.bvh")
    assert asdict(export.config) == {"bone_names": "mixamo", "units": "cm"}


def offsets(path):
    """The joint of the root, and how far a BVH file's parts lie apart."""
    lines = path.read_text().splitlines()
    root = next(line.split()[1] for line in lines if line.startswith("ROOT"))
    return root, [float(x) for li in lines if "OFFSET" in li for x in li.split()[1:]]


def test_a_bvh_file_in_centimetres_with_mixamos_names(tmp_path):
    save_poses(some_poses(6), tmp_path / "p.npz")
    words = ("convert", tmp_path / "p.npz", "--format", "bvh", "--quiet", "--out")
    call(*words, tmp_path / "a.bvh")
    call(*words, tmp_path / "b.bvh", "--bone-names", "mixamo", "--units", "cm")
    root, metres = offsets(tmp_path / "a.bvh")
    assert root == "Hips" and max(metres) > 0.05
    root, centimetres = offsets(tmp_path / "b.bvh")
    assert root == "mixamorig:Hips"
    assert centimetres == pytest.approx([100 * x for x in metres], abs=0.02)


OVERWRITES = {
    "run": ["run", "a.mp4", "--out", "o.mp4"],
    "export": ["export", "a.mp4", "--format", "csv", "--out", "o.csv"],
    "export-json": ["export-json", "a.mp4", "--out", "o.json"],
    "lift": ["lift", "k.json", "--json", "o.json"],
    "convert": ["convert", "p.npz", "--format", "csv", "--out", "o.csv"],
}


@pytest.mark.parametrize("command", OVERWRITES)
def test_only_who_is_told_to_overwrites(jobs, command):
    call(*OVERWRITES[command], "--quiet")
    call(*OVERWRITES[command], "--quiet", "--overwrite")
    assert [asked["overwrite"] for asked in jobs] == [False, True]


def test_the_video_of_a_store_may_lie_elsewhere(jobs):
    call("run", "p.npz", "--out", "o.mp4", "--quiet", "--video", "moved.mp4")
    (asked,) = jobs
    assert (str(asked["source"]), str(asked["video"])) == ("p.npz", "moved.mp4")


@pytest.fixture
def batches(monkeypatch):
    """What the batch was asked for: (request, engine); nothing is done."""
    asked = []

    def run_batch(request, engine, watcher):
        asked.append((request, engine))
        return Report(rows=[])

    monkeypatch.setattr("hotvid.batch.run.run_batch", run_batch)
    monkeypatch.setattr("hotvid.batch.local.LocalEngine", lambda *a, **k: ("local", a, k))
    monkeypatch.setattr("hotvid.batch.ray_engine.RayEngine", lambda *a, **k: ("ray", a, k))
    return asked


def test_a_batch_takes_all_options_and_how_it_exports(batches, monkeypatch, tmp_path):
    monkeypatch.setattr("hotvid.batch.settings._check_models", lambda config: None)
    monkeypatch.setattr("hotvid.cli.batch._engine", lambda *_: None)  # torch takes seconds
    monkeypatch.chdir(tmp_path)
    options = sorted(ALL_OPTIONS - {"weights", "pose2d", "detector"})
    words, wanted = settings_of(*options)
    export = ("--format", "bvh", "--bone-names", "mixamo", "--units", "cm", "--overwrite")
    which = ("--recursive", "--glob", "*.mov", "--glob", "*.mkv")
    monkeypatch.setattr("hotvid.weights.locate", lambda *_: tmp_path / "w")
    (tmp_path / "w").write_bytes(b"weights")
    call("batch", "in", "--out-dir", "out", "--quiet", *words, *export, *which)
    ((request, _),) = batches
    assert changed(request.settings.config) == wanted
    assert request.settings.formats == ("bvh",)
    assert request.settings.export == {"bone_names": "mixamo", "units": "cm"}
    assert request.overwrite and request.recursive and not request.resume
    assert list(request.patterns) == ["*.mov", "*.mkv"]
    call("batch", "in", "--out-dir", "out", "--quiet", "--resume")
    assert batches[1][0].resume and not batches[1][0].overwrite


def given(engine):
    name, values, named = engine
    if name == "local":
        return name, dict(zip(("n_workers", "debug"), values, strict=False)) | named
    return name, dict(zip(("address", "n_at_once"), values, strict=False)) | named


def test_the_workers_of_a_batch_are_as_many_as_asked_for(batches):
    call("batch", "in", "--out-dir", "out", "--quiet", "--workers", 3, "--debug")
    call("batch", "in", "--out-dir", "out", "--quiet")
    assert [given(engine) for _, engine in batches] == [
        ("local", {"n_workers": 3, "debug": True}),
        ("local", {"n_workers": None, "debug": False}),
    ]


def test_a_cluster_gets_what_is_asked_of_it(batches):
    words = ["--engine", "ray", "--address", "head:6379", "--workers", 5, "--debug"]
    words += ["--cpus-per-video", 4, "--gpus-per-video", 0.25]
    call("batch", "in", "--out-dir", "out", "--quiet", *words)
    call("batch", "in", "--out-dir", "out", "--quiet", "--engine", "ray")
    assert [given(engine) for _, engine in batches] == [
        (
            "ray",
            {"address": "head:6379", "n_at_once": 5, "debug": True}
            | {"cpus_per_video": 4, "gpus_per_video": 0.25},
        ),
        (
            "ray",
            {"address": None, "n_at_once": None, "debug": False}
            | {"cpus_per_video": 1, "gpus_per_video": 0.0},
        ),
    ]


@pytest.mark.parametrize(
    "words",
    [["--address", "head:6379"], ["--cpus-per-video", "2"], ["--gpus-per-video", "0.5"]],
    ids=lambda words: words[0],
)
def test_what_is_for_a_cluster_is_refused_without_one(batches, words):
    said = call("batch", "in", "--out-dir", "out", "--quiet", *words, expect=2).stderr
    assert "--engine ray" in said and batches == []


def test_the_options_are_json_for_the_workers(batches):
    call("batch", "in", "--out-dir", "out", "--quiet", "--time-range", "1", "2")
    ((request, _),) = batches
    assert json.loads(json.dumps(request.settings.options))["time_range"] == [1.0, 2.0]
