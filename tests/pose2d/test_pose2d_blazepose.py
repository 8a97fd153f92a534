"""The backend as a whole, on frames of the shipped clip."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hotvid.config import Pose2DConfig
from hotvid.errors import UsageError
from hotvid.pose2d import DETECTORS, Kind, load_backend
from hotvid.pose2d.base import Boxes
from hotvid.pose2d.following import Followed
from hotvid.types import Frame

LEFT_HIP, RIGHT_HIP, NOSE, LEFT_ANKLE = 23, 24, 0, 27


def read(clip, first, count):
    video = cv2.VideoCapture(str(clip))
    frames = []
    for index in range(first + count):
        ok, bgr = video.read()
        assert ok
        if index >= first:
            frames.append(Frame(index, index / 30, bgr))
    return frames


@pytest.fixture(scope="module")
def walk(demo_clip):
    """Frames 100 to 111: the man stands on the roof, the woman walks on the lawn."""
    return read(demo_clip, 100, 12)


def everyone(backend, frames):
    """What the backend sees in all of `frames`."""
    return backend.estimate(frames) + backend.finish()


@pytest.fixture(scope="module")
def seen(walk):
    return everyone(load_backend(Pose2DConfig()), walk)


def hips(keypoints):
    return keypoints.xy_px[:, [LEFT_HIP, RIGHT_HIP]].mean(1)


def match(xy, places, tolerance):
    """The rows of `xy` next to each of `places`; fails unless they pair off."""
    assert len(xy) == len(places)
    order = [int(np.linalg.norm(xy - place, axis=-1).argmin()) for place in places]
    assert sorted(order) == list(range(len(places)))
    np.testing.assert_allclose(xy[order], places, atol=tolerance)
    return order


def test_exactly_the_two_people_are_found_where_they_are(seen):
    man, woman = match(hips(seen[0]), [(642, 260), (1028, 730)], 20)
    keypoints = seen[0]
    assert keypoints.joint_set == "blazepose33"
    assert keypoints.xy_px.shape == (2, 33, 2) and keypoints.xy_px.dtype == np.float32
    np.testing.assert_allclose(keypoints.xy_px[woman, NOSE], [1020, 560], atol=25)
    assert keypoints.xy_px[man, NOSE, 1] < 130
    assert (keypoints.person_score > 0.7).all()
    # In between, at (990, 245), is the sun.
    x0, y0, x1, y1 = keypoints.box_px[woman]
    assert y0 > 450 and 850 < x0 < 990 and 1080 < x1 < 1200 and y1 > 900


def test_everyone_is_followed_and_moves_the_way_they_walk(seen):
    for keypoints in seen:
        assert len(keypoints) == 2
    last = hips(seen[-1])
    match(last, [(670, 262), (918, 720)], 30)


def test_boxes_hold_the_joints_and_scores_are_chances(seen):
    for keypoints in seen:
        assert (keypoints.score >= 0).all() and (keypoints.score <= 1).all()
        sure = keypoints.score > 0.5
        low, high = keypoints.box_px[:, None, :2], keypoints.box_px[:, None, 2:]
        inside = ((keypoints.xy_px >= low) & (keypoints.xy_px <= high)).all(-1)
        assert inside[sure].all() and sure.mean() > 0.8


def test_how_frames_are_cut_into_calls_changes_nothing(walk, seen):
    backend = load_backend(Pose2DConfig())
    cut = [k for a, b in ((0, 1), (1, 6), (6, 12)) for k in backend.estimate(walk[a:b])]
    cut += backend.finish()
    for one, other in zip(seen, cut, strict=True):
        np.testing.assert_array_equal(one.xy_px, other.xy_px)
        np.testing.assert_array_equal(one.score, other.score)


@pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180])
def test_a_picture_on_its_side_gives_the_same_people(walk, seen, turn):
    bgr = walk[0].bgr
    found = everyone(load_backend(Pose2DConfig()), [Frame(0, 0.0, cv2.rotate(bgr, turn))])[0]
    height, width = bgr.shape[:2]
    x, y = found.xy_px[..., 0], found.xy_px[..., 1]
    if turn == cv2.ROTATE_90_CLOCKWISE:
        back = np.stack([y, height - 1 - x], -1)
    else:
        back = np.stack([width - 1 - x, height - 1 - y], -1)
    order = match(back[:, [LEFT_HIP, RIGHT_HIP]].mean(1), hips(seen[0]), 30)
    joints = [NOSE, 25, 26, 27, 28]
    for one, other in zip(seen[0].xy_px, order, strict=True):
        assert np.median(np.linalg.norm(one[joints] - back[other][joints], axis=-1)) < 30


def test_a_mirrored_picture_exchanges_left_and_right(walk, seen):
    bgr = np.ascontiguousarray(walk[0].bgr[:, ::-1])
    found = everyone(load_backend(Pose2DConfig()), [Frame(0, 0.0, bgr)])[0]
    back = found.xy_px * [-1, 1] + [bgr.shape[1] - 1, 0]
    order = match(back[:, [LEFT_HIP, RIGHT_HIP]].mean(1), hips(seen[0]), 30)
    for one, other in zip(seen[0].xy_px, order, strict=True):
        same = np.linalg.norm(one[LEFT_ANKLE] - back[other][LEFT_ANKLE])
        exchanged = np.linalg.norm(one[LEFT_ANKLE] - back[other][LEFT_ANKLE + 1])
        assert exchanged < same or same < 15  # the man's ankles are close together


@pytest.mark.parametrize("mode", ["fast", "balanced"])
def test_nobody_is_nowhere(mode):
    rng = np.random.default_rng(0)
    pictures = [
        np.zeros((270, 480, 3), np.uint8),
        rng.integers(0, 256, (240, 320, 3), np.uint8),
        np.full((5, 3, 3), 255, np.uint8),
    ]
    for picture in pictures:
        found = everyone(load_backend(Pose2DConfig(mode=mode)), [Frame(0, 0.0, picture)])[0]
        assert len(found) == 0
        assert found.xy_px.shape == (0, 33, 2)


def test_people_80_pixels_tall_are_found_in_a_picture_of_720_lines(demo_clip):
    (frame,) = read(demo_clip, 80, 1)
    picture = np.zeros((720, 1280, 3), np.uint8)
    picture[270:450, 480:800] = cv2.resize(frame.bgr, (320, 180), interpolation=cv2.INTER_AREA)
    (found,) = everyone(load_backend(Pose2DConfig(mode="fast")), [Frame(0, 0.0, picture)])
    (large,) = everyone(load_backend(Pose2DConfig(mode="fast")), [frame])
    scale = frame.bgr.shape[1] / 320
    match(hips(found), hips(large) / scale + [480, 270], 4)


def test_after_a_cut_the_new_scene_is_searched_at_once(walk):
    empty = np.full_like(walk[0].bgr, 60)
    backend = load_backend(Pose2DConfig(mode="fast"))
    scene = [empty] * 7 + [walk[0].bgr] + [empty] * 2
    frames = [Frame(i, 0.0, f, is_cut=i in (7, 8)) for i, f in enumerate(scene)]
    assert [len(k) for k in everyone(backend, frames)] == [0] * 7 + [2, 0, 0]


def test_what_comes_out_of_the_dark_is_searched_at_once(walk):
    """No cut: the same shot may go on after somebody stood before the lens."""
    dark = np.zeros_like(walk[0].bgr)
    backend = load_backend(Pose2DConfig(mode="fast"))
    scene = [f.bgr for f in walk[:2]] + [dark] * 18 + [f.bgr for f in walk[:2]]
    frames = [Frame(i, i / 30, f) for i, f in enumerate(scene)]
    counts = [len(k) for k in everyone(backend, frames)]
    assert counts == [2, 2] + [0] * 18 + [2, 2]


def test_where_frames_are_few_who_comes_in_is_found_at_once(walk):
    bgr = walk[0].bgr
    alone = bgr.copy()
    alone[500:] = bgr[500:, :60].mean((0, 1)).astype(np.uint8)  # the lawn, without the woman
    backend = load_backend(Pose2DConfig(mode="fast"))
    scene = [alone, alone, bgr, bgr]
    frames = [Frame(i, 1.0 * i, f) for i, f in enumerate(scene)]
    counts = [len(k) for k in everyone(backend, frames)]
    assert counts == [1, 1, 2, 2]


def test_two_side_by_side_are_both_found(walk):
    """The detector sees only the one of a group who stands out; so it is asked without her."""
    bgr = walk[0].bgr.copy()
    woman = bgr[520:960, 900:1160]
    bgr[520:960, 1160:1300] = woman[:, 120:]  # her again, a step behind
    bgr[520:960, 1150:1160] = bgr[520:960, 1300:1310]
    (found,) = everyone(load_backend(Pose2DConfig(mode="fast")), [Frame(0, 0.0, bgr)])
    match(hips(found), [(642, 260), (1028, 730), (1168, 730)], 30)


def test_who_is_cut_off_at_the_hips_is_found(walk, seen):
    (found,) = everyone(load_backend(Pose2DConfig()), [Frame(0, 0.0, walk[0].bgr[:720].copy())])
    assert len(found) == 2
    woman = int(found.xy_px[:, NOSE, 1].argmax())
    whole = seen[0].xy_px[seen[0].xy_px[:, NOSE, 1].argmax()]
    upper = [NOSE, 11, 12, 13, 14]
    off = np.linalg.norm(found.xy_px[woman][upper] - whole[upper], axis=-1)
    assert np.median(off) < 20
    assert (found.box_px[woman] >= 0).all() and found.box_px[woman, 3] <= 720


@pytest.mark.parametrize("n", [0, 4, 8])
def test_who_is_filmed_down_to_the_chest_is_found_and_followed(walk, seen, n):
    """Head and shoulders fill the picture, as before a camera on a desk."""
    woman = seen[n].xy_px[np.argmax(hips(seen[n])[:, 1])]
    shoulders, waist = woman[[11, 12]].mean(0), woman[[LEFT_HIP, RIGHT_HIP]].mean(0)
    trunk = np.linalg.norm(waist - shoulders)
    x0, y0 = (shoulders - trunk * np.array([1.5, 1.2])).astype(int)
    x1, y1 = (shoulders + trunk * np.array([1.5, 0.35])).astype(int)
    close = Frame(0, 0.0, np.ascontiguousarray(walk[n].bgr[y0:y1, x0:x1]))
    again = Frame(1, 1 / 30, close.bgr)
    for keypoints in everyone(load_backend(Pose2DConfig()), [close, again]):
        assert len(keypoints) == 1
        at = keypoints.xy_px[0, [NOSE, 11, 12]] + [x0, y0]
        np.testing.assert_allclose(at, woman[[NOSE, 11, 12]], atol=0.35 * trunk)


def test_of_two_found_on_one_body_in_one_frame_the_less_sure_goes(walk):
    """As where a back seen from above was taken for somebody upside down, too."""
    backend = load_backend(Pose2DConfig(mode="fast"))
    backend.estimate(walk[:1])
    one, other = backend._people
    centre = one.body.xy_px.mean(0)
    upside_down = centre - 0.8 * (one.body.xy_px - centre)
    mistaken = Followed(replace(one.body, xy_px=upside_down, presence=0.7))
    backend._people.append(mistaken)
    assert one.age == mistaken.age
    assert backend._is_mistaken_newcomer(mistaken)
    assert not backend._is_mistaken_newcomer(one) and not backend._is_mistaken_newcomer(other)


def test_unknown_names_are_refused_with_the_choices():
    with pytest.raises(UsageError, match="blazepose"):
        load_backend(Pose2DConfig(backend="openpose"))
    with pytest.raises(UsageError, match="balanced"):
        load_backend(Pose2DConfig(mode="turbo"))


@pytest.mark.slow
def test_the_clip_from_end_to_end(demo_clip):
    seen = everyone(load_backend(Pose2DConfig()), read(demo_clip, 0, 230))
    lost = 0
    for index, keypoints in enumerate(seen):
        x, y = hips(keypoints).T if len(keypoints) else np.zeros((2, 0))
        if 48 <= index <= 195:
            woman = np.interp(index, [48, 100, 150, 195], [1505, 1028, 529, 60])
            assert ((np.abs(x - woman) < 60) & (y > 600)).any(), index
        if index < 160:
            assert ((x > 560) & (x < 840) & (y < 400)).any(), index
        elif index < 190:  # the somersault
            lost += not ((x > 600) & (y > 150)).any()
        elif index < 225:
            assert ((x > 900) & (y > 550)).any(), index
        assert len(keypoints) <= 2, index
    assert lost <= 10


class Given:
    """A detector that always gives the same boxes."""

    name, follows = "given", False

    def __init__(self, box_px):
        self.boxes = Boxes(np.array(box_px, np.float32), np.full(len(box_px), 0.8, np.float32))

    def detect(self, frame):
        return self.boxes

    def close(self):
        pass


def test_its_landmarks_go_behind_another_detector(walk, seen, monkeypatch):
    # Boxes of a detector are neither centred at the hips nor as large as a landmark's box.
    given = Given([(550, 10, 720, 470), (900, 520, 1150, 960)])
    kind = Kind(lambda config, model: given, "", "FILE")
    monkeypatch.setitem(DETECTORS, "given", kind)
    backend = load_backend(Pose2DConfig(detector="given:x"))
    assert backend.name == "blazepose-full, people by given"
    assert backend.joint_set == "blazepose33"
    for frame, own in zip(walk[::4], seen[::4], strict=True):
        (found,) = everyone(backend, [frame])
        order = match(hips(found), hips(own), 12)
        apart = np.linalg.norm(found.xy_px[order] - own.xy_px, axis=-1)
        sure = own.score > 0.7
        assert sure.sum() > 30 and np.median(apart[sure]) < 6
        np.testing.assert_array_equal(found.person_score, np.float32([0.8, 0.8]))
    backend.close()


def test_its_own_search_named_as_the_detector_is_the_default():
    named = load_backend(Pose2DConfig(detector="blazepose"))
    assert named.name == "blazepose-full, corrected by blazepose-heavy"
