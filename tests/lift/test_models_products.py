import torch

from hotvid.lift.models.layers import attend
from hotvid.lift.models.products import Bfloat16Products
from hotvid.lift.models.zoo import build_model

SIZES = {"frames": 9, "token_num": 3, "channel": 64, "mlp_hidden": 128, "depth": 2, "heads": 2}


def _outputs_and_gradients(model, keypoints):
    model.zero_grad()
    out = model(keypoints)
    out.square().sum().backward()
    return out.detach(), torch.cat([p.grad.flatten() for p in model.parameters()])


def test_rounded_products_point_where_the_exact_ones_do():
    torch.manual_seed(0)
    model = build_model("hot-mixste-s", **SIZES)
    keypoints = torch.randn(2, 9, 17, 3)
    exact, exact_gradient = _outputs_and_gradients(model, keypoints)
    with Bfloat16Products():
        rounded, rounded_gradient = _outputs_and_gradients(model, keypoints)
    error = (rounded - exact).norm() / exact.norm()
    assert 1e-5 < error < 0.02  # bfloat16 was used, and costs no more than its digits
    alike = torch.nn.functional.cosine_similarity(rounded_gradient, exact_gradient, 0)
    assert 0.998 < alike < 1 - 1e-8


def test_narrow_layers_are_exact():
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(128, 3), torch.randn(4, 128)
    exact = layer(x)
    with Bfloat16Products():
        assert torch.equal(layer(x), exact)


def test_attention_in_training_is_rounded_and_its_softmax_is_not():
    torch.manual_seed(0)
    parts = [torch.randn(6, 5, 2, 2, 32, requires_grad=True) for _ in range(3)]  # (B, F, J, H, D)

    def found():
        out = attend(*parts, "frames", training=True)
        return out.detach(), torch.autograd.grad(out.square().sum(), parts)

    exact, exact_gradients = found()
    with Bfloat16Products():
        rounded, gradients = found()
    assert rounded.dtype == torch.float32 and rounded.shape == exact.shape
    assert 1e-5 < (rounded - exact).norm() / exact.norm() < 0.01
    for given, right in zip(gradients, exact_gradients, strict=True):
        alike = torch.nn.functional.cosine_similarity(given.flatten(), right.flatten(), 0)
        assert 0.999 < alike < 1 - 1e-8
    # Values that are all alike come out as they are, whatever they are weighed with.
    same = torch.ones(6, 5, 2, 2, 32)
    with Bfloat16Products():
        assert (attend(*parts[:2], same, "frames", training=True) - 1).abs().max() < 0.02
