"""Whose pieces are joined across what is missing, and what stands in the rows between."""

import dataclasses

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from hotvid.config import TrackConfig
from hotvid.skeleton import COCO17
from hotvid.track import associate, select_people, tracks_as_given
from hotvid.types import Keypoints2D
from tests.track.walkers import SIZE_PX, Walker, film, joints_px, times, walker

HIP = 11  # COCO's left one
STILL = {"step_hz": 0.0}


def tracks_of(people, t, size_px=SIZE_PX, **config):
    observations, _ = film(people, t, jitter_px=1.0)
    return associate(observations, t, config=TrackConfig(**config), size_px=size_px)


def someone(t, x, y=900.0, seen=True, **options):
    """Someone at x, y (numbers or one for each time), seen where `seen` says."""
    path = np.stack(np.broadcast_arrays(x, y, t)[:2], 1).astype(float)
    return Walker(path, np.broadcast_to(seen, t.shape).copy(), **{**STILL, **options})


def hips(track):
    return track.xy_px[:, HIP, 0]


@pytest.mark.parametrize(("sign", "n_tracks"), [(1, 1), (-1, 2)], ids=["falls", "rises"])
def test_who_is_in_the_air_is_followed_as_gravity_takes_them(sign, n_tracks, monkeypatch):
    # The last step would take anybody who is missing for the only one who comes.
    monkeypatch.setattr("hotvid.track.reunite", lambda d, people, *_: people)
    t = times(90)
    air = np.clip(np.abs(t - 1.5), 0, 0.6)  # s from the top
    # Someone of 1.75 m is 300 px tall here, so 9.81 m/s2 are 1682 px/s2.
    y = 700 + sign * 0.5 * 1682 * (air**2 - 0.6**2)
    jumps = someone(t, 900.0, y, seen=np.abs(t - 1.5) > 0.2, height_px=300)
    assert len(tracks_of([jumps], t)) == n_tracks


def test_of_two_who_move_aside_unseen_neither_takes_the_nearest_place_from_the_other():
    t = times(75)
    before, after = t < 1.0, t > 1.3
    left = [someone(t, 700, seen=before), someone(t, 700 + 112, seen=after)]
    right = [someone(t, 700 + 168, seen=before), someone(t, 700 + 168 + 75, seen=after)]
    one, other = sorted(tracks_of([*left, *right], t), key=lambda track: hips(track)[0])
    np.testing.assert_allclose(hips(one)[[0, -1]], [725, 837], atol=5)
    np.testing.assert_allclose(hips(other)[[0, -1]], [893, 968], atol=5)


@pytest.mark.parametrize(
    ("away_s", "size_px", "n_tracks"), [(1.0, SIZE_PX, 2), (1.0, None, 1), (0.4, SIZE_PX, 1)]
)
@pytest.mark.parametrize("edge", ["left", "right"])
def test_who_leaves_through_an_edge_is_not_who_enters_there_later(away_s, size_px, n_tracks, edge):
    t = times(120)
    gone = 2.0 + away_s
    x = 1820 - 140 * np.where(t < 2.0, 2.0 - t, t - gone)  # 140 px/s, there and back
    if edge == "left":
        x = SIZE_PX[0] - x
    who = someone(t, x, seen=(t < 2.0) | (t > gone))
    assert len(tracks_of([who], t, size_px=size_px)) == n_tracks


def test_who_turns_round_at_the_edge_and_had_walked_in_is_the_same():
    # At the left edge, but on the way in: nobody left.
    t = times(120)
    x = 100 + 140 * t
    who = someone(t, x, seen=(t < 0.3) | (t > 1.3))
    assert len(tracks_of([who], t, min_length_s=0.1)) == 1


def test_who_is_seen_on_the_way_is_not_left_out_there():
    t = times(105)
    on_the_way = (t > 1.3) & (t < 1.9)
    x = np.where(on_the_way, 945.0, 900.0)  # a little off, as where half of a body is covered
    who = someone(t, x, seen=(t < 1.0) | on_the_way | (t > 2.2))
    (track,) = tracks_of([who], t)
    assert (~track.interpolated).sum() == who.seen.sum()


def doubtful(t, at, places):
    """Sightings that begin and end in doubt: at each time of `at` at each of the places in turn."""
    people = []
    for frame, xs in zip(at, places, strict=True):
        for x in xs:
            people.append(someone(t, x, seen=np.arange(len(t)) == frame))
    return people


def test_what_is_seen_far_from_the_way_is_not_put_on_it():
    t = times(90)
    who = someone(t, 800, seen=(t < 1.3) | (t > 1.7))
    aside = doubtful(t, [44, 45, 46], [[1100], [1070, 1130], [1100]])
    (track,) = tracks_of([who, *aside], t)
    assert np.flatnonzero(track.interpolated).tolist() == list(np.flatnonzero(~who.seen))
    np.testing.assert_allclose(hips(track), 825, atol=6)


def test_of_two_in_one_frame_the_nearer_is_put_on_the_way():
    t = times(90)
    who = someone(t, 800, seen=np.abs(np.arange(90) - 45) > 3)
    beside = doubtful(t, [44, 45, 46], [[790], [775, 840], [790]])
    (track,) = tracks_of([who, *beside], t)
    assert track.frame_index.tolist() == list(range(90))
    assert np.flatnonzero(track.interpolated).tolist() == [42, 43, 47, 48]
    np.testing.assert_allclose(hips(track)[[44, 45, 46]], [815, 800, 815], atol=6)


@pytest.mark.parametrize(("max_gap_s", "n_tracks"), [(0.5, 1), (0.3, 2)])
def test_across_a_long_gap_a_join_has_to_be_plainer(max_gap_s, n_tracks):
    t = times(90)
    who = someone(t, np.where(t < 1.5, 800, 1000), seen=(t < 1.3) | (t > 1.7))
    assert len(tracks_of([who], t, max_gap_s=max_gap_s)) == n_tracks


@pytest.mark.parametrize(("height_px", "n_tracks"), [(250, 2), (420, 1)])
def test_somebody_half_as_tall_is_somebody_else(height_px, n_tracks):
    t = times(90)
    tall = someone(t, 800, 900, seen=t < 1.3)
    # Their hips at one place, which is 0.53 heights above the feet.
    other = someone(t, 800, 900 - 0.53 * (500 - height_px), seen=t > 1.6, height_px=height_px)
    assert len(tracks_of([tall, other], t)) == n_tracks


def with_scores(frames, who_is, scores):
    """The frames with all the scores of each person as given."""
    made = []
    for o, who in zip(frames, who_is, strict=True):
        person = np.float32([scores[w] for w in who[: len(o)]])
        joints = np.broadcast_to(person[:, None], o.score.shape).copy()
        made.append(dataclasses.replace(o, score=joints, person_score=person))
    return made


def test_a_weaker_copy_of_everyone_changes_nothing():
    t = times(60)
    people = [walker(t, 300, 600), walker(t, 305, 605)]
    frames, who_is = film(people, t, jitter_px=1.0)
    frames = with_scores(frames, who_is, [0.9, 0.6])
    (track,) = associate(frames, t)
    assert track.frame_index.tolist() == list(range(60)) and not track.interpolated.any()
    assert track.person_score.tolist() == pytest.approx([0.9] * 60)
    np.testing.assert_allclose(hips(track), joints_px(people[0], t)[:, HIP, 0], atol=4)


def test_a_copy_that_comes_and_goes_is_nobody():
    t = times(90)
    there = walker(t, 300, 600)
    copy = walker(t, 335, 635)
    copy.seen = np.arange(90) % 8 < 4
    frames, who_is = film([there, copy], t, jitter_px=1.0)
    (track,) = associate(with_scores(frames, who_is, [0.9, 0.6]), t)
    np.testing.assert_allclose(hips(track), joints_px(there, t)[:, HIP, 0], atol=4)


def test_where_two_are_at_one_place_both_have_their_rows():
    t = times(61)
    people = [walker(t, 300, 1500), walker(t, 1500, 300)]
    tracks = tracks_of(people, t)
    assert len(tracks) == 2
    assert not any(track.interpolated.any() for track in tracks)


def test_joints_that_are_hardly_seen_may_be_anywhere():
    t = times(60)
    people = [walker(t, 300, 700), walker(t, 560, 960, phase=1.0)]
    frames, _ = film(people, t, jitter_px=1.0)
    trunk = ("shoulder", "hip")
    limbs = [k for k, name in enumerate(COCO17.joints) if not name.endswith(trunk)]
    rng = np.random.default_rng(0)
    wild = []
    for o in frames:
        xy, score = o.xy_px.copy(), o.score.copy()
        xy[:, limbs] += rng.choice([-1500, 1500], (len(o), len(limbs), 2))
        score[:, limbs] = 0.1
        wild.append(dataclasses.replace(o, xy_px=xy, score=score))
    tracks = associate(wild, t)
    assert len(tracks) == 2
    for track, who in zip(tracks, people, strict=True):
        assert track.frame_index.tolist() == list(range(60)) and not track.interpolated.any()
        np.testing.assert_allclose(hips(track), joints_px(who, t)[:, HIP, 0], atol=4)


@pytest.mark.parametrize("step_s", [0.0, -0.02], ids=["equal", "decreasing"])
def test_times_that_do_not_increase_break_nothing(step_s):
    t = times(60)
    who = walker(t, 300, 700)
    who.seen[28:32] = False
    frames, _ = film([who], t)
    told = t.copy()
    for row in (10, 11, 27, 45):
        told[row] = told[row - 1] + step_s
    with np.errstate(divide="raise", invalid="raise"):
        (track,) = associate(frames, told)
    assert track.frame_index.tolist() == list(range(60))
    assert track.interpolated[28:32].all() and not track.interpolated[13:25].any()
    assert np.isfinite(track.xy_px).all() and np.isfinite(track.score).all()
    np.testing.assert_allclose(hips(track), joints_px(who, t)[:, HIP, 0], atol=20)


@pytest.mark.parametrize("phase", [0.0, 1.0, 2.0, 3.0])
def test_runners_who_pass_each_other_in_a_slow_video_keep_their_ids(phase):
    t = times(20, 10.0)
    people = [walker(t, 200, 1700, height_px=250), walker(t, 1700, 200, height_px=250, phase=phase)]
    first, second = sorted(tracks_of(people, t), key=lambda track: hips(track)[0])
    for track, who in zip((first, second), people, strict=True):
        assert track.frame_index.tolist() == list(range(20))
        np.testing.assert_allclose(hips(track), joints_px(who, t)[:, HIP, 0], atol=30)


def at(x, score):
    """One body, its joints all at (x, 2 x)."""
    xy = np.tile(np.float32([x, 2 * x]), (1, 17, 1))
    return Keypoints2D(
        "coco17",
        xy,
        np.full((1, 17), score, np.float32),
        np.float32([[x, x, x + 50, x + 90]]),
        np.float32([score]),
    )


def bridged(path, score, gap, pts_s):
    clip = [
        Keypoints2D.nobody("coco17", 17) if f in gap else at(path[f], score[f])
        for f in range(len(pts_s))
    ]
    ids = [np.zeros(len(one), np.int64) for one in clip]
    (track,) = tracks_as_given(clip, ids, pts_s)
    assert np.flatnonzero(track.interpolated).tolist() == list(gap)
    return track


def test_belief_falls_with_the_time_to_the_nearer_sight_from_the_weaker_score():
    pts_s = np.array([0.0, 0.1, 0.2, 0.35, 0.6, 0.7, 0.8])
    score = np.array([0.9, 0.8, 0, 0, 0, 0.6, 0.9])
    track = bridged(np.arange(7.0), score, [2, 3, 4], pts_s)
    # Seen at 0.1 s with 0.8 and at 0.7 s with 0.6; 0.1 s and 0.25 s after, then 0.1 s before.
    wanted = 0.6 * np.exp(-np.array([0.1, 0.25, 0.1]) / 0.25)
    np.testing.assert_allclose(track.person_score[2:5], wanted, atol=1e-6)
    np.testing.assert_allclose(track.score[2:5, 4], wanted, atol=1e-6)
    track = bridged(np.arange(7.0), score[::-1], [2, 3, 4], 0.8 - pts_s[::-1])
    np.testing.assert_allclose(track.person_score[2:5], wanted[::-1], atol=1e-6)


def test_a_gap_is_bridged_as_a_monotone_cubic_goes():
    pts_s = np.array([0.0, 0.05, 0.2, 0.23, 0.3, 0.5, 0.52, 0.7, 0.75, 0.8, 1.0, 1.1])
    path = np.array([0, 4, 30, 0, 0, 0, 90, 110, 0, 100, 60, 10.0])
    gap = [3, 4, 5, 8]
    seen = np.setdiff1d(np.arange(12), gap)
    track = bridged(path, np.full(12, 0.9), gap, pts_s)
    wanted = PchipInterpolator(pts_s[seen], path[seen])(pts_s)
    np.testing.assert_allclose(track.xy_px[:, 5], wanted[:, None] * [1, 2], atol=1e-4)
    np.testing.assert_allclose(track.box_px[:, 3], wanted + 90, atol=1e-4)


def test_who_passes_close_to_the_camera_for_a_moment_is_not_the_largest():
    t = times(150)
    main = walker(t, 300, 500, height_px=400)
    passes = walker(t, 1500, 1300, height_px=620)  # 2.4 times the area, for a tenth of the time
    passes.seen[15:] = False
    tracks = tracks_of([main, passes], t)
    (largest,) = select_people(tracks, "largest")
    assert len(tracks) == 2 and hips(largest)[0] < 600


def test_who_has_no_id_is_nobody():
    clip = [at(10.0, 0.9) if f % 2 else at(90.0, 0.9) for f in range(8)]
    ids = [np.array([3 if f % 2 else -1]) for f in range(8)]
    (track,) = tracks_as_given(clip, ids, np.arange(8) / 30)
    assert track.track_id == 3 and hips(track)[~track.interpolated].tolist() == [10.0] * 4
