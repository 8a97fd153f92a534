import numpy as np
import pytest

from hotvid.lift.windows import Blender, take_window, window_starts

LENGTH = 243


def _blend(windows, starts, n_frames):
    blender = Blender(n_frames, LENGTH)
    for window, start in zip(windows, starts, strict=True):
        blender.add(window, start)
    return blender.finish()[0]


@pytest.mark.parametrize("n_frames", [1, 2, 242, 243, 244, 400, 1000])
def test_windows_cover_each_frame_and_blend_back_to_the_track(n_frames):
    track = np.random.default_rng(n_frames).standard_normal((n_frames, 17, 3)).astype(np.float32)
    starts = window_starts(n_frames, LENGTH, 1 / 3)
    windows = np.stack([take_window(track, s, LENGTH) for s in starts])
    assert windows.shape[1] == LENGTH
    assert starts[0] == 0 and starts[-1] == max(n_frames - LENGTH, 0)
    np.testing.assert_allclose(_blend(windows, starts, n_frames), track, atol=1e-6)


@pytest.mark.parametrize("n_frames", [1, 2, 80, 81, 82, 243, 324, 1000])
def test_every_frame_lies_in_three_windows_where_they_share_two_thirds(n_frames):
    track = np.random.default_rng(n_frames).standard_normal((n_frames, 17, 3)).astype(np.float32)
    starts = window_starts(n_frames, LENGTH, 2 / 3)
    covered = np.zeros(n_frames, int)
    for start in starts:
        covered[max(start, 0) : start + LENGTH] += 1
    assert (covered == 3).all()
    windows = [take_window(track, s, LENGTH) for s in starts]
    np.testing.assert_allclose(_blend(windows, starts, n_frames), track, atol=1e-6)


@pytest.mark.parametrize("overlap", [0.0, 1 / 3, 0.9])
def test_neighbours_share_at_least_the_overlap(overlap):
    starts = window_starts(2000, LENGTH, overlap)
    assert (np.diff(starts) <= LENGTH * (1 - overlap) + 1).all()


def test_no_seam_where_windows_disagree():
    starts = window_starts(400, LENGTH, 1 / 3)
    windows = [np.full((LENGTH, 17, 3), i) for i in range(len(starts))]  # each says something else
    track = _blend(windows, starts, 400)
    assert track[0, 0, 0] == 0 and track[-1, 0, 0] == len(starts) - 1
    assert np.abs(np.diff(track, axis=0)).max() < 0.06


def test_answers_are_apart_where_windows_disagree_or_were_so_themselves():
    blender = Blender(4, 3)
    blender.add(np.zeros((3, 17, 3)), 0, np.full((3, 17), 0.2))
    blender.add(np.tile([0.3, 0, 0.4], (3, 17, 1)), 1, np.zeros((3, 17)))
    _, apart = blender.finish()
    np.testing.assert_allclose(apart[0], 0.2)
    np.testing.assert_allclose(apart[3], 0, atol=1e-9)
    ramp = np.sin(np.pi * (np.arange(3) + 0.5) / 3) ** 2 + 1e-3
    share = ramp[1] / (ramp[1] + ramp[0])  # of the first window in frame 1
    wanted = np.sqrt(share * 0.2**2 + share * (1 - share) * 0.5**2)
    np.testing.assert_allclose(apart[1], wanted)


def test_windows_slid_by_one_frame_each_fill_their_centre():
    track = np.random.default_rng(0).standard_normal((5, 17, 3))
    blender = Blender(5, LENGTH)
    for start in range(5):
        blender.add(track[start : start + 1], start)
    np.testing.assert_allclose(blender.finish()[0], track)


def test_a_window_that_begins_before_the_track_is_padded_with_its_edge():
    window = take_window(np.arange(4), -2, 8, pad="edge")
    np.testing.assert_array_equal(window, [0, 0, 0, 1, 2, 3, 3, 3])


def test_a_short_track_swings_back():
    window = take_window(np.arange(4), 0, 10)
    np.testing.assert_array_equal(window, [0, 1, 2, 3, 2, 1, 0, 1, 2, 3])


def test_a_single_frame_fills_the_window():
    np.testing.assert_array_equal(take_window(np.array([7]), 0, 5), [7] * 5)
