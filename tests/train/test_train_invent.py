"""Invented motions: bodies as long as before, joints that bend as joints do, no jumps."""

import numpy as np
import pytest
from test_train_stream import walker

from hotvid.train.augment import chest_axes, pelvis_axes
from hotvid.train.invent import _arm_poses, _way, invent
from hotvid.train.motions import fill_torso

BONES = ((0, 8), (8, 9), (9, 10), (11, 12), (12, 13), (14, 15), (15, 16)) + (
    (1, 2),
    (2, 3),
    (4, 5),
    (5, 6),
    (8, 11),
    (8, 14),
)


@pytest.fixture
def clips():
    return np.stack([walker()[:240]] * 24), np.tile(np.arange(240) / 120, (24, 1))


def unit(v):
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def invented(clips, chance=1.0, seed=3):
    return invent(np.random.default_rng(seed), *clips, chance)


def in_trunk(axes, v):
    return (np.swapaxes(axes, -1, -2) @ v[..., None])[..., 0]


def test_bones_keep_their_lengths(clips):
    before, after = clips[0], invented(clips)
    for a, b in BONES:
        was, now = (np.linalg.norm(x[:, :, a] - x[:, :, b], axis=-1) for x in (before, after))
        assert now == pytest.approx(was, abs=2e-5)
    assert np.isfinite(after).all() and after.dtype == before.dtype
    assert after[:, :, 0] == pytest.approx(before[:, :, 0])


def test_a_seed_gives_the_same_again_and_no_chance_gives_what_came(clips):
    assert np.array_equal(invented(clips), invented(clips))
    assert not np.array_equal(invented(clips), invented(clips, seed=4))
    rng = np.random.default_rng(5)
    assert np.array_equal(invent(rng, *clips, 0.0), clips[0])
    assert rng.random() == np.random.default_rng(5).random(), "and the stream is as it ever was"


def test_about_as_many_are_changed_as_are_asked_for(clips):
    many = tuple(np.repeat(each, 40, 0) for each in clips)
    after = invented(many, chance=0.25)
    moved = np.abs(after - many[0]).max((1, 3)) > 1e-3
    legs, arms, chest = moved[:, (3, 6)].any(1), moved[:, (13, 16)].any(1), moved[:, 8]
    assert legs.mean() == pytest.approx(0.25, abs=0.05)
    assert chest.mean() == pytest.approx(0.25, abs=0.05)
    assert arms.mean() == pytest.approx(1 - 0.75**2, abs=0.05)  # the trunk takes arms along


def test_nothing_jumps(clips):
    after = invented(clips)
    speed = np.linalg.norm(np.diff(after - after[:, :, :1], axis=1), axis=-1) * 120
    assert speed.max() < 40  # metres a second; a jump of 0.5 m would be 60
    assert 0.2 < speed[:, :, (13, 16)].mean() < 5


def test_knees_bend_backwards_and_legs_do_not_cross_far(clips):
    after = invented(clips)
    axes = pelvis_axes(after)
    for (hip, knee, ankle), outward in (((4, 5, 6), 1), ((1, 2, 3), -1)):
        thigh = in_trunk(axes, unit(after[:, :, knee] - after[:, :, hip]))
        shin = in_trunk(axes, unit(after[:, :, ankle] - after[:, :, knee]))
        # Which way the shin turns from the thigh, about the axis to the left.
        bend = shin - (shin * thigh).sum(-1, keepdims=True) * thigh
        hinge = np.cross(thigh, bend)[..., 0]
        bent = np.linalg.norm(bend, axis=-1) > 0.3
        assert bent.any() and (hinge[bent] > 0).mean() > 0.95
        assert (outward * thigh[..., 0]).min() > -0.5


def test_trunks_bend_ahead_and_thighs_are_lifted_before_the_body(clips):
    after = invented(clips)
    axes = pelvis_axes(after)
    trunk = in_trunk(pelvis_axes(clips[0]), unit(after[:, :, 8] - after[:, :, 0]))
    low = trunk[..., 1] < 0.7
    assert low.any() and (trunk[low][:, 2] > 0.3).all()
    for hip, knee in ((4, 5), (1, 2)):
        thigh = in_trunk(axes, unit(after[:, :, knee] - after[:, :, hip]))
        lifted = thigh[..., 1] > -0.5
        assert lifted.any() and (thigh[lifted][:, 2] > 0).mean() > 0.95
    np.testing.assert_allclose(fill_torso(after.copy()), after, atol=1e-5)


def test_both_limbs_do_the_same_in_a_third_of_the_clips(clips):
    many = tuple(np.repeat(each[:, ::24], 10, 0) for each in clips)
    after = invented(many)
    chest = chest_axes(after)
    left, right = (
        in_trunk(chest, unit(after[:, :, a] - after[:, :, b])) for a, b in ((12, 11), (15, 14))
    )
    alike = (np.abs(left - right * [-1, 1, 1]) < 1e-3).all((1, 2))
    # Half of the clips have both arms moved, 35 in a hundred of them alike.
    assert alike.mean() == pytest.approx(0.5 * 0.35, abs=0.06)


def test_arms_keep_to_what_shoulders_let_them():
    pose = _arm_poses(np.random.default_rng(0), 4000)
    upper = pose[:, :3]
    np.testing.assert_allclose(np.linalg.norm(upper, axis=1), 1, atol=1e-9)
    assert (upper[1:] * upper[:-1]).sum(1).min() > -0.5 - 1e-9, "no way between them is a jump"
    for across in (0, 2):  # over the chest, and behind the back
        assert (upper[:, across] < -0.6).mean() < 0.03 < (upper[:, across] > 0.6).mean()


def test_who_goes_from_pose_to_pose_rests_and_starts_and_stops_gently():
    rng, keys = np.random.default_rng(1), [np.linspace(0, 90, 400)[:, None]]
    time_s = np.arange(0, 60, 1 / 120)
    way = _way(rng, time_s[None], lambda _, n: keys[0][:n])[0, :, 0]
    speed = np.abs(np.diff(way)) * 120
    moving = speed > 1e-9
    assert 0.05 < (~moving).mean() < 0.65
    starts = np.flatnonzero(moving[1:] & ~moving[:-1]) + 1
    assert len(starts) > 5 and np.median(speed[starts]) < 0.1 * speed.max()


def test_elbows_bend_at_most_as_far_as_arms_let_them_and_every_way_is_there(clips):
    after = invented(clips)
    axes = chest_axes(after)
    for (shoulder, elbow, wrist), side in (((11, 12, 13), 1), ((14, 15, 16), -1)):
        upper = in_trunk(axes, unit(after[:, :, elbow] - after[:, :, shoulder]))
        fore = in_trunk(axes, unit(after[:, :, wrist] - after[:, :, elbow]))
        assert np.degrees(np.arccos((upper * fore).sum(-1).clip(-1, 1))).max() < 146
        assert upper[..., 1].min() < -0.9 and upper[..., 1].max() > 0.5  # hanging, raised
        assert (side * upper[..., 0]).max() > 0.8 and upper[..., 2].max() > 0.7


def test_a_hanging_arm_bends_forward(clips):
    from hotvid.train.invent import _arm_directions

    ways = np.array([[0, -1, 0, 90, 0], [0, -1, 0, 90, 90], [1, 0, 0, 90, 0], [0, 0, 1, 90, 0]])
    upper, fore = _arm_directions(ways[None].astype(float))
    assert upper[0] == pytest.approx(ways[:, :3])
    assert fore[0] == pytest.approx(
        np.array([[0, 0, 1], [-1, 0, 0], [0, 0, 1], [0, 1, 0]]), abs=2e-3
    )
