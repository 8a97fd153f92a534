import numpy as np
import pytest

from hotvid.render.scene import Scene, arrange, drawn_aspect, steady_path, to_plot
from hotvid.types import Motion3D


def body_height(scene, motion, place):
    points = to_plot(motion.xyz_m) + place[:, None]
    return points[..., 2].max() - points[..., 2].min()


def test_camera_axes_become_right_away_up():
    assert to_plot(np.array([1.0, 2.0, 3.0])).tolist() == [1.0, 3.0, -2.0]


def test_depth_is_steadied_along_the_line_of_sight_and_a_jump_stays():
    rng = np.random.default_rng(0)
    t = np.arange(90)
    jump = np.where((t > 40) & (t < 50), -0.4, 0.0)
    true = np.stack([0.01 * t, 0.3 + jump, np.full(90, 5.0)], -1)
    noisy = true * (1 + 0.04 * rng.normal(size=(90, 1)))
    steady = steady_path(noisy, 30.0)
    assert steady[:, 2].std() < 0.4 * noisy[:, 2].std()
    np.testing.assert_allclose(steady[:, :2] / steady[:, 2:], true[:, :2] / true[:, 2:], atol=1e-9)
    assert steady[45, 1] < steady[35, 1] - 0.3


def test_missing_roots_are_bridged():
    path = np.tile(np.array([0.0, 0.0, 4.0]), (10, 1))
    path[3:5] = np.nan
    assert np.isfinite(steady_path(path, 30.0)).all()
    assert np.isfinite(steady_path(np.full((4, 3), np.nan), 30.0)).all()


def test_people_close_by_stand_where_they_were_measured(make_person):
    a = make_person(start=(-1.0, 0.3, 4.0)).motion
    b = make_person(start=(1.2, 0.3, 6.0)).motion
    scene = arrange([a, b], 30.0)
    assert scene.metric
    between = scene.places[1][0] - scene.places[0][0]
    np.testing.assert_allclose(between, [2.2, 2.0, 0.0], atol=1e-4)


def test_feet_stand_on_the_floor_and_everyone_is_inside(make_person):
    motions = [make_person(start=(x, 0.3, 5.0), step=(0.05, 0, 0)).motion for x in (-2.0, 0.5)]
    scene = arrange(motions, 30.0)
    assert scene.low[2] == 0
    for motion, place in zip(motions, scene.places, strict=True):
        points = to_plot(motion.xyz_m) + place[:, None]
        assert points[..., 2].min() == pytest.approx(0.08, abs=0.03)
        assert (points >= scene.low - 0.1).all() and (points <= scene.high + 0.1).all()


def test_the_view_reaches_down_to_who_is_below_the_floor(make_person):
    motion = make_person(start=(0.0, 0.3, 5.0)).motion
    for floor_m, low in ((-1.4, 0.0), (-1.2, 0.0), (-0.2, -1.0)):  # lowest ankles are at -1.2
        scene = arrange([motion], 30.0, floor_m)
        assert scene.low[2] == pytest.approx(low, abs=0.01)
        points = to_plot(motion.xyz_m) + scene.places[0][:, None]
        assert points[..., 2].min() == pytest.approx(-1.2 - floor_m, abs=1e-3)
        assert (points >= scene.low - 0.01).all()
    xyz = motion.xyz_m.copy()
    xyz[..., 1] *= -1
    upside_down = Motion3D(xyz, motion.root_m)
    scene = arrange([upside_down], 30.0)
    points = to_plot(xyz) + scene.places[0][:, None]
    assert scene.low[2] == pytest.approx(points[..., 2].min(), abs=0.01)


def test_the_drawn_scene_is_as_wide_and_high_as_its_sides_are_seen():
    scene = Scene(np.zeros(3), np.array([6.0, 3.0, 2.0]), True, ())
    assert drawn_aspect(scene, -90.0, 0.0) == pytest.approx(6 / 2)
    assert drawn_aspect(scene, 0.0, 0.0) == pytest.approx(3 / 2)
    assert drawn_aspect(scene, -90.0, 90.0) == pytest.approx(6 / 3)


def test_someone_on_a_roof_stays_above_the_floor(make_person):
    below = make_person(start=(0.0, 0.3, 6.0)).motion
    above = make_person(start=(1.0, -2.2, 6.5)).motion
    scene = arrange([below, above], 30.0)
    assert scene.metric
    assert scene.places[1][0, 2] - scene.places[0][0, 2] == pytest.approx(2.5, abs=1e-3)


def test_people_far_apart_are_brought_together_in_order(make_person):
    starts = [(0.5, 0.3, 4.0), (-7.0, 0.3, 20.0), (9.0, 0.3, 40.0)]
    motions = [make_person(start=s).motion for s in starts]
    scene = arrange(motions, 30.0)
    assert not scene.metric
    places = np.stack([p[0] for p in scene.places])
    assert (np.diff(places[:, 1]) > 0.5).all()  # away: in order, and apart
    assert places[1, 0] < places[0, 0] < places[2, 0]  # right: as in the picture
    assert (scene.high - scene.low)[:2].max() < 9
    assert np.ptp(places[:, 2]) < 0.05  # all on one floor
    for motion, place in zip(motions, scene.places, strict=True):
        assert body_height(scene, motion, place) == pytest.approx(1.7, abs=0.05)


def test_where_the_floor_is_known_who_is_far_away_and_on_a_roof_stays_up_there(make_person):
    starts = [(0.0, 0.3, 4.0), (1.0, 0.3, 20.0), (2.0, -1.7, 40.0)]
    scene = arrange([make_person(start=s).motion for s in starts], 30.0, floor_m=-1.5)
    assert not scene.metric
    height = [p[0, 2] for p in scene.places]
    np.testing.assert_allclose(height, [1.2, 1.2, 3.2], atol=1e-3)


def test_where_heights_are_scaled_who_stands_on_the_known_floor_stays_on_it(make_person):
    starts = [(0.0, 2.0, 4.0), (1.0, 0.55, 4.5), (2.0, -6.0, 5.0)]  # in a pit, standing, on a tower
    scene = arrange([make_person(start=s).motion for s in starts], 30.0, floor_m=-1.5)
    assert not scene.metric
    below, standing, high = (p[0, 2] for p in scene.places)
    assert standing == pytest.approx(0.95, abs=1e-3)
    assert below < standing - 0.5 and 2 < high < 6


def test_a_crowd_that_leaves_no_gaps_is_shrunk_evenly(make_person):
    starts = [(-12.0 + 3 * i, 0.3, 4.0 + i) for i in range(9)]
    scene = arrange([make_person(start=s).motion for s in starts], 30.0)
    places = np.stack([p[0] for p in scene.places])
    assert not scene.metric
    assert (np.diff(places[:, 0]) > 0.3).all()
    assert np.ptp(places[:, 0]) < 9


def test_a_long_walk_is_shortened_to_stay_readable(make_person):
    scene = arrange([make_person(start=(0, 0.3, 4), step=(0, 0, 0.2), n_frames=150).motion], 30.0)
    assert not scene.metric
    assert (scene.high - scene.low).max() < 9
    assert (np.diff(scene.places[0][:, 1]) >= 0).all()


def test_a_few_wild_frames_do_not_widen_the_scene(make_person):
    calm = make_person(n_frames=300).motion
    root = calm.root_m.copy()
    root[100] *= 3
    scene = arrange([Motion3D(calm.xyz_m, root)], 30.0)
    plain = arrange([calm], 30.0)
    assert scene.metric
    np.testing.assert_allclose(scene.high - scene.low, plain.high - plain.low, atol=0.6)


def test_under_a_camera_that_looks_down_people_walk_on(make_person):
    """Seen by a level camera in its place they are behind it from the middle on."""
    motion = make_person(start=(0.0, 3.0, 1.5), step=(0, 0, -0.1)).motion
    assert motion.root_m[-1, 2] < -0.2
    scene = arrange([motion], 30.0, floor_m=-4.0)
    np.testing.assert_allclose(np.diff(scene.places[0][:, 1]), -0.1, atol=1e-3)
