import numpy as np
import pytest
import torch

from hotvid.lift.models.zoo import build_model
from hotvid.train.sampled import Sample, SampledModel, draw_sample, middle_sample

WIDTHS = {"channel": 16, "mlp_hidden": 32, "depth": 2, "heads": 2}
LONG = 27


@pytest.fixture
def long_model():
    torch.manual_seed(0)
    model = build_model("hot-mixste-s", frames=LONG, token_num=9, **WIDTHS).eval()
    with torch.no_grad():  # tables that tell every frame and slot from the others
        for table in (model.Temporal_pos_embed, model.x_token, model.pos_embed_token):
            table.normal_()
    return model


def test_samples_stay_in_the_long_window_and_reach_its_ends():
    rng = np.random.default_rng(0)
    drawn = [draw_sample(rng, 5, (1, 6), LONG).frames for _ in range(500)]
    assert {len(frames) for frames in drawn} == {5}
    assert min(f[0] for f in drawn) == 0 and max(f[-1] for f in drawn) == LONG - 1
    assert {int(f[1] - f[0]) for f in drawn} == {1, 2, 3, 4, 5, 6}


def test_the_middle_sample_is_about_the_centre():
    assert middle_sample(5, 3, LONG).frames.tolist() == [7, 10, 13, 16, 19]
    assert middle_sample(LONG, 1, LONG).frames.tolist() == list(range(LONG))


def test_the_whole_window_is_the_model_itself(long_model):
    keypoints = torch.randn(2, LONG, 17, 3)
    sampled = SampledModel("hot-mixste-s", long_model.sizes, LONG, 9)
    torch.testing.assert_close(
        sampled(long_model, keypoints, Sample(0, 1, LONG)), long_model(keypoints)
    )


def test_other_numbers_of_tokens_are_those_of_inference(long_model):
    keypoints = torch.randn(2, LONG, 17, 3)
    sampled = SampledModel("hot-mixste-s", long_model.sizes, LONG, 5)
    got = sampled(long_model, keypoints, Sample(0, 1, LONG))
    long_model.use_tokens(5)
    torch.testing.assert_close(got, long_model(keypoints))


def test_a_short_window_has_the_position_embeddings_of_its_own_frames(long_model):
    short = build_model("hot-mixste-s", frames=5, token_num=None, **WIDTHS).eval()
    own = long_model.state_dict()
    state = {key: own[key] for key in short.state_dict()}
    state["Temporal_pos_embed"] = own["Temporal_pos_embed"][:, [2, 6, 10, 14, 18]]
    short.load_state_dict(state)
    keypoints = torch.randn(2, 5, 17, 3)
    sampled = SampledModel("hot-mixste-s", long_model.sizes, 5, None)
    torch.testing.assert_close(sampled(long_model, keypoints, Sample(2, 4, 5)), short(keypoints))


def test_gradients_reach_the_sampled_rows_of_the_tables_and_no_others(long_model):
    sampled = SampledModel("hot-mixste-s", long_model.sizes, 9, 3)
    sampled(long_model, torch.randn(2, 9, 17, 3), Sample(3, 2, 9)).square().sum().backward()
    touched = [
        set(t.grad.abs().sum((0, 2)).nonzero().flatten().tolist())
        for t in (long_model.Temporal_pos_embed, long_model.x_token, long_model.pos_embed_token)
    ]
    frames = set(range(3, 21, 2))
    assert touched[:2] == [frames, frames]
    # Kept are frames 3, 11 and 19 of 27: slots 0.9, 3.4 and 5.8 of 9.
    assert touched[2] == {0, 1, 3, 4, 5, 6}
    missing = [n for n, p in long_model.named_parameters() if p.grad is None]
    assert missing == []
