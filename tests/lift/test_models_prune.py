"""Which frames are kept, and how poses come back between them."""

import numpy as np
import pytest
import torch

from hotvid.lift.models.prune import (
    PRUNERS,
    FrameCues,
    _two_least,
    cluster_scores,
    frame_separations,
    motion_scores,
    take_frames,
    top_frames,
    uniform_frames,
)
from hotvid.lift.models.recover import linear, nearest


def random_cues(batch=2, frames=30, seed=0) -> FrameCues:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(batch, frames, 8, generator=generator)
    attention = torch.rand(batch, frames, generator=generator)
    xy = torch.randn(batch, frames, 17, 2, generator=generator)
    return FrameCues(features=lambda: features, attention=attention, xy=xy)


def test_cluster_scores_by_hand():
    # On a line: two tight pairs and one frame far from both.
    at = np.array([0.0, 0.1, 1.0, 1.3, 5.0])
    features = torch.tensor(at, dtype=torch.float32)[None, :, None].expand(1, 5, 4)
    distance = abs(at[:, None] - at[None])  # sqrt(4 d^2) / sqrt(4)
    density = np.exp(-(np.array([0.1, 0.1, 0.3, 0.3, 3.7]) ** 2) / 2)
    # 0 and 1 tie for the highest density, 2 and 3 for the next.
    to_denser = [5.0, 5.0, 0.9, 1.2, 3.7]
    assert distance.max() == 5.0
    expected = density * to_denser
    np.testing.assert_allclose(cluster_scores(features)[0], expected, rtol=1e-5)


def test_a_frame_that_rounding_puts_farther_from_itself_than_from_another():
    table = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(1))
    given = table.clone()
    wanted = torch.sort(given, dim=-1).values[..., :2]
    torch.testing.assert_close(_two_least(table), wanted)
    torch.testing.assert_close(table, given)


def frame_distances(features):
    table, is_squared = frame_separations(features)
    return table.clamp_min(0).sqrt() if is_squared else table


def plain_scores(features):
    """`cluster_scores` step by step, as the paper has it."""
    distance = frame_distances(features) / features.shape[-1] ** 0.5
    density = (-distance.topk(2, largest=False).values.square().mean(-1)).exp()
    denser = density[:, None, :] > density[:, :, None]
    farthest = distance.amax((1, 2))[:, None, None]
    return density * torch.where(denser, distance, farthest).amin(-1)


@pytest.mark.parametrize(("n_frames", "width"), [(5, 4), (27, 64), (130, 512), (351, 1536)])
@pytest.mark.parametrize("kind", ["apart", "a walk", "copies"])
def test_cluster_scores_are_those_of_the_plain_way_to_the_last_bit(n_frames, width, kind):
    features = torch.randn(2, n_frames, width, generator=torch.Generator().manual_seed(3))
    if kind == "a walk":
        features = features.cumsum(1) / 20
    if kind == "copies":  # of which several may be nearer to a frame than rounding has itself
        features[:, n_frames // 2 :] = features[:, n_frames // 2, None]
        features[0, 1] = features[0, 3]
    assert torch.equal(cluster_scores(features), plain_scores(features))


@pytest.mark.parametrize("n_frames", [64, 65, 130, 243, 351])
@pytest.mark.parametrize("width", [512, 1536])
def test_distances_of_wide_features_are_those_of_cdist(n_frames, width):
    features = torch.randn(2, n_frames, width, generator=torch.Generator().manual_seed(0))
    features[1, 5] = features[1, 9]
    found, expected = frame_distances(features), torch.cdist(features, features)
    # Of squares: the roots of what rounding leaves of nothing are not small.
    rounding = 1e-6 * features.square().sum(-1).max()
    torch.testing.assert_close(found.square(), expected.square(), rtol=0, atol=float(rounding))
    if width == 1536 and n_frames > 80:  # below, they are `torch.cdist`'s own
        torch.testing.assert_close(frame_distances(features[1:]), found[1:], rtol=0, atol=0)


def test_motion_scores_by_hand():
    x = torch.tensor([0.0, 1.0, 1.0, 4.0])
    xy = torch.stack([x, torch.zeros(4)], -1)[None, :, None].expand(1, 4, 17, 2)
    torch.testing.assert_close(motion_scores(xy), torch.tensor([[2.0, 1.0, 3.0, 6.0]]))


def test_ties_go_to_the_lower_index():
    score = torch.tensor([[1.0, 3.0, 3.0, 0.0, 3.0, 1.0]])
    assert top_frames(score, 2).tolist() == [[1, 2]]
    assert top_frames(score, 4).tolist() == [[0, 1, 2, 4]]
    assert top_frames(torch.ones(1, 100), 30).tolist() == [list(range(30))]


def test_a_frame_to_keep_takes_the_place_of_the_lowest():
    score = torch.tensor([[5.0, 4.0, 3.0, 1.0], [5.0, 4.0, 3.0, 1.0]])
    keep = torch.tensor([[3], [0]])
    assert top_frames(score, 2, keep).tolist() == [[0, 3], [0, 1]]


@pytest.mark.parametrize("n_frames", [2, 9, 26, 243, 351])
def test_uniform_frames_are_spread_from_end_to_end(n_frames):
    for n in range(2, n_frames + 1):
        frames = uniform_frames(n_frames, n)
        steps = np.diff(frames)
        assert (frames[0], frames[-1], len(frames)) == (0, n_frames - 1, n)
        assert steps.min() >= 1
        assert steps.max() - steps.min() <= 1
        if n_frames % 2 and n % 2:
            assert n_frames // 2 in frames
    assert uniform_frames(n_frames, 1) == [n_frames // 2]


@pytest.mark.parametrize("name", PRUNERS)
@pytest.mark.parametrize("n", [2, 7, 10])
def test_every_way_of_pruning(name, n):
    cues, keep = random_cues(), torch.tensor([[15], [4]])
    kept = PRUNERS[name](cues, n, keep)
    assert kept.shape == (2, n)
    assert (kept.diff(dim=1) > 0).all()
    assert (kept == keep).any(1).all()
    assert (kept >= 0).all() and (kept < 30).all()
    torch.testing.assert_close(PRUNERS[name](cues, n, keep), kept)
    # Each element of the batch is judged by itself.
    alone = FrameCues(
        features=lambda: cues.features()[1:],
        attention=cues.attention[1:],
        xy=cues.xy[1:],
    )
    torch.testing.assert_close(PRUNERS[name](alone, n, keep[1:]), kept[1:])


def test_ways_differ():
    chosen = {name: tuple(choose(random_cues(1), 7, None)[0]) for name, choose in PRUNERS.items()}
    assert len(set(map(str, chosen.values()))) == len(PRUNERS)


def test_attention_and_motion_take_the_highest():
    cues = random_cues(1)
    top = sorted(cues.attention[0].topk(5).indices.tolist())
    assert PRUNERS["attention"](cues, 5, None)[0].tolist() == top
    top = sorted(motion_scores(cues.xy)[0].topk(5).indices.tolist())
    assert PRUNERS["motion"](cues, 5, None)[0].tolist() == top


def test_taken_frames_carry_their_number_and_gradient():
    x = torch.arange(2 * 5 * 3).view(2, 5, 3).float().requires_grad_()
    frames = torch.tensor([[0, 3], [1, 4]])
    taken = take_frames(x, frames)
    torch.testing.assert_close(taken, torch.stack([x[0, [0, 3]], x[1, [1, 4]]]))
    taken.sum().backward()
    wanted = torch.tensor([[1.0, 0, 0, 1, 0], [0, 1, 0, 0, 1]])
    torch.testing.assert_close(x.grad, wanted[:, :, None].expand(2, 5, 3))


def poses_at(times: torch.Tensor) -> torch.Tensor:
    """Poses that move along straight lines: (B, f, 17, 3) at times (B, f)."""
    direction = torch.arange(51.0).view(17, 3)
    return times[..., None, None] * direction


def test_linear_recovery_follows_straight_motion():
    kept = torch.tensor([[0, 3, 4, 10], [0, 1, 2, 10]])
    recovered = linear(poses_at(kept.float()), kept, 11)
    torch.testing.assert_close(recovered, poses_at(torch.arange(11.0).repeat(2, 1)))


def test_recovery_holds_still_beyond_the_kept_frames():
    kept = torch.tensor([[2, 5]])
    way = torch.tensor([[2.0, 2, 2, 3, 4, 5, 5]])
    torch.testing.assert_close(linear(poses_at(kept.float()), kept, 7), poses_at(way))
    way = torch.tensor([[2.0, 2, 2, 2, 5, 5, 5]])
    torch.testing.assert_close(nearest(poses_at(kept.float()), kept, 7), poses_at(way))


def test_nearest_recovery_prefers_the_earlier_of_two():
    kept = torch.tensor([[0, 4]])
    recovered = nearest(poses_at(kept.float()), kept, 5)
    torch.testing.assert_close(recovered, poses_at(torch.tensor([[0.0, 0, 0, 4, 4]])))
