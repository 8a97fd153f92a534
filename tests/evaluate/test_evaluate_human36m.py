import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from small_data_sets import project, walk, write_human36m

from hotvid.errors import InputError
from hotvid.evaluate.clips import Clip, Lens, image_pose, image_target, metres_per_px
from hotvid.evaluate.h36m_cameras import LENSES, NAMES, POSES
from hotvid.evaluate.human36m import (
    DISPLACED,
    action_order,
    counted,
    load_human36m,
    to_moving_joints,
)

ALL_POSES = [(s, n, p) for s, poses in POSES.items() for n, p in zip(NAMES, poses, strict=True)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_human36m(tmp_path_factory.mktemp("h36m"))


@pytest.fixture(scope="module")
def clips(folder):
    return load_human36m(folder, keypoints="gt")


@pytest.mark.parametrize(("subject", "name", "pose"), ALL_POSES)
def test_each_camera_stands_in_a_corner_and_looks_at_the_middle_of_the_room(subject, name, pose):
    right, down, forward = pose.rotation
    np.testing.assert_allclose(pose.rotation @ pose.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(pose.rotation) == pytest.approx(1)
    assert np.linalg.norm(pose.orientation) == pytest.approx(1, abs=1e-6)
    assert down[2] < -0.95 and abs(right[2]) < 0.12  # the picture is upright and level
    x, y, z = pose.place_mm
    assert 1400 < abs(x) < 2300 and 3700 < abs(y) < 5300 and 1400 < z < 1700
    # Where the optical axis passes the vertical through the origin: near it, at a body's height.
    ahead = -(forward[0] * x + forward[1] * y) / (forward[0] ** 2 + forward[1] ** 2)
    passes = np.array(pose.place_mm) + ahead * forward
    assert np.hypot(*passes[:2]) < 800 and 200 < passes[2] < 700
    # A man in the middle is seen whole.
    man = pose.from_world(np.array([[0, 0, 0], [0, 0, 1.8]]))
    seen = project(man, LENSES[name])
    assert (seen > 100).all() and (seen < 900).all() and seen[0, 1] > seen[1, 1] + 250


def test_the_four_cameras_stand_in_different_corners():
    for poses in POSES.values():
        assert {(p.place_mm[0] > 0, p.place_mm[1] > 0) for p in poses} == {
            (True, True),
            (True, False),
            (False, True),
            (False, False),
        }


def test_world_to_camera_is_the_inverse_of_the_orientation():
    pose = POSES["S9"][2]
    xyz = np.random.default_rng(0).normal(size=(5, 17, 3))
    w, *vector = pose.orientation
    to_world = Rotation.from_quat([*vector, w])
    back = to_world.apply(pose.from_world(xyz).reshape(-1, 3)) + np.array(pose.place_mm) / 1000
    np.testing.assert_allclose(back.reshape(xyz.shape), xyz, atol=1e-12)


def test_clips_are_every_action_in_every_camera(clips):
    names = [clip.name for clip in clips]
    assert names[:5] == [*(f"S9/Walking 1/{camera}" for camera in NAMES), f"S9/Photo/{NAMES[0]}"]
    assert len(names) == len(set(names)) == 2 * 2 * 4
    assert {clip.group for clip in clips} == {"Walking", "Photo"}


def test_the_3d_of_a_clip_projects_onto_its_2d(clips):
    for clip in clips:
        seen = project(clip.xyz_m.astype(np.float64) + clip.root_m[:, None], clip.lens)
        np.testing.assert_allclose(seen, clip.xy_px, atol=0.01)
        assert (clip.xyz_m[:, 0] == 0).all() and (clip.root_m[:, 2] > 1).all()
        assert (clip.score == 1).all()
    assert {clip.size_px for clip in clips} == {(1000, 1002), (1000, 1000)}


def test_the_17_joints_are_those_of_the_published_code():
    removed = [4, 5, 9, 10, 11, 16, 20, 21, 22, 23, 24, 28, 29, 30, 31]
    captured = np.arange(32.0)[None, :, None] * np.ones((2, 32, 3))
    kept = to_moving_joints("x", captured)[0, :, 0]
    np.testing.assert_array_equal(kept, np.delete(np.arange(32), removed))
    np.testing.assert_array_equal(to_moving_joints("x", captured[:, :17]), captured[:, :17])
    with pytest.raises(InputError, match=r"got \(2, 20, 3\)"):
        to_moving_joints("x", captured[:, :20])


def test_2d_that_goes_on_longer_is_cut_and_2d_that_ends_early_is_refused(tmp_path):
    longer = load_human36m(write_human36m(tmp_path, extra_frames=3), keypoints="gt")
    assert {len(clip) for clip in longer} == {60}
    assert (longer[0].xy_px[-1] != 0).all()
    with np.load(tmp_path / "data_2d_h36m_gt.npz", allow_pickle=True) as stored:
        seen, metadata = stored["positions_2d"].item(), stored["metadata"].item()
    seen["S9"]["Photo"][1] = seen["S9"]["Photo"][1][:59]
    np.savez(tmp_path / "data_2d_h36m_gt.npz", positions_2d=seen, metadata=metadata)
    with pytest.raises(InputError, match="S9/Photo/55011271: 3D has 60 frames, but 2D only 59"):
        load_human36m(tmp_path, keypoints="gt")


def test_a_third_column_is_the_score(tmp_path):
    write_human36m(tmp_path, subjects=("S9",), actions=("Photo",))
    with np.load(tmp_path / "data_2d_h36m_gt.npz", allow_pickle=True) as stored:
        seen, metadata = stored["positions_2d"].item(), stored["metadata"].item()
    views = seen["S9"]["Photo"]
    seen["S9"]["Photo"] = [np.concatenate([v, np.full((60, 17, 1), 0.25)], -1) for v in views]
    np.savez(tmp_path / "data_2d_h36m_gt.npz", positions_2d=seen, metadata=metadata)
    clip = load_human36m(tmp_path, ("S9",), "gt")[0]
    assert (clip.score == 0.25).all() and clip.xy_px.shape == (60, 17, 2)


def _change(tmp_path, change):
    write_human36m(tmp_path, n_frames=5)
    with np.load(tmp_path / "data_2d_h36m_gt.npz", allow_pickle=True) as stored:
        seen, metadata = stored["positions_2d"].item(), stored["metadata"].item()
    change(seen, metadata)
    np.savez(tmp_path / "data_2d_h36m_gt.npz", positions_2d=seen, metadata=metadata)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda seen, m: seen.pop("S11"), "expected 'S11' in it, got S9"),
        (lambda seen, m: seen["S11"].pop("Photo"), "expected 'Photo' in it, got Walking 1"),
        (lambda seen, m: seen["S9"]["Photo"].pop(), "2D of 4 cameras, got 3"),
        (lambda seen, m: m["keypoints_symmetry"].reverse(), "left and right"),
        (lambda seen, m: m.clear(), "left and right"),
        (
            lambda seen, m: seen["S9"].update(Photo=[v[:, :16] for v in seen["S9"]["Photo"]]),
            r"17, 2 or 3\), got \(5, 16, 2\)",
        ),
        (lambda seen, m: seen["S9"]["Photo"][0].__setitem__((3, 2), np.nan), "not numbers"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, says):
    _change(tmp_path, change)
    with pytest.raises(InputError, match=says):
        load_human36m(tmp_path, keypoints="gt")


def test_displaced_takes_do_not_count_in_picture_space(tmp_path):
    actions = ("Greeting", "Greeting 1", "SittingDown 1", "Waiting", "Waiting 1")
    clips = load_human36m(write_human36m(tmp_path, actions=actions), keypoints="gt")
    assert counted(clips, in_picture=False) == clips
    names = {clip.name.rpartition("/")[0] for clip in counted(clips, in_picture=True)}
    assert {clip.name.rpartition("/")[0] for clip in clips} - names == set(DISPLACED)
    assert "S9/Greeting 1" in names and "S11/Greeting" in names


def test_keypoints_that_are_not_there_are_answered_by_those_that_are(folder, tmp_path):
    with pytest.raises(InputError, match="there are: gt"):
        load_human36m(folder)
    with pytest.raises(InputError, match=r"data_3d_h36m\.npz"):
        load_human36m(tmp_path)
    with pytest.raises(InputError, match="cameras of subject 'S2' are not known"):
        load_human36m(folder, ("S2",), "gt")


def test_actions_stand_in_the_papers_order():
    named = ["WalkTogether", "Other", "Photo", "Directions", "Walking"]
    in_order = ["Directions", "Photo", "Walking", "WalkTogether", "Other"]
    assert sorted(named, key=action_order) == in_order


def test_picture_space_is_pixels_and_depth_at_the_roots_scale():
    lens = Lens((1000.0, 1000.0), (500.0, 500.0), (1000, 1000))
    xyz_m = np.zeros((1, 17, 3), np.float32)
    xyz_m[0, 5] = [0.5, -0.25, 1.0]
    clip = Clip(
        name="x",
        group="x",
        size_px=lens.size_px,
        xy_px=np.zeros((1, 17, 2), np.float32),
        score=np.ones((1, 17)),
        xyz_m=xyz_m,
        lens=lens,
        root_m=np.array([[1.0, 0.0, 4.0]]),
    )
    np.testing.assert_allclose(metres_per_px(clip), [0.004])
    pose = image_pose(clip)
    np.testing.assert_allclose(pose[0, 0], [750, 500, 0])
    np.testing.assert_allclose(pose[0, 5], [500 + 1500 / 5, 500 - 250 / 5, 250])
    np.testing.assert_allclose(image_target(clip)[0, 5], [50 * 0.004, -50 * 0.004, 1.0])


def test_without_a_camera_there_is_no_picture_space():
    xyz_m = to_moving_joints("x", walk(np.random.default_rng(0), 2))
    clip = Clip("x", "x", (10, 10), xyz_m[..., :2], np.ones((2, 17)), xyz_m)
    with pytest.raises(InputError, match="camera is not known"):
        image_target(clip)
