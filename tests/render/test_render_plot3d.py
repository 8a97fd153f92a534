import itertools
from dataclasses import replace

import numpy as np
import pytest

from hotvid.render import palette
from hotvid.render.axes3d import SceneAxes, covers, numbers_of
from hotvid.render.palette import person_colours
from hotvid.render.plot3d import SKULL_M, Plot3D
from hotvid.render.scene import Scene, to_plot
from hotvid.skeleton import H36M17
from hotvid.types import Motion3D

SIZE = (460, 540)


def plot_of(*people, size=SIZE, **more):
    return Plot3D(people, size_px=size, fps=30.0, azimuth_deg=-70.0, elevation_deg=12.0, **more)


def drawn(plot, index):
    panel = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    plot.draw(panel, index, index / 30)
    return panel


def body_of(plot, panel):
    """Where `panel` differs from the empty scene, the caption's rows left out."""
    changed = (panel != plot.axes.background).any(-1)
    changed[:60] = False
    return changed


def pixel_at(plot, panel, person, joints, row=0):
    motion = person.motion
    world = to_plot(motion.xyz_m[row]) + plot.scene.places[0][row]
    at, _ = plot.axes.project(world[list(joints)].mean(0))
    return tuple(panel[round(float(at[1])), round(float(at[0]))])


@pytest.mark.parametrize("angles", [(-70.0, 12.0), (-30.0, 40.0)])
def test_projected_points_fall_on_matplotlibs_own_pixels(angles):
    scene = Scene(np.array([-2.0, 1.0, 0.0]), np.array([3.0, 5.0, 2.5]), True, ())
    axes = SceneAxes(scene, (459, 541), *angles)
    canvas = axes.axes.figure.canvas
    assert axes.background.shape == (541, 459, 3)
    ends = np.random.default_rng(0).uniform(scene.low, scene.high, (4, 2, 3))
    for a, b in ends:
        # A slanted line, as matplotlib moves markers and straight lines to whole pixels.
        (mark,) = axes.axes.plot(*np.stack([a, b], 1), c="white", lw=3, solid_capstyle="butt")
        canvas.draw()
        drawn_red = np.asarray(canvas.buffer_rgba())[..., 0].astype(float)
        mark.remove()
        cover = (drawn_red - axes.background[..., 2]) / (255.0 - axes.background[..., 2])
        y, x = np.nonzero(cover > 0.02)
        assert len(x) > 20
        centre = np.average(np.stack([x, y], 1), axis=0, weights=cover[y, x])
        expected, _ = axes.project(np.stack([a, b]))
        assert np.abs(centre - expected.mean(0)).max() < 0.1
        assert np.abs([x.min(), x.max()] - np.sort(expected[:, 0])).max() < 2.5


def test_depth_grows_away_from_the_eye():
    scene = Scene(np.array([-2.0, 1.0, 0.0]), np.array([2.0, 5.0, 2.5]), True, ())
    axes = SceneAxes(scene, SIZE, -70.0, 12.0)
    _, depth = axes.project(np.array([[0.0, 2.0, 1.0], [0.0, 4.0, 1.0]]))
    assert depth[0] < depth[1]


def test_right_is_right_and_up_is_up():
    scene = Scene(np.array([-2.0, 1.0, 0.0]), np.array([2.0, 5.0, 2.5]), True, ())
    axes = SceneAxes(scene, SIZE, -70.0, 12.0)
    at, _ = axes.project(np.array([[0.0, 3.0, 1.0], [1.0, 3.0, 1.0], [0.0, 3.0, 2.0]]))
    assert at[1, 0] > at[0, 0] + 20
    assert at[2, 1] < at[0, 1] - 20


def test_the_scene_fills_the_panel():
    scene = Scene(np.array([-3.0, 1.0, 0.0]), np.array([3.0, 5.0, 2.5]), True, ())
    axes = SceneAxes(scene, SIZE, -70.0, 12.0)
    inked = (axes.background != axes.background[0, 0]).any(-1)
    columns = np.flatnonzero(inked.any(0))
    assert columns[0] < 0.06 * SIZE[0] and columns[-1] > 0.94 * SIZE[0]
    assert columns[0] > 0 and columns[-1] < SIZE[0] - 1


@pytest.mark.parametrize("high", [(2.0, 7.5, 2.4), (1.0, 4.5, 2.2), (3.5, 9.4, 5.0)])
@pytest.mark.parametrize("size", [(816, 960), (408, 480), (1350, 1080)])
def test_names_of_axes_and_their_numbers_do_not_cover_each_other(size, high):
    scene = Scene(np.array([-4.5, 3.5, 0.0]), np.array(high), True, ())
    axes = SceneAxes(scene, size, -70.0, 12.0).axes
    renderer = axes.figure.canvas.get_renderer()
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        name = axis.label.get_window_extent(renderer)
        assert name.min.min() > 0 and (name.max < size).all()
        for number in numbers_of(axis):
            at = number.get_window_extent(renderer)
            assert at.x0 > 0 and at.x1 < size[0]
            assert not covers(axis.label, at, renderer)


@pytest.mark.parametrize("high", [(1.5, 3.0, 2.0), (3.2, 8.02, 4.4), (2.0, 7.5, 2.4)])
@pytest.mark.parametrize("size", [(816, 960), (408, 480), (1078, 1080)])
def test_numbers_where_axes_meet_do_not_cover_each_other(size, high):
    scene = Scene(np.array([-1.5, 0.0, 0.0]), np.array(high), True, ())
    axes = SceneAxes(scene, size, -70.0, 12.0).axes
    renderer = axes.figure.canvas.get_renderer()
    boxes = []
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        boxes.append([number.get_window_extent(renderer) for number in numbers_of(axis)])
        assert len(boxes[-1]) > 1
    for one, other in itertools.combinations(boxes, 2):
        assert not any(a.overlaps(b) for a in one for b in other)


def test_a_skull_is_between_nose_and_top_of_the_head_and_hides_what_is_behind(make_person):
    person = make_person()
    plot = plot_of(person)
    panel = drawn(plot, 0)
    nose, head = map(H36M17.index, ("nose", "head"))
    world = to_plot(person.motion.xyz_m[0, [nose, head]]).mean(0) + plot.scene.places[0][0]
    metre = np.diff(plot.axes.project(world + np.array([[0, 0, 0], [0, 0, 1]]))[0], axis=0)
    middle, radius = plot.axes.project(world)[0], SKULL_M * np.linalg.norm(metre)
    ys, xs = np.indices(panel.shape[:2])
    away = np.hypot(xs - middle[0], ys - middle[1])
    within = (panel == person_colours(0).middle).all(-1)[away < radius - 1.5]
    assert within.mean() > 0.9 and radius > 5
    around = (away > radius + 2.5) & (away < radius + 3.5) & (ys < middle[1])
    assert not (panel[around] == person_colours(0).middle).all(-1).any()
    # A hand held before the face is drawn over it, one behind the head is not.
    for depth, seen in ((-0.12, True), (0.12, False)):
        xyz = person.motion.xyz_m.copy()
        wrist = H36M17.index("left_wrist")
        xyz[:, wrist] = xyz[:, [nose, head]].mean(1) + [0, 0, depth]
        xyz[:, wrist - 1] = xyz[:, wrist] + [0.2, 0, 0]
        plot = plot_of(replace(person, motion=Motion3D(xyz, person.motion.root_m)))
        at, _ = plot.axes.project(to_plot(xyz[0, wrist]) + plot.scene.places[0][0])
        x, y = np.rint(at).astype(int)
        assert (tuple(drawn(plot, 0)[y, x]) == person_colours(0).left) == seen


def test_one_sees_who_looks_this_way(make_person):
    person = make_person()
    hidden = []
    for turned in (1, -1):  # the nose is away from the camera, then towards it
        xyz = person.motion.xyz_m * np.float32([1, 1, turned])
        xyz[:, H36M17.index("nose"), 0] = 0.02
        plot = plot_of(replace(person, motion=Motion3D(xyz, person.motion.root_m)))
        ends = xyz[0, [H36M17.index("nose"), H36M17.index("head")]]
        world = to_plot(ends) + plot.scene.places[0][0]
        at, _ = plot.axes.project(np.vstack([world, world.mean(0)]))
        metre = np.diff(plot.axes.project(world[0] + np.array([[0, 0, 0], [0, 0, 1]]))[0], axis=0)
        panel = drawn(plot, 0)
        ys, xs = np.indices(panel.shape[:2])
        skull = np.hypot(xs - at[2, 0], ys - at[2, 1]) < SKULL_M * np.linalg.norm(metre) - 1.5
        hidden.append(not (panel[skull] != person_colours(0).middle).any())
    assert hidden == [True, False]


def test_bones_are_drawn_in_the_colours_of_their_side(make_person):
    person = make_person(track_id=2)
    plot = plot_of(person)
    panel = drawn(plot, 0)
    colours = person_colours(2)
    assert pixel_at(plot, panel, person, (2, 3)) == colours.right
    assert pixel_at(plot, panel, person, (5, 6)) == colours.left
    assert pixel_at(plot, panel, person, (7, 8)) == colours.middle


def test_the_left_of_someone_seen_from_behind_is_at_the_left(make_person):
    plot = plot_of(make_person())
    panel = drawn(plot, 0)
    colours = person_colours(0)
    # The legend, in the lowest rows, has both colours too.
    left = np.nonzero((panel[60:-60] == colours.left).all(-1))[1].mean()
    right = np.nonzero((panel[60:-60] == colours.right).all(-1))[1].mean()
    assert left < right - 10


def test_nearer_bones_cover_farther_ones(make_person):
    """Two people in one line of the plot's view: the nearer one's colour is on top."""
    first = make_person(track_id=0, start=(0.0, 0.3, 4.0))
    second = make_person(track_id=1, start=(0.0, 0.3, 4.02))
    for people in ((first, second), (second, first)):
        plot = plot_of(*people)
        panel = drawn(plot, 0)
        hues = [(panel[60:-60] == person_colours(i).middle).all(-1).sum() for i in (0, 1)]
        assert hues[0] > 1.5 * hues[1]


def test_someone_absent_is_not_drawn(make_person):
    plot = plot_of(make_person(first=5, n_frames=3))
    shown = [bool(body_of(plot, drawn(plot, index)).any()) for index in range(10)]
    assert shown == [False] * 5 + [True] * 3 + [False] * 2


def test_nan_joints_are_left_out(make_person):
    person = make_person()
    xyz = person.motion.xyz_m.copy()
    xyz[:, 3] = np.nan
    broken = replace(person, motion=Motion3D(xyz, person.motion.root_m))
    plot = plot_of(broken)
    panel = drawn(plot, 0)
    assert not (panel[60:-60] == 0).all(-1).any()
    assert pixel_at(plot, panel, person, (2, 3)) != person_colours(0).right
    assert pixel_at(plot, panel, person, (5, 6)) == person_colours(0).left


def faintness(plot, panel, person, joints):
    """0 where the bone is drawn whole, 1 where it is as the panel."""
    colour = np.array(person_colours(0).right, float)
    off = np.array(pixel_at(plot, panel, person, joints), float) - colour
    return np.linalg.norm(off) / np.linalg.norm(np.array(palette.PANEL_BGR) - colour)


def test_joints_that_nobody_saw_or_that_are_never_sure_are_faint(make_person):
    person = make_person()
    shin, upper_arm = (2, 3), (14, 15)
    plot = plot_of(person, kpt_thr=0.3)
    assert faintness(plot, drawn(plot, 0), person, shin) == 0
    score = person.keypoints.score.copy()
    score[:, 3] = 0.06
    unseen = replace(person, keypoints=replace(person.keypoints, score=score))
    for confidence in (None, np.full((20, 17), 0.9, np.float32)):
        found = replace(unseen, confidence=confidence)
        plot = plot_of(found, kpt_thr=0.3)
        panel = drawn(plot, 0)
        assert faintness(plot, panel, found, shin) == pytest.approx(0.7, abs=0.05)
        assert faintness(plot, panel, found, upper_arm) == 0
    confidence = np.full((20, 17), 0.9, np.float32)
    confidence[:, 3] = 0.25
    unsure = replace(person, confidence=confidence)
    plot = plot_of(unsure, kpt_thr=0.3)
    assert faintness(plot, drawn(plot, 0), unsure, shin) == pytest.approx(0.5, abs=0.05)
    confidence[:10, 3], confidence[10:, 3] = 0.4, 0.8
    plot = plot_of(unsure, kpt_thr=0.3)
    assert faintness(plot, drawn(plot, 0), unsure, shin) == pytest.approx(0.5, abs=0.05)
    assert faintness(plot, drawn(plot, 19), unsure, shin) < 0.02


def test_interpolated_frames_are_fainter(make_person):
    person = make_person()
    bridged = replace(person, keypoints=replace(person.keypoints, interpolated=np.ones(20, bool)))
    plot = plot_of(bridged)
    panel = drawn(plot, 0)
    assert not (panel[60:-60] == person_colours(0).left).all(-1).any()
    assert body_of(plot, panel).any()


def test_a_gap_that_the_picture_shows_nobody_in_shows_nobody_here(make_person):
    person = make_person()
    gap = np.arange(20) >= 10
    score = np.where(gap[:, None], 0.1, person.keypoints.score).astype(np.float32)
    keypoints = replace(person.keypoints, interpolated=gap, score=score)
    plot = plot_of(replace(person, keypoints=keypoints), kpt_thr=0.3)
    assert body_of(plot, drawn(plot, 9)).any() and not body_of(plot, drawn(plot, 10)).any()


def test_nobody_found_says_so_and_someone_without_3d_leaves_the_scene_empty(make_person):
    nobody, flat, found = plot_of(), plot_of(make_person(lifted=False)), plot_of(make_person())
    middle = slice(SIZE[1] // 2 - 4, SIZE[1] // 2 + 30)
    assert nobody.scene.low.tolist() == flat.scene.low.tolist()
    assert (nobody.axes.background[middle] != flat.axes.background[middle]).any()
    assert not body_of(flat, drawn(flat, 0)).any()
    assert body_of(found, drawn(found, 0)).any()


def test_the_time_is_shown(make_person):
    plot = plot_of(make_person())
    first, second = np.zeros((2, SIZE[1], SIZE[0], 3), np.uint8)
    plot.draw(first, 0, 0.0)
    plot.draw(second, 0, 3.27)
    assert (first[:60] != second[:60]).any()
    assert (first[60:] == second[60:]).all()
