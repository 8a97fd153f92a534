"""What the large models' golden cases show only with --slow: parts of them, worked out by hand."""

import math

import pytest
import torch
from golden_cases import fill, golden_model

from hotvid.lift.models.mhformer import SelfRefinement

SMALL = {"frames": 6, "channel": 8, "mlp_hidden": 8, "depth": 2, "heads": 2}


class Says(torch.nn.Module):
    """Always the same, whatever it is given."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, x, received=None):
        return torch.full_like(x, self.value)


def test_motionbert_weighs_its_streams_by_the_first_and_the_second_share():
    model = golden_model("motionbert", representation=8, **SMALL)
    model.blocks_st[1], model.blocks_ts[1] = Says(1.0), Says(5.0)
    with torch.no_grad():
        # Shares of 3 to 1: space first, then time, is the first stream.
        model.ts_attn[1].weight.zero_()
        model.ts_attn[1].bias.copy_(torch.tensor([math.log(3), 0.0]))
        found = model.block(1, torch.zeros(1, 6, 17, 8))
        torch.testing.assert_close(found, torch.full_like(found, 0.75 * 1 + 0.25 * 5))
        # The share is told from both, the first stream's features first.
        model.ts_attn[1].bias.zero_()
        model.ts_attn[1].weight[0, :8] = 0.5
        (found,) = model.block(1, torch.zeros(1, 6, 17, 8)).unique().tolist()
    first = 1 / (1 + math.exp(-0.5 * 8 * 1.0))
    assert found == pytest.approx(first * 1 + (1 - first) * 5, abs=1e-5)


def test_motionberts_streams_begin_with_space_and_with_time():
    model = golden_model("motionbert", representation=8, **SMALL)
    x = torch.zeros(1, 6, 17, 8)
    for stream, wanted in ((model.blocks_st[0], (0 + 1) * 2), (model.blocks_ts[0], 0 * 2 + 1)):
        stream.step_s, stream.step_t = (lambda x: x + 1), (lambda x, received=None: x * 2)
        assert stream(x).unique().tolist() == [wanted]


def test_space_mixes_the_joints_of_a_frame_and_time_the_frames_of_a_joint():
    model = golden_model("motionbert", representation=8, **SMALL)
    x = torch.randn(1, 6, 17, 8, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[0, 2, 5] = other[0, 2, 5].flip(0)
    for stream in (model.blocks_st[0], model.blocks_ts[0]):
        with torch.no_grad():
            in_space = (stream.step_s(other) != stream.step_s(x)).any(-1)[0]
            in_time = (stream.step_t(other) != stream.step_t(x)).any(-1)[0]
        assert in_space[2].all() and not in_space[[0, 1, 3, 4, 5]].any()
        assert in_time[:, 5].all() and in_time.sum() == 6


def test_each_stream_and_each_hypothesis_tells_the_share_that_frames_get():
    x = torch.randn(2, 6, 17, 8, generator=torch.Generator().manual_seed(1))
    streams, hypotheses = [], []
    block = SelfRefinement(8, 8, 2).eval()
    fill(block)
    with torch.no_grad():
        golden_model("motionbert", representation=8, **SMALL).block(1, x, streams)
        block(x[:, :, :3], hypotheses)
    assert (len(streams), len(hypotheses)) == (2, 3)
    for share in (*streams, *hypotheses):
        torch.testing.assert_close(share.sum(1), torch.ones(2))
    assert (streams[0] - streams[1]).abs().max() > 1e-4


def test_frames_are_chosen_by_the_mean_of_all_shares():
    model = golden_model("hot-mixste", token_num=3, layer_index=1, **SMALL)
    shown = []

    def choose(cues, n, keep):
        shown.append(cues.attention)
        return torch.tensor([[0, 2, 3]])

    model.choose_frames = choose
    told = [torch.tensor([[0.3, 0.1, 0.2, 0.4, 0, 0]]), torch.tensor([[0, 0.5, 0.1, 0.2, 0.2, 0]])]
    with torch.no_grad():
        model.prune(1, torch.zeros(1, 6, 17, 8), None, torch.zeros(1, 6, 17, 2), told)
    torch.testing.assert_close(shown[0], torch.tensor([[0.15, 0.3, 0.15, 0.3, 0.1, 0]]))


def test_the_second_cut_chooses_by_the_poses_of_the_frames_left_by_the_first():
    model = golden_model(
        "hot-mixste", token_num=(4, 2), layer_index=(1, 2), **{**SMALL, "depth": 3}
    )
    shown = []

    def choose(cues, n, keep):
        shown.append(cues.xy)
        return torch.tensor([[1, 2, 4, 5]] if n == 4 else [[0, 3]])

    model.choose_frames = choose
    x = torch.randn(1, 6, 17, 2, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        _, kept = model.forward_kept(x)
    assert kept.tolist() == [[1, 5]]
    torch.testing.assert_close(shown[0], x)
    torch.testing.assert_close(shown[1], x[:, [1, 2, 4, 5]])
