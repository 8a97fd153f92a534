"""Every model gives what the published implementation gives with the same weights."""

import numpy as np
import pytest
import torch
from golden_cases import INDEX, golden_case, golden_model

TINY = [case for case in INDEX if case.endswith("-tiny")]
FULL = [case for case in INDEX if not case.endswith("-tiny")]


def assert_matches(name: str, gradients: bool = False) -> None:
    case = golden_case(name)
    model = golden_model(name.rsplit("-", 1)[0], **case.sizes)
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    assert shapes == case.shapes
    with torch.set_grad_enabled(gradients):
        output, kept = model.forward_kept(case.inputs)
    output = output.detach()
    if case.kept_frames is not None:
        np.testing.assert_array_equal(kept[0].numpy(), case.kept_frames)
    assert output.shape[1:] == case.output.shape
    np.testing.assert_allclose(output[0].numpy(), case.output, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("gradients", [False, True])
def test_small_models_equal_the_published(name, gradients):
    assert_matches(name, gradients)


@pytest.mark.slow
@pytest.mark.parametrize("name", FULL)
def test_models_equal_the_published(name):
    assert_matches(name)


@pytest.mark.parametrize("name", ["mixste-tiny", "mhformer-tiny"])
def test_training_computes_the_same_function(name):
    """Another kernel attends. Plain models only: rounding may choose frames."""
    case = golden_case(name)
    model = golden_model(name.rsplit("-", 1)[0], **case.sizes).train()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.eval()
    output = model(case.inputs).detach()
    np.testing.assert_allclose(output[0].numpy(), case.output, rtol=0, atol=1e-4)


def test_cases_cover_every_backbone_plain_and_pruned():
    assert len(TINY) == 5
    assert len(FULL) == 7
