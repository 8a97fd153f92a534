"""Keypoints on a clip: frames, times and size are the video's, or those that are given."""

from dataclasses import replace

import numpy as np
import pytest
from keypoint_files import EMPTY_FRAME, N_FRAMES, SIZE_PX, body, mmpose_demo, ultralytics_txt
from small_poses import some_poses
from stand_ins import FPS, write_coded_clip
from stand_ins import SIZE_PX as CLIP_SIZE_PX
from stick_people import FIRST, two_people, uneven

from hotvid.errors import InputError, UsageError
from hotvid.io.keypoints import read_keypoints
from hotvid.io.keypoints.clip import lay_out
from hotvid.io.keypoints.table import KeypointTable, TableRows
from hotvid.stored.poses_json import write_json


def table_of(
    frames: list[int], people: list[int] | None = None, scale=1.0, **more
) -> KeypointTable:
    rows = TableRows()
    for row, frame in enumerate(frames):
        points = body("coco17", frame % 100, 0) * [scale, scale, 1]
        rows.add(frame, points, person=people[row] if people else None)
    return rows.table("csv", None, **more)


def test_a_clip_without_a_video_has_the_size_and_rate_that_are_given(tmp_path):
    clip = lay_out(read_keypoints(mmpose_demo(tmp_path)), size_px=SIZE_PX, fps=25.0)
    assert (clip.info.width, clip.info.height, clip.info.fps) == (*SIZE_PX, 25.0)
    assert clip.info.path == "" and clip.info.n_frames == N_FRAMES
    np.testing.assert_allclose(clip.pts_s, np.arange(N_FRAMES) / 25)
    assert [len(seen) for seen in clip.observations[:4]] == [1, 2, 0, 2]
    assert len(clip.observations) == N_FRAMES and clip.first_frame == 0
    first = clip.observations[0]
    np.testing.assert_allclose(first.xy_px[0], body("coco_wholebody133", 0, 0)[:, :2], atol=1e-3)


def test_shares_become_pixels(tmp_path):
    clip = lay_out(read_keypoints(ultralytics_txt(tmp_path)), size_px=SIZE_PX, fps=30.0)
    np.testing.assert_allclose(
        clip.observations[0].xy_px[0], body("coco17", 0, 0)[:, :2], atol=0.01
    )
    assert not len(clip.observations[EMPTY_FRAME])
    assert [ids.tolist() for ids in clip.person[:2]] == [[1], [2, 1]]


def test_a_clip_with_its_video_has_the_videos_frames_and_times(tmp_path):
    video = write_coded_clip(tmp_path / "a.mp4", 12)
    clip = lay_out(table_of([0, 7, 8], scale=0.5), video)
    assert (clip.info.width, clip.info.height) == CLIP_SIZE_PX and clip.info.path == str(video)
    np.testing.assert_allclose(clip.pts_s, np.arange(12) / FPS, atol=1e-3)
    assert [len(seen) for seen in clip.observations] == [1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0]
    assert clip.person is None


def test_the_first_frame_may_have_any_number():
    clip = lay_out(table_of([1001, 1003]), size_px=(640, 480), fps=30.0, first_number=1001)
    assert [len(seen) for seen in clip.observations] == [1, 0, 1]
    with pytest.raises(InputError, match="frame 1001, before the first, 1002"):
        lay_out(table_of([1001, 1003]), size_px=(640, 480), fps=30.0, first_number=1002)


def test_frames_beyond_the_video_are_refused(tmp_path):
    video = write_coded_clip(tmp_path / "a.mp4", 5)
    with pytest.raises(
        InputError, match=r"frame 5, but .*a.mp4 ends with frame 4; is it the right"
    ):
        lay_out(table_of([0, 5], scale=0.5), video)


def test_a_time_range_keeps_the_numbers():
    given = {"size_px": (640, 480), "fps": 10.0, "time_range_s": (0.3, 0.6)}
    clip = lay_out(table_of(list(range(20))), **given)
    assert clip.first_frame == 3 and clip.pts_s.tolist() == pytest.approx([0.3, 0.4, 0.5])
    assert clip.observations[0].xy_px[0, 0, 0] == body("coco17", 3, 0)[0, 0]
    with pytest.raises(InputError, match="no frame is from 5 to 6 s"):
        lay_out(table_of([0, 1]), size_px=(640, 480), fps=10.0, time_range_s=(5, 6))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "--video FILE, or --size WxH and --fps"),
        ({"fps": 30.0}, "--video FILE, or --size WxH$"),
        ({"size_px": (640, 480)}, "--video FILE, or --fps$"),
        ({"size_px": (0, 480), "fps": 30.0}, "0x480"),
        ({"size_px": (640, 99999), "fps": 30.0}, "640x99999"),
        ({"size_px": (640, 480), "fps": -1.0}, "fps is -1"),
        ({"size_px": (640, 480), "fps": float("nan")}, "fps is nan"),
    ],
)
def test_what_is_not_known_is_asked_for(given, says):
    with pytest.raises(UsageError, match=says):
        lay_out(table_of([0, 1]), **given)


def test_what_the_file_says_is_taken():
    clip = lay_out(table_of([0], size_px=(800, 600), fps=50.0, n_frames=4))
    assert (clip.info.width, clip.info.height, clip.info.fps, len(clip.pts_s)) == (800, 600, 50, 4)


def test_frames_before_the_first_are_none_at_the_end_either():
    table = table_of([1002, 1007], size_px=(800, 600), fps=50.0, last_number=1009)
    assert len(lay_out(table, first_number=1000).pts_s) == 10
    assert len(lay_out(table_of([2], size_px=(800, 600), fps=50.0, last_number=4)).pts_s) == 5


@pytest.mark.parametrize(
    "frames", [[10_000_050_001, 10_000_050_002], [0, 40_000_000], [5, 900_000]]
)
def test_numbers_that_are_no_frame_numbers_are_not_believed(frames):
    with pytest.raises(
        InputError, match=f"numbered from {frames[0]} to {frames[1]}.*--first-frame"
    ):
        lay_out(table_of(frames), size_px=(640, 480), fps=30.0)


def test_keypoints_of_a_larger_picture_are_noticed():
    with pytest.raises(InputError, match="at 186 pixels, but the picture is 20x30"):
        lay_out(table_of([1]), size_px=(20, 30), fps=30.0)


def test_ids_that_are_twice_in_a_frame_are_not_believed():
    frames = [f for f in range(50) for _ in range(2)]
    two = table_of(frames, [p for _ in range(50) for p in (3, 4)])
    given = {"size_px": (640, 480), "fps": 30.0}
    assert lay_out(two, **given).person is not None
    assert lay_out(table_of(frames, [3] * 100), **given).person is None


UNEVEN_S = (0.0, 0.09, 0.10, 0.19)


def test_times_of_the_file_are_the_clips():
    times = np.array([2, 0, 1, 3]), np.array(UNEVEN_S)[[2, 0, 1, 3]]
    given = {"size_px": (640, 480), "times": times}
    clip = lay_out(table_of([0, 3], **given, fps=20.0))
    assert clip.pts_s.tolist() == pytest.approx(UNEVEN_S) and clip.info.fps == 20
    numbered = lay_out(table_of([1, 4], **given | {"times": (times[0] + 1, times[1])}, fps=20.0,
                                first_number=1))  # fmt: skip
    assert numbered.pts_s.tolist() == pytest.approx(UNEVEN_S)
    assert lay_out(table_of([0, 3], **given), fps=10.0).pts_s.tolist() == [0, 0.1, 0.2, 0.3]


def test_times_that_the_file_lacks_are_between_and_beyond_the_others():
    given = {"size_px": (640, 480), "fps": 10.0, "n_frames": 7}
    clip = lay_out(table_of([2, 4], **given, times=(np.array([2, 4, 99]), np.array([5, 5.5, 9.0]))))
    assert clip.pts_s.tolist() == pytest.approx([4.8, 4.9, 5, 5.25, 5.5, 5.6, 5.7])
    with pytest.raises(InputError, match=r"times do not grow.*--fps"):
        lay_out(table_of([2, 4], **given, times=(np.array([2, 4]), np.array([5.0, 5.0]))))


def test_hotvids_own_json_keeps_its_times(tmp_path):
    poses = some_poses(4)
    write_json(replace(poses, pts_s=np.array(UNEVEN_S)), tmp_path / "a.json")
    clip = lay_out(read_keypoints(tmp_path / "a.json"))
    assert clip.pts_s.tolist() == pytest.approx(UNEVEN_S)
    late = two_people("h36m17")  # of a part of the video, in whose last frames nobody is
    write_json(uneven(replace(late, people=late.people[1:])), tmp_path / "b.json")
    clip = lay_out(read_keypoints(tmp_path / "b.json"))
    row = late.people[1].keypoints.frame_index
    np.testing.assert_allclose(clip.pts_s[row], uneven(late).pts_s[row - FIRST], atol=1e-6)
    np.testing.assert_allclose(clip.pts_s[: FIRST + 1], np.arange(FIRST + 1) / 25, atol=1e-6)
