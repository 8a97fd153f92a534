"""What stands around a forward pass: the mirror, the centre, and which frames are answered."""

import pytest
import torch

from hotvid.errors import UsageError
from hotvid.lift.models.zoo import MODELS, build_model
from hotvid.lift.protocols import PROTOCOLS, centre_pose, flipped, protocol_of
from hotvid.skeleton import H36M17

SMALL = {"frames": 9, "channel": 16, "mlp_hidden": 16}


def poses_of(frames):
    """(1, f, 17, 3) whose every number is the frame's."""
    return torch.tensor(frames).float()[None, :, None, None].expand(1, -1, 17, 3)


def test_every_model_has_a_protocol():
    assert set(PROTOCOLS) == set(MODELS)
    for name in MODELS:
        assert PROTOCOLS[name].seq2frame == (name.startswith("tpc-") or name == "mhformer")


def test_the_centre_of_all_frames_of_those_kept_and_of_those_recovered():
    kept = torch.tensor([[0, 3, 4, 7]])
    assert centre_pose(poses_of(range(9)), None, 9).unique().tolist() == [4]
    assert centre_pose(poses_of([0, 3, 4, 7]), kept, 9).unique().tolist() == [4]
    assert centre_pose(poses_of(range(9)), kept, 9).unique().tolist() == [4]
    assert centre_pose(poses_of([0, 3, 4, 7]), kept, 9).shape == (1, 1, 17, 3)


def test_a_mirror_exchanges_the_sides_and_turns_x_alone():
    mirror = torch.as_tensor(H36M17.mirror)
    x = torch.randn(2, 5, 17, 3, generator=torch.Generator().manual_seed(0))
    seen = flipped(x, mirror)
    torch.testing.assert_close(seen[:, :, 1], x[:, :, 4] * torch.tensor([-1, 1, 1]))
    torch.testing.assert_close(flipped(seen, mirror), x)


def test_a_model_that_is_to_give_all_frames_must_recover_them():
    cut = {"token_num": 4, "layer_index": 1}
    with pytest.raises(UsageError, match=r"mixste gives all frames .* recover=linear, or a tpc-"):
        protocol_of(build_model("mixste", **SMALL, **cut))
    assert (
        protocol_of(build_model("mixste", **SMALL, **cut, recover="nearest"))
        == (PROTOCOLS["mixste"])
    )
    assert protocol_of(build_model("tpc-mixste", **SMALL, **cut)).seq2frame
    assert protocol_of(build_model("mixste", **SMALL)) == PROTOCOLS["mixste"]
