import numpy as np
import pytest

from hotvid.render.plates import hang
from hotvid.skeleton import H36M17

HEAD, WRIST, ANKLE = map(H36M17.index, ("head", "right_wrist", "left_ankle"))
WIDTH, GAP, FPS = 60, 8.0, 30.0


def someone(n_frames):
    """A head at (300, 200), all other joints far below, all drawn."""
    points = np.empty((n_frames, 17, 2), np.float32)
    points[:] = 300, 500
    points[:, HEAD] = 300, 200
    return points, np.ones((n_frames, 17), bool)


def hung(points, drawn):
    n = len(points)
    return hang(lambda rows: (points[rows], drawn[rows]), n, WIDTH, np.full(n, GAP), FPS)


def test_a_plate_hangs_above_the_head():
    np.testing.assert_allclose(hung(*someone(5)), [[300, 200 - GAP]] * 5)


def test_a_plate_never_lies_over_a_hand_and_never_hops():
    points, drawn = someone(200)
    points[60:66, WRIST] = 310, 180
    points[70:100:2, WRIST] = 290, 150
    place = hung(points, drawn)
    there = points[..., 1].min(1) < 200
    assert (place[there, 1] <= points[there, WRIST, 1] - GAP + 1e-3).all()
    assert place[[0, 199], 1].tolist() == [200 - GAP, 200 - GAP]
    assert np.abs(np.diff(place, axis=0)).max() < 4
    assert np.abs(np.diff(place[70:98, 1])).max() == pytest.approx(0, abs=1.5), "it stays up"


def test_a_hand_beside_the_plate_leaves_it_where_it_is():
    points, drawn = someone(9)
    points[:, WRIST] = 300 + WIDTH / 2 + GAP + 1, 180
    np.testing.assert_allclose(hung(points, drawn)[:, 1], 200 - GAP)


def test_a_head_that_comes_and_goes_leaves_the_plate_calm():
    points, drawn = someone(120)
    points[:, ANKLE] = 420, 260  # the highest of the others, and aside
    drawn[40:80, HEAD] = False
    drawn[20:30:2, HEAD] = False
    place = hung(points, drawn)
    assert place[0].tolist() == [300, 200 - GAP]
    middle = np.delete(points[60, :, 0], HEAD).mean()
    np.testing.assert_allclose(place[60], [middle, 260 - GAP], rtol=1e-5)
    assert np.abs(np.diff(place, axis=0)).max() < 4


def test_joints_that_nobody_saw_have_no_say():
    points, drawn = someone(60)
    points[:, WRIST], drawn[:, WRIST] = (300, 185), False
    points[30, HEAD], drawn[30, HEAD] = np.nan, False
    points[31, HEAD], drawn[31, HEAD] = 1e9, False
    place = hung(points, drawn)
    assert np.isfinite(place).all()
    np.testing.assert_allclose(place[:15], [[300, 200 - GAP]] * 15)
    assert np.abs(place[[0, 59]] - [300, 200]).max() < 200


def test_beside_a_gap_in_which_nobody_is_drawn_a_plate_hangs_as_ever():
    points, drawn = someone(60)
    drawn[20:40] = False
    np.testing.assert_allclose(hung(points, drawn), [[300, 200 - GAP]] * 60)


def test_long_clips_are_hung_as_short_ones_are(monkeypatch):
    points, drawn = someone(50)
    points[20, WRIST] = 300, 185
    whole = hung(points, drawn)
    monkeypatch.setattr(
        "hotvid.render.plates.chunks", lambda n: (slice(i, i + 7) for i in range(0, n, 7))
    )
    np.testing.assert_array_equal(hung(points, drawn), whole)
