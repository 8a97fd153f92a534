"""What a finished job says."""

from dataclasses import replace

import numpy as np
from stick_people import only, two_people

from hotvid.cli.summary import summary


def lines_of(poses):
    return summary(poses, 1.0, []).splitlines()


def test_people_who_were_not_seen_in_all_of_their_frames():
    poses = two_people()
    assert [p.keypoints.interpolated.sum() for p in poses.people] == [3, 2]
    assert lines_of(poses)[1:3] == [
        "  person 0: frames 5 to 16, not seen in 3 of them",
        "  person 3: frames 8 to 13, not seen in 2 of them",
    ]
    (person,) = only(poses, 0).people
    track = replace(person.keypoints, interpolated=np.zeros(12, bool))
    seen = replace(poses, people=(replace(person, keypoints=track),))
    assert lines_of(seen)[1] == "  person 0: frames 5 to 16"
