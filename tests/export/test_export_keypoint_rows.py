"""Who is in each frame, for formats that go frame by frame."""

from types import SimpleNamespace

import numpy as np

from hotvid.export.keypoint_rows import people_by_frame


def person(first, length):
    return SimpleNamespace(keypoints=Frames(first, length))


class Frames:
    def __init__(self, first, length):
        self.frame_index = np.arange(first, first + length)

    def __len__(self):
        return len(self.frame_index)


def test_everyone_is_in_their_own_frames_in_the_order_of_the_people():
    chance = np.random.default_rng(3)
    # Whoever is there from before the first frame that was read, or after the last, counts, too.
    spans = chance.integers((0, 1), (90, 30), (60, 2)).tolist()
    people = [person(first, length) for first, length in spans]
    poses = SimpleNamespace(first_frame=10, n_frames=70, people=people)
    seen = list(people_by_frame(poses))
    assert [frame for frame, _ in seen] == list(range(10, 80))
    for frame, rows in seen:
        expected = [
            (k, frame - first) for k, (first, n) in enumerate(spans) if first <= frame < first + n
        ]
        assert [(people.index(row.person), row.row) for row in rows] == expected
