import numpy as np
import pytest

from hotvid.evaluate.windows import (
    centred_starts,
    chunk_starts,
    edge_rows,
    whole_starts,
    window_rows,
)

LENGTH = 243


@pytest.mark.parametrize("n", [1, 242, 243, 244, 485, 486, 500])
def test_chunks_hold_each_frame_once_and_split_what_is_lacking(n):
    rows = window_rows(chunk_starts(n, LENGTH), LENGTH).ravel()
    inside = rows[(rows >= 0) & (rows < n)]
    np.testing.assert_array_equal(inside, np.arange(n))
    before, behind = (rows < 0).sum(), (rows >= n).sum()
    assert before + behind == -n % LENGTH
    assert behind - before in (0, 1)


def test_chunks_with_a_stride_overlap_and_reach_both_ends():
    np.testing.assert_array_equal(chunk_starts(20, 9, 4), [0, 4, 8, 12])
    rows = window_rows(chunk_starts(20, 9, 4), 9)
    assert rows.min() <= 0 and rows.max() >= 19
    np.testing.assert_array_equal(chunk_starts(19, 9, 4), [-1, 3, 7, 11])
    np.testing.assert_array_equal(chunk_starts(3, 9, 4), [-3])


@pytest.mark.parametrize(
    ("n", "starts"), [(243, [0]), (323, [0]), (324, [0, 81]), (486, [0, 81, 162, 243])]
)
def test_whole_windows_begin_with_the_clip_and_end_within_it(n, starts):
    np.testing.assert_array_equal(whole_starts(n, LENGTH, 81), starts)
    np.testing.assert_array_equal(whole_starts(n, LENGTH), np.arange(n // LENGTH) * LENGTH)
    np.testing.assert_array_equal(whole_starts(100, LENGTH, 81), [-71])


@pytest.mark.parametrize("n", [1, 5, 300])
def test_a_window_around_each_frame(n):
    rows = window_rows(centred_starts(n, LENGTH), LENGTH)
    assert rows.shape == (n, LENGTH)
    np.testing.assert_array_equal(rows[:, LENGTH // 2], np.arange(n))


def test_outside_of_the_clip_stand_its_edges():
    np.testing.assert_array_equal(edge_rows(np.arange(-2, 5), 3), [0, 0, 0, 1, 2, 2, 2])
