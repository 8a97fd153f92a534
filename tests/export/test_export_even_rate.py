import numpy as np
import pytest

from hotvid.export.even_rate import even_frames


def test_even_frames_are_kept():
    frames = even_frames(np.arange(7, 50) / 30, 30.0)
    values = np.random.default_rng(0).normal(size=(43, 2))
    assert frames.kept and frames.rate_hz == 30.0
    np.testing.assert_array_equal(frames.take(values), values)


def test_timestamps_in_whole_milliseconds_are_even():
    frames = even_frames(np.round(np.arange(100) * 1001 / 30000, 3), 30000 / 1001)
    assert frames.kept and frames.rate_hz == pytest.approx(30000 / 1001, rel=1e-4)


def test_what_moves_steadily_does_so_at_the_even_rate():
    pts_s = np.sort(np.random.default_rng(1).uniform(2, 3, 40))
    frames = even_frames(pts_s, 25.0)
    assert not frames.kept
    assert frames.rate_hz == pytest.approx(39 / (pts_s[-1] - pts_s[0]))
    moved = frames.take(np.stack([3 * pts_s, -pts_s], 1))
    np.testing.assert_allclose(moved, np.stack([3 * frames.pts_s, -frames.pts_s], 1))


def test_between_a_known_and_an_unknown_frame_nothing_is_known():
    frames = even_frames(np.array([0, 0.1, 0.4, 0.9, 1.2]), 4.0)
    values = np.array([1, 2, np.nan, 4, 5.0])
    found = frames.take(values)
    np.testing.assert_allclose(frames.pts_s, [0, 0.3, 0.6, 0.9, 1.2])
    np.testing.assert_allclose(found, [1, np.nan, np.nan, 4, 5])


@pytest.mark.parametrize("pts_s", [[], [0.7]])
def test_too_few_frames_for_a_rate_have_that_of_the_video(pts_s):
    frames = even_frames(np.array(pts_s), 24.0)
    assert frames.rate_hz == 24.0
    assert len(frames.take(np.zeros((len(pts_s), 3)))) == len(pts_s)


def test_a_pause_leaves_what_moves_at_its_own_rate():
    moving = np.arange(300) / 30
    pts_s = np.concatenate([moving, moving[-1] + 1 + np.arange(50)])
    frames = even_frames(pts_s, 30.0)
    assert frames.rate_hz == pytest.approx(30, rel=0.01)
    assert frames.pts_s[-1] == pts_s[-1]
    assert (frames.pts_s <= moving[-1]).sum() == pytest.approx(300, abs=3)


def test_frames_in_bursts_do_not_make_a_thousand_a_second():
    """As recordings of networks have them: ten together, then nothing for a third of a second."""
    bursts = (np.arange(600)[:, None] / 3 + np.arange(10) / 1000).ravel()
    frames = even_frames(bursts, 30.0)
    assert 30 <= frames.rate_hz <= 241 and len(frames.pts_s) <= 10 * len(bursts)


def test_no_more_frames_than_a_format_counts():
    pts_s = np.concatenate([np.arange(300) / 30, 1000 + np.arange(300) / 30])
    frames = even_frames(pts_s, 30.0, most=2000)
    assert len(frames.pts_s) == 2000 and frames.rate_hz == pytest.approx(1999 / pts_s[-1])
    assert len(even_frames(pts_s, 30.0, most=10).pts_s) == 600, "never fewer than there are"
