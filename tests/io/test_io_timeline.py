"""Times always grow, and good timestamps stay as they are."""

import numpy as np
import pytest

from hotvid.io.timeline import Timeline


def mended(raw_s, fps=10.0):
    timeline = Timeline(fps)
    times = [timeline.next(t) for t in raw_s]
    assert (np.diff(times) > 0).all()
    return times, timeline.n_repaired


def test_good_times_are_kept_from_the_first():
    raw = [5.0, 5.1, 5.15, 7.0]
    assert mended(raw) == (pytest.approx([0.0, 0.1, 0.15, 2.0]), 0)


@pytest.mark.parametrize("fps", [10.0, 25.0])
def test_none_at_all(fps):
    assert mended([0.0] * 5, fps) == (pytest.approx([i / fps for i in range(5)]), 4)


def test_the_last_one_missing():
    assert mended([0.1, 0.2, 0.3, 0.0]) == (pytest.approx([0.0, 0.1, 0.2, 0.3]), 1)


def test_a_double_does_not_shift_what_follows():
    assert mended([0.0, 0.1, 0.1, 0.2]) == (pytest.approx([0.0, 0.1, 0.15, 0.2]), 1)


def test_a_leap_of_hours_is_a_clock_set_anew():
    times, n_repaired = mended([0.0, 0.1, 0.2, 9000.0, 9000.1])
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert n_repaired == 1
    assert mended([0.0, 0.1, 3000.0]) == (pytest.approx([0.0, 0.1, 3000.0]), 0)


def test_times_that_hardly_grow_are_none():
    times, n_repaired = mended([0.0, 1e-9, 2e-9, 3e-9])
    assert n_repaired == 3 and times[-1] > 0.1


def test_exchanged_times_do_not_shift_what_follows():
    times, n_repaired = mended([0.0, 0.2, 0.1, 0.3, 0.4])
    assert n_repaired == 1
    assert times[3:] == pytest.approx([0.3, 0.4])


def test_a_clock_set_anew_goes_on():
    times, n_repaired = mended([9.0, 9.1, 9.2, 0.5, 0.6, 0.7])
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert n_repaired == 1
