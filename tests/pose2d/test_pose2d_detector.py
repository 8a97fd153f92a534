import numpy as np
import pytest

from hotvid.errors import WeightsError
from hotvid.pose2d.blazepose_detector import (
    INPUT_SIZE,
    PersonDetector,
    anchors,
    blend_overlaps,
    cut_tile,
    decode,
    hide,
)
from hotvid.pose2d.tiles import Tile


def test_anchors_are_the_three_grids_row_by_row():
    centres = anchors()
    assert centres.shape == (28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6, 2) == (2254, 2)
    np.testing.assert_allclose(centres[:3], [[0.5 / 28, 0.5 / 28]] * 2 + [[1.5 / 28, 0.5 / 28]])
    np.testing.assert_allclose(centres[2 * 28], [0.5 / 28, 1.5 / 28])  # the second row
    np.testing.assert_allclose(centres[1568], [0.5 / 14, 0.5 / 14])  # the second grid
    np.testing.assert_allclose(centres[1960 + 6 * 8], [1.5 / 7, 1.5 / 7])  # the third, cell (1, 1)
    np.testing.assert_allclose(centres[-1], [6.5 / 7, 6.5 / 7])


def test_decode_places_box_and_points_around_the_anchor():
    boxes, logits = np.zeros((2254, 12)), np.full(2254, -9.0)
    at = 1960 + 6 * 24  # cell (3, 3) of the coarse grid: the middle
    boxes[at, :4] = 22.4, -11.2, 44.8, 67.2
    boxes[at, 4:8] = 0, 22.4, 0, -67.2
    logits[at] = 2.0
    box, points, score = decode(boxes, logits, 0.5)
    np.testing.assert_allclose(box, [[0.5, 0.3, 0.7, 0.6]], atol=1e-6)
    np.testing.assert_allclose(points[0, :2], [[0.5, 0.6], [0.5, 0.2]], atol=1e-6)
    np.testing.assert_allclose(score, [1 / (1 + np.exp(-2.0))])


def test_decode_keeps_only_what_is_over_the_threshold():
    logits = np.full(2254, -9.0)
    logits[:2] = 0.8, 0.9
    assert len(decode(np.zeros((2254, 12)), logits, 1 / (1 + np.exp(-0.85)))[2]) == 1


def test_overlaps_are_blended_by_score_and_best_comes_first():
    boxes = np.array([[0, 0, 1, 1], [0.1, 0, 1.1, 1], [3, 3, 4, 4.0]])
    points = np.arange(3)[:, None, None] * np.ones((3, 4, 2))
    merged, scores = blend_overlaps(boxes, points, np.array([0.6, 0.2, 0.9]))
    np.testing.assert_allclose(scores, [0.9, 0.6])
    np.testing.assert_allclose(merged[0], 2)
    np.testing.assert_allclose(merged[1], 0.25)  # 0 and 1, weighted 0.6 to 0.2


def test_nothing_detected_is_an_empty_list_of_points():
    points, scores = blend_overlaps(np.zeros((0, 4)), np.zeros((0, 4, 2)), np.zeros(0))
    assert points.shape == (0, 4, 2)
    assert len(scores) == 0


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (63, 48), (300, 7), (1, 1)])
def test_the_whole_picture_lies_in_the_middle_of_its_tile(size):
    height, width = size
    side = max(size)
    tile = Tile((width - side) // 2, (height - side) // 2, side)
    square = cut_tile(np.full((height, width, 3), 200, np.uint8), tile)
    covered = (square[..., 0] == 200).sum() / INPUT_SIZE**2
    assert covered == pytest.approx(width * height / side**2, abs=0.02)
    assert (square[INPUT_SIZE // 2, INPUT_SIZE // 2] == 200).all()


def test_a_tile_shows_its_own_part():
    picture = np.zeros((600, 800, 3), np.uint8)
    picture[200:400, 500:700] = 255
    assert (cut_tile(picture, Tile(500, 200, 200)) == 255).all()
    quarter = cut_tile(picture, Tile(400, 100, 200)) > 128
    assert quarter[114:, 114:].all()
    assert not quarter[:110].any()


def test_damaged_weights_are_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"no network")
    with pytest.raises(WeightsError, match=r"broken\.tflite"):
        PersonDetector(path, 1)


def test_a_body_that_is_hidden_fades_into_what_is_around_it():
    square = np.full((224, 224, 3), 90, np.uint8)
    points = np.tile([400.0, 400.0], (33, 1))  # not in the tile
    untouched = square.copy()
    hide(square, [])
    hide(square, [points])
    np.testing.assert_array_equal(square, untouched)
    points[:] = 112.0
    for joint, y in ((0, 52), (11, 72), (12, 72), (23, 112), (24, 112), (25, 142), (26, 142)):
        points[joint] = [112 + (8 if joint % 2 else -8), y]
    points[[13, 14, 15, 16]] = [112, 100]
    points[[27, 28]] = [112, 172]
    square[50:175, 104:121] = 250
    square[100:110, 20:30] = 250  # something else
    hide(square, [points])
    assert square[60:165, 112].max() < 180
    assert (square[100:110, 20:30] == 250).all()
