"""The hourglass around every backbone: plain, pruned by steps, recovered, trained."""

import pytest
import torch
from golden_cases import fill, golden_model

from hotvid.errors import ShapeError
from hotvid.lift.models.complexity import count
from hotvid.lift.models.hourglass import RECOVERIES
from hotvid.lift.models.layers import Attention, attend
from hotvid.lift.models.prune import PRUNERS, top_frames
from hotvid.lift.models.zoo import MODELS, build_model

BACKBONES = ("mixste", "motionbert", "mhformer")
PRUNED = [name for name, spec in MODELS.items() if spec.sizes["token_num"] is not None]
FRAMES = 27
SMALL = {"frames": FRAMES, "channel": 24, "mlp_hidden": 32, "depth": 3}


def keypoints(model, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, model.frames, 17, model.in_channels)
    return torch.randn(shape, generator=generator)


def small(name, **sizes):
    if not name.startswith(BACKBONES):
        sizes = {"token_num": 9, "layer_index": 1, **sizes}
    return golden_model(name, **{**SMALL, **sizes})


def infer(model, x):
    with torch.inference_mode():
        return model.forward_kept(x)


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_gets_a_gradient(name):
    model = small(name).train()
    poses = model(keypoints(model))
    (poses * torch.randn(poses.shape, generator=torch.Generator().manual_seed(1))).sum().backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
        # A constant added to all keys changes no attention, so their bias has no gradient.
        if not key.endswith("linear_k.bias"):
            assert parameter.grad.abs().max() > 1e-7, key


@pytest.mark.parametrize("backbone", BACKBONES)
def test_hourglass_of_identities_is_the_plain_backbone(backbone):
    hot = small(f"hot-{backbone}")
    cut = next(iter(hot.cuts))
    hot.pos_embed_token.data.zero_()
    hot.cuts = {cut: FRAMES}
    hot.choose_frames = lambda cues, n, keep: torch.arange(n).repeat(len(cues.xy), 1)
    hot.recover_tokens = lambda x: x
    plain = small(backbone, token_num=None)
    x = keypoints(plain)
    torch.testing.assert_close(infer(hot, x)[0], infer(plain, x)[0], rtol=0, atol=0)


@pytest.mark.parametrize("token_num", [None, FRAMES])
def test_nothing_is_pruned_where_all_tokens_are_kept(token_num):
    model = small("hot-mixste", token_num=token_num)
    plain = small("mixste")
    assert model.state_dict().keys() == plain.state_dict().keys()
    poses, kept = infer(model, keypoints(plain))
    assert kept is None
    torch.testing.assert_close(poses, infer(plain, keypoints(plain))[0], rtol=0, atol=0)


@pytest.mark.parametrize("name", PRUNED)
def test_pruning_is_sorted_deterministic_and_of_the_asked_number(name):
    model = small(name)
    x = keypoints(model, batch=3)
    poses, kept = infer(model, x)
    again, kept_again = infer(model, x)
    assert kept.shape == (3, 9)
    assert (kept.diff(dim=1) > 0).all()
    torch.testing.assert_close(kept, kept_again)
    torch.testing.assert_close(poses, again, rtol=0, atol=0)
    assert poses.shape == (3, 9 if name.startswith("tpc-") else FRAMES, 17, 3)


@pytest.mark.parametrize("name", PRUNED)
def test_batch_order_does_not_matter(name):
    model = small(name)
    x = keypoints(model, batch=4)
    order = torch.tensor([2, 0, 3, 1])
    poses, kept = infer(model, x)
    shuffled, kept_shuffled = infer(model, x[order])
    torch.testing.assert_close(kept_shuffled, kept[order])
    torch.testing.assert_close(shuffled, poses[order], rtol=0, atol=1e-5)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_still_picture_keeps_the_first_frames_and_the_centre(backbone):
    """Features of like frames tie, where nothing tells frames apart; ties go to the lower index."""
    model = small(f"tpc-{backbone}", token_num=6)
    model.frame_features = lambda x: torch.ones(len(x), x.shape[1], 8)
    _, kept = infer(model, keypoints(model))
    assert kept.tolist() == [[0, 1, 2, 3, 4, FRAMES // 2]] * 2


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("prune", PRUNERS)
def test_seq2frame_keeps_the_centre_through_every_cut(backbone, prune):
    model = small(f"tpc-{backbone}", prune=prune, token_num=(14, 3), layer_index=(1, 2))
    poses, kept = infer(model, keypoints(model, batch=4))
    assert kept.shape == (4, 3)
    assert (kept == FRAMES // 2).any(1).all()
    assert (kept.diff(dim=1) > 0).all()
    assert poses.shape == (4, 3, 17, 3)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("prune", PRUNERS)
@pytest.mark.parametrize("recover", RECOVERIES)
def test_any_pruning_goes_with_any_recovery(backbone, prune, recover):
    sizes = {"prune": prune, "recover": recover, "token_num": (14, 5), "layer_index": (1, 2)}
    model = small(backbone, **sizes)
    poses, kept = infer(model, keypoints(model))
    assert poses.shape == (2, FRAMES, 17, 3)
    assert kept.shape == (2, 5)
    if prune == "uniform":
        assert kept[0].tolist() == [0, 6, 14, 20, 26]  # slots 0, 3, 7, 10, 13


def test_interpolating_models_take_the_plain_weights():
    plain = small("mixste")
    pruned = small("mixste", prune="uniform", recover="linear", token_num=9, layer_index=2)
    pruned.load_state_dict(plain.state_dict())
    x = keypoints(plain)
    poses, kept = infer(pruned, x)
    seq2frame = small("mixste", prune="uniform", token_num=9, layer_index=2)
    at_kept, _ = infer(seq2frame, x)
    torch.testing.assert_close(poses[:, kept[0]], at_kept, rtol=0, atol=1e-6)
    between = (kept[0, 0] + 1, kept[0, 1])
    expected = at_kept[:, 0] + (at_kept[:, 1] - at_kept[:, 0]) / (kept[0, 1] - kept[0, 0])
    torch.testing.assert_close(poses[:, between[0]], expected, rtol=0, atol=1e-5)


def test_later_cuts_have_their_own_slot_positions():
    model = small("hot-mixste", token_num=(14, 5), layer_index=(1, 2))
    assert model.pos_embed_token.shape == (1, 14, 24)
    assert model.pos_embed_token_2.shape == (1, 5, 24)


def test_cutting_twice_is_choosing_among_the_chosen():
    once = small("tpc-mixste", token_num=14, layer_index=1)
    twice = small("tpc-mixste", token_num=(14, 5), layer_index=(1, 2))
    x = keypoints(once)
    first, last = infer(once, x)[1], infer(twice, x)[1]
    for chosen, among in zip(last.tolist(), first.tolist(), strict=True):
        assert set(chosen) < set(among)


@pytest.mark.parametrize("name", ["hot-mixste", "tpc-motionbert", "hot-mhformer"])
def test_other_token_numbers_at_inference(name):
    model = small(name)
    x = keypoints(model)
    nine, _ = infer(model, x)
    for tokens in (18, 4):
        model.use_tokens(tokens)
        poses, kept = infer(model, x)
        assert kept.shape == (2, tokens)
        assert poses.isfinite().all()
    model.use_tokens(9)
    torch.testing.assert_close(infer(model, x)[0], nine, rtol=0, atol=0)


def test_slot_positions_are_interpolated_for_other_token_numbers():
    model = small("hot-mixste")
    ramp = torch.linspace(0, 1, 9)[None, :, None].expand(1, 9, 24)
    model.pos_embed_token.data.copy_(ramp)
    model.use_tokens(17)
    positions = model._slot_embedding(1)
    assert positions.shape == (1, 17, 24)
    torch.testing.assert_close(positions[0, :, 0], torch.linspace(0, 1, 17))


def test_keypoints_of_another_shape_are_refused():
    model = small("mixste")
    with pytest.raises(ShapeError, match=r"expected \(B, 27, 17, 2\), got \(1, 26, 17, 2\)"):
        model(torch.zeros(1, 26, 17, 2))


@pytest.mark.parametrize("axis", ["joints", "frames"])
def test_attention_in_cache_equals_the_fused_kernel(axis):
    """Large enough that the groups are worked through in several parts."""
    q, k, v = torch.randn(3, 2, 150, 17, 4, 16, generator=torch.Generator().manual_seed(0))
    fused = attend(q, k, v, axis, training=True)
    in_cache = attend(q, k, v, axis, training=False)
    assert in_cache.shape == (2, 150, 17, 64)
    torch.testing.assert_close(in_cache, fused, rtol=0, atol=1e-5)


@pytest.mark.parametrize("axis", ["joints", "frames"])
def test_attention_mixes_only_its_axis(axis):
    attention = Attention(8, 2, axis)
    fill(attention)
    x = torch.randn(1, 5, 6, 8, generator=torch.Generator().manual_seed(0))
    moved = x.clone()
    moved[0, 2, 3] += 1
    with torch.no_grad():
        changed = (attention(x) - attention(moved)).abs().amax(-1)[0] > 1e-6
    expected = torch.zeros(5, 6, dtype=torch.bool)
    expected[2 if axis == "joints" else slice(None), 3 if axis == "frames" else slice(None)] = True
    assert torch.equal(changed, expected)


@pytest.mark.parametrize("training", [False, True])
def test_received_attention_is_the_mean_of_the_weights(training):
    attention = Attention(8, 2, "frames").train(training)
    fill(attention)
    x = torch.randn(2, 5, 6, 8, generator=torch.Generator().manual_seed(0))
    expected = torch.zeros(2, 5)
    for b in range(2):
        for joint in range(6):
            queries, keys, _ = attention.qkv(x[b, :, joint]).split(8, -1)  # (5, 8) each
            for head in (slice(0, 4), slice(4, 8)):
                weights = (queries[:, head] @ keys[:, head].T / 2).softmax(-1)
                expected[b] += weights.mean(0) / 12
    received = []
    out = attention(x, received)
    torch.testing.assert_close(received, [expected], rtol=0, atol=1e-6)
    assert not received[0].requires_grad
    torch.testing.assert_close(out, attention(x), rtol=0, atol=0)


def attention_as_it_ran(model, x):
    """The shares that each frame got in every attention over frames, in order: [(B, f)].

    From what went into each layer, joint by joint, as it passed.
    """
    shares, hooks = [], []

    def hook(layer, inputs, out):
        b, f, joints, channel = inputs[0].shape
        q, k, _ = layer.qkv(inputs[0]).split(channel, -1)
        share = torch.zeros(b, f)
        for joint in range(joints):
            for part in torch.arange(channel).chunk(layer.heads):
                a, c = q[:, :, joint, part], k[:, :, joint, part]
                weights = (a @ c.mT / len(part) ** 0.5).softmax(-1)
                share += weights.mean(1) / (joints * layer.heads)
        shares.append(share)

    for layer in model.modules():
        if isinstance(layer, Attention) and layer.axis == "frames":
            hooks.append(layer.register_forward_hook(hook))
    infer(model, x)
    for handle in hooks:
        handle.remove()
    return shares


@pytest.mark.parametrize(
    ("backbone", "a_block"), [("mixste", 1), ("motionbert", 2), ("mhformer", 3)]
)
def test_pruning_by_attention_keeps_whom_the_block_before_attended_to(backbone, a_block):
    """By the weights with which it really ran, also behind a cut; all heads over frames count."""
    sizes = {"prune": "attention", "recover": "linear", "token_num": (14, 5), "layer_index": (1, 2)}
    model = small(backbone, **sizes)
    x = keypoints(model, batch=3)
    _, kept = infer(model, x)
    shares = attention_as_it_ran(model, x)
    before_first, before_second = shares[:a_block], shares[a_block : 2 * a_block]
    first = top_frames(sum(before_first) / a_block, 14)
    second = top_frames(sum(before_second) / a_block, 5)
    torch.testing.assert_close(kept, first.gather(1, second))


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("prune", PRUNERS)
def test_attention_is_watched_only_before_a_cut_that_asks(backbone, prune, monkeypatch):
    model = small(backbone, prune=prune, recover="linear", token_num=9, layer_index=2)
    asked = []

    def block(i, x, received=None):
        asked.append(received is not None)
        return type(model).block(model, i, x, received)

    monkeypatch.setattr(model, "block", block)
    infer(model, keypoints(model))
    assert asked == [False, prune == "attention", False]


def test_pruning_by_attention_costs_the_attention_that_runs_anyway():
    sizes = {"recover": "linear", "token_num": 9, "layer_index": 2}
    by_attention, evenly = (small("mixste", prune=p, **sizes) for p in ("attention", "uniform"))
    assert count(by_attention) == count(evenly)


@pytest.mark.parametrize("name", ["hot-mixste", "hot-motionbert", "hot-mhformer"])
@pytest.mark.parametrize("training", [False, True])
def test_in_mixed_precision_pixels_and_metres_stay_float32(name, training):
    """Embedding and head round nothing; blocks do."""
    model = small(name).train(training).requires_grad_(False)
    x = keypoints(model)
    seen, block = [], model.block
    model.block = lambda i, tokens, *more: seen.append(tokens.clone()) or block(i, tokens, *more)
    linear = model.head[-1] if name == "hot-mixste" else getattr(model, "head", None)
    linear = model.regression[1] if linear is None else linear
    inputs = []
    linear.register_forward_pre_hook(lambda layer, given: inputs.append(given[0]))
    with torch.autocast("cpu", torch.bfloat16):
        poses = model(x)
    assert poses.dtype == torch.float32 and inputs[0].dtype == torch.float32
    torch.testing.assert_close(seen[0], model.embed(x), rtol=0, atol=0)
    torch.testing.assert_close(poses.flatten(2), linear(inputs[0]).reshape(2, FRAMES, 51))
    with torch.no_grad():
        assert not torch.equal(seen[1], block(0, seen[0]))  # rounded
    steps = poses.diff(dim=1).double()
    assert float((steps * 2**16).remainder(1).std()) > 0.1  # not on a grid of halves


@pytest.mark.parametrize("name", ["hot-mixste", "tpc-mixste", "mhformer", "hot-mhformer"])
def test_released_tables_begin_at_nothing_and_layers_as_torch_has_them(name):
    torch.manual_seed(0)
    sizes = {"token_num": 9, "layer_index": 1} if name in PRUNED else {}
    model = build_model(name, **SMALL, **sizes)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.initialise()
    tables = [key for key in before if not key.endswith((".weight", ".bias"))]
    tables = [key for key in tables if "running" not in key and "num_batches" not in key]
    assert len(tables) == {"hot-mixste": 4, "tpc-mixste": 2, "mhformer": 6, "hot-mhformer": 8}[name]
    for key, value in model.state_dict().items():
        if key in tables:
            assert before[key].std() > 0.01 and not value.any(), key
        else:
            assert torch.equal(value, before[key]), key


def test_motionbert_begins_as_released():
    torch.manual_seed(0)
    sizes = {**SMALL, "channel": 64, "token_num": 9, "layer_index": 1, "representation": 80}
    model = build_model("hot-motionbert", **sizes)
    model.initialise()
    for key, value in model.state_dict().items():
        if key.startswith("ts_attn"):
            assert (value == (0.5 if key.endswith("bias") else 0)).all(), key
        elif "norm" in key:
            assert (value == (1 if key.endswith("weight") else 0)).all(), key
        elif key in ("x_token", "pos_embed_token") or key.endswith("bias"):
            assert not value.any(), key
        else:
            assert value.std() == pytest.approx(0.02, rel=0.1) or value.numel() < 1000, key
            assert 0 < value.abs().max() < 0.12, key


@pytest.mark.parametrize(("frames", "normed"), [(9, True), (27, True), (36, False)])
def test_mhformer_embeds_short_windows_through_a_norm(frames, normed):
    """As the released code does up to 27 frames: convolution, batch norm, ReLU; else the first."""
    model = golden_model("mhformer", **{**SMALL, "frames": frames})
    state = model.state_dict()
    assert ("embedding_1.0.weight" in state, "embedding_1.weight" in state) == (normed, not normed)
    x = torch.randn(2, frames, 34, generator=torch.Generator().manual_seed(0))
    key = "embedding_2.0" if normed else "embedding_2"
    expected = x @ state[f"{key}.weight"][:, :, 0].T + state[f"{key}.bias"]
    if normed:
        mean, var = (state[f"embedding_2.1.running_{name}"] for name in ("mean", "var"))
        expected = (expected - mean) / (var + 1e-5).sqrt()
        expected = expected * state["embedding_2.1.weight"] + state["embedding_2.1.bias"]
        expected = expected.clamp_min(0)
    with torch.no_grad():
        torch.testing.assert_close(model.embedding_2(x), expected)


def test_batch_norm_trains_on_all_frames():
    model = build_model("mhformer", **SMALL)
    model(keypoints(model))
    assert model.regression[0].num_batches_tracked == 1
