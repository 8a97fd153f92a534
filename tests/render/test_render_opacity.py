from dataclasses import replace

import numpy as np
import pytest

from hotvid.render.opacity import calm_score, opacity_3d, score_opacity


def test_opacity_is_zero_below_the_threshold_and_one_when_sure():
    opacity = score_opacity(np.array([0.0, 0.29, 0.3, 0.6, 0.9, 1.0]), 0.3)
    assert opacity[:2].tolist() == [0, 0]
    assert opacity[2] == pytest.approx(0.3)
    assert opacity[2] < opacity[3] < 1
    assert opacity[4:].tolist() == [1, 1]


def with_track(person, **changes):
    return replace(person, keypoints=replace(person.keypoints, **changes))


def test_a_joint_whose_score_jumps_does_not_blink(make_person):
    person = make_person(n_frames=60)
    score = person.keypoints.score.copy()
    score[::2, 3] = 0.05
    score[:, 6] = np.where(np.arange(60) < 30, 0.1, 0.95)
    jumpy = with_track(person, score=score)
    for opacity in (
        score_opacity(calm_score(score, np.ones(60, bool), 30.0), 0.3),
        opacity_3d(jumpy, 0.3, 30.0),
    ):
        assert np.abs(np.diff(opacity[5:-5, 3])).max() < 0.15
        assert 0.3 < opacity[5:-5, 3].min() < opacity[5:-5, 3].max() < 0.9
        assert opacity[0, 6] <= 0.31 and opacity[-1, 6] == pytest.approx(1, abs=1e-5)
        assert np.abs(np.diff(opacity[:, 6])).max() < 0.45, "it comes by and by"
        assert opacity[:, 0] == pytest.approx(np.ones(60), abs=1e-5)


def test_few_frames_a_second_are_drawn_as_they_are(make_person):
    person = make_person()
    score = np.random.default_rng(0).uniform(0, 1, (20, 17)).astype(np.float32)
    jumpy = with_track(person, score=score)
    np.testing.assert_allclose(calm_score(score, np.ones(20, bool), 3.0), score)
    seen = opacity_3d(jumpy, 0.3, 3.0) > 0.5
    np.testing.assert_array_equal(seen, score >= 0.3)


def test_a_gap_in_which_nobody_is_seen_stays_empty(make_person):
    gap = (np.arange(20) >= 8) & (np.arange(20) < 12)
    score = np.where(gap[:, None], 0.1, np.ones((20, 17))).astype(np.float32)
    track = with_track(make_person(), interpolated=gap, score=score).keypoints
    drawn = score_opacity(calm_score(track.score, track.in_sight(0.3), 30.0), 0.3).max(1) > 0
    np.testing.assert_array_equal(drawn, ~gap)


def test_opacity_in_3d(make_person):
    person = make_person()
    confidence = np.full((20, 17), 0.9, np.float32)
    confidence[:, 16] = 0.25  # never sure: half as sure as what is sure at all
    score, bridged = person.keypoints.score.copy(), np.arange(20) >= 10
    score[:, 3] = 0.1
    unsure = replace(with_track(person, score=score, interpolated=bridged), confidence=confidence)
    opacity = opacity_3d(unsure, 0.3, 30.0)
    for row, whole in ((0, 1.0), (19, 0.6)):
        expected = np.full(17, whole)
        expected[3], expected[16] = 0.3 * whole, 0.5 * whole
        np.testing.assert_allclose(opacity[row], expected, rtol=1e-5)
    unmeasured = opacity_3d(replace(unsure, confidence=None), 0.3, 30.0)
    assert unmeasured[0, [0, 3, 16]].tolist() == pytest.approx([1, 0.3, 1], abs=1e-5)
