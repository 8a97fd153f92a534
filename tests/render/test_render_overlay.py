from dataclasses import replace

import numpy as np

from hotvid.render.overlay import Overlay
from hotvid.render.palette import OUTLINE, person_colours
from hotvid.skeleton import H36M17

SIZE = (640, 480)
RIGHT_SHIN, LEFT_SHIN, SPINE = (2, 3), (5, 6), (0, 7)


def overlay_of(*people, kpt_thr=0.3, scale=(1.0, 1.0), size=SIZE):
    return Overlay(people, scale=scale, picture_px=size, fps=30.0, kpt_thr=kpt_thr)


def grey(size=SIZE):
    return np.full((size[1], size[0], 3), 90, np.uint8)


def middle_of(person, edge, row=0):
    x, y = person.keypoints.xy_px[row, list(edge)].mean(0)
    return round(float(y)), round(float(x))


def with_track(person, **changes):
    track = replace(person.keypoints, **changes)
    return replace(person, keypoints=track)


def test_bones_lie_at_the_keypoints_in_the_persons_side_colours(make_person):
    person = make_person(track_id=1)
    picture = grey()
    overlay_of(person).draw(picture, 0)
    colours = person_colours(1)
    assert tuple(picture[middle_of(person, RIGHT_SHIN)]) == colours.right
    assert tuple(picture[middle_of(person, LEFT_SHIN)]) == colours.left
    assert tuple(picture[middle_of(person, SPINE)]) == colours.middle
    assert len({colours.left, colours.middle, colours.right}) == 3


def test_every_bone_is_drawn(make_person):
    person = make_person()
    picture = grey()
    overlay_of(person).draw(picture, 0)
    for edge in H36M17.edges:
        assert tuple(picture[middle_of(person, edge)]) != (90, 90, 90), edge


def test_two_people_have_different_colours():
    assert person_colours(0) != person_colours(1)
    assert person_colours(3) == person_colours(3)


def test_the_picture_away_from_the_person_is_untouched(make_person):
    person = make_person()
    picture = grey()
    overlay_of(person).draw(picture, 0)
    changed_y, changed_x = np.nonzero((picture != 90).any(-1))
    low = person.keypoints.xy_px[0].min(0) - 12
    high = person.keypoints.xy_px[0].max(0) + 12
    assert changed_x.min() >= low[0] and changed_x.max() <= high[0]
    assert changed_y.min() >= low[1] - 40 and changed_y.max() <= high[1]  # 40: the label


def test_keypoints_are_scaled_with_the_picture(make_person):
    person = make_person(size_px=(1280, 960))
    picture = grey()
    overlay_of(person, scale=(0.5, 0.5)).draw(picture, 0)
    y, x = middle_of(person, RIGHT_SHIN)
    assert tuple(picture[y // 2, x // 2]) == person_colours(0).right


def test_a_joint_below_the_threshold_is_not_drawn(make_person):
    person = make_person()
    score = person.keypoints.score.copy()
    score[:, 3] = 0.29
    picture = grey()
    overlay_of(with_track(person, score=score)).draw(picture, 0)
    assert tuple(picture[middle_of(person, RIGHT_SHIN)]) == (90, 90, 90)
    assert tuple(picture[middle_of(person, LEFT_SHIN)]) == person_colours(0).left


def test_a_lower_score_is_more_transparent(make_person):
    person = make_person()
    distance = []
    for value in (0.35, 0.6, 0.95):
        picture = grey()
        overlay_of(with_track(person, score=np.full((20, 17), value, np.float32))).draw(picture, 0)
        pixel = picture[middle_of(person, RIGHT_SHIN)].astype(int)
        distance.append(np.abs(pixel - 90).sum())
    assert 0 < distance[0] < distance[1] < distance[2]


def test_nan_and_absurd_joints_are_left_out(make_person):
    person = make_person()
    xy = person.keypoints.xy_px.copy()
    xy[:, 3] = np.nan
    xy[:, 6] = 1e9
    picture = grey()
    overlay_of(with_track(person, xy_px=xy)).draw(picture, 0)
    assert tuple(picture[middle_of(person, RIGHT_SHIN)]) == (90, 90, 90)
    assert tuple(picture[middle_of(person, LEFT_SHIN)]) == (90, 90, 90)
    assert tuple(picture[middle_of(person, SPINE)]) == person_colours(0).middle


def test_a_person_of_nan_only_leaves_the_picture_as_it_is(make_person):
    person = make_person()
    nowhere = with_track(
        person,
        xy_px=np.full((20, 17, 2), np.nan, np.float32),
        box_px=np.full((20, 4), np.nan, np.float32),
    )
    picture = grey()
    overlay_of(nowhere).draw(picture, 0)
    assert (picture == 90).all()


def test_a_person_is_drawn_in_their_own_frames_only(make_person):
    overlay = overlay_of(make_person(first=5, n_frames=3))
    drawn = []
    for index in range(10):
        picture = grey()
        overlay.draw(picture, index)
        drawn.append(bool((picture != 90).any()))
    assert drawn == [False] * 5 + [True] * 3 + [False] * 2


def test_interpolated_frames_are_dashed_and_fainter(make_person):
    person = make_person()
    bridged = with_track(person, interpolated=np.ones(20, bool))
    seen, guessed = grey(), grey()
    overlay_of(person).draw(seen, 0)
    overlay_of(bridged).draw(guessed, 0)
    x, y0 = person.keypoints.xy_px[0, 2]
    y1 = person.keypoints.xy_px[0, 3, 1]
    rows = slice(int(y0) + 8, int(y1) - 8)
    solid, dashed = seen[rows, round(float(x))], guessed[rows, round(float(x))]
    assert (solid == person_colours(0).right).all()
    assert not (dashed == person_colours(0).right).all(-1).any()
    assert (dashed == 90).all(-1).any()  # the gaps show the picture


def test_label_of_someone_at_the_edge_stays_inside(make_person):
    person = make_person(start=(-1.96, -1.39, 4.0))
    picture = grey()
    overlay_of(person).draw(picture, 0)
    plate = (picture == person_colours(0).middle).all(-1)
    assert plate[:40, :60].any()


def test_label_leaves_a_raised_hand_to_be_seen(make_person):
    person = make_person(size_px=(1920, 1080), start=(0, 0, 6.0))
    xy = person.keypoints.xy_px.copy()
    raised = xy.copy()
    head, wrist = H36M17.index("head"), H36M17.index("right_wrist")
    raised[:, wrist] = xy[:, head] + [4, -25]
    tops = []
    for keypoints in (xy, raised):
        picture = grey((1920, 1080))
        moved = with_track(person, xy_px=keypoints)
        overlay_of(moved, size=(1920, 1080)).draw(picture, 0)
        rows = np.flatnonzero((picture == OUTLINE).all(-1).sum(1) > 20)
        tops.append((rows.min(), rows.max()))
    (top, bottom), (higher, end) = tops
    hand = raised[0, wrist, 1]
    assert top < hand < bottom, "it would have lain over the hand"
    assert end < hand - 4 and higher < top


def test_larger_people_get_thicker_lines(make_person):
    def pixels(depth):
        person = make_person(size_px=(1920, 1080), start=(0, 0, depth))
        picture = grey((1920, 1080))
        overlay_of(person, size=(1920, 1080)).draw(picture, 0)
        y, x = middle_of(person, RIGHT_SHIN)
        return int((picture[y, x - 30 : x + 30] == person_colours(0).right).all(-1).sum())

    assert pixels(3.0) > pixels(12.0) >= 1


def test_sides_of_tiny_people_can_be_told_apart(make_person):
    person = make_person(start=(0, 0, 25.0))
    height = np.ptp(person.keypoints.xy_px[0, :, 1])
    assert 30 < height < 45
    picture = grey()
    overlay_of(person).draw(picture, 0)
    changed = picture[(picture != 90).any(-1)].astype(int)
    colours = person_colours(0)
    for colour in (colours.left, colours.right):
        assert (np.abs(changed - colour).max(-1) < 40).sum() > 2.8 * height
    dark = np.abs(changed - OUTLINE).max(-1) < 40
    assert dark.mean() < 0.4
