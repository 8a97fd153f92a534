import numpy as np
import pytest

from hotvid.pose2d.tiles import Look, SearchPlan, Tile, thumbnail, tile_picture

SIZES = [
    (1920, 1080),
    (1080, 1920),
    (1768, 994),
    (1000, 1000),
    (64, 48),
    (641, 359),
    (4000, 500),
    (3, 900),
    (1, 1),
    (3840, 2160),
]


@pytest.mark.parametrize("size", SIZES)
def test_every_pixel_is_in_a_tile_of_every_level(size):
    width, height = size
    tiles = tile_picture(size)
    assert len(tiles) <= 160
    for side in {t.side for t in tiles}:
        covered = np.zeros((height, width), bool)
        for t in tiles:
            if t.side == side:
                covered[max(t.y, 0) : t.y + side, max(t.x, 0) : t.x + side] = True
        assert covered.all()


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1768, 994), (640, 480)])
def test_nobody_is_farther_than_a_quarter_from_the_middle_of_some_tile(size):
    width, height = size
    side = round(min(size) / 2)
    tiles = [t for t in tile_picture(size) if t.side == side]
    # Away from the picture's own edges, where tiles cannot reach farther out.
    for x in np.linspace(side / 2, width - side / 2, 37):
        for y in np.linspace(side / 2, height - side / 2, 23):
            offsets = [max(abs(x - t.x - side / 2), abs(y - t.y - side / 2)) for t in tiles]
            assert min(offsets) <= side / 4 + 1


def test_fine_tiles_only_where_they_show_more():
    for size in ((1920, 1080), (1280, 720), (720, 1280), (640, 480)):
        assert {t.side for t in tile_picture(size) if t.fine} == {min(size) // 4}
    assert not any(t.fine for t in tile_picture((320, 240)))


def look(frame, picture, known=()):
    return Look(frame, thumbnail(picture), known)


@pytest.fixture
def plan():
    """A plan for a picture in which everything was looked at in frame 0, and the picture."""
    picture = np.full((480, 640, 3), 90, np.uint8)
    plan = SearchPlan((640, 480))
    for tile in plan.everything(fine=True):
        plan.looked(tile, look(0, picture))
    return plan, picture


def test_what_was_never_looked_at_comes_coarse_to_fine():
    plan = SearchPlan((1920, 1080))
    now = look(0, np.zeros((1080, 1920, 3), np.uint8))
    sides = [t.side for t in plan.next_tiles(200, now)]
    assert len(sides) == len(plan.tiles)
    assert sides == sorted(sides, reverse=True)


def test_a_still_picture_is_not_searched_again(plan):
    plan, picture = plan
    assert plan.next_tiles(9, look(500, picture)) == []


def test_tiles_in_which_something_moved_are_searched(plan):
    plan, picture = plan
    moved = picture.copy()
    moved[300:420, 500:560] = 250
    tiles = plan.next_tiles(99, look(15, moved))
    assert tiles
    for t in tiles:
        assert t.x < 568 and t.x + t.side > 492 and t.y < 428 and t.y + t.side > 292
    assert plan.next_tiles(2, look(15, moved)) == tiles[:2]


def test_what_moves_where_somebody_is_followed_is_explained(plan):
    plan, picture = plan
    moved = picture.copy()
    moved[300:420, 500:560] = 250
    known = [np.array([480, 280, 580, 440], np.float32)]
    assert plan.next_tiles(99, look(15, moved, known)) == []


def test_those_who_waited_longest_come_first(plan):
    plan, picture = plan
    moved = picture + 100
    first = plan.next_tiles(1, look(10, moved))[0]
    plan.looked(first, look(10, picture))
    order = plan.next_tiles(99, look(11, moved))
    assert order[0] != first and first in order


def test_tiles_are_hashable_and_equal_by_value():
    assert len({Tile(1, 2, 3), Tile(1, 2, 3)}) == 1
