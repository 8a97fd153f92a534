import numpy as np
import pytest

from hotvid.render import strokes
from hotvid.render.lettering import put_mask


def centre_of(image):
    weight = image.astype(float).sum(-1)
    y, x = np.nonzero(weight)
    return np.average(np.stack([x, y], 1), axis=0, weights=weight[y, x])


def test_lines_and_dots_lie_at_fractions_of_a_pixel():
    image = np.zeros((80, 120, 3), np.uint8)
    strokes.line(image, (20.25, 10.5), (90.75, 60.25), (255, 255, 255), 3)
    np.testing.assert_allclose(centre_of(image), [55.5, 35.375], atol=0.3)
    image[:] = 0
    strokes.dot(image, (40.4, 30.7), (255, 255, 255), 6)
    np.testing.assert_allclose(centre_of(image), [40.4, 30.7], atol=0.3)


def test_dashes_begin_and_end_with_the_line():
    pieces = strokes.dashes((0.0, 0.0), (90.0, 0.0), 10.0)
    assert pieces[0][0] == (0.0, 0.0)
    assert pieces[-1][1] == (90.0, 0.0)
    assert len(pieces) == 5
    assert sum(b[0] - a[0] for a, b in pieces) == pytest.approx(50)


@pytest.mark.parametrize("end", [(110.0, 70.0), (400.0, -90.0), (-300.0, -300.0)])
def test_half_opacity_is_half_way_to_the_opaque_bone(end):
    opaque, half = np.full((2, 80, 120, 3), 100, np.uint8)
    strokes.bone(opaque, (20.0, 20.0), end, (0, 200, 250), 4)
    strokes.bone(half, (20.0, 20.0), end, (0, 200, 250), 4, opacity=0.5)
    assert (opaque != 100).any()
    np.testing.assert_allclose(half, (opaque.astype(float) + 100) / 2, atol=1)


def test_bones_and_joints_outside_the_picture_change_nothing():
    image = np.full((80, 120, 3), 100, np.uint8)
    for opacity in (1.0, 0.5):
        strokes.bone(image, (-200.0, -50.0), (-20.0, -30.0), (0, 0, 255), 4, opacity)
        strokes.joint(image, (300.0, 20.0), (0, 0, 255), 5, opacity)
    assert (image == 100).all()


def test_unreachable_points_are_told():
    points = np.array([[1.0, 2.0], [np.nan, 2.0], [1.0, np.inf], [1e9, 0.0]])
    assert strokes.reachable(points).tolist() == [True, False, False, False]


def test_lines_at_once_are_the_lines_one_by_one():
    ends = np.random.default_rng(1).uniform(5, 95, (9, 2, 2))
    together, singly = np.zeros((2, 100, 100, 3), np.uint8)
    strokes.lines(together, ends, (9, 90, 200), 3)
    for a, b in ends.tolist():
        strokes.line(singly, a, b, (9, 90, 200), 3)
    np.testing.assert_array_equal(together, singly)


def test_letters_are_blended_to_the_nearest_value():
    cover, ground = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    image = np.repeat(ground[..., None], 3, 2)
    put_mask(image, cover, 0, 0, (0, 101, 255))
    for channel, colour in enumerate((0, 101, 255)):
        exact = (cover * float(colour) + (255.0 - cover) * ground) / 255
        np.testing.assert_array_equal(image[..., channel], np.rint(exact))
