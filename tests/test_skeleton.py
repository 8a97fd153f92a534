import numpy as np
import pytest

from hotvid.errors import UsageError
from hotvid.skeleton import BLAZEPOSE33, COCO17, H36M17, JOINT_SETS, h36m17_matrix, to_h36m17

SOURCES = [BLAZEPOSE33, COCO17, H36M17]


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


@pytest.mark.parametrize("source", [BLAZEPOSE33, COCO17], ids=lambda s: s.name)
def test_each_limb_joint_is_the_source_joint_of_the_same_name(source):
    xy = np.random.default_rng(0).uniform(0, 100, (len(source), 2))
    score = np.random.default_rng(3).uniform(0, 1, len(source))
    out, out_score = to_h36m17(xy, score, source.name)
    for name in ("left_wrist", "right_wrist", "left_ankle", "right_knee", "left_shoulder", "nose"):
        np.testing.assert_allclose(out[H36M17.index(name)], xy[source.index(name)], rtol=1e-6)
        assert out_score[H36M17.index(name)] == score[source.index(name)]
    hips = (xy[source.index("left_hip")] + xy[source.index("right_hip")]) / 2
    np.testing.assert_allclose(out[0], hips, rtol=1e-6)
    assert out_score[0] == min(score[source.index("left_hip")], score[source.index("right_hip")])


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


def test_missing_joints_stay_missing_and_only_they():
    xy, score = np.ones((17, 2)), np.ones(17)
    xy[COCO17.index("left_hip")] = np.nan
    out, out_score = to_h36m17(xy, score, "coco17")
    lost = [H36M17.index(j) for j in ("pelvis", "left_hip", "spine")]
    assert np.isnan(out[lost]).all() and (out_score[lost] == 0).all()
    assert np.isfinite(np.delete(out, lost, 0)).all()


def test_an_unknown_joint_set_names_the_known():
    with pytest.raises(UsageError, match="blazepose33, coco17"):
        h36m17_matrix("hands21")
