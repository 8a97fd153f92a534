"""Tracks through every published model by its own protocol: every frame lifted, once, rightly."""

import warnings

import numpy as np
import pytest
import torch
from golden_cases import golden_model
from scipy.ndimage import gaussian_filter1d

from hotvid.config import LiftConfig
from hotvid.errors import HotvidWarning, UsageError
from hotvid.lift import compiled
from hotvid.lift.checkpoint import save_checkpoint
from hotvid.lift.lifter import Lifter, load_lifter
from hotvid.lift.models.zoo import MODELS, build_model
from hotvid.lift.protocols import LIMBS, MEAN_LIMBS_M, PROTOCOLS
from hotvid.skeleton import H36M17
from hotvid.types import Track2D

FRAMES = 18
SMALL = {"frames": FRAMES, "channel": 16, "mlp_hidden": 16}
PUBLISHED = [name for name in MODELS if name not in ("mixste-s", "hot-mixste-s")]
PRUNING = [name for name in MODELS if MODELS[name].sizes["token_num"]]
SEQ2FRAME = [name for name in PUBLISHED if PROTOCOLS[name].seq2frame]
SEQ2SEQ = [name for name in PUBLISHED if not PROTOCOLS[name].seq2frame]
# A width of a power of two, and pixels in sixteenths: then what is computed by another way here
# has the same last bits, which decide between frames that are all but alike.
SIZE_PX, FPS = (512, 384), 30.0
PLAIN = LiftConfig(flip=False)


def small_file(folder, name):
    """A checkpoint as authors save them: no name, no sizes."""
    path = folder / f"{name}.pth"
    state = golden_model(name, **SMALL, **tokens_of(name)).state_dict()
    torch.save({"model_pos": {f"module.{key}": value for key, value in state.items()}}, path)
    return path


def tokens_of(name):
    published = MODELS[name].sizes
    if published["token_num"] is None:
        return {}
    return {"token_num": round(published["token_num"] * FRAMES / published["frames"])}


@pytest.fixture(scope="module")
def lifters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return {name: load_lifter(name, small_file(folder, name), "cpu") for name in MODELS}


def someone(n_frames, seed=0):
    """Someone who waves all limbs and walks to the right; some joints are not always seen."""
    rng = np.random.default_rng(seed)
    pose = rng.normal(0, 40, (1, 17, 2)) + [200, 190]
    t = np.arange(n_frames)[:, None, None]
    xy = pose + 25 * np.sin(0.2 * t + rng.uniform(0, 6, (1, 17, 2))) + t * [2, 0]
    xy[3:4, 16] = np.nan
    return track(np.round(xy * 16) / 16, rng.uniform(0.5, 1, (n_frames, 17)))


def track(xy_px, score):
    n = len(xy_px)
    return Track2D(
        track_id=0,
        joint_set=H36M17.name,
        frame_index=np.arange(n),
        xy_px=xy_px.astype(np.float32),
        score=score.astype(np.float32),
        box_px=np.zeros((n, 4), np.float32),
        person_score=np.ones(n, np.float32),
        interpolated=np.zeros(n, bool),
    )


def mirrored(one):
    """The track as seen in a mirror that stands upright: left is right."""
    flipped = one.xy_px[:, H36M17.mirror] * [-1, 1] + [SIZE_PX[0], 0]
    return track(flipped, one.score[:, H36M17.mirror])


def lift(lifter, one, config=None):
    return lifter.lift([one], FPS, SIZE_PX, config)[0].xyz_m


@pytest.mark.parametrize("name", MODELS)
def test_every_frame_of_every_track_gets_its_pose(lifters, name):
    tracks = [someone(25), someone(5, seed=1), someone(1, seed=2)]
    calls = []
    found = lifters[name].lift(tracks, FPS, SIZE_PX, None, lambda *call: calls.append(call))
    out = [one.xyz_m for one in found]
    assert [xyz.shape for xyz in out] == [(25, 17, 3), (5, 17, 3), (1, 17, 3)]
    for xyz in out:
        assert xyz.dtype == np.float32 and np.isfinite(xyz).all()
        np.testing.assert_array_equal(xyz[:, 0], 0)
        assert np.ptp(xyz, axis=1).min() > 1e-3  # the joints are apart
    assert np.abs(np.diff(out[0], axis=0)).max(1).min() > 0  # each frame has its own pose
    assert calls[-1][0] == calls[-1][1] == max(done for done, _ in calls)
    again = lifters[name].lift(tracks, FPS, SIZE_PX)
    for first, second in zip(found, again, strict=True):
        np.testing.assert_array_equal(first.xyz_m, second.xyz_m)
        np.testing.assert_array_equal(first.apart_m, second.apart_m)


@pytest.mark.parametrize("name", ["hot-mixste", "tpc-mixste"])
def test_how_far_the_answers_for_a_joint_are_apart(lifters, name):
    one = seen_throughout(5)  # a single window, or one for each frame
    both = lifters[name].lift([one], FPS, SIZE_PX)[0]
    straight = lifters[name].lift([one], FPS, SIZE_PX, PLAIN)[0]
    assert straight.apart_m is None, "one answer is apart from nothing"
    assert both.apart_m.shape == (5, 17) and both.apart_m.dtype == np.float32
    # Two answers are as far from their mean, which is what comes out.
    wanted = np.linalg.norm(straight.xyz_m - both.xyz_m, axis=-1)
    assert wanted[:, 1:].min() > 1e-4
    np.testing.assert_allclose(both.apart_m, wanted, rtol=0.05, atol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_other_tracks_beside_it_do_not_change_a_track(lifters, name):
    alone = lift(lifters[name], someone(20))
    among = lifters[name].lift([someone(9, seed=1), someone(20)], FPS, SIZE_PX)[1]
    np.testing.assert_allclose(among.xyz_m, alone, atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_in_a_mirror_everyone_is_lifted_as_mirrored(lifters, name):
    one = someone(20)
    seen = lift(lifters[name], one)
    other = lift(lifters[name], mirrored(one))
    expected = seen[:, H36M17.mirror] * [-1, 1, 1]
    np.testing.assert_allclose(other, expected, atol=1e-4)
    unaveraged = lift(lifters[name], mirrored(one), PLAIN)
    assert np.abs(unaveraged - expected).max() > 0.01  # these weights know nothing of mirrors


def windows_by_hand(name, one, starts):
    """The windows of a short track without gaps, as the protocol's paper has them."""
    x = one.xy_px
    if PROTOCOLS[name].inputs == "screen":
        x = x / SIZE_PX[0] * 2 - np.float32([1, SIZE_PX[1] / SIZE_PX[0]])
    at = np.clip(np.arange(FRAMES) + np.array(starts)[:, None], 0, len(x) - 1)
    x, score = x[at], one.score[at]  # (W, L, 17, 2), (W, L, 17)
    if PROTOCOLS[name].inputs == "crop":
        low, high = x.min((1, 2), keepdims=True), x.max((1, 2), keepdims=True)
        x = (x - (low + high) / 2) / (high - low).max(-1, keepdims=True) * 2
        x = np.concatenate([x, score[..., None]], -1)
    return torch.from_numpy(x).float()


def in_metres(name, xyz):
    xyz = xyz - xyz[:, :1]
    if PROTOCOLS[name].metric:
        return xyz
    lengths = sum(np.linalg.norm(xyz[:, a] - xyz[:, b], axis=-1) for a, b in LIMBS)
    lengths = gaussian_filter1d(lengths, 0.25 * FPS, mode="nearest")
    return xyz * (MEAN_LIMBS_M / lengths)[:, None, None]


class Flat(torch.nn.Module):
    """Says that everyone is as flat as the picture, in the units of its input."""

    frames, in_channels, cuts = FRAMES, 3, ()

    def __init__(self):
        super().__init__()
        self.anything = torch.nn.Parameter(torch.zeros(1))

    def use_tokens(self, token_num):
        pass

    def forward_kept(self, x):
        return torch.cat([x[..., :2], torch.zeros_like(x[..., :1])], -1), None


@pytest.mark.parametrize("name", [n for n in PUBLISHED if not PROTOCOLS[n].metric])
def test_bodies_keep_their_size_where_it_changes_in_the_picture(name):
    """Somebody walks aside, stands, and comes nearer: each window's crop is another."""
    n = 12 * FRAMES
    pose = np.random.default_rng(2).normal(0, 20, (17, 2))
    aside = np.interp(np.arange(n), [0, n / 3], [0, 150])
    near = np.interp(np.arange(n), [n / 2, n], [1, 2.5])[:, None, None]
    xy = near * pose + np.stack([100 + aside, np.full(n, 200)], -1)[:, None]
    found = lift(Lifter(name, Flat(), PROTOCOLS[name], ""), track(xy, np.ones((n, 17))))
    lengths = sum(np.linalg.norm(found[:, a] - found[:, b], axis=-1) for a, b in LIMBS)
    np.testing.assert_allclose(lengths, MEAN_LIMBS_M, rtol=0.1)


def seen_throughout(n_frames):
    one = someone(n_frames)
    return track(np.where(np.isnan(one.xy_px), 200, one.xy_px), one.score)


@pytest.mark.parametrize("name", SEQ2FRAME)
def test_seq2frame_models_slide_by_one_frame(lifters, name):
    one = seen_throughout(22)
    starts = [frame - FRAMES // 2 for frame in range(22)]
    model = lifters[name]._model
    model.use_tokens(None)
    expected = []
    with torch.inference_mode():
        for window in windows_by_hand(name, one, starts):
            poses, kept = model.forward_kept(window[None])
            frames = list(range(FRAMES)) if kept is None else kept[0].tolist()
            expected.append(poses[0, frames.index(FRAMES // 2)].numpy())
    found = lift(lifters[name], one, PLAIN)
    np.testing.assert_allclose(found, in_metres(name, np.stack(expected)), atol=2e-4)


@pytest.mark.parametrize("name", SEQ2SEQ)
def test_seq2seq_models_answer_for_their_whole_window(lifters, name):
    one = seen_throughout(12)
    model = lifters[name]._model
    model.use_tokens(None)
    with torch.inference_mode():
        poses = model(windows_by_hand(name, one, [0]))[0, :12].numpy()
    found = lift(lifters[name], one, PLAIN)
    np.testing.assert_allclose(found, in_metres(name, poses), atol=2e-4)


@pytest.mark.parametrize("name", MODELS)
def test_the_window_is_as_long_as_the_weights_were_trained_with(lifters, name):
    model = lifters[name]._model
    assert (model.frames, model.sizes["channel"]) == (FRAMES, 16)
    assert model.sizes["token_num"] == tokens_of(name).get("token_num")


@pytest.mark.parametrize("name", PRUNING)
def test_other_numbers_of_tokens(lifters, name):
    one = someone(20)
    before = lift(lifters[name], one)
    fewer = lift(lifters[name], one, LiftConfig(tokens=3))
    assert set(lifters[name]._model.cuts.values()) == {3}
    assert fewer.shape == (20, 17, 3) and np.isfinite(fewer).all()
    assert np.abs(fewer - before).max() > 1e-4
    np.testing.assert_array_equal(lift(lifters[name], one), before)  # it was for that call only


@pytest.mark.parametrize(
    ("name", "tokens", "problem"),
    [
        ("mixste", 9, "this model prunes no frames, so .*; choose a hot- or tpc- model"),
        ("hot-mixste", 18, "18 tokens: this model can keep 2 to 17 frames of its 18"),
        ("tpc-mhformer", 1, "1 tokens: this model can keep 2 to 17 frames of its 18"),
    ],
)
def test_numbers_of_tokens_that_cannot_be(lifters, name, tokens, problem):
    with pytest.raises(UsageError, match=problem):
        lifters[name].check(LiftConfig(tokens=tokens))
    lifters[name].check(LiftConfig())


def test_one_number_does_not_fit_pruning_by_steps(tmp_path):
    sizes = {**SMALL, "token_num": (9, 5), "layer_index": (1, 2)}
    save_checkpoint(golden_model("hot-mixste", **sizes), tmp_path / "a.safetensors", "hot-mixste")
    lifter = load_lifter("hot-mixste", tmp_path / "a.safetensors", "cpu")
    with pytest.raises(UsageError, match="this model keeps 9, 5 frames by steps, not 7"):
        lifter.check(LiftConfig(tokens=7))


@pytest.mark.parametrize("name", ["hot-mixste", "tpc-mixste"])
def test_fast_videos_are_thinned_and_filled_again(lifters, name):
    """At 240 frames a second every third is lifted, and the rest lies between."""
    one = seen_throughout(31)
    (fast,) = lifters[name].lift([one], 240.0, SIZE_PX)
    (slow,) = lifters[name].lift([track(one.xy_px[::3], one.score[::3])], 80.0, SIZE_PX)
    np.testing.assert_allclose(fast.apart_m[::3], slow.apart_m, atol=1e-5)
    fast, slow = fast.xyz_m, slow.xyz_m
    assert fast.shape == (31, 17, 3)
    np.testing.assert_allclose(fast[::3], slow, atol=1e-5)
    step = np.abs(np.diff(slow, axis=0)).max()
    assert 0 < np.abs(np.diff(fast, axis=0)).max() < step


@pytest.fixture
def eager_backend(monkeypatch):
    monkeypatch.setattr(compiled, "BACKEND", "aot_eager")
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.parametrize("name", ["hot-mixste", "tpc-motionbert"])
def test_compiled_it_answers_the_same(tmp_path, name, eager_backend):
    """Frames are not chosen by clustering here, which last bits may turn."""
    sizes = {**SMALL, "token_num": 5, "layer_index": 1, "depth": 2, "prune": "uniform"}
    save_checkpoint(golden_model(name, **sizes), tmp_path / "a.safetensors", name)
    lifter = load_lifter(name, tmp_path / "a.safetensors", "cpu")
    one = someone(37)  # three windows, or 37, in batches of two: the last is filled up
    torch._dynamo.utils.counters.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error", HotvidWarning)
        found = lift(lifter, one, LiftConfig(compile=True, batch_size=2))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    np.testing.assert_allclose(found, lift(lifter, one), atol=1e-4)


def test_in_bfloat16_it_answers_nearly_the_same(tmp_path):
    """Wide enough for its products to be rounded; frames are not chosen by clustering."""
    torch.manual_seed(0)
    model = build_model("hot-mixste-s", frames=9, token_num=5, depth=2)
    save_checkpoint(model, tmp_path / "a.safetensors", "hot-mixste-s")
    lifter = load_lifter("hot-mixste-s", tmp_path / "a.safetensors", "cpu")
    one = someone(20)
    exact = lift(lifter, one)
    off = np.abs(lift(lifter, one, LiftConfig(precision="bfloat16")) - exact)
    assert 0 < off.max() < 0.05 * np.abs(exact).max()


def test_where_it_cannot_be_compiled_it_says_so_once_and_runs(lifters, monkeypatch):
    def no_compiler(graph, inputs):
        raise RuntimeError("No working compiler\nSet some variable for more")

    torch._dynamo.reset()
    monkeypatch.setattr(compiled, "BACKEND", no_compiler)
    one = someone(20)
    lifter = lifters["hot-motionbert"]
    with pytest.warns(HotvidWarning, match="uncompiled, as torch .*: .*No working compiler$") as w:
        found = lift(lifter, one, LiftConfig(compile=True))
    assert len([one for one in w if one.category is HotvidWarning]) == 1
    np.testing.assert_array_equal(found, lift(lifter, one))
    with warnings.catch_warnings():
        warnings.simplefilter("error", HotvidWarning)
        lift(lifter, one, LiftConfig(compile=True))


def test_what_fails_uncompiled_too_is_raised(monkeypatch):
    def broken(x):
        raise RuntimeError("the model's own failure")

    monkeypatch.setattr(compiled, "BACKEND", "eager")
    with (
        pytest.warns(HotvidWarning, match="uncompiled"),
        pytest.raises(RuntimeError, match="the model's own failure"),
    ):
        compiled.Compiled(broken)(torch.zeros(1))
