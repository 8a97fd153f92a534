"""A part of a clip's frames and poses, by seconds."""

from dataclasses import replace

import numpy as np
import pytest
from small_poses import some_poses

from hotvid.errors import InputError
from hotvid.pipeline import settle
from hotvid.time_range import poses_within, rows_within


def test_rows_are_those_from_the_start_to_before_the_end():
    pts_s = np.arange(12) / 30  # 0.1 is a hair below the third
    assert rows_within(pts_s, None) == slice(0, 12)
    assert rows_within(pts_s, (0.1, 0.2)) == slice(3, 6)
    assert rows_within(pts_s, (0.09, 9.0)) == slice(3, 12)
    with pytest.raises(InputError, match=r"no frame is from 0.4 to 1 s; the last is at 0.37 s"):
        rows_within(pts_s, (0.4, 1.0))


def test_a_part_holds_the_same_rows_of_everything():
    whole = settle(replace(some_poses(n_people=2), first_frame=0, cuts=(2, 5, 9)))
    part = poses_within(whole, (0.1, 0.3))
    assert part.first_frame == 3 and part.n_frames == 6 and part.cuts == (5,)
    assert part.pts_s.tolist() == whole.pts_s[3:9].tolist() and part.world is whole.world
    for before, after in zip(whole.people, part.people, strict=True):
        assert after.track_id == before.track_id
        assert after.keypoints.frame_index.tolist() == list(range(3, 9))
        for pick in (
            lambda p: p.detected.xy_px,
            lambda p: p.keypoints.score,
            lambda p: p.motion.xyz_m,
            lambda p: p.motion.root_m,
            lambda p: p.world.xyz_m,
            lambda p: p.world.contact,
            lambda p: p.angles.degrees,
            lambda p: p.confidence,
        ):
            np.testing.assert_array_equal(pick(after), pick(before)[3:9])


def test_who_is_not_seen_in_a_part_is_not_in_it():
    whole = some_poses(n_people=3)
    late, bridged, through = whole.people

    def of(person, rows, interpolated=()):
        track = person.keypoints
        gap = np.isin(track.frame_index, list(interpolated))
        cut = {
            n: getattr(track, n)[rows]
            for n in ("frame_index", "xy_px", "score", "box_px", "person_score")
        }
        track = replace(track, interpolated=gap[rows], **cut)
        motion = replace(
            person.motion, xyz_m=person.motion.xyz_m[rows], root_m=person.motion.root_m[rows]
        )
        return replace(person, detected=track, keypoints=track, motion=motion)

    people = (of(late, slice(6, 12)), of(bridged, slice(0, 12), range(2, 6)), through)
    part = poses_within(replace(whole, people=people), (0.08, 0.2))
    assert [p.track_id for p in part.people] == [2]
    part = poses_within(replace(whole, people=people), (0.08, 0.21))
    assert [(p.track_id, len(p.keypoints)) for p in part.people] == [(0, 1), (1, 4), (2, 4)]
    assert part.people[0].keypoints.frame_index.tolist() == [6]
