"""Errors by group, against numbers worked out by hand."""

import json
import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hotvid.errors import ShapeError, UsageError
from hotvid.evaluate.clips import Clip
from hotvid.evaluate.metrics import velocity_error
from hotvid.evaluate.protocols import Answer, evaluate_clips


def clip(name, group, n_frames, valid=None, seed=0):
    rng = np.random.default_rng(seed)
    xyz_m = rng.normal(0, 0.4, (n_frames, 17, 3)).astype(np.float32)
    xyz_m -= xyz_m[:, :1]
    xy_px = rng.normal(500, 100, (n_frames, 17, 2)).astype(np.float32)
    return Clip(name, group, (1000, 1000), xy_px, np.ones((n_frames, 17)), xyz_m, valid=valid)


def shifted(mm, joint=slice(1, None)):
    """The truth with joints moved aside by some millimetres."""

    def predict(one):
        xyz_m = one.xyz_m.astype(np.float64)
        xyz_m[:, joint, 0] += mm(one) / 1000 if callable(mm) else mm / 1000
        return xyz_m

    return predict


def test_the_truth_has_no_error():
    errors = evaluate_clips([clip("a", "Walking", 5)], lambda one: one.xyz_m).mean
    assert errors.n_frames == 5
    assert errors.mpjpe_mm == errors.velocity_mm == 0
    assert errors.pa_mpjpe_mm == pytest.approx(0, abs=1e-6)
    assert errors.pck == 1 and errors.auc == pytest.approx(30 / 31)


def test_numbers_worked_out_by_hand():
    # One of 17 joints is 102 mm off in every frame: 102 / 17 = 6.
    errors = evaluate_clips([clip("a", "x", 4)], shifted(102, joint=16)).mean
    assert errors.mpjpe_mm == pytest.approx(6, abs=1e-4)
    assert errors.velocity_mm == pytest.approx(0, abs=1e-4)
    assert errors.pck == 1
    # 16 joints at every threshold above 0, the other from 105 on: 10 of the 31.
    assert errors.auc == pytest.approx((16 * 30 + 10) / (17 * 31))


def test_joints_left_out_of_pck_still_count_elsewhere():
    report = evaluate_clips([clip("a", "x", 4)], shifted(340, joint=16), pck_joints=np.arange(16))
    assert report.mean.pck == 1
    assert report.mean.mpjpe_mm == pytest.approx(20, abs=1e-4)
    assert evaluate_clips([clip("a", "x", 4)], shifted(340, joint=16)).mean.pck == 16 / 17


def test_protocol_2_forgives_a_similarity_and_protocol_1_does_not():
    turn = Rotation.from_euler("xyz", [20, 30, 40], degrees=True).as_matrix()
    errors = evaluate_clips([clip("a", "x", 6)], lambda c: 1.3 * c.xyz_m @ turn.T).mean
    assert errors.mpjpe_mm > 100
    assert errors.pa_mpjpe_mm == pytest.approx(0, abs=1e-3)


def test_groups_count_alike_and_their_clips_by_frames():
    clips = [clip("a", "Walking", 10), clip("b", "Walking", 30), clip("c", "Eating", 20)]
    mm = {"a": 17.0, "b": 51.0, "c": 85.0}
    report = evaluate_clips(clips, shifted(lambda c: mm[c.name]))
    walking, eating = report.groups["Walking"], report.groups["Eating"]
    # 16 of 17 joints are moved.
    assert walking.mpjpe_mm == pytest.approx((10 * 16 + 30 * 48) / 40, abs=1e-3)
    assert eating.mpjpe_mm == pytest.approx(80, abs=1e-3)
    assert report.mean.mpjpe_mm == pytest.approx((40 + 80) / 2, abs=1e-3)
    assert report.all_frames.mpjpe_mm == pytest.approx((40 * 40 + 20 * 80) / 60, abs=1e-3)
    assert (walking.n_frames, report.mean.n_frames) == (40, 60)


def test_velocity_is_of_neighbouring_frames_within_a_clip():
    one = clip("a", "x", 9)
    noisy = one.xyz_m + np.random.default_rng(1).normal(0, 0.01, one.xyz_m.shape)
    errors = evaluate_clips([one], lambda c: noisy).mean
    assert errors.velocity_mm == pytest.approx(velocity_error(noisy, one.xyz_m))
    # Two clips whose errors differ by a jump at the seam only.
    clips = [clip("a", "x", 5), clip("b", "x", 5)]
    report = evaluate_clips(clips, shifted(lambda c: 100.0 if c.name == "b" else 0.0))
    assert report.mean.velocity_mm == pytest.approx(0, abs=1e-3)


def test_frames_that_are_not_valid_count_nowhere():
    valid = np.array([True, True, False, True, True, True])
    one = clip("a", "x", 6, valid)
    wrong = one.xyz_m.copy()
    wrong[2, 1:] += 5
    errors = evaluate_clips([one], lambda c: wrong).mean
    assert (errors.n_frames, errors.mpjpe_mm, errors.velocity_mm, errors.pck) == (5, 0, 0, 1)


def test_clips_too_short_for_a_velocity_do_not_spoil_it():
    clips = [clip("a", "x", 1), clip("b", "x", 8), clip("c", "none", 3, np.zeros(3, bool))]
    report = evaluate_clips(clips, lambda c: c.xyz_m)
    assert report.groups["x"].velocity_mm == 0
    assert report.groups["none"].n_frames == 0 and math.isnan(report.groups["none"].mpjpe_mm)
    assert report.mean.mpjpe_mm == 0
    single = evaluate_clips(clips[:1], lambda c: c.xyz_m)
    assert single.mean.velocity_mm is None and "-" in single.text().splitlines()[1]


def test_a_prediction_that_is_no_number_is_not_passed_over():
    report = evaluate_clips(
        [clip("a", "x", 3), clip("b", "x", 3)],
        lambda c: c.xyz_m * (float("nan") if c.name == "a" else 1),
    )
    assert math.isnan(report.mean.mpjpe_mm) and math.isnan(report.mean.velocity_mm)
    assert report.to_dict()["mean"]["mpjpe_mm"] is None


def test_copies_of_edge_frames_count_only_where_asked_for():
    one = clip("a", "x", 4)

    def predict(c):
        copies = c.xyz_m[[0, 0, 3]].copy()
        copies[:, 1:, 0] += 0.017  # 16 mm a frame
        return Answer(c.xyz_m, copies, np.array([0, 0, 3]))

    assert evaluate_clips([one], predict).mean.mpjpe_mm == 0
    counted = evaluate_clips([one], predict, count_copies=True).mean
    assert counted.n_frames == 7
    assert counted.mpjpe_mm == pytest.approx(3 * 16 / 7, abs=1e-3)
    assert counted.velocity_mm == 0


def test_the_table_and_the_json_hold_each_group_the_mean_and_all():
    clips = [clip("a", "Walking", 10), clip("b", "Eating", 30)]
    report = evaluate_clips(clips, shifted(lambda c: 17.0 if c.name == "a" else 34.0))
    rows = {line[:18].strip(): line[18:].split() for line in report.text().splitlines()[1:5]}
    assert rows["Walking"][:2] == ["10", "16.00"] and rows["Eating"][:2] == ["30", "32.00"]
    assert rows["mean of the above"][:2] == ["40", "24.00"]
    assert rows["all frames"][:2] == ["40", "28.00"]
    found = json.loads(json.dumps(report.to_dict()))
    assert found["groups"]["Eating"]["mpjpe_mm"] == pytest.approx(32, abs=1e-3)
    assert found["mean"]["mpjpe_mm"] == pytest.approx(24, abs=1e-3)
    assert found["all_frames"]["n_frames"] == 40


def test_progress_counts_frames_and_wrong_shapes_are_refused():
    told = []
    evaluate_clips(
        [clip("a", "x", 3), clip("b", "x", 4)],
        lambda c: c.xyz_m,
        progress=lambda *what: told.append(what),
    )
    assert told == [("evaluating", 3, 7), ("evaluating", 7, 7)]
    with pytest.raises(ShapeError, match="a: prediction"):
        evaluate_clips([clip("a", "x", 3)], lambda c: c.xyz_m[:2])
    with pytest.raises(UsageError, match="no clips"):
        evaluate_clips([], lambda c: c.xyz_m)
