"""A network uses no more threads than help."""

import pytest

from hotvid import weights
from hotvid.pose2d import litert


@pytest.mark.parametrize(("given", "share", "used"), [(None, 8, 2), (None, 1, 1), (4, 8, 4)])
def test_more_threads_than_help_are_not_taken_unasked(monkeypatch, given, share, used):
    monkeypatch.setenv("HOTVID_THREADS", str(share))
    load, taken = litert.Interpreter, []
    monkeypatch.setattr(
        litert, "Interpreter", lambda **how: taken.append(how["num_threads"]) or load(**how)
    )
    litert.load_network(weights.find("blazepose-detector"), given)
    assert taken == [used]
