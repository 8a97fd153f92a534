"""Small models, on one thread: two would wait for each other at every layer."""

import pytest
import torch
from golden_cases import golden_model
from small_checkpoints import SIZES

from hotvid.lift.models.zoo import build_model


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def state():
    return golden_model("hot-mixste", **SIZES).state_dict()


@pytest.fixture
def model():
    return build_model("hot-mixste", **SIZES)
