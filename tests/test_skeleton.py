import numpy as np
import pytest

from hotvid.errors import UsageError
from hotvid.skeleton import (
    BLAZEPOSE33,
    COCO17,
    COCO_WHOLEBODY133,
    H36M17,
    HALPE26,
    HALPE136,
    JOINT_SETS,
    OPENPOSE25,
    OPENPOSE67,
    feet_and_hands,
    h36m17_matrix,
    joint_set_named,
    own_set,
    to_h36m17,
    with_feet_and_hands,
)

SOURCES = list(JOINT_SETS.values())
WITH_LIMBS = [s for s in SOURCES if s is not H36M17]


@pytest.mark.parametrize("joints", JOINT_SETS.values(), ids=JOINT_SETS)
def test_a_double_mirror_is_the_identity_and_a_mirror_is_not(joints):
    order = joints.mirror
    np.testing.assert_array_equal(order[order], np.arange(len(joints)))
    for left, right in joints.pairs:
        assert joints.side(left) == "left" and joints.side(right) == "right"
        assert order[left] == right
    assert len(joints.pairs) * 2 + sum(joints.side(j) == "middle" for j in range(len(joints))) == (
        len(joints)
    )


@pytest.mark.parametrize("joints", JOINT_SETS.values(), ids=JOINT_SETS)
def test_edges_connect_joints_that_exist_and_names_are_unique(joints):
    assert len(set(joints.joints)) == len(joints)
    assert all(0 <= a < len(joints) and 0 <= b < len(joints) and a != b for a, b in joints.edges)


def test_h36m17_is_a_tree_in_the_order_of_human36m():
    assert [b for _, b in H36M17.edges] == list(range(1, 17))
    assert H36M17.joints[0] == "pelvis" and H36M17.joints[8] == "thorax"
    assert H36M17.joints[1:4] == ("right_hip", "right_knee", "right_ankle")
    assert H36M17.joints[11:14] == ("left_shoulder", "left_elbow", "left_wrist")


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.name)
def test_conversion_moves_with_the_picture(source):
    np.testing.assert_allclose(h36m17_matrix(source.name).sum(1), 1, atol=1e-6)
    xy = np.random.default_rng(0).uniform(0, 100, (4, len(source), 2))
    score = np.ones((4, len(source)))
    moved, _ = to_h36m17(xy * 3 + [10, -20], score, source.name)
    here, _ = to_h36m17(xy, score, source.name)
    np.testing.assert_allclose(moved, here * 3 + [10, -20], rtol=1e-6)


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.name)
def test_conversion_commutes_with_the_mirror(source):
    xy = np.random.default_rng(1).uniform(0, 100, (4, len(source), 2))
    score = np.random.default_rng(2).uniform(0, 1, (4, len(source)))
    straight, straight_score = to_h36m17(xy, score, source.name)
    mirrored, mirrored_score = to_h36m17(xy[:, source.mirror], score[:, source.mirror], source.name)
    np.testing.assert_allclose(mirrored, straight[:, H36M17.mirror], atol=1e-9)
    np.testing.assert_allclose(mirrored_score, straight_score[:, H36M17.mirror])


@pytest.mark.parametrize("source", WITH_LIMBS, ids=lambda s: s.name)
def test_each_limb_joint_is_the_source_joint_of_the_same_name(source):
    xy = np.random.default_rng(0).uniform(0, 100, (len(source), 2))
    score = np.random.default_rng(3).uniform(0, 1, len(source))
    out, out_score = to_h36m17(xy, score, source.name)
    for name in ("left_wrist", "right_wrist", "left_ankle", "right_knee", "left_shoulder", "nose"):
        np.testing.assert_allclose(out[H36M17.index(name)], xy[source.index(name)], rtol=1e-6)
        assert out_score[H36M17.index(name)] == score[source.index(name)]


@pytest.mark.parametrize("source", WITH_LIMBS, ids=lambda s: s.name)
def test_the_middle_of_the_body_is_a_point_of_the_source_or_half_way_between_two(source):
    xy = np.random.default_rng(4).uniform(0, 100, (len(source), 2))
    score = np.random.default_rng(5).uniform(0, 1, len(source))
    out, out_score = to_h36m17(xy, score, source.name)
    own = "pelvis" in source.joints
    for joint, named, sides in (
        ("pelvis", "pelvis", ("left_hip", "right_hip")),
        ("thorax", "neck", ("left_shoulder", "right_shoulder")),
    ):
        of = [source.index(name) for name in ([named] if own else sides)]
        np.testing.assert_allclose(out[H36M17.index(joint)], xy[of].mean(0), rtol=1e-6)
        assert out_score[H36M17.index(joint)] == score[of].min()
    middle = (out[H36M17.index("pelvis")] + out[H36M17.index("thorax")]) / 2
    np.testing.assert_allclose(out[H36M17.index("spine")], middle, rtol=1e-6)


# The numbers that the data sets' own papers and tools give their joints.
@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        (COCO17, {0: "nose", 5: "left_shoulder", 10: "right_wrist", 16: "right_ankle"}),
        (HALPE26, {17: "head", 18: "neck", 19: "pelvis", 20: "left_big_toe", 25: "right_heel"}),
        (HALPE136, {34: "chin", 94: "left_hand_root", 115: "right_hand_root"}),
        (
            COCO_WHOLEBODY133,
            {17: "left_big_toe", 22: "right_heel", 31: "chin", 71: "right_lip1", 77: "left_lip1"}
            | {91: "left_hand_root", 95: "left_thumb4", 132: "right_pinky_finger4"},
        ),
        (
            OPENPOSE25,
            {1: "neck", 4: "right_wrist", 8: "pelvis", 24: "right_heel"},
        ),
        (OPENPOSE67, {25: "left_hand_root", 46: "right_hand_root", 66: "right_pinky_finger4"}),
        (BLAZEPOSE33, {11: "left_shoulder", 24: "right_hip", 32: "right_foot_index"}),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_joints_are_numbered_as_their_data_sets_number_them(source, numbers):
    assert {n: source.joints[n] for n in numbers} == numbers
    assert len(source) == int("".join(c for c in source.name if c.isdigit()))


def test_a_mirrored_face_exchanges_the_points_that_dlib_and_mmpose_exchange():
    mirror = COCO_WHOLEBODY133.mirror - 23
    for a, b in ((0, 16), (7, 9), (17, 26), (31, 35), (36, 45), (41, 46), (48, 54), (60, 64)):
        assert mirror[23 + a] == b and mirror[23 + b] == a
    assert all(mirror[23 + n] == n for n in (8, 27, 30, 33, 51, 57, 62, 66))


@pytest.mark.parametrize("source", [COCO_WHOLEBODY133, HALPE136, OPENPOSE67], ids=lambda s: s.name)
def test_hands_hang_on_the_wrist_of_their_own_side(source):
    for side in ("left", "right"):
        root, wrist = source.index(f"{side}_hand_root"), source.index(f"{side}_wrist")
        assert (wrist, root) in source.edges
        assert (root, source.index(f"{side}_thumb1")) in source.edges
        tip = source.index(f"{side}_pinky_finger4")
        assert (tip - 1, tip) in source.edges


@pytest.mark.parametrize(
    ("source", "n", "first", "last"),
    [
        (H36M17, 0, None, None),
        (COCO17, 0, None, None),
        (BLAZEPOSE33, 10, "left_pinky", "right_foot_index"),
        (HALPE26, 6, "left_big_toe", "right_heel"),
        (OPENPOSE25, 6, "left_big_toe", "right_heel"),
        (COCO_WHOLEBODY133, 48, "left_big_toe", "right_pinky_finger4"),
        (HALPE136, 48, "left_big_toe", "right_pinky_finger4"),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_feet_and_hands(source, n, first, last):
    found = [source.joints[i] for i in feet_and_hands(source.name)]
    assert len(found) == n
    if n:
        assert found[0] == first and found[-1] == last


def test_one_ear_stands_for_both_and_no_ear_for_none():
    xy, score = np.random.default_rng(6).uniform(0, 9, (3, 17, 2)), np.full((3, 17), 0.9)
    left, right = COCO17.index("left_ear"), COCO17.index("right_ear")
    xy[0, left] = np.nan
    score[0, left], score[0, right] = 0, 0.6
    xy[1, [left, right]] = np.nan
    out, out_score = to_h36m17(xy, score, "coco17")
    head = H36M17.index("head")
    shoulders = xy[0, [5, 6]].sum(0)
    np.testing.assert_allclose(out[0, head], 1.5 * xy[0, right] - 0.25 * shoulders)
    assert out_score[0, head] == 0.6
    assert np.isnan(out[1, head]).all() and out_score[1, head] == 0
    assert np.isnan(xy[0, left]).all(), "the input is left alone"


def test_the_crown_of_an_upright_face_is_above_the_ears():
    xy = np.zeros((33, 2))
    for name, at in {
        "left_eye": (3, 0),
        "right_eye": (-3, 0),
        "left_mouth": (2, 7),
        "right_mouth": (-2, 7),
        "left_ear": (8, 1),
        "right_ear": (-8, 1),
    }.items():
        xy[BLAZEPOSE33.index(name)] = at
    out, _ = to_h36m17(xy, np.ones(33), "blazepose33")
    np.testing.assert_allclose(out[H36M17.index("head")], [0, -13], atol=1e-9)


@pytest.mark.parametrize(
    ("source", "middle"), [(HALPE26, "neck"), (OPENPOSE25, "neck"), (H36M17, "thorax")]
)
def test_hips_and_shoulders_stand_for_a_middle_that_is_missing(source, middle):
    xy = np.random.default_rng(7).uniform(0, 100, (2, len(source), 2))
    score = np.full((2, len(source)), 0.8)
    hips = [source.index("left_hip"), source.index("right_hip")]
    shoulders = [source.index("left_shoulder"), source.index("right_shoulder")]
    lost = [source.index("pelvis"), source.index(middle)]
    lost += [source.index("spine")] if "spine" in source.joints else []
    xy[0, lost], score[0, lost] = np.nan, 0
    score[0, hips[0]] = 0.4
    out, out_score = to_h36m17(xy, score, source.name)
    np.testing.assert_allclose(out[0, 0], xy[0, hips].mean(0))
    np.testing.assert_allclose(out[0, 8], xy[0, shoulders].mean(0))
    np.testing.assert_allclose(out[0, 7], (out[0, 0] + out[0, 8]) / 2)
    assert out_score[0, [0, 7, 8]].tolist() == [0.4, 0.4, 0.8]
    np.testing.assert_allclose(out[1, 0], xy[1, source.index("pelvis")])


def test_missing_joints_stay_missing_and_only_they():
    xy, score = np.ones((17, 2)), np.ones(17)
    xy[COCO17.index("left_hip")] = np.nan
    out, out_score = to_h36m17(xy, score, "coco17")
    lost = [H36M17.index(j) for j in ("pelvis", "left_hip", "spine")]
    assert np.isnan(out[lost]).all() and (out_score[lost] == 0).all()
    assert np.isfinite(np.delete(out, lost, 0)).all()


def test_an_unknown_joint_set_names_the_known():
    with pytest.raises(UsageError, match=r"blazepose33, coco17, .*halpe26"):
        h36m17_matrix("hands21")


@pytest.mark.parametrize(
    "source", [s for s in SOURCES if feet_and_hands(s.name)], ids=lambda s: s.name
)
def test_a_skeleton_with_feet_and_hands_is_a_joint_set(source):
    joints = with_feet_and_hands(source.name)
    assert joint_set_named(joints.name) == joints and own_set(joints.name) == source.name
    assert joints.joints[:17] == H36M17.joints and joints.edges[:16] == H36M17.edges
    own = [joints.joints[i] for i in feet_and_hands(joints.name)]
    assert own == [source.joints[i] for i in feet_and_hands(source.name)]
    assert len(joints) == 17 + len(own)
    assert {joints.joints[i] for edge in joints.edges for i in edge} == set(joints.joints)
    np.testing.assert_array_equal(h36m17_matrix(joints.name), np.eye(17, len(joints)))
    with pytest.raises(KeyError):
        joint_set_named("h36m17+octopus8")
