"""Which chains of sightings are one person: what decides, one case at a time."""

import dataclasses

import numpy as np
import pytest

from hotvid.config import TrackConfig
from hotvid.errors import UsageError
from hotvid.track import associate, select_people
from hotvid.track.identity import merge_doubles, reunite, take_over
from hotvid.track.links import link
from hotvid.track.similarity import flatten
from tests.track.walkers import SIZE_PX, Walker, film, joints_px, times


def stander(t, x, y=900.0, seen=None, **options):
    """Someone at x, y (numbers or one for each time) in the frames `seen`; None: in all."""
    path = np.stack(np.broadcast_arrays(x, y, t)[:2], 1).astype(float)
    there = np.ones(len(t), bool) if seen is None else np.isin(np.arange(len(t)), seen)
    return Walker(path, there, step_hz=0.0, **options)


def chains_of(people, t):
    """The detections, and of each person the chain, in the order given."""
    observations, _ = film(people, t, jitter_px=1.0)
    d = flatten(observations, t, 0.3)
    places = np.stack([np.where(who.seen[:, None, None], joints_px(who, t), 1e9) for who in people])
    owner = np.empty(len(d), int)
    for row in range(len(t)):
        mine = np.flatnonzero(d.row == row)
        off = np.linalg.norm(places[:, row][:, None] - d.xy_px[mine], axis=-1).mean(-1)
        owner[mine] = off.argmin(0)
    return d, [np.flatnonzero(owner == number) for number in range(len(people))]


def rows(d, found):
    return [d.row[chain].tolist() for chain in found]


def test_three_copies_of_one_body_are_one():
    t = times(60)
    copies = [stander(t, 800), stander(t, 806, seen=range(40)), stander(t, 812, seen=range(20, 60))]
    d, found = chains_of(copies, t)
    assert rows(d, merge_doubles(d, found)) == [list(range(60))]
    d, found = chains_of([stander(t, x) for x in (800, 806, 812)], t)
    assert rows(d, merge_doubles(d, found)) == [list(range(60))]
    # The longest keeps its rows; the others' are for where it has none.
    d, found = chains_of([stander(t, 800, seen=range(50)), stander(t, 806, seen=range(30, 60))], t)
    (merged,) = merge_doubles(d, found)
    assert d.row[merged].tolist() == list(range(60)) and set(found[0]) <= set(merged)


@pytest.mark.parametrize("seen", [[0, 59], [30, 31, 32, 33]], ids=["twice", "for a moment"])
def test_who_is_on_another_by_chance_is_not_the_same(seen):
    t = times(60)
    d, found = chains_of([stander(t, 800), stander(t, 806, seen=seen)], t)
    assert len(merge_doubles(d, found)) == 2


@pytest.mark.parametrize(
    ("begins", "n_people"), [(27, 2), (28, 1), (30, 1), (34, 1), (35, 2)]
)  # of who ends in row 30
def test_at_the_same_moment_is_three_frames_either_way(begins, n_people):
    t = times(60)
    falls = [stander(t, 800, seen=range(31)), stander(t, 830, seen=range(begins, 60))]
    d, found = chains_of(falls, t)
    out = take_over(d, found)
    assert len(out) == n_people
    if n_people == 1:
        assert rows(d, out) == [[*range(min(begins, 31)), *range(begins, 60)]]


def test_who_appears_across_the_picture_takes_nobody_s_place():
    t = times(60)
    d, found = chains_of(
        [stander(t, 300, 520, range(30)), stander(t, 1600, 1070, range(30, 60))], t
    )
    assert len(take_over(d, found)) == 2


def test_of_two_who_vanish_at_one_place_nobody_knows_who_goes_on():
    t = times(60)
    both = [stander(t, x, seen=range(30)) for x in (800, 815)]
    d, found = chains_of([*both, stander(t, 808, 905, seen=range(30, 60))], t)
    assert len(take_over(d, found)) == 3


def test_who_is_seen_for_a_moment_beside_one_who_leaves_takes_no_frames_away():
    t = times(60)
    d, found = chains_of([stander(t, 800, seen=range(31)), stander(t, 830, seen=[29])], t)
    assert sorted(rows(d, take_over(d, found))) == [list(range(31)), [29]]


def people_again(people, t):
    d, found = chains_of(people, t)
    return rows(d, reunite(d, found, 2.0, SIZE_PX))


def test_who_leaves_as_somebody_comes_was_not_missing():
    t = times(90)
    back = [stander(t, 800, seen=range(30)), stander(t, 820, seen=range(60, 90))]
    other = stander(t, 1500, seen=range(61))  # there in the frame in which the first is back
    assert sorted(people_again([*back, other], t)) == [
        list(range(61)),
        [*range(30), *range(60, 90)],
    ]


def test_of_two_who_appear_one_after_the_other_neither_is_known():
    t = times(90)
    gone = stander(t, 800, seen=range(30))
    come = [stander(t, 820, seen=range(60, 90)), stander(t, 600, seen=range(70, 90))]
    assert len(people_again([gone, *come], t)) == 3


def test_who_comes_in_at_an_edge_is_not_one_who_vanished_inside():
    t = times(90)
    gone, come = stander(t, 1600, seen=range(30)), stander(t, 1865, seen=range(60, 90))
    assert len(people_again([gone, come], t)) == 2
    assert len(people_again([gone, stander(t, 1700, seen=range(60, 90))], t)) == 1


def test_one_wrong_box_at_the_end_does_not_make_somebody_else_of_a_person():
    t = times(90)
    gone = [stander(t, 800, seen=range(29)), stander(t, 800, 1000, [29], height_px=800)]
    d, (before, last, after) = chains_of([*gone, stander(t, 820, seen=range(60, 90))], t)
    assert len(reunite(d, [np.append(before, last), after], 2.0, SIZE_PX)) == 1


def test_who_is_there_all_through_a_short_clip_is_no_noise():
    for n in (1, 8):
        t = times(n)
        observations, _ = film([stander(t, 800)], t)
        assert len(associate(observations, t, config=TrackConfig(min_length_s=0.5))) == 1


def linked(people, t):
    """Whether the first person's sightings are linked from first to last."""
    d, found = chains_of(people, t)
    links = link(d, np.zeros(len(d), bool))
    return links.after[found[0][:-1]].tolist() == found[0][1:].tolist()


def test_a_runner_is_linked_in_a_slow_video_and_nobody_over_a_pause():
    # A body is some 500 px from head to foot; people run three times that in a second.
    slow = times(8, 5.0)
    assert linked([stander(slow, 200 + 220 * np.arange(8))], slow)
    paused = np.array([0, 0.1, 2.1, 2.2])
    assert linked([stander(paused, [200, 200, 400, 400])], paused)
    assert not linked([stander(paused, [200, 200, 1200, 1200])], paused)


@pytest.mark.parametrize("seen", [0, 1], ids=["vanishes", "appears"])
@pytest.mark.parametrize(
    ("goes_px", "beside_px", "sure"),
    [(60, 40, True), (100, 40, False), (100, 70, True), (4, 60, False), (4, 75, True)],
)
def test_a_step_that_might_as_well_be_another_s_is_in_doubt(goes_px, beside_px, sure, seen):
    """The other must be half as far again, and no nearer than 0.15 of a body, of some 460 px."""
    t = times(2, 10.0)
    who, other = [800, 800 + goes_px], (800 - beside_px, 800 + goes_px + beside_px)[seen]
    assert linked([stander(t, who), stander(t, other, seen=[seen])], t) == sure


def chosen(tracks, wanted):
    return [track.track_id for track in select_people(tracks, wanted)]


def test_a_choice_of_people_weighs_size_score_and_time():
    t = times(80)
    people = [stander(t, 400), stander(t, 1000, height_px=300), stander(t, 1500, seen=range(20))]
    observations, _ = film(people, t, jitter_px=1.0)
    tracks = associate(observations, t)
    assert len(tracks) == 3
    (tall, small, brief) = (next(k for k in tracks if abs(k.xy_px[0, 11, 0] - x) < 60)
                            for x in (400, 1000, 1500))  # fmt: skip
    assert chosen([small, tall, brief], " LONGEST ") == [tall.track_id], "of two the larger"
    # A third of the height is a ninth of the area; a quarter of the time counts for half.
    assert chosen([small, brief], "largest") == [brief.track_id]
    unsure = dataclasses.replace(tall, score=tall.score * 0.1)
    assert chosen([unsure, brief], "largest") == [brief.track_id]
    for word in ("both", "-1"):
        with pytest.raises(UsageError, match="unknown person"):
            select_people(tracks, word)
    assert select_people([], 3) == [] and chosen(tracks, str(small.track_id)) == [small.track_id]
