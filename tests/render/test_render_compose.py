import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg

from hotvid.config import RenderConfig
from hotvid.errors import ShapeError
from hotvid.render.compose import Composer
from hotvid.types import Frame


def coded(index, size=(640, 480)):
    """A frame that carries its number in its colour and in one pixel."""
    bgr = np.full((size[1], size[0], 3), 40 + 3 * index, np.uint8)
    bgr[5, 7] = (index, 255 - index, 2 * index)
    return Frame(index, index / 30, bgr)


def test_frames_keep_their_number_and_their_pixels(make_person, make_poses):
    composer = Composer(make_poses([make_person(first=3, n_frames=10)]))
    for index in (0, 3, 9, 19):
        frame = coded(index)
        before = frame.bgr.copy()
        out = composer.draw(frame)
        assert tuple(out[5, 7]) == (index, 255 - index, 2 * index)
        untouched = (out[:480, :640] == before).all(-1)
        assert untouched.all() == (not 3 <= index < 13)
        assert untouched.mean() > 0.9
        assert (frame.bgr == before).all()


def test_the_pose_drawn_is_that_of_the_frames_own_number(make_person, make_poses):
    """Someone who walks by 0.1 m a frame, in a clip that starts at frame 100."""
    person = make_person(start=(-1.0, 0.3, 4.0), step=(0.1, 0, 0), first=100)
    composer = Composer(make_poses([person]))
    for index in (100, 107, 119):
        out = composer.draw(Frame(index, index / 30, np.zeros((480, 640, 3), np.uint8)))
        columns = np.nonzero(out[200:, :640].any((0, 2)))[0]
        expected = person.keypoints.xy_px[index - 100, :, 0]
        assert columns.min() == pytest.approx(expected.min(), abs=8)
        assert columns.max() == pytest.approx(expected.max(), abs=8)


@pytest.mark.parametrize("size", [(640, 480), (641, 481), (1080, 1920), (100, 80), (2000, 300)])
def test_the_picture_is_as_large_as_promised_and_even(size, make_person, make_poses):
    composer = Composer(make_poses([make_person(size_px=size)], size_px=size))
    width, height = composer.size_px
    out = composer.draw(coded(1, size))
    assert out.shape == (height, width, 3) and out.dtype == np.uint8
    assert width % 2 == 0 and height % 2 == 0


@pytest.mark.parametrize("size", [(1080, 1920), (2560, 1440), (320, 240)])
def test_the_picture_is_scaled_as_a_whole(size, make_poses):
    """A gradient comes out as the same gradient: nothing cut off, nothing shifted."""
    ramp = np.linspace(0, 250, size[0]).astype(np.uint8)
    bgr = np.repeat(np.repeat(ramp[None, :, None], size[1], 0), 3, 2)
    composer = Composer(make_poses([], size_px=size))
    out = composer.draw(Frame(0, 0.0, bgr))
    width = round(size[0] * out.shape[0] / size[1])
    expected = np.linspace(0, 250, width)
    np.testing.assert_allclose(out[out.shape[0] // 2, :width, 1], expected, atol=2.5)


def test_a_wide_scene_beside_a_portrait_picture_gets_a_wide_panel(make_person, make_poses):
    size = (540, 960)
    people = [make_person(i, size, start=(x, 0.3, 6.0)) for i, x in enumerate((-2.5, 2.5))]
    alone, both = (Composer(make_poses(p, size_px=size)) for p in (people[:1], people))
    assert alone.size_px[0] < 540 + 900
    assert both.size_px == (540 + 1200, 960)
    assert both.draw(coded(3, size)).shape == (960, 540 + 1200, 3)


def test_drawing_is_deterministic_and_keeps_nothing(make_person, make_poses):
    poses = make_poses([make_person(0, step=(0.02, 0, 0)), make_person(1, start=(1, 0.3, 5))])
    one, other = Composer(poses), Composer(poses)
    forward = [one.draw(coded(i)) for i in range(6)]
    backward = [other.draw(coded(i)) for i in reversed(range(6))][::-1]
    for a, b in zip(forward, backward, strict=True):
        assert (a == b).all()


def test_a_returned_picture_is_not_overwritten_by_the_next(make_poses):
    composer = Composer(make_poses([]))
    first = composer.draw(coded(1))
    kept = first.copy()
    composer.draw(coded(2))
    assert (first == kept).all()


def test_matplotlib_draws_nothing_per_frame(make_person, make_poses, monkeypatch):
    composer = Composer(make_poses([make_person()]))

    def refuse(*_args, **_kwargs):
        raise AssertionError("matplotlib at work in draw()")

    monkeypatch.setattr(FigureCanvasAgg, "draw", refuse)
    monkeypatch.setattr(Artist, "__init__", refuse)
    with pytest.raises(AssertionError):
        Composer(make_poses([]))
    assert composer.draw(coded(3)).any()


def test_the_users_matplotlib_settings_neither_matter_nor_change(make_poses):
    plain = Composer(make_poses([])).draw(coded(0))
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert (Composer(make_poses([])).draw(coded(0)) == plain).all()
        assert mpl.rcParams["font.size"] == 30


def test_the_threshold_of_the_config_holds(make_person, make_poses):
    poses = make_poses([make_person(score=0.5)])
    frame = coded(0)
    shown = Composer(poses, RenderConfig(kpt_thr=0.3)).draw(frame)
    hidden = Composer(poses, RenderConfig(kpt_thr=0.6)).draw(frame)
    assert (shown[:, :640] != frame.bgr).any()
    assert (hidden[:, :640] == frame.bgr).all()


def test_a_frame_without_colour_channels_is_refused(make_poses):
    with pytest.raises(ShapeError, match=r"frame\.bgr"):
        Composer(make_poses([])).draw(Frame(0, 0.0, np.zeros((480, 640), np.uint8)))
