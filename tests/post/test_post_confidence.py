"""How sure a joint is in 3D."""

import numpy as np
import pytest

from hotvid.chunks import chunks
from hotvid.post import confidence
from hotvid.post.confidence import joint_confidence
from hotvid.skeleton import H36M17

SURE = np.full((6, 17), 0.98, np.float32)
NEAR = np.full((6, 17), 0.005, np.float32)


def test_it_falls_with_what_is_apart_and_what_is_not_seen():
    base = joint_confidence(SURE, NEAR)
    assert base.dtype == np.float32 and base.shape == (6, 17)
    assert ((base > 0) & (base < 1)).all()
    wrist = H36M17.index("left_wrist")
    apart, unseen = NEAR.copy(), SURE.copy()
    apart[2, wrist], unseen[3, wrist] = 0.2, 0.05
    off, hidden = joint_confidence(SURE, apart), joint_confidence(unseen, NEAR)
    assert off[2, wrist] < base[2, wrist] - 0.05
    assert hidden[3, wrist] < base[3, wrist] - 0.05
    assert np.array_equal(np.delete(off, 2, 0), np.delete(base, 2, 0))
    assert (off[2, 1:] < base[2, 1:]).all(), (
        "a body of which answers differ is less sure as a whole"
    )
    rest = [j for j in range(1, 17) if j != wrist]
    np.testing.assert_array_equal(hidden[3, rest], base[3, rest])


def test_joints_near_the_pelvis_are_surer_than_hands_and_feet():
    sure = joint_confidence(SURE, NEAR)[0]
    at = {name: sure[i] for i, name in enumerate(H36M17.joints)}
    for side in ("left", "right"):
        assert at[f"{side}_hip"] > at[f"{side}_knee"] > at[f"{side}_ankle"]
        assert at[f"{side}_shoulder"] > at[f"{side}_elbow"] > at[f"{side}_wrist"]
    assert at["pelvis"] == pytest.approx((at["right_hip"] + at["left_hip"] + at["spine"]) / 3)


def test_one_answer_leaves_the_score(monkeypatch):
    monkeypatch.setattr(confidence, "chunks", lambda n: chunks(n, 4))
    score = np.linspace(0, 1, 6, dtype=np.float32)[:, None] * np.ones(17, np.float32)
    score[0] = np.nan
    found = joint_confidence(score, None)
    assert np.isfinite(found).all()
    assert (np.diff(found[:, 1:], axis=0)[1:] > 0).all()
