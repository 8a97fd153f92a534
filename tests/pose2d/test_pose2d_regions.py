import numpy as np
import pytest

from hotvid.pose2d.blazepose_landmarks import crop_region
from hotvid.pose2d.regions import (
    MIRROR,
    Region,
    box_overlap,
    keypoint_box,
    keypoint_similarity,
    off_limbs,
    region_from_points,
    same_place,
)

RNG = np.random.default_rng(3)


def body(x=0.0, y=0.0, height=300.0):
    """A standing figure of 33 points whose left and right differ."""
    unit = np.random.default_rng(5).normal(0, 0.02, (33, 2))
    for joint, place in {
        0: (0, 0),
        11: (0.12, 0.18),
        12: (-0.12, 0.18),
        13: (0.16, 0.35),
        14: (-0.16, 0.35),
        15: (0.18, 0.5),
        16: (-0.18, 0.5),
        23: (0.08, 0.5),
        24: (-0.08, 0.5),
        25: (0.08, 0.75),
        26: (-0.08, 0.75),
        27: (0.08, 1.0),
        28: (-0.08, 1.0),
    }.items():
        unit[joint] = place
    return (unit * height + [x, y]).astype(np.float32)


@pytest.mark.parametrize("angle", [0, 0.3, np.pi / 2, -2.5])
def test_crop_matrix_and_to_picture_agree(angle):
    region = Region(700, 420, 333, angle)
    points = RNG.uniform(0, 256, (20, 2))
    by_matrix = points @ region.crop_matrix(256)[:, :2].T + region.crop_matrix(256)[:, 2]
    np.testing.assert_allclose(by_matrix, region.to_picture(points, 256))
    np.testing.assert_allclose(region.to_picture(np.array([128.0, 128.0]), 256), [700, 420])


def test_a_region_stands_its_body_upright():
    for direction in ([0, -1], [1, 0], [0.6, 0.8], [-1, 0.2]):
        hips = np.array([300.0, 200.0])
        rim = hips + 80 * np.array(direction) / np.hypot(*direction)
        region = region_from_points(hips, rim)
        assert region.side == pytest.approx(2.5 * 80)
        # In the crop the rim is straight above the middle, at 1 / 1.25 of the half side.
        up = region.to_picture(np.array([128, 128 - 128 / 1.25]), 256)
        np.testing.assert_allclose(up, rim)


@pytest.mark.parametrize("side", [100, 200, 400, 900, 1800])
@pytest.mark.parametrize("angle", [0, 1.0, -2.0])
def test_what_the_crop_shows_maps_back_to_where_it_was(side, angle):
    picture = np.zeros((1000, 1200, 3), np.uint8)
    spot = np.array([612, 490])
    radius = max(side // 40, 2)
    picture[spot[1] - radius : spot[1] + radius + 1, spot[0] - radius : spot[0] + radius + 1] = 255
    region = Region(600, 500, side, angle)
    crop = np.full((256, 256, 3), 7, np.uint8)
    crop_region(picture, region, crop)
    weight = crop[..., 0].astype(float)
    rows, columns = np.mgrid[:256, :256]
    seen = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
    np.testing.assert_allclose(region.to_picture(seen, 256), spot, atol=max(side / 256, 1) * 0.3)


def test_a_crop_beyond_the_picture_is_black():
    crop = np.full((256, 256, 3), 7, np.uint8)
    crop_region(np.full((100, 100, 3), 255, np.uint8), Region(5000, 5000, 900, 0.1), crop)
    assert (crop == 0).all()


def test_similarity_is_one_for_the_same_falls_with_distance_and_ignores_scale():
    a = body()
    assert keypoint_similarity(a, a) == pytest.approx(1)
    near, far = keypoint_similarity(a, a + 5), keypoint_similarity(a, a + 60)
    assert 1 > near > 0.8 > 0.3 > far
    assert keypoint_similarity(a * 3, (a + 5) * 3) == pytest.approx(near, abs=1e-5)
    assert keypoint_similarity(a, a[MIRROR]) < 0.7


def test_people_side_by_side_are_not_in_the_same_place():
    standing = Region(500, 300, 450, 0)
    assert same_place(standing, Region(520, 310, 500, 0.2))
    assert not same_place(standing, Region(590, 300, 450, 0))
    assert not same_place(standing, Region(500, 300, 200, 0))


def test_box_overlap_is_intersection_over_union():
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6.0]])
    np.testing.assert_allclose(box_overlap(boxes[0], boxes), [1, 1 / 3, 0])


def test_the_box_holds_the_keypoints_and_stays_in_the_picture():
    box = keypoint_box(body(50, 30), (1000, 200))
    assert box.dtype == np.float32
    low, high = body(50, 30).min(0), body(50, 30).max(0)
    assert (box[:2] <= np.maximum(low, 0)).all()
    assert box[0] >= 0 and box[3] == 200
    assert box[2] > high[0]


def test_how_far_points_are_from_limbs():
    stands = body(500, 200)
    knee, ankle = stands[25], stands[27]
    points = np.array([knee, (knee + ankle) / 2 + [30, 0], ankle + [0, 40], [500, 0]])
    np.testing.assert_allclose(off_limbs(points, stands), [0, 30, 40, 200], atol=1e-3)
    assert (off_limbs(stands[[13, 16, 24]], stands) < 1e-3).all()
