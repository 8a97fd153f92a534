"""Boxes and scores of other programs' files, worked out by hand."""

import numpy as np
import pytest

from hotvid.io.keypoints.clip import lay_out
from hotvid.io.keypoints.table import TableRows


def points(score):
    """17 joints of one score, shares of the picture."""
    return [[0.3 + 0.01 * j, 0.4, score] for j in range(17)]


def table(*people):
    """TableRows (score of joints, of the person) in a frame each."""
    rows = TableRows()
    for frame, (joints, person) in enumerate(people):
        rows.add(frame, points(joints), box=[0.25, 0.5, 0.75, 1.0], score=person)
    return rows.table("csv", "coco17")


def test_boxes_that_are_shares_become_pixels_of_width_and_height():
    clip = lay_out(table((0.8, 0.9)), size_px=(640, 480), fps=30.0)
    assert clip.observations[0].box_px[0].tolist() == [160, 240, 480, 480]
    np.testing.assert_allclose(clip.observations[0].xy_px[0, 1], [0.31 * 640, 192], rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((0.95, 0.4), [0.95, 0.4]),
        ((1.7, 0.4), [0.8, 0.6]),  # what can be more than 1 is no probability: the joints' is
        ((-0.2, 0.4), [0.8, 0.6]),
        ((None, 0.4), [0.8, 0.6]),
        ((float("nan"), 0.4), [0.8, 0.6]),
    ],
)
def test_scores_of_people_are_believed_where_all_are_shares(given, wanted):
    found = table((0.8, given[0]), (0.6, given[1])).person_score
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
