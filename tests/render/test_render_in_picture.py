from dataclasses import replace

import numpy as np
import pytest

from hotvid.render.in_picture import in_picture
from hotvid.render.overlay import Overlay
from hotvid.render.palette import person_colours
from hotvid.skeleton import H36M17, feet, joint_set_named
from hotvid.types import Track2D


@pytest.mark.parametrize(
    ("joint_set", "names"),
    [
        ("blazepose33", ["left_heel", "right_heel", "left_foot_index", "right_foot_index"]),
        ("coco17", []),
        ("h36m17", []),
        ("h36m17+blazepose33", ["left_heel", "right_heel", "left_foot_index", "right_foot_index"]),
    ],
)
def test_feet_are_known_by_their_names(joint_set, names):
    found = feet(joint_set)
    joints = joint_set_named(joint_set).joints
    assert [joints[i] for _, i in found] == names
    ankles = [f"{name.partition('_')[0]}_ankle" for name in names]
    assert [a for a, _ in found] == [H36M17.index(ankle) for ankle in ankles]


def with_feet(person, toe_px, score=1.0):
    """The person as BlazePose finds it, toes at `toe_px` from the ankles."""
    joint_set = joint_set_named("blazepose33")
    track = person.keypoints
    xy = np.full((len(track), 33, 2), 50, np.float32)
    scores = np.ones((len(track), 33), np.float32)
    for i, name in enumerate(joint_set.joints):
        if name in H36M17.joints:
            xy[:, i] = track.xy_px[:, H36M17.index(name)]
    for ankle, i in feet("blazepose33"):
        away = toe_px if "index" in joint_set.joints[i] else (0, 3)
        xy[:, i] = track.xy_px[:, ankle] + away
        scores[:, i] = score
    detected = Track2D(
        track.track_id, "blazepose33", track.frame_index, xy, scores, track.box_px,
        track.person_score, track.interpolated,
    )  # fmt: skip
    return replace(person, detected=detected)


@pytest.mark.parametrize(("score", "drawn"), [(1.0, True), (0.1, False)])
def test_feet_are_drawn_in_their_sides_colours_where_they_are_seen(make_person, score, drawn):
    person = with_feet(make_person(), (18, 12), score)
    picture = np.full((480, 640, 3), 90, np.uint8)
    Overlay([person], scale=(1.0, 1.0), picture_px=(640, 480), fps=30.0, kpt_thr=0.3).draw(
        picture, 0
    )
    for side in ("left", "right"):
        ankle = person.keypoints.xy_px[0, H36M17.index(f"{side}_ankle")]
        x, y = np.rint(ankle + np.array([13.5, 9])).astype(int)
        colour = person_colours(0).side(side) if drawn else (90, 90, 90)
        assert tuple(picture[y, x]) == colour


def test_a_model_without_feet_has_the_skeleton_alone(make_person):
    person = make_person()
    shown = in_picture(person, 0.3, 30.0)
    assert shown.feet == () and shown.xy_px is person.keypoints.xy_px
    assert len(shown.bones) == len(H36M17.edges)


def test_long_clips_have_the_feet_of_short_ones(make_person, monkeypatch):
    person = with_feet(make_person(n_frames=20), (18, 12))
    whole = in_picture(person, 0.3, 30.0)
    monkeypatch.setattr(
        "hotvid.render.in_picture.chunks",
        lambda n: (slice(i, min(i + 7, n)) for i in range(0, n, 7)),
    )
    np.testing.assert_array_equal(in_picture(person, 0.3, 30.0).xy_px, whole.xy_px)
    assert whole.xy_px.shape == (20, 21, 2)
