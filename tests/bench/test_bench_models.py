"""What is timed is the forward pass, in turns; what is called pruning is the pruning."""

import json
import time
from dataclasses import replace

import pytest
import torch
from typer.testing import CliRunner

from hotvid.bench import models as bench
from hotvid.cli.main import app
from hotvid.errors import UsageError
from hotvid.lift.models.complexity import Complexity, count
from hotvid.lift.models.prune import PRUNERS
from hotvid.lift.models.zoo import MODELS, build_model

SMALL = {"frames": 27, "channel": 16, "mlp_hidden": 16}


@pytest.fixture
def built(monkeypatch):
    """Small models in place of the published; those that were built."""
    models = []

    def build(name, **sizes):
        tokens = {"token_num": 9} if MODELS[name].sizes["token_num"] else {}
        models.append(build_model(name, **{**SMALL, **tokens, **sizes}))
        return models[-1]

    monkeypatch.setattr(bench, "build_model", build)
    monkeypatch.setattr(bench, "_LEAST_S", 0.0)
    return models


def measure(*names, **options):
    return bench.bench_models(names, "cpu", **{"rounds": 2, **options})


def test_pruned_models_are_timed_beside_their_twins(built):
    result = measure("hot-mixste", "mhformer", "tpc-mixste", "hot-mixste-s")
    names = ["mixste", "hot-mixste", "tpc-mixste", "mhformer"]
    assert [m.name for m in result.models] == [*names, "mixste-s", "hot-mixste-s"]
    assert [m.tokens for m in result.models] == [(), (9,), (9,), (), (), (9,)]
    assert [(g.plain, g.pruned) for g in result.gains] == [
        ("mixste", "hot-mixste"),
        ("mixste", "tpc-mixste"),
        ("mixste-s", "hot-mixste-s"),
    ]
    assert [m.cost for m in result.models] == [count(model) for model in built]
    speed = {m.name: m for m in result.models}
    for gain in result.gains:
        plain, pruned = speed[gain.plain], speed[gain.pruned]
        assert gain.wall == pytest.approx(plain.s_a_window / pruned.s_a_window)
        assert gain.flops == plain.cost.flops / pruned.cost.flops > 1
        assert gain.wall_by_flops == pytest.approx(gain.wall / gain.flops)
        assert plain.pruning_share is None and 0 < pruned.pruning_share < 1
    assert (result.batch_size, result.rounds) == (1, 2)
    assert result.device and result.n_threads == torch.get_num_threads()


def test_all_models_are_timed_unless_named(built):
    result = bench.bench_models(rounds=1)
    assert {m.name for m in result.models} == set(MODELS)
    assert len(result.gains) == 7


def slowed(monkeypatch, seconds):
    """Each forward pass takes `seconds` (by name) more; the names of those that were made."""
    calls, build = [], bench.build_model

    def slow_build(name, **sizes):
        model = build(name, **sizes)

        def slow(module, _):
            if module is model:  # and not the copy whose operations are counted
                calls.append(name)
                time.sleep(seconds.get(name, 0))

        model.register_forward_pre_hook(slow)
        return model

    monkeypatch.setattr(bench, "build_model", slow_build)
    return calls


def test_times_are_of_the_forward_pass_by_the_window(built, monkeypatch):
    now_s = [0.0]  # a clock that goes on only while somebody sleeps

    def sleep(seconds):
        now_s[0] += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(bench.time, "perf_counter", lambda: now_s[0])
    slowed(monkeypatch, {"mixste": 0.4, "hot-mixste": 0.2})
    result = measure("hot-mixste", batch_size=2)
    mixste, hot = result.models
    assert (mixste.s_a_window, hot.s_a_window) == pytest.approx((0.2, 0.1))
    assert mixste.windows_per_s == pytest.approx(1 / mixste.s_a_window)


def test_the_share_of_pruning_is_that_of_choosing_frames(built, monkeypatch):
    choose = PRUNERS["tpc"]
    monkeypatch.setitem(PRUNERS, "tpc", lambda *given: time.sleep(0.3) or choose(*given))
    _, pruned = measure("tpc-motionbert").models
    assert 0.5 < pruned.pruning_share < 1  # 0.8 where nothing else runs
    assert "prune" not in vars(built[-1])  # it is the class's own again


def test_a_model_and_its_twin_take_turns(built, monkeypatch):
    calls = slowed(monkeypatch, {})
    told = []
    measure("hot-mixste", rounds=3, progress=lambda *now: told.append(now))
    # First each warms up and is timed once, to settle how often a round repeats.
    assert calls == ["mixste"] * 3 + ["hot-mixste"] * 3 + ["mixste", "hot-mixste"] * 2
    assert told == [("timing", done, 6) for done in range(1, 7)]


def test_short_passes_are_repeated_within_a_round(built, monkeypatch):
    monkeypatch.setattr(bench, "_LEAST_S", 0.5)
    calls = slowed(monkeypatch, {"mixste": 0.1})
    measure("mixste", rounds=1)
    assert 2 < len(calls) <= 2 + 5


def test_weights_and_keypoints_leave_the_random_state_alone(built):
    before = torch.get_rng_state()
    measure("mixste", rounds=1)
    assert torch.equal(torch.get_rng_state(), before)


def test_unknown_models():
    with pytest.raises(UsageError, match="unknown model 'mixte'; choose among: mixste, "):
        measure("mixte")


def test_a_cuda_device_is_waited_for(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    bench._finish(torch.device("cpu"))
    assert waited == []
    bench._finish(torch.device("cuda"))
    assert waited == [torch.device("cuda")]


def test_on_cuda_pruning_is_timed_by_events(monkeypatch):
    now_ms = iter([10.0, 14.0, 100.0, 107.0])

    class Event:
        def __init__(self, enable_timing):
            assert enable_timing

        def record(self):
            self.at_ms = next(now_ms)

        def elapsed_time(self, later):
            return later.at_ms - self.at_ms

    monkeypatch.setattr(torch.cuda, "Event", Event)
    clock = bench._CudaClock()
    for _ in range(2):
        clock.begin()
        clock.end()
    assert clock.total_s() == pytest.approx(0.011)


def call(*words, expect=0):
    result = CliRunner().invoke(app, ["bench", "models", *map(str, words)])
    assert result.exit_code == expect, result.output + repr(result.exception)
    return result


def a_result():
    plain = bench.ModelSpeed(
        "mixste", 243, (), Complexity(33_784_000, 277_248_000_000, 295_000_000_000), 1.6, None
    )
    hot = replace(
        plain,
        name="hot-mixste",
        tokens=(81,),
        cost=Complexity(35_000_000, 167_512_000_000, 176_000_000_000),
        s_a_window=0.8,
        pruning_share=0.0123,
    )
    gain = bench._gain(hot, plain)
    return bench.ModelBench("a processor", 2, 1, 5, "float32", (plain, hot), (gain,))


def test_the_command_says_and_writes_what_was_measured(tmp_path, monkeypatch):
    asked = {}

    def stand_in(names, device, **options):
        asked.update(names=names, device=device, **options)
        return a_result()

    monkeypatch.setattr(bench, "bench_models", stand_in)
    out = tmp_path / "b.json"
    text = call("--models", "mixste, hot-mixste", "--device", "cpu", "--json", out).stdout
    assert (asked["names"], asked["device"]) == (["mixste", "hot-mixste"], torch.device("cpu"))
    assert asked["batch_size"] is None and asked["rounds"] is None
    lines = text.splitlines()
    assert lines[0] == "a processor, 2 threads, 1 window at once, float32"
    assert len({len(line) for line in lines[2:5]}) == 1
    assert max(map(len, lines)) <= 80
    assert lines[3].split() == ["mixste", "243", "-", "0.62", "1600.0", "277.248", "-", "-", "-"]
    assert lines[4].split()[2:] == ["81", "1.25", "800.0", "167.512", "1.2%", "2.00", "1.66"]
    found = json.loads(out.read_text())
    assert found["models"][1]["windows_per_s"] == 1.25
    assert found["gains"][0]["wall"] == 2 and found["gains"][0]["plain"] == "mixste"
    assert found["gains"][0]["wall_by_flops"] == pytest.approx(2 * 167.512 / 277.248)
    assert "exists" in call("--models", "mixste", "--json", out, expect=1).stderr


def test_progress_is_told_unless_quiet(built):
    words = ("--models", "hot-mixste", "--rounds", 1, "--device", "cpu")
    assert call(*words).stderr == "timing ...\n"
    result = call(*words, "--quiet", "--batch-size", 2)
    assert result.stderr == "" and "2 windows at once" in result.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--models", "mixste,nothing"), "unknown model 'nothing'"),
        (("--models", ""), "unknown model ''"),
        (("--device", "toaster"), "unknown device 'toaster'"),
        (("--batch-size", "0"), "batch-size"),
        (("--rounds", "0"), "rounds"),
        (("mixste",), "mixste"),
    ],
)
def test_a_wrong_command_line_is_one_line(words, says):
    result = call(*words, expect=2)
    assert result.stdout == "" and result.stderr.count("\n") == 1 and says in result.stderr
