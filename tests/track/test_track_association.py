import dataclasses

import numpy as np
import pytest

from hotvid.config import TrackConfig
from hotvid.errors import ShapeError, UsageError
from hotvid.track import associate, select_people, tracks_without_phantoms
from tests.track.walkers import SIZE_PX, film, joints_px, times, walker

HIP = 11  # COCO's left one


def tracks_of(people, t, **config):
    observations, _ = film(people, t)
    return associate(observations, t, config=TrackConfig(**config), size_px=SIZE_PX)


def off_px(track, who, t):
    """How far the track's left hip is from the walker's, frame by frame."""
    true = joints_px(who, t)[track.frame_index, HIP]
    return np.linalg.norm(track.xy_px[:, HIP] - true, axis=-1)


def test_two_who_walk_apart_are_two_tracks_with_a_row_for_every_frame():
    t = times(90)
    people = [walker(t, 300, 700), walker(t, 1500, 1200)]
    tracks = tracks_of(people, t)
    assert [track.track_id for track in tracks] == [0, 1]
    for track, who in zip(tracks, people, strict=True):
        assert track.frame_index.tolist() == list(range(90))
        assert not track.interpolated.any()
        assert off_px(track, who, t).max() < 20


def test_ids_survive_a_crossing_in_which_one_hides_the_other():
    t = times(120)
    people = [walker(t, 300, 1500), walker(t, 1500, 300, phase=1.5)]
    people[1].seen[52:68] = False  # behind the first
    first, second = tracks_of(people, t)
    assert off_px(first, people[0], t).max() < 25
    assert off_px(second, people[1], t)[~second.interpolated].max() < 25
    assert second.frame_index[np.flatnonzero(second.interpolated)].tolist() == list(range(52, 68))


def test_a_short_gap_is_bridged_where_the_person_went_and_believed_less():
    t = times(90)
    who = walker(t, 300, 1200)
    who.seen[40:50] = False
    (track,) = tracks_of([who], t)
    assert np.flatnonzero(track.interpolated).tolist() == list(range(40, 50))
    assert off_px(track, who, t)[40:50].max() < 60
    assert track.score[45].max() < track.score[[39, 50]].max()


def test_who_leaves_through_the_edge_and_who_enters_at_the_other_side_are_two():
    t = times(150)
    leaves, enters = walker(t, 1500, 3000), walker(t, -1400, 700, phase=2.0)
    leaves.seen[joints_px(leaves, t)[..., 0].max(1) > SIZE_PX[0]] = False
    enters.seen[joints_px(enters, t)[..., 0].min(1) < 0] = False
    tracks = tracks_of([leaves, enters], t)
    assert len(tracks) == 2
    assert tracks[0].frame_index[0] == 0 and tracks[1].frame_index[-1] == 149


def test_someone_long_out_of_sight_comes_back_as_somebody_else():
    t = times(240)
    who = walker(t, 900, 1000)
    who.seen[60:150] = False
    assert len(tracks_of([who], t)) == 2  # 3 s, and 2 are allowed
    assert len(tracks_of([who], t, max_lost_s=4.0)) == 1


def turns_back(t, x=900, **options):
    """One who walks to the right until 2.0 s, and a half and one second later back to the left."""
    goes, comes = walker(t, 600, 1725, **options), walker(t, x + 700, x - 425, **options)
    goes.seen[60:], comes.seen[:105] = False, False
    return goes, comes


def test_one_alone_who_vanishes_and_one_alone_who_appears_near_by_are_one():
    t = times(165)
    goes, comes = turns_back(t)
    stays = walker(t, 300, 320)
    (_, track) = sorted(tracks_of([stays, goes, comes], t), key=lambda one: one.xy_px[0, HIP, 0])
    assert track.frame_index.tolist() == list(range(165))
    assert np.flatnonzero(track.interpolated).tolist() == list(range(60, 105))
    assert off_px(track, goes, t)[:60].max() < 25 and off_px(track, comes, t)[105:].max() < 25


def test_who_appears_is_somebody_else_if_too_far_of_other_size_or_one_of_several():
    t = times(165)
    goes, comes = turns_back(t)
    far = turns_back(t, x=1720)[1]
    large = dataclasses.replace(comes, height_px=750)
    assert len(tracks_of([goes, far], t)) == 2
    assert len(tracks_of([goes, large], t)) == 2
    assert len(tracks_of([goes, comes], t, max_lost_s=1.4)) == 2
    # Another one is missing; another one appears.
    leaves, appears = (walker(t, 1500, 1500) for _ in range(2))
    leaves.seen[70:], appears.seen[:100] = False, False
    assert len(tracks_of([goes, comes, leaves], t)) == 3
    assert len(tracks_of([goes, comes, appears], t)) == 3
    # Through the door at the picture's edge anybody comes.
    edge = dataclasses.replace(goes, path_px=goes.path_px - goes.path_px[59] + [1850, 900])
    back = dataclasses.replace(comes, path_px=comes.path_px - comes.path_px[105] + [1850, 900])
    assert len(tracks_of([edge, back], t)) == 2


def test_the_order_of_people_within_a_frame_does_not_matter():
    t = times(60)
    people = [walker(t, 300 + 300 * k, 400 + 300 * k, phase=k) for k in range(4)]
    observations, _ = film(people, t)
    turned = [
        dataclasses.replace(
            o, **{n: getattr(o, n)[::-1] for n in ("xy_px", "score", "box_px", "person_score")}
        )
        for o in observations
    ]
    for a, b in zip(associate(observations, t), associate(turned, t), strict=True):
        np.testing.assert_array_equal(a.xy_px, b.xy_px)


@pytest.mark.parametrize("fps", [10.0, 60.0, 240.0])
def test_any_frame_rate_gives_the_same_people(fps):
    t = times(int(4 * fps), fps)
    people = [walker(t, 300, 1500), walker(t, 1500, 300, phase=1.5)]
    first, second = sorted(tracks_of(people, t), key=lambda track: track.xy_px[0, HIP, 0])
    assert off_px(first, people[0], t).max() < 25 and off_px(second, people[1], t).max() < 25


def test_who_vanishes_in_a_tumble_and_appears_there_at_once_is_the_same():
    t = times(90)
    upright, lying = walker(t, 800, 800), walker(t, 830, 830, y=1000.0, height_px=330)
    upright.seen[46:], lying.seen[:45] = False, False  # both for one frame
    (track,) = tracks_of([upright, lying], t)
    assert track.frame_index.tolist() == list(range(90)) and not track.interpolated.any()
    assert off_px(track, lying, t)[45] < 20

    aside = walker(t, 1400, 1400, y=1000.0, height_px=330)
    aside.seen[:45] = False
    assert len(tracks_of([upright, aside], t)) == 2


def test_a_moment_is_noise():
    t = times(90)
    stays, blinks = walker(t, 300, 700), walker(t, 1500, 1500)
    blinks.seen[:] = False
    blinks.seen[40:47] = True
    assert len(tracks_of([stays, blinks], t)) == 1
    assert len(tracks_of([stays, blinks], t, min_length_s=0.1)) == 2


def test_a_moment_beside_a_pause_of_the_recording_is_noise_too():
    t = times(90)
    t[45:] += 60  # the camera slept for a minute
    stays, blinks = walker(t, 300, 700), walker(t, 1500, 1500)
    blinks.seen[:] = False
    blinks.seen[44] = True
    found = tracks_of([stays, blinks], t)
    assert all(np.nanmedian(track.xy_px[:, HIP, 0]) < 1100 for track in found) and found


def test_what_is_a_person_by_fits_and_starts_is_none():
    t = times(90)
    observations, who_is = film([walker(t, 300, 700), walker(t, 1500, 1500)], t)
    flicker = np.where(np.arange(90) % 3 == 0, 0.9, 0.4)
    half_hidden = np.full(90, 0.55)

    def people(second, size_px=None):
        made = []
        for o, who, p in zip(observations, who_is, second, strict=True):
            score = np.where(who[: len(o)] == 1, p, 0.9).astype(np.float32)
            made.append(dataclasses.replace(o, person_score=score))
        return associate(made, t, config=TrackConfig(bbox_thr=0.5), size_px=size_px)

    assert len(people(half_hidden)) == 2
    (left,) = people(flicker)
    assert left.xy_px[0, HIP, 0] < 800
    assert len(people(flicker, SIZE_PX)) == 2  # both fill the picture


def judged(second_score, bbox_thr=0.5, box=(100, 250), seconds=(0, 3), other=(0, 3), fps=30.0):
    """How many are found of one who is surely there and of another, of whom this is told.

    box             (width, height) of the other, in pixels.
    seconds, other  when each is in sight.
    """
    t = np.arange(round(3 * fps)) / fps
    walkers = [walker(t, 300, 700), walker(t, 1500, 1500)]
    for one, (first, end) in zip(walkers, (seconds, other), strict=True):
        one.seen[:] = (t >= first - 1e-9) & (t < end - 1e-9)
    observations, who_is = film(walkers, t)
    made = []
    for o, who in zip(observations, who_is, strict=True):
        doubted = who[: len(o)] == 1
        box_px = o.box_px.copy()
        box_px[:, 2:] = box_px[:, :2] + [100, 250]  # what fills the picture is somebody
        box_px[doubted, 2:] = box_px[doubted, :2] + box
        scores = np.where(doubted, second_score, 0.9).astype(np.float32)
        made.append(dataclasses.replace(o, box_px=box_px, person_score=scores))
    config = TrackConfig(bbox_thr=bbox_thr)
    return len(associate(made, t, config=config, size_px=SIZE_PX))


@pytest.mark.parametrize(
    ("how", "n_people"),
    [
        ({"other": (1, 1.7)}, 1),
        ({"other": (1, 1.7), "bbox_thr": 0.0}, 2),
        ({"other": (1, 2)}, 2),  # for a second
        ({"other": (0.1, 0.8)}, 2),  # from the clip's beginning, or nearly
        ({"other": (2.2, 2.9)}, 2),  # to its end
        ({"other": (1, 1.7), "fps": 6.0}, 2),  # in four frames of eighteen
    ],
)
def test_what_comes_out_of_nowhere_for_a_moment_must_be_surer(how, n_people):
    assert judged(0.7, **how) == n_people
    assert judged(0.8, **how) == 2


LIES = (180, 90)


@pytest.mark.parametrize(
    ("how", "n_people"),
    [
        ({"box": LIES}, 1),
        ({"box": LIES, "bbox_thr": 0.0}, 2),
        ({"box": LIES, "bbox_thr": 0.3}, 2),
        ({"box": (270, 135)}, 2),  # near by
        ({"box": (90, 100)}, 2),  # sits
        ({"box": LIES, "seconds": (0, 1.4), "other": (1.5, 3)}, 2),  # nobody stands meanwhile
    ],
)
def test_what_is_small_and_lies_while_others_stand_must_be_surer(how, n_people):
    assert judged(0.7, **how) == n_people
    assert judged(0.8, **how) == 2


def test_finished_tracks_are_judged_as_chains_are():
    t = times(90)
    tracks = tracks_of([walker(t, 300, 700), walker(t, 1500, 1500)], t)
    flicker = np.where(np.arange(90) % 3 == 0, 0.9, 0.4).astype(np.float32)
    tracks[1] = dataclasses.replace(tracks[1], person_score=flicker)
    assert tracks_without_phantoms(tracks, 0.5, None) == tracks[:1]
    assert tracks_without_phantoms(tracks, 0.3, None) == tracks
    assert tracks_without_phantoms(tracks, 0.5, SIZE_PX) == tracks  # both fill the picture
    # What bridges a gap says nothing about who was seen.
    bridged = dataclasses.replace(tracks[1], interpolated=flicker < 0.5)
    assert tracks_without_phantoms([bridged], 0.5, None) == [bridged]


def test_frames_without_anybody_give_nobody_and_wrong_times_are_refused():
    t = times(5)
    nobody, _ = film([], t)
    assert associate(nobody, t) == []
    with pytest.raises(ShapeError, match="expected 5 times, got 4"):
        associate(nobody, t[:4])


def test_people_are_chosen_by_size_by_length_and_by_id():
    t = times(90)
    near = walker(t, 300, 500, height_px=700)
    near.seen[60:] = False
    far = walker(t, 1500, 1300, height_px=250)
    tracks = tracks_of([near, far], t)
    assert [x.track_id for x in select_people(tracks, "largest")] == [0]
    assert [x.track_id for x in select_people(tracks, "longest")] == [1]
    assert [x.track_id for x in select_people(tracks, 1)] == [1]
    assert select_people(tracks, "all") == tracks
    with pytest.raises(UsageError, match="no person 7 in this video; the ids are: 0, 1"):
        select_people(tracks, 7)


def test_nobody_is_followed_into_the_next_shot():
    """One who walks on through all of it is somebody else in each shot."""
    t = times(90)
    observations = film([walker(t, 500, 900)], t)[0]
    assert [len(track) for track in associate(observations, t)] == [90]
    tracks = associate(observations, t, first_frame=7, cuts=[30, 50])
    assert [track.track_id for track in tracks] == [0, 1, 2]
    rows = [(int(track.frame_index[0]), int(track.frame_index[-1])) for track in tracks]
    assert rows == [(7, 36), (37, 56), (57, 96)]
