"""Left and right put back: feet and hands go with their ankles and wrists."""

from dataclasses import replace

import numpy as np
import pytest
from stick_people import two_people

from hotvid.mended_sides import with_mended_sides
from hotvid.skeleton import BLAZEPOSE33, H36M17, to_h36m17
from hotvid.stored.poses_json import to_dict

LEGS = [i for i, n in enumerate(BLAZEPOSE33.joints) if n.split("_", 1)[-1] in
        ("hip", "knee", "ankle", "heel", "foot_index")]  # fmt: skip
ARMS = [i for i, n in enumerate(BLAZEPOSE33.joints) if n.split("_", 1)[-1] in
        ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")]  # fmt: skip
WHEN = slice(1, 3)


@pytest.fixture
def person():
    person = two_people().people[0]
    assert person.detected.joint_set == "blazepose33"
    xy, score = to_h36m17(person.detected.xy_px, person.detected.score, "blazepose33")
    return replace(person, keypoints=replace(person.keypoints, xy_px=xy, score=score))


def exchanged(person, *parts):
    """The person whose 2D model exchanged the sides of joints `parts` in WHEN, which was mended."""
    xy, score = person.detected.xy_px.copy(), person.detected.score.copy()
    for part in parts:
        for each in (xy, score):
            each[WHEN, part] = each[WHEN][:, BLAZEPOSE33.mirror[part]]
    return replace(person, detected=replace(person.detected, xy_px=xy, score=score))


@pytest.mark.parametrize("parts", [(LEGS,), (ARMS,), (LEGS, ARMS)])
def test_what_was_mended_in_the_skeleton_is_mended_in_all_joints(person, parts):
    wrong = exchanged(person, *parts)
    assert (wrong.detected.xy_px != person.detected.xy_px).any()
    xy, score = with_mended_sides(wrong)
    np.testing.assert_array_equal(xy, person.detected.xy_px)
    np.testing.assert_array_equal(score, person.detected.score)


def test_the_json_has_feet_and_hands_at_their_ankles_and_wrists(person):
    def feet_and_hands(one):
        (found,) = to_dict(replace(two_people(), people=(one,)))["people"]
        return [row["feet_and_hands_2d"] for row in found["frames"]]

    wrong = exchanged(person, LEGS, ARMS)
    assert feet_and_hands(wrong) == feet_and_hands(person)


def test_what_nobody_mended_stays(person):
    same, _ = with_mended_sides(person, slice(2, 5))
    np.testing.assert_array_equal(same, person.detected.xy_px[2:5])
    wrong = exchanged(person, LEGS)
    xy, score = to_h36m17(wrong.detected.xy_px, wrong.detected.score, "blazepose33")
    believed = replace(wrong, keypoints=replace(wrong.keypoints, xy_px=xy, score=score))
    np.testing.assert_array_equal(with_mended_sides(believed)[0], wrong.detected.xy_px)


def test_an_unknown_ankle_is_told_by_the_knee(person):
    xy = person.detected.xy_px.copy()
    xy[:, [BLAZEPOSE33.index("left_ankle"), BLAZEPOSE33.index("right_ankle")]] = np.nan
    flat, score = to_h36m17(xy, person.detected.score, "blazepose33")
    assert np.isnan(flat[:, H36M17.index("left_ankle")]).all()
    person = replace(
        person,
        detected=replace(person.detected, xy_px=xy),
        keypoints=replace(person.keypoints, xy_px=flat, score=score),
    )
    np.testing.assert_array_equal(with_mended_sides(exchanged(person, LEGS))[0], xy)
