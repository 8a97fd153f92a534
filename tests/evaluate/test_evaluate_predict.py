"""Each frame of a clip gets the model's answer for it, whatever the windows."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from hotvid.errors import UsageError
from hotvid.evaluate.clips import Clip, Lens, image_pose, image_target, metres_per_px
from hotvid.evaluate.mpi_inf_3dhp import MPI17
from hotvid.evaluate.predict import WindowPredictor
from hotvid.evaluate.protocols import evaluate_clips
from hotvid.geometry import assumed_focal_px, to_screen
from hotvid.lift.models.zoo import build_model
from hotvid.skeleton import H36M17

LENS = Lens((1145.0, 1145.0), (500.0, 501.0), (1000, 1002))
TINY = {"frames": 9, "channel": 16, "mlp_hidden": 32, "depth": 3, "heads": 2}
LENGTHS = [1, 8, 9, 10, 20]


class Equivariant(nn.Module):
    """Its answer for a joint is (x, y, x * x + y * y): a mirrored input gives a mirrored answer.

    kept      frames to keep of each window, as seq2frame pruning does; None: all.
    one_sided  added to x: then a mirrored input does not give a mirrored answer.
    """

    def __init__(self, name, frames, kept=None, one_sided=0.0):
        super().__init__()
        self.name, self.frames, self.in_channels = name, frames, 2
        self.cuts = {} if kept is None else {1: len(kept)}
        self.recovery = None
        self.kept, self.one_sided = kept, one_sided
        self.choose_frames = lambda cues, n, keep: torch.tensor(kept).repeat(len(cues), 1)
        self.anything = nn.Parameter(torch.zeros(1))
        self.seen = []

    def forward_kept(self, keypoints):
        self.seen.append(keypoints)
        x, y = keypoints[..., :1], keypoints[..., 1:2]
        poses = torch.cat([x + self.one_sided, y, x * x + y * y], -1)
        if self.kept is None:
            return poses, None
        kept = self.choose_frames(keypoints, len(self.kept), None)
        return poses[torch.arange(len(poses))[:, None], kept], kept


def clip(n_frames, root=0, size_px=LENS.size_px, seed=0):
    rng = np.random.default_rng(seed)
    xyz_m = rng.normal(0, 0.4, (n_frames, 17, 3)).astype(np.float32)
    xyz_m -= xyz_m[:, root, None]
    xy_px = rng.uniform(100, 900, (n_frames, 17, 2)).astype(np.float32)
    return Clip("a", "x", size_px, xy_px, np.ones((n_frames, 17), np.float32), xyz_m, root=root)


def expected(one):
    xy = to_screen(one.xy_px.astype(np.float64), one.size_px)
    poses = np.concatenate([xy, (xy**2).sum(-1, keepdims=True)], -1)
    poses[:, one.root] = 0
    return poses


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize(
    ("name", "kept"), [("mixste", None), ("mhformer", None), ("tpc-mixste", [0, 3, 4, 7])]
)
def test_every_frame_gets_its_own_answer_and_a_mirror_changes_nothing(n, flip, name, kept):
    predictor = WindowPredictor(Equivariant(name, 9, kept), flip=flip, batch_size=3)
    one = clip(n)
    np.testing.assert_allclose(predictor(one).xyz_m, expected(one), atol=1e-5)


def test_flip_averaging_takes_out_what_is_one_sided():
    one = clip(12)
    leaning = WindowPredictor(Equivariant("mixste", 9, one_sided=0.2), flip=False)(one).xyz_m
    np.testing.assert_allclose(leaning[:, 1:, 0], expected(one)[:, 1:, 0] + 0.2, atol=1e-5)
    balanced = WindowPredictor(Equivariant("mixste", 9, one_sided=0.2))(one).xyz_m
    np.testing.assert_allclose(balanced, expected(one), atol=1e-5)


def test_the_mirrored_half_exchanges_the_joints_of_the_data_sets_own_order():
    one = clip(9, root=14, size_px=(2048, 2048))
    model = Equivariant("mixste", 9)
    answer = WindowPredictor(model, order=MPI17, metres_per_unit=0.001)(one)
    np.testing.assert_allclose(answer.xyz_m, expected(one) / 1000, atol=1e-8)
    straight, mirrored = model.seen[0]
    np.testing.assert_array_equal(mirrored[:, 2, 1], straight[:, 5, 1])  # the shoulders' heights
    np.testing.assert_array_equal(mirrored[:, 2, 0], -straight[:, 5, 0])


def test_padding_is_the_edges_and_its_answers_are_kept_apart():
    one = clip(5)
    model = Equivariant("mixste", 9)
    answer = WindowPredictor(model, flip=False)(one)
    np.testing.assert_array_equal(answer.copy_of, [0, 0, 4, 4])
    np.testing.assert_allclose(answer.copies_m, expected(one)[[0, 0, 4, 4]], atol=1e-5)
    wanted = to_screen(one.xy_px, one.size_px)[[0, 0, 0, 1, 2, 3, 4, 4, 4]]
    np.testing.assert_allclose(model.seen[0][0].numpy(), wanted, atol=1e-6)


def test_both_halves_of_a_pruned_window_keep_the_same_frames():
    torch.manual_seed(0)
    model = build_model("tpc-mixste", **TINY, token_num=4, layer_index=1).eval()
    chosen, choose = [], model.choose_frames
    model.choose_frames = lambda *given: chosen.append(choose(*given)) or chosen[-1]
    kept = []
    forward = model.forward_kept
    model.forward_kept = lambda x: kept.append(forward(x)) or kept[-1]
    WindowPredictor(model, batch_size=50)(clip(20))
    assert len(chosen) == 1 and len(kept) == 2
    torch.testing.assert_close(kept[0][1], kept[1][1])
    assert model.choose_frames is not None and len(chosen) == 1


def test_where_frames_are_left_out_twice_each_half_chooses_its_own():
    torch.manual_seed(0)
    model = build_model("tpc-mixste", **TINY, token_num=(6, 4), layer_index=(1, 2)).eval()
    one, mirror = clip(12), H36M17.mirror
    seen = one.xy_px[:, mirror] * [-1, 1] + [one.size_px[0], 0]
    there = replace(one, xy_px=seen.astype(np.float32))
    straight, mirrored = (WindowPredictor(model, flip=False)(each).xyz_m for each in (one, there))
    wanted = (straight + mirrored[:, mirror] * [-1, 1, 1]) / 2
    np.testing.assert_allclose(WindowPredictor(model)(one).xyz_m, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("mixste", {}),
        ("hot-mixste", {"token_num": 4, "layer_index": 1}),
        ("tpc-mixste", {"token_num": 4, "layer_index": 1}),
        ("hot-motionbert", {"token_num": 4, "layer_index": 1, "representation": 8}),
        ("tpc-mhformer", {"token_num": 4, "layer_index": 1}),
        ("hot-mixste-s", {"token_num": 4, "layer_index": 1}),
    ],
)
def test_the_batch_size_changes_nothing(name, more):
    torch.manual_seed(0)
    model = build_model(name, **TINY, **more).eval()
    one = clip(20)
    one = Clip(**{**vars(one), "lens": LENS, "root_m": np.full((20, 3), 4.0)})
    alone, together = (WindowPredictor(model, batch_size=b)(one).xyz_m for b in (1, 16))
    assert alone.shape == (20, 17, 3)
    np.testing.assert_allclose(alone, together, atol=1e-5)
    assert (alone[:, 0] == 0).all() and np.abs(alone).max() > 1e-3


def test_a_model_that_answers_in_the_picture_is_measured_there():
    # A body as flat as a wall, facing the camera: its picture has all of its 3D.
    rng = np.random.default_rng(0)
    root_m = np.array([0.5, -0.2, 4.0]) + rng.normal(0, 0.2, (12, 3))
    flat = rng.normal(0, 0.4, (12, 17, 3)) * [1, 1, 0]
    flat[:, 0] = 0
    seen = flat + root_m[:, None]
    xy_px = seen[..., :2] / seen[..., 2:] * LENS.focal_px + LENS.centre_px
    one = Clip(
        name="a",
        group="x",
        size_px=LENS.size_px,
        xy_px=xy_px,
        score=np.ones((12, 17)),
        xyz_m=flat.astype(np.float32),
        lens=LENS,
        root_m=root_m,
    )

    class Picture(Equivariant):
        def forward_kept(self, keypoints):
            poses = torch.cat([keypoints[..., :2], torch.zeros_like(keypoints[..., :1])], -1)
            return poses - poses[:, :, :1], None

    predictor = WindowPredictor(Picture("motionbert", 9))
    assert predictor.in_picture
    report = evaluate_clips([one], predictor, target=predictor.target)
    assert report.mean.mpjpe_mm == pytest.approx(0, abs=1e-2)
    np.testing.assert_allclose(image_target(one), flat, atol=1e-6)


@pytest.mark.parametrize("lens", [None, Lens((2000.0, 2000.0), (500.0, 501.0), (1000, 1002))])
@pytest.mark.parametrize("root_z", [0.0, 3.0])
def test_the_own_lifter_answers_in_camera_axes_wherever_the_body_stands(lens, root_z):
    """What a virtual camera that looks at the pelvis turned is turned back; the root is at 0."""

    class Straight(Equivariant):
        def forward_kept(self, keypoints):
            ahead = torch.zeros(*keypoints.shape[:3], 3)
            ahead[..., 2] = root_z
            ahead[:, :, 1:, 2] += 1.0  # one metre behind the pelvis, as the camera looks
            return ahead, None

    one = clip(9)
    xy_px = one.xy_px.copy()
    focal_px = lens.focal_px[0] if lens else assumed_focal_px(one.size_px)
    xy_px[:, 0] = [500 + focal_px, 501]  # that far to the right of the centre
    one = Clip(**{**vars(one), "xy_px": xy_px, "lens": lens})
    model = Straight("hot-mixste-s", 9)
    model.in_channels = 3
    answer = WindowPredictor(model, flip=False)(one).xyz_m
    np.testing.assert_allclose(answer[:, 1:], [[[0.5**0.5, 0, 0.5**0.5]] * 16] * 9, atol=2e-3)


class Fixed(Equivariant):
    """Its answer for a window is `poses` (9, 17, 3), whatever it sees."""

    def __init__(self, poses):
        super().__init__("motionbert", 9)
        self.in_channels, self.poses = 3, torch.from_numpy(poses.astype(np.float32))

    def forward_kept(self, keypoints):
        return self.poses.expand(len(keypoints), -1, -1, -1), None


def test_of_a_model_that_places_the_root_poses_count_from_there():
    """One that is right about the picture is right; taken for one that is not, it is far off."""
    rng = np.random.default_rng(1)
    one = replace(clip(9), lens=LENS, root_m=rng.normal((0.5, 0.2, 5), 0.05, (9, 3)))
    w, h = one.size_px
    pose = image_pose(one) * (2 / w) - (1, h / w, 0)  # as MotionBERT is taught it
    found = {}
    for places_root in (True, False):
        predictor = WindowPredictor(Fixed(pose), flip=False, places_root=places_root)
        found[places_root] = evaluate_clips([one], predictor, target=predictor.target).mean
        root_m = np.linalg.norm(pose[:, 0], axis=-1) * metres_per_px(one) * w / 2
        assert predictor.root_off_m == pytest.approx(root_m.mean(), rel=1e-4) and root_m.min() > 0.3
    assert found[True].mpjpe_mm == pytest.approx(0, abs=0.01)
    assert found[False].mpjpe_mm == pytest.approx(1000 * root_m.mean() * 16 / 17, rel=1e-3)
    relative = Fixed(pose - pose[:, :1])
    predictor = WindowPredictor(relative, flip=False)
    assert evaluate_clips([one], predictor, target=predictor.target).mean.mpjpe_mm < 0.01
    assert predictor.root_off_m == 0


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(UsageError, match="batch size is 0"):
        WindowPredictor(Equivariant("mixste", 9), batch_size=0)


def test_mirrors_of_both_orders_are_their_own_inverse():
    for order in (H36M17, MPI17):
        np.testing.assert_array_equal(order.mirror[order.mirror], np.arange(17))


def test_by_steps_the_mirror_keeps_frames_of_its_own_and_answers_for_the_centre():
    """Which frames are kept depends on the picture; the answer is of the centre frame."""

    class Steps(Equivariant):
        def forward_kept(self, keypoints):
            poses = torch.cat([keypoints[..., :2], (keypoints[..., :2] ** 2).sum(-1, True)], -1)
            leans = (keypoints[:, 4, 0, 0] > 0)[:, None]
            kept = torch.where(leans, torch.tensor([0, 4, 7]), torch.tensor([4, 5, 8]))
            return poses[torch.arange(len(poses))[:, None], kept], kept

    model = Steps("tpc-mixste", 9, [0, 4, 7])
    model.cuts = {1: 5, 2: 3}
    one = clip(12)
    found = WindowPredictor(model, flip=True)(one).xyz_m
    np.testing.assert_allclose(found, expected(one), atol=1e-5)
