import numpy as np
import pytest

from hotvid.types import VideoInfo, frame_rate

VIDEO = VideoInfo("a.mp4", 64, 48, 25.0)


@pytest.mark.parametrize(
    ("pts_s", "fps"),
    [
        (np.arange(300) / 30, 30.0),
        (np.concatenate([np.arange(300) / 30, 70 + np.arange(300) / 30]), 30.0),  # a pause
        (np.delete(np.arange(301) / 30, range(5, 300, 10)), 27.0),  # dropped frames
        (np.round(np.arange(300) / 29.97, 3), 29.97),  # milliseconds, as Matroska's
        (np.array([0.0, 3600.0]), 1 / 3600),
        (np.array([0.0]), 25.0),
        (np.array([]), 25.0),
    ],
)
def test_the_frame_rate_is_that_of_the_time_that_was_recorded(pts_s, fps):
    assert frame_rate(pts_s, VIDEO) == pytest.approx(fps, rel=1e-4)
