"""The published recipes, losses, windows and regularisation."""

import numpy as np
import pytest
import torch
from small_data_sets import write_human36m
from torch.nn.functional import mse_loss

from hotvid.errors import UsageError
from hotvid.evaluate.clips import image_pose
from hotvid.evaluate.human36m import load_human36m
from hotvid.geometry import to_screen
from hotvid.lift.models.zoo import MODELS, build_model
from hotvid.skeleton import H36M17
from hotvid.train.published import MPI_INF_3DHP, RECIPES, published_recipe
from hotvid.train.published_data import Windows, epoch_order
from hotvid.train.published_loss import LOSSES, mixste_loss, motionbert_loss, mpjpe_loss
from hotvid.train.regularise import regularise

TINY = {"frames": 9, "channel": 16, "mlp_hidden": 32, "depth": 3, "heads": 2}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = write_human36m(tmp_path_factory.mktemp("h36m"), subjects=("S1",), n_frames=20)
    return load_human36m(folder, ("S1",), "gt")


def windows(clips, stride=None, in_picture=False, in_channels=2, padded=True):
    return Windows(
        clips,
        length=9,
        stride=stride,
        padded=padded,
        in_channels=in_channels,
        in_picture=in_picture,
        device=torch.device("cpu"),
    )


def test_every_published_model_has_a_recipe():
    assert set(RECIPES) == set(MODELS) - {"mixste-s", "hot-mixste-s"}
    assert all(recipe.loss in LOSSES for recipe in RECIPES.values())
    with pytest.raises(UsageError, match="hot-mixste-s"):
        published_recipe("hot-mixste-s")


def test_learning_rates_fall_as_published():
    mixste = published_recipe("mixste")
    assert [mixste.rate(e) for e in (0, 1, 159)] == pytest.approx(
        [4e-5, 4e-5 * 0.99, 4e-5 * 0.99**159]
    )
    mhformer = published_recipe("mhformer")
    rate, wanted = 1e-3, []
    for epoch in range(1, 21):
        wanted.append(rate)
        rate *= 0.5 if epoch % 5 == 0 else 0.95
    assert [mhformer.rate(e) for e in range(20)] == pytest.approx(wanted)


def test_changes_that_are_none_leave_a_recipe_as_published():
    assert published_recipe("mixste", epochs=None, seed=None) == RECIPES["mixste"]
    assert published_recipe("mixste", epochs=3).epochs == 3
    with pytest.raises(UsageError, match="batch_size is 0"):
        published_recipe("mixste", batch_size=0)


def test_strides_are_the_published_share_of_a_window():
    """Every 81 frames, windows of 27 would pass over most of them."""
    assert published_recipe("motionbert").stride == 81
    assert published_recipe("motionbert", sizes=(("frames", 27),)).stride == 9
    assert published_recipe("motionbert", sizes=(("frames", 4),)).stride == 2
    assert published_recipe("mhformer", sizes=(("frames", 27),)).stride == 1


def test_on_mpi_inf_3dhp_windows_are_as_long_as_in_the_papers():
    mixste = published_recipe("hot-mixste", MPI_INF_3DHP, sizes=(("prune", "uniform"),))
    assert dict(mixste.sizes) == {"frames": 27, "prune": "uniform"}
    assert mixste.batch_size == 37  # 1,024 frames, of which a window of 243 has a quarter
    assert build_model("hot-mixste", channel=16, mlp_hidden=16, **dict(mixste.sizes)).cuts == {3: 9}
    assert dict(published_recipe("mhformer", MPI_INF_3DHP).sizes) == {"frames": 9}
    longer = published_recipe("mixste", MPI_INF_3DHP, sizes=(("frames", 81),), rate=0.5)
    assert (dict(longer.sizes), longer.learning_rate) == ({"frames": 81}, 2e-5)
    with pytest.raises(UsageError, match="answers in the picture"):
        published_recipe("tpc-motionbert", MPI_INF_3DHP)


def test_losses_of_a_pose_that_is_off_by_a_constant():
    target = torch.randn(2, 5, 17, 3, generator=torch.Generator().manual_seed(0))
    predicted = target + torch.tensor([0.3, 0.0, 0.4])  # half a metre
    assert mpjpe_loss(predicted, target).item() == pytest.approx(0.5, abs=1e-6)
    weights = torch.tensor([1, 1, 2.5, 2.5, 1, 2.5, 2.5, 1, 1, 1, 1.5, 1.5, 4, 4, 1.5, 4, 4])
    smoothness = (weights[:, None] * (predicted[:, 1:] - predicted[:, :-1]) ** 2).mean()
    wanted = 0.5 * weights.mean() + 0.5 * smoothness
    assert mixste_loss(predicted, target).item() == pytest.approx(wanted.item(), rel=1e-5)


def test_mixste_also_punishes_velocities_twice_and_shaking_by_half():
    target = torch.zeros(1, 2, 17, 3)
    predicted = target.clone()
    predicted[0, 1, 0, 0] = 0.1  # a joint of weight 1 jumps in the second frame
    position, velocity, shaking = 0.1 / 34, 0.1 / 17, 0.01 / 51
    assert mixste_loss(predicted, target).item() == pytest.approx(
        position + 2 * velocity + 0.5 * shaking, rel=1e-5
    )
    predicted = torch.zeros(1, 2, 17, 3)
    predicted[0, 1, 13, 0] = 0.1  # a wrist, of weight 4
    assert mixste_loss(predicted, target).item() == pytest.approx(
        4 * position + 2 * velocity + 0.5 * 4 * shaking, rel=1e-5
    )


def test_motionbert_forgives_scale_in_one_term_and_punishes_velocities_20_times():
    target = torch.randn(2, 5, 17, 3, generator=torch.Generator().manual_seed(0))
    still = target[:, :1].expand(-1, 5, -1, -1)
    half = motionbert_loss(still / 2, still)
    assert half.item() == pytest.approx(mpjpe_loss(still / 2, still).item(), rel=1e-4)
    step = torch.zeros(1, 2, 17, 3)
    step[0, :, 1, 1] = 1.0
    moved = step.clone()
    moved[0, 1, 1, 1] = 1.1
    # Scaled to fit, nothing is left: one joint is all of each frame.
    assert motionbert_loss(moved, step).item() == pytest.approx(0.1 / 34 + 20 * 0.1 / 17, rel=1e-4)


def test_windows_hold_the_clips_edges_and_never_another_clip(clips):
    table = windows(clips[:2])
    assert len(table) == 2 * 3
    inputs, targets = table.batch(np.arange(6), np.zeros(6, bool))
    for c, clip in enumerate(clips[:2]):
        rows = np.arange(-3, 24).clip(0, 19).reshape(3, 9)
        wanted = to_screen(clip.xy_px, clip.size_px)[rows]
        np.testing.assert_allclose(inputs[3 * c : 3 * c + 3], wanted, atol=1e-6)
        np.testing.assert_array_equal(targets[3 * c : 3 * c + 3], clip.xyz_m[rows])


def test_motionberts_windows_lie_within_a_clip_from_its_first_frame_on(clips):
    """243 frames, every 81: as its own code cuts them. Of 20 frames, of 9 every 3."""
    assert not published_recipe("hot-motionbert").padded and published_recipe("mixste").padded
    table = windows(clips[:2], stride=3, padded=False)
    assert len(table) == 2 * 4
    _, targets = table.batch(np.arange(8), np.zeros(8, bool))
    for c, clip in enumerate(clips[:2]):
        rows = np.arange(0, 10, 3)[:, None] + np.arange(9)
        np.testing.assert_array_equal(targets[4 * c : 4 * c + 4], clip.xyz_m[rows])


def test_a_stride_of_1_gives_a_window_around_each_frame(clips):
    table = windows(clips[:2], stride=1)
    assert len(table) == 40
    _, targets = table.batch(np.array([0, 25]), np.zeros(2, bool))
    np.testing.assert_array_equal(targets[0, 4], clips[0].xyz_m[0])
    np.testing.assert_array_equal(targets[1, 4], clips[1].xyz_m[5])


def test_mirrored_windows_are_mirrored_in_both(clips):
    table = windows(clips[:1])
    which = np.array([1, 1])
    inputs, targets = table.batch(which, np.array([False, True]))
    for series in (inputs, targets):
        np.testing.assert_array_equal(series[1, :, :, 0], -series[0][:, H36M17.mirror, 0])
        np.testing.assert_array_equal(series[1, :, :, 1], series[0][:, H36M17.mirror, 1])


def test_targets_in_the_picture_are_in_screen_units(clips):
    table = windows(clips[:1], in_picture=True, in_channels=3)
    inputs, targets = table.batch(np.array([1]), np.zeros(1, bool))
    # x and y of the target are those of the input, relative to the root; the score comes third.
    torch.testing.assert_close(
        targets[..., :2], inputs[..., :2] - inputs[:, :, :1, :2], atol=1e-5, rtol=0
    )
    assert (inputs[..., 2] == 1).all()
    depth = image_pose(clips[0])[6:15, :, 2] * 2 / 1000
    np.testing.assert_allclose(targets[0, ..., 2], depth, atol=1e-5)


def test_an_epoch_has_each_window_both_ways_or_once():
    which, mirrored = epoch_order(7, "each", seed=1, epoch=2)
    assert sorted(zip(which, mirrored, strict=True)) == [(i, m) for i in range(7) for m in (0, 1)]
    which, mirrored = epoch_order(200, "chance", seed=1, epoch=2)
    assert sorted(which) == list(range(200)) and 60 < mirrored.sum() < 140
    again, _ = epoch_order(200, "chance", seed=1, epoch=2)
    other, _ = epoch_order(200, "chance", seed=1, epoch=3)
    np.testing.assert_array_equal(which, again)
    assert (which != other).any()


@pytest.mark.parametrize("name", ["mixste", "hot-mixste", "mhformer", "tpc-mhformer"])
def test_regularisation_is_of_training_only(name):
    torch.manual_seed(0)
    more = {} if name in ("mixste", "mhformer") else {"token_num": 4, "layer_index": 1}
    plain = build_model(name, **TINY, **more)
    model = build_model(name, **TINY, **more)
    model.load_state_dict(plain.state_dict())
    regularise(model, 0.5, 0.1 if "mhformer" in name else 0.0)
    x = torch.randn(4, 9, 17, 2)
    assert torch.equal(plain.eval()(x), model.eval()(x))
    plain.train(), model.train()
    assert mse_loss(model(x), model(x)) > 0
    assert model.state_dict().keys() == plain.state_dict().keys()


def test_stochastic_depth_skips_whole_samples_and_keeps_the_mean():
    torch.manual_seed(0)
    model = build_model("mixste", **TINY).train()
    regularise(model, 0.5, 0.0)
    x = torch.randn(4, 9, 17, 16)
    last, first = model.STEblocks[2].mlp, model.STEblocks[0].mlp
    full = last.fc2(torch.nn.functional.gelu(last.fc1(x)))
    share = last(x) / full
    per_frame = share.flatten(2)
    torch.testing.assert_close(per_frame, per_frame[..., :1].expand_as(per_frame))
    assert set(per_frame[..., 0].round(decimals=3).flatten().tolist()) == {0.0, 2.0}
    over_frames = model.TTEblocks[2].mlp
    full = over_frames.fc2(torch.nn.functional.gelu(over_frames.fc1(x)))
    share = (over_frames(x) / full).transpose(1, 2).flatten(2)  # by joint
    torch.testing.assert_close(share, share[..., :1].expand_as(share))
    assert torch.equal(first(x), first(x))  # the first block is never skipped


def test_embeddings_of_short_windows_lose_a_quarter_while_they_train():
    torch.manual_seed(0)
    model = build_model("mhformer", **TINY).train()
    regularise(model, 0.0, 0.1)
    model.embedding_1[1].bias.data.fill_(9.0)  # nothing is cut off by ReLU
    x = torch.randn(50, 9, 34)
    assert float((model.embedding_1(x) == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert (model.eval().embedding_1(x) > 0).all()
