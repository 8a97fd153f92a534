"""Networks without the operators whose results nobody reads."""

import numpy as np
import pytest

from hotvid import weights
from hotvid.errors import WeightsError
from hotvid.pose2d.litert import Interpreter, load_network
from hotvid.pose2d.read_outputs import only_outputs

LANDMARKS, PRESENCE, HEAT = (1, 195), (1, 1), (1, 64, 64, 39)


def outputs(network, picture):
    """shape -> output of the network for a picture."""
    network.set_tensor(network.get_input_details()[0]["index"], picture)
    network.invoke()
    details = network.get_output_details()
    return {tuple(d["shape"].tolist()): network.get_tensor(d["index"]) for d in details}


@pytest.mark.parametrize("size", ["lite", "full", "heavy"])
def test_what_is_left_computes_the_same_to_the_last_bit(size):
    path = weights.find(f"blazepose-{size}")
    picture = np.random.default_rng(0).random((1, 256, 256, 3), np.float32)
    whole = outputs(load_network(path, 1), picture)
    part = outputs(load_network(path, 1, (LANDMARKS, PRESENCE, HEAT)), picture)
    assert set(part) == {LANDMARKS, PRESENCE, HEAT} < set(whole)
    for shape, output in part.items():
        np.testing.assert_array_equal(output, whole[shape])


def n_operators(content):
    network = Interpreter(model_content=content)
    return len(network._get_ops_details())


def test_operators_go_with_the_outputs_that_are_theirs_alone():
    content = weights.find("blazepose-lite").read_bytes()
    whole = n_operators(content)
    kept = only_outputs(content, [LANDMARKS, PRESENCE, HEAT])
    fewer = only_outputs(content, [PRESENCE])
    assert n_operators(fewer) < n_operators(kept) < whole
    # Taken from what is left already: the same again.
    assert only_outputs(kept, [LANDMARKS, PRESENCE, HEAT]) == kept
    assert n_operators(only_outputs(kept, [PRESENCE])) == n_operators(fewer)


def test_outputs_come_in_the_order_that_was_asked_for():
    content = weights.find("blazepose-lite").read_bytes()
    network = Interpreter(model_content=only_outputs(content, [HEAT, PRESENCE]))
    assert [tuple(d["shape"]) for d in network.get_output_details()] == [HEAT, PRESENCE]


@pytest.mark.parametrize("content", [b"", b"no network" * 50, bytes(4096)])
def test_what_is_no_network_is_refused(content):
    with pytest.raises(ValueError, match="no network with outputs"):
        only_outputs(content, [PRESENCE])


def test_an_output_that_is_not_there_is_refused():
    content = weights.find("blazepose-detector").read_bytes()
    with pytest.raises(ValueError, match="195"):
        only_outputs(content, [LANDMARKS])


@pytest.mark.parametrize("share", [0.001, 0.5, 0.99])
def test_a_file_cut_short_is_one_line(tmp_path, share):
    content = weights.find("blazepose-lite").read_bytes()
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(content[: int(share * len(content))])
    with pytest.raises(WeightsError, match=r"cut\.tflite cannot be loaded"):
        load_network(cut, 1, [PRESENCE])
