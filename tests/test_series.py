"""Gaps in series over time, bridged."""

import numpy as np
import pytest

from hotvid.series import bridged

NAN = np.nan


def test_what_is_known_stays_and_straight_lines_lie_between():
    out = bridged(np.array([1.0, NAN, NAN, 4.0, 2.5]))
    np.testing.assert_array_equal(out, [1, 2, 3, 4, 2.5])


def test_beyond_what_is_known_it_is_level():
    np.testing.assert_array_equal(bridged(np.array([NAN, NAN, 3.0, 5.0, NAN])), [3, 3, 3, 5, 5])


def test_lines_are_straight_in_time_where_rows_come_unevenly():
    at = np.array([0.0, 0.1, 0.8, 1.0])
    np.testing.assert_allclose(bridged(np.array([0.0, NAN, NAN, 10.0]), at), [0, 1, 8, 10])


def test_each_column_is_bridged_by_itself():
    series = np.arange(30.0).reshape(5, 3, 2)
    series[1:3, 0, 0] = series[2, 2, 1] = NAN
    np.testing.assert_allclose(bridged(series), np.arange(30.0).reshape(5, 3, 2))


@pytest.mark.parametrize("unknown", [NAN, np.inf, -np.inf])
def test_what_is_infinite_is_not_known(unknown):
    np.testing.assert_array_equal(bridged(np.array([2.0, unknown, 4.0])), [2, 3, 4])


def test_a_column_of_which_nothing_is_known_holds_what_is_said():
    series = np.array([[NAN, 1.0], [NAN, NAN]])
    np.testing.assert_array_equal(bridged(series), [[0, 1], [0, 1]])
    np.testing.assert_array_equal(bridged(series, nothing=NAN), [[NAN, 1], [NAN, 1]])


def test_what_is_given_is_left_alone_whatever_its_layout():
    given = np.asfortranarray(np.array([[1, NAN], [NAN, 5], [3, NAN]], np.float32))
    before = given.copy()
    out = bridged(given)
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out, [[1, 5], [2, 5], [3, 5]])
    np.testing.assert_array_equal(given, before)


def test_no_rows_are_no_error():
    assert bridged(np.zeros((0, 17, 3))).shape == (0, 17, 3)
