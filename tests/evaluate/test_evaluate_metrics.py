"""The field's measures against cases worked by hand."""

import numpy as np
import pytest

from hotvid.errors import ShapeError
from hotvid.evaluate.metrics import (
    acceleration_error,
    auc,
    joint_errors,
    mpjpe,
    n_mpjpe,
    pa_mpjpe,
    pa_mpjpe_sequence,
    pck,
    velocity_error,
)

MEASURES = [mpjpe, n_mpjpe, pa_mpjpe, pa_mpjpe_sequence, velocity_error, acceleration_error, pck]


def poses(n_frames=6, n_joints=8, seed=0):
    xyz = np.random.default_rng(seed).normal(0, 0.4, (n_frames, n_joints, 3))
    return xyz - xyz[:, :1]


def turn(degrees, axis):
    a = np.radians(degrees)
    c, s = np.cos(a), np.sin(a)
    rotation = np.eye(3)
    i, j = [k for k in range(3) if k != axis]
    rotation[[i, i, j, j], [i, j, i, j]] = c, -s, s, c
    return rotation


def test_mpjpe_is_the_mean_distance_in_millimetres():
    target = np.zeros((2, 2, 3))
    predicted = np.array([[[0, 0, 0], [0.003, 0.004, 0]], [[0, 0, 0.010], [0, 0.025, 0]]])
    assert mpjpe(predicted, target) == pytest.approx((0 + 5 + 10 + 25) / 4)
    np.testing.assert_allclose(joint_errors(predicted, target), [5, 15])


def test_n_mpjpe_takes_out_one_scale_for_the_clip_or_one_a_frame():
    target = poses()
    assert n_mpjpe(target * 1.3, target) == pytest.approx(0, abs=1e-9)
    by_frame = target * np.linspace(0.8, 1.2, 6)[:, None, None]
    assert n_mpjpe(by_frame, target, per_frame=True) == pytest.approx(0, abs=1e-9)
    assert n_mpjpe(by_frame, target) > 10


def test_n_mpjpe_by_hand():
    # Two points at 1 and 2 m for 1 and 1 m: the best scale is (1 + 2) / (1 + 4) = 0.6.
    predicted = np.array([[[1.0, 0, 0], [0, 2.0, 0]]])
    target = np.array([[[1.0, 0, 0], [0, 1.0, 0]]])
    assert n_mpjpe(predicted, target) == pytest.approx((400 + 200) / 2)


def test_pa_mpjpe_takes_out_a_similarity_of_each_frame():
    target = poses()
    predicted = np.stack(
        [0.7 * (1 + f) * pose @ turn(40 * f, f % 3).T + f for f, pose in enumerate(target)]
    )
    assert pa_mpjpe(predicted, target) == pytest.approx(0, abs=1e-6)
    assert mpjpe(predicted, target) > 100


def test_pa_mpjpe_is_no_reflection():
    target = poses()
    assert pa_mpjpe(target * [1, 1, -1], target) > 50


def test_pa_sequence_takes_out_one_rotation_and_scale_and_no_more():
    target = poses()
    rotation = turn(50, 0) @ turn(20, 2)
    assert pa_mpjpe_sequence(1.7 * target @ rotation.T, target) == pytest.approx(0, abs=1e-6)
    moved = target + [0.05, 0, 0]
    assert pa_mpjpe_sequence(moved, target) > 20
    assert pa_mpjpe_sequence(target * [1, 1, -1], target) > 50
    by_frame = np.stack([pose @ turn(15 * f, 1).T for f, pose in enumerate(target)])
    assert pa_mpjpe(by_frame, target) == pytest.approx(0, abs=1e-6)
    assert pa_mpjpe_sequence(by_frame, target) > 20


def test_measures_nest():
    target = poses()
    predicted = target + np.random.default_rng(1).normal(0, 0.1, target.shape)
    predicted -= predicted[:, :1]
    alone = mpjpe(predicted, target)
    assert pa_mpjpe(predicted, target) < pa_mpjpe_sequence(predicted, target) < alone
    assert n_mpjpe(predicted, target) < alone


def test_velocity_and_acceleration_by_hand():
    target = np.zeros((4, 1, 3))
    predicted = np.zeros((4, 1, 3))
    predicted[:, 0, 0] = [0, 0.001, 0.004, 0.009]  # steps of 1, 3, 5 mm; changes of 2 mm
    assert velocity_error(predicted, target) == pytest.approx(3)
    assert velocity_error(predicted, target, fps=30) == pytest.approx(90)
    assert acceleration_error(predicted, target) == pytest.approx(2)
    assert acceleration_error(predicted, target, fps=30) == pytest.approx(1800)
    assert velocity_error(predicted + 5, target) == pytest.approx(3)
    assert np.isnan(acceleration_error(predicted[:2], target[:2]))


def test_pck_and_auc_by_hand():
    target = np.zeros((1, 4, 3))
    predicted = np.zeros((1, 4, 3))
    predicted[0, :, 1] = [0.0, 0.0745, 0.149, 0.3]
    assert pck(predicted, target) == pytest.approx(0.75)
    assert pck(predicted, target, 74) == pytest.approx(0.25)
    # Over the 31 thresholds 0, 5, ..., 150: 0 is under 30 of them, 74.5 under 16, 149 under one.
    assert auc(predicted, target) == pytest.approx((30 + 16 + 1 + 0) / 4 / 31)


@pytest.mark.parametrize("measure", [*MEASURES, auc, joint_errors])
def test_what_does_not_fit_is_refused(measure):
    with pytest.raises(ShapeError, match=r"predicted.*\(6, 8, 3\)"):
        measure(poses()[:5], poses())
    with pytest.raises(ShapeError, match="target"):
        measure(poses()[0], poses()[0])
    with pytest.raises(ShapeError, match="at least one"):
        measure(poses()[:0], poses()[:0])


@pytest.mark.parametrize("measure", [*MEASURES, auc])
def test_nan_is_not_passed_over(measure):
    predicted = poses()
    predicted[2, 3] = np.nan
    assert np.isnan(measure(predicted, poses()))
