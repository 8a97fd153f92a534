"""Running ahead keeps the order, hands on errors and ends when told."""

import threading
import time

import pytest

from hotvid.io.prefetch import Prefetch


class Counting:
    """Counts up, and how far it came."""

    def __init__(self, end=None):
        self.given = 0
        self.end = end
        self.closed = threading.Event()

    def __iter__(self):
        while self.end is None or self.given < self.end:
            self.given += 1
            yield self.given

    def close(self):
        self.closed.set()


@pytest.mark.parametrize("depth", [1, 4])
def test_order_is_kept(depth):
    ahead = Prefetch(range(100), depth)
    assert list(ahead) == list(range(100))
    ahead.close()


def test_it_runs_ahead_as_far_as_its_depth():
    source = Counting()
    ahead = Prefetch(source, 3)
    assert next(iter(ahead)) == 1
    time.sleep(0.2)
    assert source.given <= 1 + 3 + 1  # taken, queued, in hand
    assert source.given >= 1 + 3
    ahead.close()
    assert source.closed.is_set()


def test_errors_come_after_the_items_before_them():
    def source():
        yield 1
        yield 2
        raise ValueError("broken")

    ahead = Prefetch(source(), 4)
    seen = []
    with pytest.raises(ValueError, match="broken"):
        for item in ahead:
            seen.append(item)
    assert seen == [1, 2]
    ahead.close()


def test_a_waiting_consumer_is_let_go():
    started, go_on = threading.Event(), threading.Event()

    def source():
        started.set()
        go_on.wait(10)
        yield 1

    ahead = Prefetch(source(), 1)
    seen = []
    consumer = threading.Thread(target=lambda: seen.extend(ahead))
    consumer.start()
    started.wait(10)
    closer = threading.Thread(target=ahead.close)
    closer.start()
    go_on.set()
    consumer.join(timeout=5)
    closer.join(timeout=5)
    assert not consumer.is_alive() and not closer.is_alive()
    assert seen in ([], [1])
