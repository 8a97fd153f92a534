"""What a larger model sees now and then, spread over the frames between."""

from dataclasses import replace

import numpy as np
import pytest
from test_pose2d_following import SHAPE, SIZE, body

from hotvid.pose2d.blazepose_landmarks import is_same_look, same_sides
from hotvid.pose2d.closer_looks import EVERY_S, CloserLooks, Found
from hotvid.pose2d.following import Followed
from hotvid.pose2d.regions import MIRROR
from hotvid.types import Frame

FPS = 30
STEP = round(EVERY_S * FPS)
NOTHING = np.zeros((1, 1, 3), np.uint8)
WRIST = 15


class Larger:
    """A stand-in for copies of the larger model: `see(region)` says what it finds there."""

    def __init__(self, see):
        self.see, self.looks, self.closed = see, 0, False

    def map(self, look, items):
        return [look(self, item) for item in items]

    def look(self, bgr, region):
        self.looks += 1
        return self.see(region)

    def close(self):
        self.closed = True


def never(one, closer):
    return False


def frame(index, is_cut=False):
    return Frame(index, index / FPS, NOTHING, is_cut=is_cut)


def found(person, seen=None):
    return Found(person, person.body if seen is None else seen, person.order)


def run(looks, frames):
    """[[Found]] of frames given as (frame, [Found]), one call each, and then the rest."""
    return [one for f, who in frames for one in looks.add(f, who)] + looks.finish()


def test_what_the_larger_model_finds_otherwise_is_blended_over_time():
    person, off = Followed(body(300, 300)), [0.0]

    def see(region):
        off[0] += 4.0
        return replace(person.body, xy_px=person.body.xy_px + [off[0], 0])

    larger = Larger(see)
    out = run(
        CloserLooks(larger, never), [(frame(i), [found(person)]) for i in range(2 * STEP + 1)]
    )
    moved = [one.body.xy_px[0, 0] - person.body.xy_px[0, 0] for (one,) in out]
    np.testing.assert_allclose(moved, 4 + np.arange(2 * STEP + 1) * 4 / STEP, atol=1e-3)
    assert larger.looks == 3
    assert all(one.body.xy_px.dtype == np.float32 for (one,) in out)


def test_frames_wait_for_the_next_look_and_come_in_order():
    person = Followed(body(300, 300))
    looks = CloserLooks(Larger(lambda region: person.body), never)
    ready = [len(looks.add(frame(i), [found(person)] * (i % 3))) for i in range(2 * STEP)]
    assert ready == [0] * STEP + [STEP] + [0] * (STEP - 1)
    assert [len(who) for who in looks.finish()] == [i % 3 for i in range(STEP, 2 * STEP)]
    assert looks.finish() == []


@pytest.mark.parametrize("fps", [5, 4])
def test_where_frames_are_few_each_is_looked_at(fps):
    person = Followed(body(300, 300))
    larger = Larger(lambda region: person.body)
    looks = CloserLooks(larger, never)
    for i in range(4):
        looks.add(Frame(i, i / fps, NOTHING), [found(person)])
        assert larger.looks == i + 1
    assert len(looks.finish()) == 1


def test_a_clock_set_back_keeps_nobody_waiting():
    person = Followed(body(300, 300))
    looks = CloserLooks(Larger(lambda region: person.body), never)
    assert len(looks.add(Frame(0, 10.0, NOTHING), [found(person)])) == 0
    assert len(looks.add(Frame(1, 3.0, NOTHING), [found(person)])) == 1
    assert len(looks.add(Frame(2, 3.1, NOTHING), [found(person)])) == 0
    assert len(looks.finish()) == 2


def test_a_joint_that_has_moved_since_is_left_where_it_is():
    person = Followed(body(300, 300))
    further = person.body.xy_px.copy()
    further[WRIST] += [300, 0]
    away = replace(person.body, xy_px=further)
    larger = Larger(lambda region: replace(person.body, xy_px=person.body.xy_px + [6, 0]))
    looks = CloserLooks(larger, never)
    looks.add(frame(0), [found(person)])
    looks.add(frame(1), [found(person, away)])
    _, (one,) = looks.finish()
    moved = one.body.xy_px - further
    np.testing.assert_allclose(moved[WRIST], 0, atol=0.1)
    np.testing.assert_allclose(moved[WRIST + 1], [6, 0], atol=0.1)


def test_who_only_walks_on_keeps_the_correction():
    person = Followed(body(300, 300))
    larger = Larger(lambda region: replace(person.body, xy_px=person.body.xy_px + [6, 0]))
    looks = CloserLooks(larger, never)
    looks.add(frame(0), [found(person)])
    walked = replace(person.body, xy_px=person.body.xy_px + np.float32([80, 5]))
    looks.add(frame(1), [found(person, walked)])
    _, (one,) = looks.finish()
    np.testing.assert_allclose(one.body.xy_px - walked.xy_px, np.tile([6, 0], (33, 1)), atol=1e-3)


def test_a_look_at_another_body_changes_nothing():
    person = Followed(body(300, 300))
    out = run(
        CloserLooks(Larger(lambda region: body(700, 500)), never),
        [(frame(i), [found(person)]) for i in range(STEP + 2)],
    )
    for (one,) in out:
        np.testing.assert_array_equal(one.body.xy_px, person.body.xy_px)


def test_whom_the_smaller_model_has_lost_is_followed_from_where_the_larger_one_sees_them():
    person, truly = Followed(body(300, 300)), body(340, 320, xy=SHAPE[:, ::-1] + [340, 320])
    lost = person.body
    asked = []

    def is_lost(one, closer):
        asked.append((one.person, closer))
        return True

    looks = CloserLooks(Larger(lambda region: truly), is_lost)
    looks.add(frame(0), [found(person)])
    assert asked == [(person, truly)] and person.body is truly
    ((one,),) = looks.finish()
    # The frame itself has the larger model's landmarks, each pair called as it lies nearer.
    nearest = truly.xy_px[same_sides(lost.xy_px, truly.xy_px)]
    assert not is_same_look(lost.xy_px, nearest)
    np.testing.assert_allclose(one.xy_px, nearest, atol=1e-3)


def test_who_was_seen_by_one_look_alone_goes_by_that():
    early, late = Followed(body(300, 300)), Followed(body(600, 300))
    people = {300: early, 600: late}

    def see(region):
        nearest = min(people, key=lambda x: abs(x - region.x))
        seen = people[nearest].body
        return replace(seen, xy_px=seen.xy_px + [nearest / 100, 0])

    frames = [
        (frame(i), [found(early)] * (i < STEP) + [found(late)] * (i > 1)) for i in range(STEP + 1)
    ]
    moved = {}
    for i, who in enumerate(run(CloserLooks(Larger(see), never), frames)):
        for one in who:
            shift = one.body.xy_px[0, 0] - one.person.body.xy_px[0, 0]
            moved.setdefault(one.person, []).append((i, round(float(shift), 2)))
    assert moved[early] == [(i, 3.0) for i in range(STEP)]
    assert moved[late] == [(i, 6.0) for i in range(2, STEP + 1)]


def test_nothing_goes_across_a_cut():
    before, after = Followed(body(300, 300)), Followed(body(300, 300))
    larger = Larger(lambda region: replace(before.body, xy_px=before.body.xy_px + [5, 0]))
    looks = CloserLooks(larger, never)
    looks.add(frame(0), [found(before)])
    looks.add(frame(1), [found(before)])
    larger.see = lambda region: replace(after.body, xy_px=after.body.xy_px - [5, 0])
    _, (held,) = looks.add(frame(2, is_cut=True), [found(after)])
    ((cut,),) = looks.finish()
    assert held.person is before and cut.person is after
    np.testing.assert_allclose(held.body.xy_px, before.body.xy_px + [5, 0], atol=1e-3)
    np.testing.assert_allclose(cut.body.xy_px, after.body.xy_px - [5, 0], atol=1e-3)


def told(looks, person, frames):
    """Where the left wrist is said to be, frame by frame."""
    out = run(looks, [(frame(i), [found(person)]) for i in range(frames)])
    return [one.xy_px[WRIST].tolist() for (one,) in out]


OFF = np.zeros((33, 2), np.float32)  # what the larger model finds otherwise: no side like the other
OFF[11:33:2], OFF[12:33:2] = [6, 0], [-6, 2]


@pytest.mark.parametrize("fps", [5, 30, 240])
def test_sides_that_two_looks_in_turn_find_exchanged_are_put_right(fps):
    person, there = Followed(body(300, 300)), body(300, 300).xy_px
    assert not np.allclose(there, there[MIRROR])
    truly = there[MIRROR] + OFF  # joint by joint, left is left
    larger = Larger(lambda region: replace(person.body, xy_px=truly))
    looks, said = CloserLooks(larger, never), []
    for i in range(2 * fps):
        said += looks.add(Frame(i, i / fps, NOTHING), [found(person)])
        person.see(person.body, SIZE, 1 / fps)  # the smaller model goes on exchanging them
    said += looks.finish()
    assert len(said) == 2 * fps
    # What the first look saw waited for the second one's opinion, too.
    for (one,) in said:
        np.testing.assert_allclose(one.xy_px, truly, atol=1e-3)
    np.testing.assert_array_equal(person.order, MIRROR)


def test_a_look_that_fits_both_ways_alike_leaves_a_doubt():
    person = Followed(body(300, 300))
    there = person.body.xy_px
    between = there.copy()
    between[:20] = there[MIRROR][:20]  # half a body exchanged
    answers = iter([there[MIRROR], between, there[MIRROR]])
    larger = Larger(lambda region: replace(person.body, xy_px=next(answers)))
    told(CloserLooks(larger, never), person, 2 * STEP + 1)
    np.testing.assert_array_equal(person.order, MIRROR)


def test_one_look_that_finds_sides_exchanged_is_not_believed():
    person = Followed(body(300, 300))
    looked = []

    def see(region):
        looked.append(region)
        exchanged = len(looked) == 2
        return replace(person.body, xy_px=person.body.xy_px[MIRROR if exchanged else slice(None)])

    wrists = told(CloserLooks(Larger(see), never), person, 4 * STEP)
    assert len(looked) == 4
    assert wrists == [person.body.xy_px[WRIST].tolist()] * (4 * STEP)


def test_closing_gives_the_model_back():
    larger = Larger(None)
    CloserLooks(larger, never).close()
    assert larger.closed
