import numpy as np
import pytest

from hotvid.pose2d.searches import Searches
from hotvid.pose2d.tiles import tile_picture

SIZE = (640, 480)
EVERYTHING = tile_picture(SIZE)
COARSE = [tile for tile in EVERYTHING if not tile.fine]
STEP_S = 1 / 30


def noise(seed):
    """A picture in which everything moves from one seed to another."""
    coarse = np.random.default_rng(seed).integers(0, 256, (15, 20, 3), np.uint8)
    return np.kron(coarse, np.ones((32, 32, 1), np.uint8))


def tiles_of(searches, picture, step_s=STEP_S, is_cut=False):
    searches.see(picture, step_s, is_cut)
    return searches.tiles([])


@pytest.fixture
def searches():
    """The searches of a clip after its first frame, `noise(0)`, and six that were the same."""
    searches = Searches(SIZE, det_frequency=2)
    assert tiles_of(searches, noise(0)) == EVERYTHING
    for _ in range(6):
        assert tiles_of(searches, noise(0)) == []
    return searches


def test_a_still_clip_is_searched_once(searches):
    assert [tiles_of(searches, noise(0)) for _ in range(20)] == [[]] * 20


@pytest.mark.parametrize("det_frequency, a_frame", [(1, [4, 4, 4, 4]), (8, [0, 1, 0, 1])])
def test_a_search_is_spread_over_the_frames_until_the_next(det_frequency, a_frame):
    searches = Searches(SIZE, det_frequency)
    tiles_of(searches, noise(0))
    # Half of the picture moves: enough for some tiles, too little for a new sight.
    moved = noise(0)
    moved[:, :240] = noise(1)[:, :240]
    pictures = [moved, noise(0)] * 4
    counts = [len(tiles_of(searches, picture)) for picture in pictures]
    assert counts[1:5] == a_frame


def test_fewer_frames_a_second_get_more_of_a_search_each():
    searches = Searches(SIZE, det_frequency=8)
    tiles_of(searches, noise(0), 0.1)
    moved = noise(0)
    moved[:, :240] = noise(1)[:, :240]
    counts = [len(tiles_of(searches, p, 0.1)) for p in [moved, noise(0)] * 4]
    assert sum(counts) == 8 * 4 * 3 // 8


def test_from_four_frames_a_second_downwards_each_is_searched_whole(searches):
    assert tiles_of(searches, noise(0), step_s=0.3) == COARSE
    assert tiles_of(searches, noise(0), step_s=0.3) == COARSE


def test_a_cut_is_searched_whole_and_forgets_what_was_there(searches):
    assert tiles_of(searches, noise(0), is_cut=True) == COARSE
    # Too soon for another whole search: tiles are looked at anew a few at a time.
    assert tiles_of(searches, noise(0), is_cut=True) == EVERYTHING[:2]


def test_cuts_in_quick_succession_do_not_stop_the_clip_with_whole_searches(searches):
    whole = [len(tiles_of(searches, noise(i), is_cut=True)) == len(COARSE) for i in range(13)]
    assert whole == [True, *[False] * 5, True, *[False] * 5, True]


def test_much_that_is_new_at_once_is_searched_whole_but_a_moving_camera_is_not(searches):
    assert tiles_of(searches, noise(1)) == COARSE
    assert all(len(tiles_of(searches, noise(i))) < len(COARSE) for i in range(2, 12))


def test_a_whole_search_can_be_asked_for(searches):
    searches.see(noise(0), STEP_S, is_cut=False)
    searches.search_everything()
    assert searches.tiles([]) == COARSE
    assert tiles_of(searches, noise(0)) == []
