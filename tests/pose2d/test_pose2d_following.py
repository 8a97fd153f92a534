import numpy as np
import pytest

from hotvid.pose2d.blazepose_landmarks import Body, refine
from hotvid.pose2d.following import Followed, is_in, settle_collapses
from hotvid.pose2d.known_bodies import is_made_of_limbs
from hotvid.pose2d.regions import MIRROR, Region
from hotvid.pose2d.scores import body_confidence, keypoint_scores
from hotvid.pose2d.sides import SideKeeper

STEP_S = 1 / 30
SIZE = (1000, 800)
SHAPE = np.random.default_rng(8).uniform(-1, 1, (33, 2)) * [60, 150]


def body(x, y, *, angle=0.0, presence=1.0, logit=9.0, xy=None):
    region = Region(x, y, 400, angle)
    return Body(
        xy_px=(SHAPE + [x, y] if xy is None else xy).astype(np.float32),
        visibility=np.full(33, logit, np.float32),
        inside=np.full(33, 12, np.float32),
        presence=presence,
        region=region,
        following=region,
    )


def test_the_region_moves_on_with_the_person_and_turns():
    person = Followed(body(300, 300))
    for i in range(1, 8):
        person.see(body(300 + 12 * i, 300, angle=0.1 * i), SIZE)
    assert 384 + 5 < person.region.x < 384 + 14
    assert person.region.y == pytest.approx(300)
    assert 0.7 < person.region.angle < 0.82


def test_a_turn_through_half_a_circle_is_a_small_one():
    person = Followed(body(300, 300, angle=3.1))
    person.see(body(300, 300, angle=-3.1), SIZE)
    assert abs(person.region.angle + 3.1) < 0.1


def test_somebody_lost_is_given_up_after_a_while_but_not_at_once():
    person = Followed(body(300, 300))
    for _ in range(5):
        person.see(None, SIZE)
    assert not person.given_up
    person.see(body(310, 300), SIZE)
    assert person.missed == 0
    for _ in range(13):
        person.see(None, SIZE)
    assert person.given_up


def test_a_body_that_was_somebody_elses_leaves_nothing_behind():
    person, other = Followed(body(300, 300)), Followed(body(300, 300))
    for i in range(1, 6):
        for each in (person, other):
            each.see(body(300 + 5 * i, 300), SIZE)
    side, extent, order = person.side, person.extent, person.order.copy()
    mirrored = body(330, 300, xy=body(330, 300).xy_px[MIRROR])
    person.see(mirrored, SIZE)
    assert (person.order != order).any()
    person.withdraw()
    other.see(None, SIZE)
    assert person.missed == other.missed == 1
    assert (person.side, person.extent) == (side, extent) and (person.order == order).all()
    for each in (person, other):
        each.see(body(335, 300), SIZE)
    assert (person.order == other.order).all() and person.region == other.region


def test_somebody_who_walks_out_of_the_picture_is_dropped():
    person = Followed(body(930, 300))
    for x in (960, 990):
        person.see(body(x, 300), SIZE)
    assert not person.given_up
    person.see(body(1040, 300), SIZE)
    assert person.given_up
    assert not is_in(body(1040, 300), SIZE)


def test_head_and_shoulders_are_enough_of_a_person_to_follow_and_to_score():
    """As in somebody filmed down to the chest: all else is beyond the picture's lower edge."""
    xy = SHAPE + [500, 2000]
    xy[[0, 11, 12]] = [[500, 300], [600, 500], [400, 500]]
    bust = body(500, 400, xy=xy)
    assert is_in(bust, SIZE)
    assert body_confidence(bust, "blazepose-full", SIZE) > 0.9
    person = Followed(bust)
    person.see(bust, SIZE)
    assert not person.given_up
    xy[11] = [1200, 500]  # with one shoulder out of the picture it is nobody
    assert not is_in(body(500, 400, xy=xy), SIZE)


def sized(scale):
    return body(500, 400, xy=SHAPE * scale + [500, 400])


def grows(scales, step_s):
    """How many bodies of these sizes, `step_s` apart, are taken to be one person's."""
    person = Followed(sized(scales[0]))
    for n, scale in enumerate(scales[1:], 1):
        if not person.may_become(sized(scale), step_s):
            return n
        person.see(sized(scale), SIZE, step_s)
    return len(scales)


@pytest.mark.parametrize("fps", [5, 30, 120])
def test_who_comes_near_or_stretches_out_from_a_crouch_may_grow(fps):
    t = np.arange(0, 2, 1 / fps)
    runs_up = 1 / (1 - np.minimum(t, 1.2) * 5 / 8)  # 5 m/s, from 8 m to 2
    assert grows(runs_up, 1 / fps) == len(t)
    rises = np.interp(t, [0, 1, 1.3, 2], [0.45, 0.45, 1, 1])
    assert grows(rises, 1 / fps) == len(t)
    somersault = np.interp(t, [0, 0.5, 0.7, 0.9, 1.1, 2], [1, 1.25, 0.5, 0.5, 1.2, 1])
    assert grows(somersault, 1 / fps) == len(t)


def test_landmarks_that_spread_over_the_scenery_are_nobodys():
    assert grows([1, 1, 1.9], 1 / 30) == 2
    spread = 1.25 ** np.arange(8)
    assert grows(spread, 1 / 30) < 5
    assert grows([1, 1, 1.9, 1.9], 1 / 5) == 4  # in a fifth of a second people can
    assert grows([1, 1, 4], 1 / 5) == 2
    assert grows([1, 4, 1], 3600.0) == 3  # after a pause of the recording


def test_a_body_that_was_somebody_elses_makes_nobody_larger():
    person = Followed(sized(1))
    person.see(sized(1.3), SIZE)
    person.withdraw()
    assert not person.may_become(sized(1.6))


def test_of_two_on_one_body_the_one_who_moved_there_smoothly_keeps_it():
    walker, other = Followed(body(300, 300)), Followed(body(480, 300))
    for i in range(1, 5):
        walker.see(body(300 + 10 * i, 300), SIZE)
        other.see(body(480, 300), SIZE)
    assert settle_collapses([walker, other]) == []
    for person in (walker, other):
        person.see(body(350, 300), SIZE)
    assert settle_collapses([walker, other]) == [other]
    other.withdraw()
    assert other.missed == 1
    assert other.body.region.x == 480
    assert settle_collapses([walker, other]) == []


LIMBS = {
    0: (0, -150), 11: (35, -100), 12: (-35, -100), 13: (50, -50), 14: (-50, -50), 15: (55, 0),
    16: (-55, 0), 23: (25, 0), 24: (-25, 0), 25: (28, 75), 26: (-28, 75), 27: (30, 150),
    28: (-30, 150),
}  # fmt: skip


def stands(x, y):
    points = SHAPE + [x, y]
    for joint, at in LIMBS.items():
        points[joint] = np.add(at, (x, y))
    return points


def test_a_body_made_of_two_peoples_limbs_is_none():
    people = [Followed(body(x, 400, xy=stands(x, 400))) for x in (200, 420)]
    left, right = (p.body.xy_px for p in people)
    # From the left one's arm and hip to the right one's leg; the shoulders are anywhere.
    between = (left + right) / 2
    between[[0, 13, 14, 15, 16]] = left[[13, 13, 13, 15, 15]]
    between[[23, 24]] = left[[23, 25]]
    between[[25, 26, 27, 28]] = right[[26, 26, 28, 28]]
    ghost, every = body(310, 400, xy=between), np.ones(33, bool)
    assert is_made_of_limbs(ghost, every, people)
    assert not is_made_of_limbs(ghost, every, people[:1])

    beside = body(310, 400, xy=stands(310, 400))
    assert not is_made_of_limbs(beside, every, people)
    # In the second row: of the legs nothing is seen, and so nothing is sure.
    behind = body(310, 330, xy=stands(310, 330))
    behind.xy_px[23:33] = left[23:33] + 5
    behind.xy_px[13:17] = right[13:17]
    assert is_made_of_limbs(behind, every, people)
    assert not is_made_of_limbs(behind, np.arange(33) < 13, people)


def test_an_exchange_of_sides_is_undone_until_it_lasts():
    keeper = SideKeeper()
    there = SHAPE + 500
    for _ in range(10):
        assert (keeper.order(there, STEP_S) == np.arange(33)).all()
    for _ in range(10):
        assert (keeper.order(there[MIRROR], STEP_S) == MIRROR).all()
    assert (keeper.order(there[MIRROR], STEP_S) == np.arange(33)).all()


@pytest.mark.parametrize("fps", [5, 30, 240])
def test_agreement_on_sides_counts_by_the_second(fps):
    keeper = SideKeeper()
    there = SHAPE + 500
    for _ in range(3 * fps):
        assert (keeper.order(there, 1 / fps) == np.arange(33)).all()
    for _ in range(fps):
        assert (keeper.order(there[MIRROR], 1 / fps) == MIRROR).all()
    assert (keeper.order(there[MIRROR], 1 / fps) == np.arange(33)).all()


def test_sides_that_come_back_are_left_as_they_are():
    keeper = SideKeeper()
    there = SHAPE + 500
    for exchanged in [False] * 6 + [True] * 3 + [False] * 4:
        order = keeper.order(there[MIRROR] if exchanged else there, STEP_S)
        np.testing.assert_array_equal((there[MIRROR] if exchanged else there)[order], there)


@pytest.mark.parametrize("model", ["blazepose-lite", "blazepose-full", "blazepose-heavy"])
def test_scores_rise_with_the_logits_and_stay_within_zero_and_one(model):
    scores = [keypoint_scores(body(500, 400, logit=v), model, SIZE)[0] for v in np.arange(-12, 14)]
    assert (np.diff(scores) >= 0).all()
    assert 0 <= scores[0] < 0.1 and 0.9 < scores[-1] < 1


def test_scores_fall_with_presence_and_beyond_the_edge():
    inside = keypoint_scores(body(500, 400), "blazepose-full", SIZE)
    assert inside.dtype == np.float32
    np.testing.assert_allclose(
        keypoint_scores(body(500, 400, presence=0.5), "blazepose-full", SIZE), inside / 2
    )
    half_out = body(0, 400)
    outside = half_out.xy_px[:, 0] < 0
    scores = keypoint_scores(half_out, "blazepose-full", SIZE)
    assert outside.any() and (scores[outside] < 0.3).all() and (scores[~outside] > 0.9).all()
    # Of somebody cut off what is in the picture says who it is, unless that is next to nothing.
    assert body_confidence(half_out, "blazepose-full", SIZE) > 0.9
    assert body_confidence(body(-2000, 400), "blazepose-full", SIZE) < 0.3


def test_a_heatmap_pulls_a_landmark_to_its_peak():
    heat = np.full((64, 64, 3), -20.0, np.float32)
    heat[30, 20, 0] = 8
    heat[31, 40, 1], heat[31, 41, 1] = 8, 8
    heat[5, 5, 2] = -1  # unsure: below one half
    points = np.array([[84.0, 118.0], [162.0, 126.0], [22.0, 22.0]])
    moved = refine(points, heat)
    np.testing.assert_allclose(moved[0], [20 * 4, 30 * 4], atol=1e-3)
    np.testing.assert_allclose(moved[1], [40.5 * 4, 31 * 4], atol=1e-3)
    np.testing.assert_allclose(moved[2], points[2])


def test_a_landmark_beyond_the_crop_stays_where_it_is():
    points = np.array([[-9.0, 100.0], [100.0, 300.0]])
    np.testing.assert_array_equal(refine(points, np.full((64, 64, 2), 5.0)), points)


def test_a_better_looks_word_on_sides_holds_as_long_as_a_second_of_agreement():
    xy = body(500, 400).xy_px
    keeper = SideKeeper()
    np.testing.assert_array_equal(keeper.order(xy, STEP_S), np.arange(33))
    np.testing.assert_array_equal(keeper.correct(True), MIRROR)
    for _ in range(30):
        np.testing.assert_array_equal(keeper.order(xy, STEP_S), MIRROR)
    np.testing.assert_array_equal(keeper.order(xy, STEP_S), np.arange(33))


def test_sides_that_a_better_look_confirms_stay():
    person = Followed(body(500, 400))
    person.correct_sides(True)
    for i in range(100):
        person.see(body(500, 400), SIZE)
        np.testing.assert_array_equal(person.order, MIRROR)
        if i % 20 == 0:
            person.correct_sides(False)
