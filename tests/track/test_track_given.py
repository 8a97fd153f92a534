"""Tracks by the ids that somebody else gave."""

import numpy as np
import pytest

from hotvid.errors import ShapeError
from hotvid.track import tracks_as_given
from hotvid.types import Keypoints2D

N = 20


def seen(*at: tuple[int, float]) -> Keypoints2D:
    """People at (x, score)."""
    joints = np.arange(17)
    xy = [np.stack([x + joints, 100.0 + 3 * joints], -1) for x, _ in at]
    xy = np.array(xy, np.float32).reshape(-1, 17, 2)
    score = np.array([s for _, s in at], np.float32)
    return Keypoints2D(
        joint_set="coco17",
        xy_px=xy,
        score=np.broadcast_to(score[:, None], (len(at), 17)).copy(),
        box_px=np.concatenate([xy.min(1), xy.max(1)], -1).reshape(-1, 4),
        person_score=score,
    )


def test_people_keep_their_ids_wherever_they_go():
    # They change places in the middle, which no association by place could follow.
    clip = [
        seen((100, 0.9), (300, 0.8)) if f < 10 else seen((300, 0.9), (100, 0.8)) for f in range(N)
    ]
    ids = [np.array([7, 2])] * N
    two, seven = tracks_as_given(clip, ids, np.arange(N) / 30, first_frame=5)
    assert (two.track_id, seven.track_id) == (2, 7)
    assert seven.xy_px[[0, 9, 10, 19], 0, 0].tolist() == [100, 100, 300, 300]
    assert two.xy_px[[0, 9, 10, 19], 0, 0].tolist() == [300, 300, 100, 100]
    assert two.frame_index.tolist() == list(range(5, 5 + N))
    assert not two.interpolated.any()


def test_gaps_are_bridged_and_marked():
    clip = [seen((10.0 * f, 0.9)) if f not in (4, 5) else seen() for f in range(N)]
    ids = [np.zeros(len(one), np.int64) for one in clip]
    (track,) = tracks_as_given(clip, ids, np.arange(N) / 30)
    assert np.flatnonzero(track.interpolated).tolist() == [4, 5]
    np.testing.assert_allclose(track.xy_px[[4, 5], 0, 0], [40, 50], atol=0.5)
    assert (track.score[4] < 0.9).all()


def test_a_track_is_as_long_as_its_person_is_seen():
    clip = [seen(*[(50, 0.9)] * (f >= 3), *[(200, 0.8)] * (f < 15)) for f in range(N)]
    ids = [np.array([1] * (f >= 3) + [0] * (f < 15)) for f in range(N)]
    zero, one = tracks_as_given(clip, ids, np.arange(N) / 30)
    assert (zero.frame_index[0], zero.frame_index[-1]) == (0, 14)
    assert (one.frame_index[0], one.frame_index[-1]) == (3, 19)


def test_of_two_with_one_id_the_surer_counts():
    (track,) = tracks_as_given([seen((10, 0.9), (70, 0.5))], [np.array([3, 3])], np.zeros(1))
    assert track.xy_px[0, 0, 0] == 10


def test_of_two_who_are_equally_sure_the_latter_counts():
    (track,) = tracks_as_given([seen((10, 0.9), (70, 0.9))], [np.array([3, 3])], np.zeros(1))
    assert track.xy_px[0, 0, 0] == 70


def test_ids_below_0_are_nobodys():
    clip, pts_s = [seen((10, 0.9), (70, 0.5)), seen((11, 0.9))], np.arange(2) / 30
    (track,) = tracks_as_given(clip, [np.array([-1, 4]), np.array([-1])], pts_s)
    assert (track.track_id, track.frame_index.tolist()) == (4, [0])
    assert track.xy_px[0, 0, 0] == 70
    assert tracks_as_given(clip, [np.array([-1, -1]), np.array([-1])], pts_s) == []
    assert tracks_as_given([seen(), seen()], [np.zeros(0, int)] * 2, pts_s) == []


def test_ids_and_people_must_be_as_many():
    with pytest.raises(ShapeError):
        tracks_as_given([seen((10, 0.9))], [np.array([1, 2])], np.zeros(1))
